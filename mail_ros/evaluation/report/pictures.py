"""The report's figures as PNG, for papers.

Drawn by matplotlib, which the tools have anyway: plotly's own export needs a browser on every machine that
makes pictures, and lines and letters come out at the size of a column here, not of a screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.track import FloatArray
from mail_ros.evaluation.background import NO_PLANS, draw_plan
from mail_ros.evaluation.methods import OURS
from mail_ros.evaluation.metrics import TAIL_M
from mail_ros.evaluation.report.runs import Course, Floor, StudyTable
from mail_ros.evaluation.report.study_pictures import draw_study
from mail_ros.evaluation.report.views import (
    LEAST_M,
    SHARES,
    TICKS_M,
    bounds_m,
    breaks,
    colours,
    error_axis_m,
    error_cdf,
    mistakes,
    scale_colours,
    short_names,
)

INK, QUIET, LINE, CORRIDOR = "#1f2933", "#616e7c", "#e4e7eb", "#e9edf0"
DPI = 200
DECADES_M = (0.01, 0.1, 1, 10, 100)  # ticks where there is little room
COLUMNS = 3  # of small multiples
STYLE: dict[Any, Any] = {
    "font.size": 8,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "axes.titlelocation": "left",
    "axes.titlesize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "grid.color": LINE,
    "legend.frameon": False,
}


def write_pictures(
    folder: Path,
    floors: Sequence[Floor],
    studies: Sequence[StudyTable] = (),
    plans: Mapping[int, FloorPlan] = NO_PLANS,
) -> list[Path]:
    """Draw all figures, maps over `plans` by floor; the files. Walks and places are those of `Floor.first`."""
    kinds: dict[str, Callable[[Floor], Figure | None]] = {
        "cdf": draw_cdf,
        "map": lambda floor: draw_map(floor, plans.get(floor.number)),
        "error": draw_error,
        "places": lambda floor: draw_places(floor, plans.get(floor.number)),
        "attention": draw_attention,
    }
    figures = [
        (f"{floor.run}_floor_{floor.number}_{name}", partial(draw, floor))
        for floor in floors
        for name, draw in kinds.items()
    ] + [
        (f"{study.run}_{study.group}_{group}_study_{study.name}", partial(draw_study, study, group))
        for study in studies
        for group in study.groups
    ]
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    with rc_context(STYLE):
        for name, draw in figures:
            figure = draw()
            if figure is not None:
                files.append(folder / f"{name.replace('/', '_')}.png")
                FigureCanvasAgg(figure)
                figure.savefig(files[-1], dpi=DPI)
    return files


def draw_cdf(floor: Floor) -> Figure:
    """Error CDF of all methods."""
    figure = Figure(figsize=(5.6, 3.2), layout="constrained")
    axes = figure.subplots()
    for method, colour in _painted(floor):
        axes.plot(np.maximum(error_cdf(floor, method), LEAST_M), SHARES, color=colour, label=method, **_weight(method))
    axes.set_xscale("log")
    _error_axis(axes, floor, "x", TICKS_M)
    axes.set_xlabel("error, m")
    axes.axvline(TAIL_M, color=QUIET, linewidth=0.7, linestyle=":")
    axes.set(ylim=(0.0, 1.005), ylabel="share of estimates")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def draw_map(floor: Floor, plan: FloorPlan | None) -> Figure:
    """True and estimated path of every walk."""
    method, colour = floor.first, colours(floor.methods)[floor.first]
    (low_x, low_y), (high_x, high_y) = bounds_m(floor).tolist()
    figure, grid = _multiples(floor, (high_y - low_y) / (high_x - low_x))
    for axes, walk in zip(grid, floor.walks, strict=False):
        course = floor.courses[method][walk]
        far = course.error_m > TAIL_M
        draw_plan(axes, plan)
        _corridors(axes, floor)
        pairs = np.stack([course.position_m, course.reference_m], axis=1)[far]
        axes.add_collection(LineCollection(pairs.tolist(), colors=colour, linewidths=0.5, alpha=0.45))
        axes.plot(*course.reference_m.T, color=INK, linewidth=0.7, zorder=3)
        axes.plot(*course.position_m[~far].T, ".", color=colour, markersize=3.5)
        axes.plot(*course.position_m[far].T, "D", color="white", markeredgecolor=colour, markersize=2.6, mew=0.6)
        axes.set(aspect="equal", xlim=(low_x, high_x), ylim=(low_y, high_y))
    marks = [
        Line2D([], [], color=INK, linewidth=0.8, label="true path"),
        Line2D([], [], color=colour, marker=".", linestyle="", label=method),
        Line2D([], [], color=colour, marker="D", mfc="white", markersize=3, label=f"off by more than {TAIL_M:g} m"),
    ]
    figure.legend(handles=marks, loc="outside upper right", ncols=3)
    figure.supxlabel("x, m", fontsize=8, color=QUIET)
    figure.supylabel("y, m", fontsize=8, color=QUIET)
    return figure


def draw_error(floor: Floor) -> Figure:
    """Error of all methods along every walk."""
    figure, grid = _multiples(floor, 0.55)
    for axes, walk in zip(grid, floor.walks, strict=False):
        for method, colour in _painted(floor):
            course = floor.courses[method][walk]
            faint = {"zorder": 3} if method == floor.first else {"alpha": 0.55, "linewidth": 0.6}
            _unbroken(axes, course, np.maximum(course.error_m, LEAST_M), {"color": colour, **_weight(method), **faint})
        axes.set_yscale("log")
        _error_axis(axes, floor, "y", DECADES_M)
        axes.axhline(TAIL_M, color=QUIET, linewidth=0.7, linestyle=":")
    marks = [Line2D([], [], color=colour, label=method, **_weight(method)) for method, colour in _painted(floor)]
    figure.legend(handles=marks, loc="outside upper right", ncols=6)
    figure.supxlabel("s since the first estimate", fontsize=8, color=QUIET)
    figure.supylabel("error, m", fontsize=8, color=QUIET)
    return figure


def draw_places(floor: Floor, plan: FloorPlan | None) -> Figure:
    """Which places are taken for which, over all walks."""
    method, colour = floor.first, colours(floor.methods)[floor.first]
    found = mistakes(floor, method)
    low_m, high_m = bounds_m(floor)
    figure = Figure(figsize=(5.2, 5.2 * float(np.divide(*(high_m - low_m)[::-1])) + 0.5), layout="constrained")
    axes = figure.subplots()
    draw_plan(axes, plan)
    _corridors(axes, floor)
    most = max(1, int(found.times.max(initial=1)))
    for start, end, times in zip(found.from_m.tolist(), found.to_m.tolist(), found.times.tolist(), strict=True):
        style = {"color": colour, "alpha": 0.5, "linewidth": 0.4 + 2.6 * times / most, "mutation_scale": 5.0}
        axes.add_patch(FancyArrowPatch(start, end, connectionstyle="arc3,rad=-0.2", arrowstyle="->", **style))
    shades = LinearSegmentedColormap.from_list("share", ["#dde2e7", colour])
    share = found.wrong / found.estimates
    dots = axes.scatter(
        found.cell_m[:, 0], found.cell_m[:, 1], c=share, cmap=shades, vmin=0.0, vmax=1.0, marker="s", s=14, linewidths=0
    )
    bar = figure.colorbar(dots, ax=axes, shrink=0.6, aspect=30, pad=0.01, format=PercentFormatter(1.0, decimals=0))
    bar.outline.set_visible(False)
    bar.set_label(f"estimates more than {TAIL_M:g} m off")
    axes.set(aspect="equal", xlim=(low_m[0], high_m[0]), ylim=(low_m[1], high_m[1]), xlabel="x, m", ylabel="y, m")
    axes.set_title(f"{method}: from the true place to the answer")
    return figure


def draw_attention(floor: Floor) -> Figure | None:
    """Attention over the scales along every walk; None where no method has scales."""
    attends = [m for m in floor.methods if any(course.attention.shape[1] for course in floor.courses[m].values())]
    if not attends:
        return None
    method = floor.first if floor.first in attends else attends[0]
    scales_s = floor.scales_s
    shades = scale_colours(len(scales_s))
    figure, grid = _multiples(floor, 0.5)
    for axes, walk in zip(grid, floor.walks, strict=False):
        course = floor.courses[method][walk]
        for part in breaks(course):
            if len(course.time_s[part]) and course.attention.shape[1]:
                axes.stackplot(course.time_s[part], course.attention[part].T, colors=shades)
        axes.set_ylim(0.0, 1.0)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    names = [f"{scale_s:g} s" for scale_s in scales_s]
    marks = [Line2D([], [], color=c, linewidth=5, label=name) for c, name in zip(shades, names, strict=True)]
    figure.legend(handles=marks, loc="outside upper right", ncols=len(marks), title=f"attention of {method}")
    figure.supxlabel("s since the first estimate", fontsize=8, color=QUIET)
    return figure


def _painted(floor: Floor) -> list[tuple[str, str]]:
    """Methods and their colours, best first."""
    paint = colours(floor.methods)
    return [(method, paint[method]) for method in floor.methods]


def _weight(method: str) -> dict[str, Any]:
    return {"linewidth": 1.5 if method in OURS else 1.0, "linestyle": "--" if method == "chance" else "-"}


def _multiples(floor: Floor, height: float) -> tuple[Figure, list[Axes]]:
    """One small figure per walk, `height` times as high as wide, and their axes row by row."""
    columns = min(COLUMNS, len(floor.walks))
    rows = math.ceil(len(floor.walks) / columns)
    width = 7.0 / columns
    figure = Figure(figsize=(7.0, rows * (width * height + 0.25) + 0.5), layout="constrained")
    grid = list(figure.subplots(rows, columns, sharey=True, squeeze=False).ravel())
    for axes, name in zip(grid, short_names(floor.walks), strict=False):
        axes.set_title(name)
    for axes in grid[len(floor.walks) :]:
        axes.set_visible(False)
    return figure, grid


def _error_axis(axes: Axes, floor: Floor, which: Literal["x", "y"], ticks_m: Sequence[float]) -> None:
    """The logarithmic axis of errors, the same in all figures of a floor."""
    along = axes.xaxis if which == "x" else axes.yaxis
    along.set_major_locator(FixedLocator(ticks_m))
    along.set_minor_locator(NullLocator())
    along.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set(**{f"{which}lim": error_axis_m(floor)})
    axes.grid(axis=which, linewidth=0.5)


def _unbroken(axes: Axes, course: Course, values: FloatArray, style: dict[str, Any]) -> None:
    for part in breaks(course):
        axes.plot(course.time_s[part], values[part], **style)


def _corridors(axes: Axes, floor: Floor) -> None:
    """Where the walks of this floor went."""
    for course in floor.courses[floor.first].values():
        axes.plot(*course.reference_m.T, color=CORRIDOR, linewidth=4.0, solid_capstyle="round", zorder=0)
