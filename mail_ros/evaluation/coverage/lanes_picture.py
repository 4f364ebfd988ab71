"""A plan of lanes as a PNG, for the surveyor: over the floor's plan, with the names of the landmarks at both ends."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.lane_plan import Lane
from mail_ros.evaluation.coverage.coverage_marks import INK, QUIET
from mail_ros.evaluation.coverage.coverage_picture import DPI, WIDTH_IN

MARGIN_M = 1.5


def draw_lanes(path: Path, title: str, lanes: Sequence[Lane], plan: FloorPlan | None) -> None:
    """Draw one or more lanes; parent folders are made."""
    ends_m = np.array([[lane.start_m, lane.end_m] for lane in lanes]).reshape(-1, 2)
    low_m, high_m = ends_m.min(axis=0) - MARGIN_M, ends_m.max(axis=0) + MARGIN_M
    width_m, height_m = high_m - low_m
    figure = Figure(figsize=(WIDTH_IN, float(np.clip(WIDTH_IN * height_m / width_m, 3.0, 14.0))), dpi=DPI)
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    if plan is not None:
        axes.imshow(plan.faded, extent=plan.extent_m, cmap="gray", vmin=0, vmax=255)
    for lane in lanes:
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", lane.end_m, lane.start_m, arrowprops=arrow)
        axes.annotate(
            f"{lane.name}a", lane.start_m, (0, 3), textcoords="offset points", color=INK, fontsize=7, ha="center"
        )
    axes.set(xlim=(low_m[0], high_m[0]), ylim=(low_m[1], high_m[1]), aspect="equal", xlabel="x, m", ylabel="y, m")
    axes.set_title(title, loc="left", color=INK, fontsize=11)
    axes.tick_params(length=0, colors=QUIET)
    axes.spines[:].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
