"""A site's coverage as a PNG: missing paths are bright and wide, finished ones pale and thin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke

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
    heights_in = [_height_in(floor, plans.get(floor.floor)) for floor in site.floors]
    figure = Figure(figsize=(WIDTH_IN, sum(heights_in) + 1.0), dpi=DPI, layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(_title(site), x=0.01, ha="left", color=INK, fontsize=13, fontweight="bold")
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


def _title(site: SiteReport) -> str:
    usable = sum(report.usable for report in site.bags)
    return f"{site.name}: coverage by {usable} usable of {len(site.bags)} walks"


def _height_in(floor: Coverage, plan: FloorPlan | None) -> float:
    """Height of the map at the figure's width, or of the list next to it if that is larger."""
    size_m = extent_m(floor, plan)[1]
    map_in = 0.72 * WIDTH_IN * size_m[1] / size_m[0]
    return float(np.clip(max(map_in, TEXT_IN * (len(numbered(floor)) + 2)), MIN_IN, MAX_IN)) + 0.5


def _draw_floor(axes: Axes, floor: Coverage, plan: FloorPlan | None) -> None:
    if plan is not None:
        axes.imshow(
            plan.faded, cmap="gray", vmin=0, vmax=255, extent=plan.extent_m, interpolation="antialiased", zorder=-1
        )
    for need, look in LOOKS.items():
        lines = dashes(floor, need)
        axes.add_collection(
            LineCollection(lines.tolist(), colors=look.colour, linewidths=look.width, capstyle="round", zorder=1 + need)
        )
        if need is not Need.NOTHING:
            axes.add_collection(
                LineCollection(
                    arrows(floor, need).tolist(),
                    colors=INK,
                    linewidths=1.6,
                    capstyle="round",
                    zorder=5,
                    path_effects=[withStroke(linewidth=4.0, foreground="white")],
                )
            )
    low_m, size_m = extent_m(floor, plan)
    high_m = low_m + size_m
    _draw_numbers(axes, floor)
    axes.set(xlim=(low_m[0], high_m[0]), ylim=(low_m[1], high_m[1]), aspect="equal", xlabel="x, m", ylabel="y, m")
    axes.set_title(summary(floor), loc="left", color=INK, fontsize=11)
    axes.spines[:].set_visible(False)
    if plan is None:
        axes.grid(color="#eef1f4", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, colors=QUIET)


def _draw_numbers(axes: Axes, floor: Coverage) -> None:
    for number, stretch in enumerate(numbered(floor), 1):
        axes.annotate(
            str(number),
            stretch.position_m,
            xytext=(11, 11),
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=9,
            fontweight="bold",
            color="white",
            zorder=6,
            bbox={"boxstyle": "circle,pad=0.25", "facecolor": INK, "edgecolor": "white", "linewidth": 0.8},
        )


def _draw_list(axes: Axes, floor: Coverage) -> None:
    axes.set_axis_off()
    lines = [
        line_of(number, stretch).replace(", around", "\n    around")
        for number, stretch in enumerate(numbered(floor), 1)
    ]
    axes.text(
        0.0,
        1.0,
        "\n".join(lines) or "Nothing is missing along\nthese paths.",
        va="top",
        fontsize=9,
        color=INK,
        transform=axes.transAxes,
    )
