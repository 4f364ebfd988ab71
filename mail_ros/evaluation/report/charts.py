"""The studies of a report: their charts as numbers, which page.js draws, and their sections of the page.

Errors, losses and times are on logarithmic axes, as lines or dots; fractions are on linear axes from 0.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, NamedTuple

from mail_ros.evaluation.report.views import colours
from mail_ros.evaluation.study_table import StudyTable, words

Kind = Literal["line", "dots", "bars"]


@dataclass(frozen=True)
class Form:
    """Columns of a study's rows as a chart."""

    kind: Kind
    x: str
    y: str
    title: str
    unit: str = "m"  # "fraction": from 0 to 1, on a linear axis
    selects: Callable[[str], bool] = lambda method: True  # methods of the chart
    by: str = "method"  # column with one series for each value


@dataclass(frozen=True)
class Chart:
    """One chart."""

    kind: Kind
    title: str
    x_title: str
    unit: str
    x: list[Any]  # all numbers or all words
    series: dict[str, list[float | None]]  # by name, one value per x
    colours: dict[str, str]  # by the same names
    legend: bool  # the axis does not show the names
    range: tuple[float, float]
    marks: list[float]  # labelled values on the y axis


HEATMAP = "mail_heatmap"  # its loss is the cross entropy
MIN_RATIO = 4.0  # upper over lower end of a logarithmic axis: small differences stay small
MEAN, MEDIAN = "mean error", "median error"
BY_CONDITION = (
    Form("dots", "method", "mean_m", MEAN, by="condition"),
    Form("dots", "method", "p95_m", "95th percentile of the error", by="condition"),
)
FORMS: dict[str, tuple[Form, ...]] = {
    "length": (Form("line", "length_s", "mean_m", MEAN), Form("line", "length_s", "median_m", MEDIAN)),
    "scales": (Form("line", "scales", "mean_m", MEAN), Form("line", "scales", "median_m", MEDIAN)),
    "loss": (
        Form("line", "epoch", "loss", "mean squared error, the map's extent is 1", "", lambda m: m != HEATMAP),
        Form("line", "epoch", "loss", "cross entropy over map cells", "", lambda m: m == HEATMAP),
    ),
    "attention": (
        Form("bars", "scale_s", "mean_weight", "mean weight of each scale", "fraction"),
        Form("bars", "scale_s", "top_weight", "fraction of estimates with the largest weight", "fraction"),
        Form("dots", "method", "mean_m", MEAN),
    ),
    "speed": (Form("line", "condition", "mean_m", MEAN), Form("line", "condition", "median_m", MEDIAN)),
    "tracker": BY_CONDITION,
    "uncertainty": (
        Form("dots", "method", "in_90", "true positions inside the 90 % region", "fraction", by="condition"),
        Form("dots", "method", "localized_near", "LOCALIZED within 3 m", "fraction", by="condition"),
    ),
    "area": (
        Form("dots", "left_out", "auroc", "separation from the surveyed area: AUROC", "fraction", by="condition"),
        Form("dots", "left_out", "reported", "estimates outside with OUT_OF_AREA", "fraction", by="condition"),
    ),
    "offset": BY_CONDITION,
    "matching": (
        Form("dots", "ingredients", "mean_m", MEAN),
        Form("dots", "ingredients", "over_5m", "fraction of errors above 5 m", "fraction"),
    ),
    "training": (
        Form("dots", "training", "mean_m", MEAN),
        Form("dots", "training", "over_5m", "fraction of errors above 5 m", "fraction"),
    ),
    "device": (
        Form("dots", "method", "mean_m", MEAN, by="device"),
        Form("dots", "method", "median_m", MEDIAN, by="device"),
    ),
    "time": (
        Form("dots", "method", "estimate_ms", "processor time of an estimate", "ms"),
        Form("dots", "method", "fit_s", "processor time of fitting", "s"),
    ),
    "cost": (Form("dots", "method", "mean_ms", "processor time of an estimate", "ms", by="size"),),
    "node": (
        Form("dots", "method", "p99_ms", "99th percentile of the latency", "ms"),
        Form("dots", "method", "core", "fraction of a core", "fraction"),
    ),
    "anomalies": (Form("line", "scale_s", "found_fraction", "fraction of pieces that are found", "fraction"),),
}
X_TITLES = {
    "length_s": "length of the sequence, s",
    "scales": "number of scales",
    "epoch": "epoch",
    "scale_s": "scale, s",
}


def charts(study: StudyTable, group: Any) -> list[Chart]:
    """The charts of one group; none for a study without a form."""
    drawn = []
    for form in FORMS.get(study.name, ()):
        rows = [row for row in study.of(group) if form.selects(row["method"]) and form.y in row]
        if rows:
            drawn.append(_chart(form, rows))
    return drawn


def _chart(form: Form, rows: Sequence[dict[str, Any]]) -> Chart:
    values = {(_name(form, row), _x(form, row)): row[form.y] for row in rows if not math.isnan(row[form.y])}
    names = list(dict.fromkeys(_name(form, row) for row in rows))
    x = list(dict.fromkeys(_x(form, row) for row in rows))
    return Chart(
        form.kind,
        form.title,
        X_TITLES.get(form.x, ""),
        form.unit,
        x,
        {name: [values.get((name, at)) for at in x] for name in names},
        colours(names),
        form.by != form.x and (len(names) > 1 or form.by != "method"),
        *_axis(form.unit, [float(value) for value in values.values()] or [1.0]),
    )


def _axis(unit: str, values: Sequence[float]) -> tuple[tuple[float, float], list[float]]:
    """Range and marks of an axis for some values."""
    if unit == "fraction":
        top = max(*values, 0.05) * 1.08
        step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step <= 6.0 or step == 0.2)
        return (0.0, top), [round(step * n, 2) for n in range(int(top / step) + 1)]
    low, high = max(min(values), 1e-6), max(*values, 1e-6)
    wider = math.sqrt(max(1.0, MIN_RATIO / (high / low)))
    low, high = low / wider / 1.1, high * wider * 1.1
    steps = (1, 1.5, 2, 3, 5, 7) if high / low < 12.0 else (1, 2, 5) if high / low < 500.0 else (1,)
    every = [float(f"{step}e{power}") for power in range(-7, 10) for step in steps]
    return (low, high), [mark for mark in every if low <= mark <= high]


def _name(form: Form, row: dict[str, Any]) -> str:
    """The series of a row."""
    known = {"yes": ", also in training", "no": ", not in training"}
    return f"{row[form.by]}{known.get(row['in_training'], '') if form.by == 'device' else ''}"


def _x(form: Form, row: dict[str, Any]) -> Any:
    """Position of a row on the x axis; bars are evenly spaced, so theirs is a word."""
    return f"{row[form.x]:g}" if form.kind == "bars" else row[form.x]


class Sections(NamedTuple):
    """The studies on the page."""

    html: str
    links: list[str]  # one per section
    charts: dict[str, dict[str, Any]]  # numbers for page.js, by the id of their element


def study_sections(studies: Sequence[StudyTable], several: bool) -> Sections:
    """All sections; titles name the run if there are several."""
    html, links = [], []
    drawn: dict[str, dict[str, Any]] = {}
    for index, study in enumerate(studies):
        id_ = f"study-{index}"
        title = escape(f"{study.run}, {study.name}" if several else study.name.capitalize())
        links.append(f'<a href="#{id_}">{title}</a>')
        groups = []
        for at, group in enumerate(study.groups):
            of_group = {f"{id_}-{at}-{number}": chart for number, chart in enumerate(charts(study, group))}
            drawn |= {name: dataclasses.asdict(chart) for name, chart in of_group.items()}
            groups.append(_group(study, group, of_group))
        about = escape(f"{study.title}: {study.source} of the paper")
        body = "".join(groups)
        html.append(f'<section class="study" id="{id_}">\n<h2>{title} <small>{about}</small></h2>\n{body}</section>')
    return Sections("\n".join(html), links, drawn)


def _group(study: StudyTable, group: Any, drawn: dict[str, Chart]) -> str:
    """Charts of a group, and the table with all rows behind them."""
    title, unit = escape(study.title_of(group)), ", errors in m" if study.group == "floor" else ""
    figures = "".join(
        f"<figure><figcaption><b>{title}</b>, {escape(chart.title)}{_unit(chart)}</figcaption>"
        f'<div class="plot chart" id="{name}"></div></figure>\n'
        for name, chart in drawn.items()
    )
    table = _table(*words(study.of(group), without=study.group))
    details = f"<details><summary>{title}: the table{unit}</summary>{table}</details>"
    return f'<div class="charts">\n{figures}</div>\n{details}\n'


def _unit(chart: Chart) -> str:
    return "" if chart.unit in ("", "fraction") else f", {chart.unit}"


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table of texts."""
    head = "".join(f"<th>{escape(cell)}</th>" for cell in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
