"""One picture of a drive: where the robot was, where it was said to be, and what that was read from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.simulator.dipoles import CORRIDOR_M, Site
from mail_ros.data.simulator.walk import SimulatedWalk

GRID_M = 0.1
MARGIN_M = 1.6  # around the corridors
WORST_M = 3.0  # errors from here on have the last colour
INK = "#1f2933"
ERROR_COLOURS = LinearSegmentedColormap.from_list("error", ["#1d4ed8", "#0ea5a4", "#f59e0b", "#b91c1c"])
AXIS_COLOURS = {"x": "#c2410c", "y": "#15803d", "z": "#1d4ed8"}


def draw_drive(path: Path, site: Site, walk: SimulatedWalk, sample: IntArray, position_m: FloatArray) -> None:
    """Draw a drive and its estimates as a PNG.

    Args:
        path: of the picture; parent folders are made.
        site: where the walk took place.
        walk: what was measured, and the truth.
        sample: (p,) the walk's sample that each estimate answers.
        position_m: (p, 2) the estimates.
    """
    figure = Figure(figsize=(10.5, 8.4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    floor, signal = figure.subplots(2, 1, height_ratios=[4.6, 1.0])
    draw_floor(floor, site)
    draw_paths(floor, walk, sample, position_m)
    floor.set_title(
        f"Simulated drive, {len(sample)} poses from a magnetometer alone: {errors(walk, sample, position_m)}",
        loc="left",
        color=INK,
    )
    _draw_field(signal, walk, sample)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def draw_floor(axes: Axes, site: Site) -> None:
    """The corridors, shaded by the strength of the field in them."""
    low_m, high_m = site.corner_m.min(axis=0) - MARGIN_M, site.corner_m.max(axis=0) + MARGIN_M
    x_m, y_m = np.meshgrid(np.arange(low_m[0], high_m[0], GRID_M), np.arange(low_m[1], high_m[1], GRID_M))
    place_m = np.column_stack([x_m.ravel(), y_m.ravel()])
    inside = _in_corridors(site, place_m)
    strength_ut = np.full(len(place_m), np.nan)
    strength_ut[inside] = np.linalg.norm(site.field_ut(place_m[inside]), axis=1)
    limits = np.nanpercentile(strength_ut, [2, 98])
    axes.imshow(
        strength_ut.reshape(x_m.shape),
        extent=(low_m[0], high_m[0], low_m[1], high_m[1]),
        origin="lower",
        cmap="Greys",
        vmin=limits[0] - np.ptp(limits) * 0.15,
        vmax=limits[1] + np.ptp(limits) * 0.7,
        interpolation="bilinear",
    )
    axes.contour(x_m, y_m, inside.reshape(x_m.shape), levels=[0.5], colors=INK, linewidths=1.4)
    axes.set(xlim=(low_m[0], high_m[0]), ylim=(low_m[1], high_m[1]), aspect="equal", xlabel="x, m", ylabel="y, m")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=INK)


def draw_paths(axes: Axes, walk: SimulatedWalk, sample: IntArray, position_m: FloatArray) -> None:
    """The true path, the estimates coloured by error, and a tick from each to the truth."""
    true_m = walk.position_m[sample]
    error_m = np.linalg.norm(position_m - true_m, axis=1)
    axes.add_collection(
        LineCollection(np.stack([true_m, position_m], axis=1).tolist(), colors=INK, linewidths=0.5, alpha=0.5)
    )
    axes.plot(*walk.position_m[: sample[0]].T, color=INK, linewidth=1.1, linestyle=":")  # the window fills
    axes.plot(*walk.position_m[sample[0] :].T, color=INK, linewidth=1.1, label="true path")
    axes.plot(*walk.position_m[0], "o", color="white", markeredgecolor=INK, markersize=9, label="start")
    dots = axes.scatter(
        position_m[:, 0],
        position_m[:, 1],
        c=error_m,
        cmap=ERROR_COLOURS,
        vmin=0.0,
        vmax=WORST_M,
        s=16,
        linewidths=0,
        zorder=3,
        label="estimate",
    )
    bar = axes.figure.colorbar(dots, ax=axes, shrink=0.55, aspect=30, pad=0.01, extend="max")
    bar.set_label("error, m")
    bar.outline.set_visible(False)
    marks = axes.legend(loc="upper right", frameon=False, ncols=3, bbox_to_anchor=(1.0, 1.0), borderaxespad=0.0)
    marks.legend_handles[-1].set_color(ERROR_COLOURS(0.0))  # type: ignore[union-attr]
    axes.text(0.01, 0.005, "shading: strength of the field", transform=axes.transAxes, fontsize=8, color=INK)


def errors(walk: SimulatedWalk, sample: IntArray, position_m: FloatArray) -> str:
    """How far off the estimates are, in words for a title."""
    error_m = np.linalg.norm(position_m - walk.position_m[sample], axis=1)
    return f"median error {np.median(error_m):.2f} m, p90 {np.percentile(error_m, 90):.2f} m"


def _draw_field(axes: Axes, walk: SimulatedWalk, sample: IntArray) -> None:
    """The three axes of the field over time, without their means; shaded until the first estimate."""
    time_s = (walk.stamp_ns - walk.stamp_ns[0]) / NS_PER_S
    for (name, colour), axis_ut in zip(AXIS_COLOURS.items(), walk.field_ut.T, strict=True):
        axes.plot(time_s, axis_ut - axis_ut.mean(), color=colour, linewidth=0.9, label=name)
    axes.axvspan(0.0, time_s[sample[0]], color=INK, alpha=0.08, linewidth=0)
    axes.text(0.4, 0.93, "window fills", transform=axes.get_xaxis_transform(), va="top", fontsize=8, color=INK)
    axes.set(xlim=(0.0, time_s[-1]), xlabel="time, s", ylabel="field, µT\n(mean removed)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper right", frameon=False, ncols=3, bbox_to_anchor=(1.0, 1.25))


def _in_corridors(site: Site, place_m: FloatArray) -> BoolArray:
    """(n,) whether a place lies in a corridor."""
    inside = np.zeros(len(place_m), dtype=np.bool_)
    for a, b in site.corridor:
        low_m = np.minimum(site.corner_m[a], site.corner_m[b]) - CORRIDOR_M / 2
        high_m = np.maximum(site.corner_m[a], site.corner_m[b]) + CORRIDOR_M / 2
        inside |= ((place_m >= low_m) & (place_m <= high_m)).all(axis=1)
    return inside
