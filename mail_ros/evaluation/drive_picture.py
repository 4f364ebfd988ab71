"""One picture of a robot's drive: where it stopped, turned and backed up, and how far off it was said to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.simulator.dipoles import Site
from mail_ros.data.simulator.walk import SimulatedDrive
from mail_ros.evaluation.events import Happening, Kind, happenings
from mail_ros.evaluation.picture import INK, draw_floor, draw_paths, errors

LOOKS: dict[Kind, tuple[str, str]] = {  # marker and colour
    "stands": ("s", "#7c3aed"),
    "turns in place": ("o", "#15803d"),
    "backs up": ("D", "#c2410c"),
}


def draw_robot_drive(path: Path, site: Site, drive: SimulatedDrive, sample: IntArray, position_m: FloatArray) -> None:
    """Draw a drive, its estimates and their errors as a PNG.

    Args:
        path: of the picture; parent folders are made.
        site: where the drive took place.
        drive: what was measured, and the truth.
        sample: (p,) the drive's sample that each estimate answers.
        position_m: (p, 2) the estimates.
    """
    figure = Figure(figsize=(10.5, 9.4), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    floor, error, speed = figure.subplots(3, 1, height_ratios=[4.6, 1.0, 0.8])
    happened = happenings(drive)
    draw_floor(floor, site)
    draw_paths(floor, drive, sample, position_m)
    _mark(floor, drive, happened)
    title = (
        f"Simulated robot, its sensor turned by {np.degrees(drive.sensor_rad):.0f}°, {len(sample)} poses: "
        f"{errors(drive, sample, position_m)}"
    )
    floor.set_title(title, loc="left", color=INK)
    error.sharex(speed)
    _draw_error(error, drive, sample, position_m)
    _draw_speed(speed, drive)
    error.text(0.4, 0.93, "window fills", transform=error.get_xaxis_transform(), va="top", fontsize=8, color=INK)
    for axes in (error, speed):
        _shade(axes, drive, happened, sample)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def _mark(axes: Axes, drive: SimulatedDrive, happened: list[Happening]) -> None:
    """Where each thing happened; the legend that `draw_paths` made is made again, with these."""
    for kind, (marker, colour) in LOOKS.items():
        place_m = np.array([drive.position_m[each.first] for each in happened if each.kind == kind]).reshape(-1, 2)
        if len(place_m):
            axes.plot(
                *place_m.T, marker, color="none", markeredgecolor=colour, markeredgewidth=2, markersize=15, label=kind
            )
    axes.legend(loc="lower right", frameon=False, ncols=6, bbox_to_anchor=(1.0, -0.12), borderaxespad=0.0)


def _draw_error(axes: Axes, drive: SimulatedDrive, sample: IntArray, position_m: FloatArray) -> None:
    error_m = np.linalg.norm(position_m - drive.position_m[sample], axis=1)
    axes.plot(_time_s(drive)[sample], error_m, color=INK, linewidth=1.1)
    axes.set(ylim=(0.0, max(1.0, 1.05 * float(error_m.max()))), ylabel="error, m")
    axes.tick_params(labelbottom=False)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_speed(axes: Axes, drive: SimulatedDrive) -> None:
    time_s = _time_s(drive)
    axes.plot(time_s, drive.speed_m_s, color=INK, linewidth=1.1)
    axes.axhline(0.0, color=INK, linewidth=0.5)
    axes.set(xlim=(0.0, time_s[-1]), xlabel="time, s", ylabel="speed, m/s")
    axes.spines[["top", "right"]].set_visible(False)


def _shade(axes: Axes, drive: SimulatedDrive, happened: list[Happening], sample: IntArray) -> None:
    """Times at which something happened, in its colour, and the time until the first estimate."""
    time_s = _time_s(drive)
    axes.axvspan(0.0, time_s[sample[0]], color=INK, alpha=0.08, linewidth=0)
    for each in happened:
        axes.axvspan(time_s[each.first], time_s[each.last], color=LOOKS[each.kind][1], alpha=0.25, linewidth=0)


def _time_s(drive: SimulatedDrive) -> FloatArray:
    """(n,) since the first sample."""
    time_s: FloatArray = (drive.stamp_ns - drive.stamp_ns[0]) / NS_PER_S
    return time_s
