"""The studies of a report: their charts as numbers, which page.js draws, and their sections of the page.

Errors, losses and times are on logarithmic axes, as lines or dots; fractions are on linear axes from 0.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal, NamedTuple

from mail_ros.evaluation.report.views import colours
from mail_ros.evaluation.study_table import Row, StudyTable, words

Kind = Literal["line", "dots", "bars"]


class Form(NamedTuple):
    """Columns of a study's rows as a chart."""

    kind: Kind
    x: str
    y: str
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


MIN_RATIO = 4.0  # upper over lower end of a logarithmic axis: small differences stay small


def _forms(kind: Kind, x: str, *columns: str, by: str = "method") -> list[Form]:
    return [Form(kind, x, y, by) for y in columns]


FORMS: dict[str, list[Form]] = {
    "length": _forms("line", "length_s", "mean_m", "median_m"),
    "scales": _forms("line", "scales", "mean_m", "median_m"),
    "loss": _forms("line", "epoch", "squared_error", "cross_entropy"),
    "attention": [*_forms("bars", "scale_s", "mean_weight", "top_weight"), Form("dots", "method", "mean_m")],
    "speed": _forms("line", "condition", "mean_m", "median_m"),
    "tracker": _forms("dots", "method", "mean_m", "p95_m", by="condition"),
    "uncertainty": _forms("dots", "method", "in_90", "localized_near", by="condition"),
    "area": _forms("dots", "left_out", "auroc", "reported", by="condition"),
    "offset": _forms("dots", "method", "mean_m", "p95_m", by="condition"),
    "matching": _forms("dots", "ingredients", "mean_m", "over_5m"),
    "training": _forms("dots", "training", "mean_m", "over_5m"),
    "device": _forms("dots", "method", "mean_m", "median_m", by="device"),
    "time": _forms("dots", "method", "estimate_ms", "fit_s"),
    "cost": _forms("dots", "method", "mean_ms", by="size"),
    "node": _forms("dots", "method", "p99_ms", "core"),
    "anomalies": _forms("line", "scale_s", "found_fraction"),
}
Y_TITLES = {  # title and unit; "fraction": from 0 to 1, on a linear axis
    "mean_m": ("mean error", "m"),
    "median_m": ("median error", "m"),
    "p95_m": ("95th percentile of the error", "m"),
    "over_5m": ("fraction of errors above 5 m", "fraction"),
    "squared_error": ("mean squared error, the map's extent is 1", ""),
    "cross_entropy": ("cross entropy over map cells", ""),
    "mean_weight": ("mean weight of each scale", "fraction"),
    "top_weight": ("fraction of estimates with the largest weight", "fraction"),
    "in_90": ("true positions inside the 90 % region", "fraction"),
    "localized_near": ("LOCALIZED within 3 m", "fraction"),
    "auroc": ("separation from the surveyed area: AUROC", "fraction"),
    "reported": ("estimates outside with OUT_OF_AREA", "fraction"),
    "estimate_ms": ("processor time of an estimate", "ms"),
    "mean_ms": ("processor time of an estimate", "ms"),
    "fit_s": ("processor time of fitting", "s"),
    "p99_ms": ("99th percentile of the latency", "ms"),
    "core": ("fraction of a core", "fraction"),
    "found_fraction": ("fraction of pieces that are found", "fraction"),
}
X_TITLES = {
    "length_s": "length of the sequence, s",
    "scales": "number of scales",
    "epoch": "epoch",
    "scale_s": "scale, s",
}


def charts(study: StudyTable, group: Any) -> list[Chart]:
    """The charts of one group; none for a study without a form."""
    rows = [_with_named_loss(row) for row in study.of(group)]
    drawn = [(form, [row for row in rows if form.y in row]) for form in FORMS.get(study.name, ())]
    return [_chart(form, rows_of_form) for form, rows_of_form in drawn if rows_of_form]


def _with_named_loss(row: Row) -> Row:
    """The two heads have different losses, which are not comparable."""
    loss = "cross_entropy" if row["method"] == "mail_heatmap" else "squared_error"
    return row | {loss: row["loss"]} if "loss" in row else row


def _chart(form: Form, rows: Sequence[Row]) -> Chart:
    values = {(_name(form, row), _x(form, row)): row[form.y] for row in rows if not math.isnan(row[form.y])}
    names = list(dict.fromkeys(_name(form, row) for row in rows))
    x = list(dict.fromkeys(_x(form, row) for row in rows))
    title, unit = Y_TITLES[form.y]
    return Chart(
        form.kind,
        title,
        X_TITLES.get(form.x, ""),
        unit,
        x,
        {name: [values.get((name, at)) for at in x] for name in names},
        colours(names),
        form.by != form.x and (len(names) > 1 or form.by != "method"),
        *_axis(unit, [float(value) for value in values.values()] or [1.0]),
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


def _name(form: Form, row: Row) -> str:
    """The series of a row."""
    known = {"yes": ", also in training", "no": ", not in training"}
    return f"{row[form.by]}{known.get(row['in_training'], '') if form.by == 'device' else ''}"


def _x(form: Form, row: Row) -> Any:
    """Position of a row on the x axis; bars are evenly spaced, so theirs is a word."""
    return f"{row[form.x]:g}" if form.kind == "bars" else row[form.x]


def study_sections(studies: Sequence[StudyTable], several: bool) -> tuple[str, list[str], dict[str, dict[str, Any]]]:
    """HTML of all sections, a link to each, and their numbers for page.js by the id of their element.

    Titles name the run if there are several.
    """
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
    return "\n".join(html), links, drawn


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
