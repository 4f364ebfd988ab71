"""Picture of the semivariance by distance: simulated buildings, recorded walks and reported values."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from benchmarks.field.structure import DISTANCES_M, MEASURED, variance_fractions
from mail_ros.core.types import FloatArray

INK, QUIET, ROBOT, PERSON, RECORDED = "#1f2933", "#616e7c", "#c2410c", "#1d4ed8", "#9aa5b1"
AXIS_MARKS_M = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0)
STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlelocation": "left",
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "text.color": INK,
}


def draw_structure(
    path: Path, robot: Sequence[FloatArray], person: Sequence[FloatArray], recorded: Sequence[FloatArray]
) -> None:
    """Draw semivariances as a PNG.

    Args:
        path: path of the picture; parent folders are created.
        robot: (d,) µT² at `DISTANCES_M`, for a robot in each simulated building.
        person: the same for a person.
        recorded: the same for each recorded walk; may be empty.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=(9.0, 3.6), dpi=150, layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2)
        _draw_robot(left, robot)
        _draw_person(right, person, recorded)
        for axes in (left, right):
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(FixedLocator(AXIS_MARKS_M))
            axes.xaxis.set_minor_locator(NullLocator())
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.set_xlabel("distance, m")
            axes.legend(loc="best")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)


def _draw_robot(axes: Axes, robot: Sequence[FloatArray]) -> None:
    for number, each in enumerate(robot):
        label = None if number else "simulated robot, each building"
        axes.plot(DISTANCES_M, variance_fractions(each), color=ROBOT, linewidth=1.2, label=label)
    for number, (near_m, far_m, low, high) in enumerate(MEASURED):
        style: dict[str, Any] = {"color": INK, "alpha": 0.8, "label": None if number else "reported of a wheeled robot"}
        if near_m == far_m:
            axes.plot([near_m], [high], "D", markersize=5, **style)
        else:
            axes.fill_between([near_m, far_m], low - 0.01, high + 0.01, linewidth=0, **style)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.set_title("Robot: fraction of the variance")


def _draw_person(axes: Axes, person: Sequence[FloatArray], recorded: Sequence[FloatArray]) -> None:
    if recorded:
        low, middle, high = np.nanpercentile(np.array(recorded), [10, 50, 90], axis=0)
        band = f"{len(recorded)} recorded walks, 10 to 90 %"
        axes.fill_between(DISTANCES_M, low, high, color=RECORDED, alpha=0.35, linewidth=0, label=band)
        axes.plot(DISTANCES_M, middle, color=QUIET, linewidth=1.0, linestyle="--", label="their median")
    for number, each in enumerate(person):
        label = None if number else "simulated person, each building"
        axes.plot(DISTANCES_M, each, color=PERSON, linewidth=1.2, label=label)
    axes.set_yscale("log")
    axes.set_title("Person: semivariance, µT²")
