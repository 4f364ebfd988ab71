"""The curves as small multiples: mean error by disturbance, before and after, and the bar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from benchmarks.field.structure_picture import INK, QUIET, STYLE
from benchmarks.robots.cases import Curve
from benchmarks.robots.rows import Row

COLOURS = {"before": "#9aa5b1", "after": "#1d4ed8"}
COLUMNS = 3
AXIS_MARKS_M = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


def draw_curves(path: Path, drawn: Sequence[Curve], rows: Sequence[Row]) -> None:
    """Draw all curves as a PNG; parent folders are made."""
    lines = math.ceil(len(drawn) / COLUMNS)
    with rc_context(STYLE):
        figure = Figure(figsize=(10.5, 2.7 * lines + 0.3), dpi=130, layout="constrained")
        FigureCanvasAgg(figure)
        panels = figure.subplots(lines, COLUMNS, sharey=True, squeeze=False).ravel().tolist()
        for axes, curve in zip(panels, drawn, strict=False):
            _draw_curve(axes, curve, [row for row in rows if row.curve == curve.name])
        for axes in panels[len(drawn) :]:
            axes.set_visible(False)
        for first in panels[::COLUMNS]:
            first.set_ylabel("mean error, m")
        handles, labels = panels[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper left", ncols=3)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path)


def _draw_curve(axes: Axes, curve: Curve, rows: Sequence[Row]) -> None:
    for model, colour in COLOURS.items():
        of = [row for row in rows if row.model == model]
        axes.plot([row.x for row in of], [row.mean_m for row in of], "o-", color=colour, markersize=3.5, label=model)
    after = [row for row in rows if row.model == "after"]
    bar_m = [row.bar * row.undisturbed_m for row in after]
    axes.plot([row.x for row in after], bar_m, color=INK, linewidth=0.9, linestyle="--", label="bar for after")
    missed = [row for row in after if not row.met]
    axes.plot([row.x for row in missed], [row.mean_m for row in missed], "x", color="#b91c1c", markersize=8)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(FixedLocator(AXIS_MARKS_M))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_major_locator(FixedLocator(sorted({row.x for row in rows})))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.grid(axis="y", color=QUIET, alpha=0.2, linewidth=0.5)
    if curve.name == "speed":
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(sorted({row.x for row in rows})))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_title(curve.title)
    axes.set_xlabel(curve.axis)
