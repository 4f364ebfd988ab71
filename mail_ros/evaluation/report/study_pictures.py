"""The charts of a study as a picture for papers: one row per group. See `pictures`, which sets the style."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from mail_ros.evaluation.report.charts import Chart, charts
from mail_ros.evaluation.report.runs import StudyTable

WIDTH_IN, HEIGHT_IN = 3.5, 2.5  # of one chart
ROOM = 45  # letters below an axis
MANY = 12  # ticks below an axis


def draw_study(study: StudyTable, group: Any) -> Figure | None:
    """The charts of one group side by side; None for a study without."""
    drawn = charts(study, group)
    if not drawn:
        return None
    figure = Figure(figsize=(WIDTH_IN * max(len(drawn), 1.5), HEIGHT_IN + 0.5), layout="constrained")
    for axes, chart in zip(figure.subplots(1, len(drawn), squeeze=False)[0], drawn, strict=True):
        _draw(axes, chart)
    paint = {name: colour for chart in drawn for name, colour in chart.colours.items()}
    marks = [Line2D([], [], color=colour, marker="o", markersize=3, label=name) for name, colour in paint.items()]
    if any(chart.legend for chart in drawn):
        figure.legend(handles=marks, loc="outside lower center", ncols=6)
    return figure


def _draw(axes: Axes, chart: Chart) -> None:
    words = isinstance(chart.x[0], str)
    places = list(range(len(chart.x))) if words else chart.x
    width = 0.8 / len(chart.series)
    for index, (name, values) in enumerate(chart.series.items()):
        known = [(x, y) for x, y in zip(places, values, strict=True) if y is not None]
        x, y = [x for x, _ in known], [y for _, y in known]
        if chart.kind == "bars":
            axes.bar([at - 0.4 + (index + 0.5) * width for at in x], y, width, color=chart.colours[name])
        else:
            line = "-" if chart.kind == "line" else "none"
            size = 3 if len(x) < 20 else 0
            axes.plot(x, y, linestyle=line, marker="o", markersize=size, linewidth=1.2, color=chart.colours[name])
    crowded = words and len(chart.x) * max(map(len, chart.x)) > ROOM
    axes.set_xticks(places if len(places) <= MANY else places[:: -(-len(places) // MANY)])
    if words:
        axes.set_xticks(places, chart.x, rotation=30 if crowded else 0, ha="right" if crowded else "center")
    axes.set_yscale("linear" if chart.unit == "share" else "log")
    axes.yaxis.set_major_locator(FixedLocator(chart.ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        PercentFormatter(1.0, decimals=0) if chart.unit == "share" else FuncFormatter(lambda value, _: f"{value:g}")
    )
    axes.set_ylim(chart.range)
    axes.set_title(chart.title + (f", {chart.unit}" if chart.unit not in ("", "share") else ""))
    axes.set_xlabel(chart.x_title)
    axes.grid(axis="y", linewidth=0.5)
    axes.set_axisbelow(True)
