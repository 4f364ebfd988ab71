"""A picture of a simulated drive: true path, estimates, errors, and the field they were computed from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.hall import COLUMN_M, MACHINE_M
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.evaluation.events import DriveEvent, EventKind, drive_events

GRID_M = 0.1
MARGIN_M = 0.6  # around the floor
MAX_ERROR_M = 3.0  # larger errors have the last colour
INK, QUIET, LANE = "#1f2933", "#9aa5b1", "#7dd3fc"
ERROR_COLOURS = LinearSegmentedColormap.from_list("error", ["#1d4ed8", "#0ea5a4", "#f59e0b", "#b91c1c"])
AXIS_COLOURS = {"x": "#c2410c", "y": "#15803d", "z": "#1d4ed8"}
EVENT_STYLES: dict[EventKind, tuple[str, str]] = {  # marker and colour
    "stop": ("s", "#7c3aed"),
    "spin": ("o", "#15803d"),
    "reversal": ("D", "#c2410c"),
}


class DrivePoses(NamedTuple):
    """A simulated drive, and the poses that were estimated of it."""

    building: Building
    drive: SimulatedDrive  # its readings, and the truth
    sample: IntArray  # (p,) the drive's sample of each estimate
    position_m: FloatArray  # (p, 2) the estimates
    trusted: BoolArray  # (p,) whether each estimate was LOCALIZED or STATIONARY
    survey_m: Sequence[FloatArray] = ()  # positions (n, 2) of each walk of the survey

    @property
    def error_m(self) -> FloatArray:
        """(p,) error of each estimate."""
        error_m: FloatArray = np.linalg.norm(self.position_m - self.drive.position_m[self.sample], axis=1)
        return error_m

    @property
    def max_error_m(self) -> float:
        """The error that has the last colour; 1 m at least."""
        return min(float(self.error_m[self.trusted].max(initial=1.0)), MAX_ERROR_M)


def draw_drive(path: Path, poses: DrivePoses) -> None:
    """Draw a drive and its estimates as a PNG, those that are not trusted in grey; parent folders are created."""
    building, drive, sample, _, trusted, survey_m = poses
    figure = Figure(figsize=(10.5, 9.6), dpi=120, layout="constrained")
    floor, error, field = figure.subplots(3, 1, height_ratios=[4.6, 0.9, 0.9])
    events, error_m = drive_events(drive), poses.error_m
    draw_floor(floor, building, drive, survey_m)
    first = int(sample[trusted][0]) if trusted.any() else len(drive.stamp_ns) - 1
    _draw_path(floor, drive, first)
    _draw_estimates(floor, poses)
    _mark_events(floor, drive, events)
    median_m, p90_m = np.percentile(error_m[trusted] if trusted.any() else error_m, [50, 90])
    title = f"Simulated robot, {trusted.mean():.0%} of {len(sample)} poses LOCALIZED: "
    floor.set_title(f"{title}median error {median_m:.2f} m, p90 {p90_m:.2f} m", loc="left", color=INK)
    time_s = (drive.stamp_ns - drive.stamp_ns[0]) / NS_PER_S
    error.sharex(field)
    error.plot(time_s[sample], np.where(trusted, error_m, np.nan), color=INK, linewidth=1.1)
    error.set(ylim=(0.0, float(error_m[trusted].max(initial=1.0))), ylabel="error, m")
    error.tick_params(labelbottom=False)
    error.text(0.4, 0.93, "not LOCALIZED yet", transform=error.get_xaxis_transform(), va="top", fontsize=8, color=INK)
    for (name, colour), axis_ut in zip(AXIS_COLOURS.items(), drive.field_ut.T, strict=True):
        field.plot(time_s, axis_ut - axis_ut.mean(), color=colour, linewidth=0.9, label=name)
    field.set(xlim=(0.0, time_s[-1]), xlabel="time, s", ylabel="field, µT\n(mean removed)")
    field.legend(loc="upper right", frameon=False, ncols=3, bbox_to_anchor=(1.0, 1.25))
    for axes in (error, field):
        axes.spines[["top", "right"]].set_visible(False)
        axes.axvspan(0.0, time_s[first], color=INK, alpha=0.08, linewidth=0)
        for event in events:
            colour = EVENT_STYLES[event.kind][1]
            axes.axvspan(time_s[event.first], time_s[event.last], color=colour, alpha=0.25, linewidth=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, bbox_inches="tight")


def draw_floor(axes: Axes, building: Building, drive: SimulatedDrive, survey_m: Sequence[FloatArray]) -> None:
    """The corridors, the hall with its obstacles, the strength of the field at the sensor's height, and the survey."""
    hall = building.hall
    areas = [area for area in (building.plan, hall, hall and hall.doorway) if area is not None]
    edge_m = np.concatenate([area.extent_m for area in areas])
    low_m, high_m = edge_m.min(axis=0) - MARGIN_M, edge_m.max(axis=0) + MARGIN_M
    x_m, y_m = np.meshgrid(*(np.arange(low_m[axis], high_m[axis], GRID_M) + GRID_M / 2.0 for axis in (0, 1)))
    position_m = np.column_stack([x_m.ravel(), y_m.ravel(), np.full(x_m.size, drive.sensor_m[2])])
    inside = np.any([area.contains(position_m[:, :2], -GRID_M) for area in areas], axis=0)
    strength_ut = np.linalg.norm(building.field_ut(drive.floor, position_m), axis=1)
    strength_ut[~inside] = np.nan
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
    if hall is not None:
        obstacles = [(at_m, (COLUMN_M, COLUMN_M)) for at_m in hall.column_m] + [
            (at_m, MACHINE_M) for at_m in hall.machine_m
        ]
        for at_m, size_m in obstacles:
            axes.add_patch(Rectangle(tuple(at_m - np.array(size_m) / 2.0), *size_m, color=INK))
    axes.set(xlim=(low_m[0], high_m[0]), ylim=(low_m[1], high_m[1]), aspect="equal", xlabel="x, m", ylabel="y, m")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, colors=INK)
    axes.text(0.01, 0.005, "shading: strength of the field", transform=axes.transAxes, fontsize=8, color=INK)
    for number, walk_m in enumerate(survey_m):
        axes.plot(*walk_m.T, color=LANE, linewidth=0.9, label=None if number else "survey")


def _draw_path(axes: Axes, drive: SimulatedDrive, first: int) -> None:
    """The true path, dotted before the sample of the first estimate that can be trusted."""
    axes.plot(*drive.position_m[: first + 1].T, color=INK, linewidth=1.1, linestyle=":")
    axes.plot(*drive.position_m[first:].T, color=INK, linewidth=1.1, label="true path")
    axes.plot(*drive.position_m[0], "o", color="white", markeredgecolor=INK, markersize=9, label="start")


def _draw_estimates(axes: Axes, poses: DrivePoses) -> None:
    """The trusted estimates coloured by error, with a line from each to the truth; all others in grey."""
    trusted, position_m = poses.trusted, poses.position_m
    if not trusted.all():
        axes.plot(*position_m[~trusted].T, ".", color=QUIET, markersize=4, label="not LOCALIZED")
    true_m, (x_m, y_m) = poses.drive.position_m[poses.sample[trusted]], position_m[trusted].T
    lines_m = np.stack([true_m, position_m[trusted]], axis=1)
    axes.add_collection(LineCollection(lines_m.tolist(), colors=INK, linewidths=0.5, alpha=0.5))
    style: dict[str, Any] = {"cmap": ERROR_COLOURS, "vmin": 0.0, "vmax": poses.max_error_m}
    dots = axes.scatter(x_m, y_m, s=16, c=poses.error_m[trusted], linewidths=0, zorder=3, **style)
    axes.plot([], [], ".", color=ERROR_COLOURS(0.0), markersize=9, label="estimate")
    bar = axes.figure.colorbar(dots, ax=axes, shrink=0.55, aspect=30, pad=0.01, extend="max")
    bar.set_label("error, m")
    bar.outline.set_visible(False)


def _mark_events(axes: Axes, drive: SimulatedDrive, events: Sequence[DriveEvent]) -> None:
    """A marker at the start of each event, and the legend of the whole floor."""
    for kind, (marker, colour) in EVENT_STYLES.items():
        starts = [event.first for event in events if event.kind == kind]
        if starts:
            style: dict[str, Any] = {"color": "none", "markeredgecolor": colour, "markeredgewidth": 2, "markersize": 15}
            axes.plot(*drive.position_m[starts].T, marker, label=kind, **style)
    style = {"loc": "upper right", "bbox_to_anchor": (1.0, 0.0), "borderaxespad": 3.0, "columnspacing": 1.2}
    axes.legend(frameon=False, ncols=8, handlelength=1.4, **style)
