"""A site's coverage as a PNG: missing paths are bright and wide, finished ones pale and thin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

from mail_ros.core.types import FloatArray
from mail_ros.data.check.site_report import SiteReport
from mail_ros.data.coverage import Coverage, Need
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.evaluation.coverage.coverage_marks import (
    INK,
    LOOKS,
    QUIET,
    arrows,
    dashes,
    extent_m,
    line_of,
    numbered,
    summary,
)

WIDTH_IN = 11.0
MIN_IN, MAX_IN = 2.4, 7.5  # height of a floor's map
TEXT_IN = 0.19  # height of a line of text
DPI = 120


def draw_coverage(path: Path, site: SiteReport, plans: Mapping[int, FloorPlan] | None = None) -> None:
    """Draw one map per floor, below each other, as one PNG, over the floors' plans; parent folders are made."""
    plans = plans or {}
    heights_in = [height_in(floor, plans.get(floor.floor), len(numbered(floor))) for floor in site.floors]
    figure = Figure(figsize=(WIDTH_IN, sum(heights_in) + 1.0), dpi=DPI, layout="constrained")
    usable = sum(report.usable for report in site.bags)
    title = f"{site.name}: coverage by {usable} usable of {len(site.bags)} walks"
    figure.suptitle(title, x=0.01, ha="left", color=INK, fontsize=13, fontweight="bold")
    rows = figure.subplots(len(heights_in), 2, squeeze=False, width_ratios=[3.4, 1.0], height_ratios=heights_in)
    for (axes, words), floor in zip(rows, site.floors, strict=True):
        _draw_floor(axes, floor, plans.get(floor.floor))
        _draw_list(words, floor)
    figure.legend(
        handles=[Line2D([], [], color=look.colour, linewidth=look.width, label=look.words) for look in LOOKS.values()]
        + [Line2D([], [], color=INK, marker=">", linestyle="", markersize=5, label="missing direction")],
        loc="outside lower left",
        ncols=4,
        frameon=False,
        fontsize=9,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def height_in(floor: Coverage, plan: FloorPlan | None, listed: int) -> float:
    """Height of the map at the figure's width, or of the list of `listed` entries next to it if that is larger."""
    size_m = extent_m(floor, plan)[1]
    map_in = 0.72 * WIDTH_IN * size_m[1] / size_m[0]
    return float(np.clip(max(map_in, TEXT_IN * (listed + 2)), MIN_IN, MAX_IN)) + 0.5


def _draw_floor(axes: Axes, floor: Coverage, plan: FloorPlan | None) -> None:
    draw_frame(axes, floor, plan, summary(floor))
    for need, look in LOOKS.items():
        draw_lines(axes, dashes(floor, need), color=look.colour, linewidth=look.width, zorder=1 + need)
        if need is not Need.NOTHING:
            halo = [withStroke(linewidth=4.0, foreground="white")]
            draw_lines(axes, arrows(floor, need), color=INK, linewidth=1.6, zorder=5, path_effects=halo)
    for number, stretch in enumerate(numbered(floor), 1):
        draw_number(axes, number, stretch.position_m)


def draw_frame(axes: Axes, floor: Coverage, plan: FloorPlan | None, title: str) -> None:
    """The floor's plan, or a grid without one, and the axes in metres."""
    axes.set_title(title, loc="left", color=INK, fontsize=11)
    axes.spines[:].set_visible(False)
    if plan is None:
        axes.grid(color="#eef1f4", linewidth=0.8)
    else:
        grey: dict[str, Any] = {"cmap": "gray", "vmin": 0, "vmax": 255, "interpolation": "antialiased"}
        axes.imshow(plan.faded, extent=plan.extent_m, zorder=-1, **grey)
    low_m, size_m = extent_m(floor, plan)
    high_m = low_m + size_m
    axes.set(xlim=(low_m[0], high_m[0]), ylim=(low_m[1], high_m[1]), aspect="equal", xlabel="x, m", ylabel="y, m")
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=QUIET)


def draw_lines(axes: Axes, lines_m: FloatArray, **style: Any) -> None:
    """Lines (k, points, 2) in one style."""
    axes.add_collection(LineCollection(lines_m.tolist(), capstyle="round", **style))


def draw_number(axes: Axes, number: int, position_m: tuple[float, float], offset: int = 11) -> None:
    """A number in a circle, some points next to a position."""
    text: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "fontweight": "bold", "color": "white"}
    circle = {"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "white", "linewidth": 0.8}
    shifted: dict[str, Any] = {"xytext": (offset, offset), "textcoords": "offset points"}
    axes.annotate(str(number), position_m, zorder=6, bbox=circle, **text, **shifted)


def _draw_list(axes: Axes, floor: Coverage) -> None:
    axes.set_axis_off()
    lines = [
        line_of(number, stretch).replace(", from", "\n    from") for number, stretch in enumerate(numbered(floor), 1)
    ]
    text = "\n".join(lines) or "Nothing is missing along\nthese paths."
    axes.text(0.0, 1.0, text, va="top", fontsize=9, color=INK, transform=axes.transAxes)
