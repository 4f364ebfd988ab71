"""What the charts of a study show, as numbers, which page.js draws.

Errors, losses and times are on logarithmic axes, as lines or dots; shares are bars from nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from mail_ros.evaluation.report.runs import StudyTable
from mail_ros.evaluation.report.views import colours

Kind = Literal["line", "dots", "bars"]


@dataclass(frozen=True)
class Form:
    """Columns of a study's rows as a chart."""

    kind: Kind
    x: str
    y: str
    title: str
    unit: str = "m"  # "share": from 0 to 1, and a linear axis
    of: Callable[[str], bool] = lambda method: True  # which methods
    by: str = "method"  # one series for each


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
    legend: bool  # whether the names are said nowhere else
    range: tuple[float, float]
    ticks: list[float]  # of the y axis


HEATMAP = "mail_heatmap"  # its loss is another than that of the rest
LEAST_RATIO = 4.0  # of a logarithmic axis: small differences stay small
MEAN, MEDIAN = "mean error", "median error"
FORMS: dict[str, tuple[Form, ...]] = {
    "length": (Form("line", "length_s", "mean_m", MEAN), Form("line", "length_s", "median_m", MEDIAN)),
    "scales": (Form("line", "scales", "mean_m", MEAN), Form("line", "scales", "median_m", MEDIAN)),
    "loss": (
        Form(
            "line",
            "epoch",
            "loss",
            "mean squared error, the map's extent is 1",
            "",
            lambda m: m != HEATMAP,
        ),
        Form("line", "epoch", "loss", "cross entropy over map cells", "", lambda m: m == HEATMAP),
    ),
    "attention": (
        Form("bars", "scale_s", "mean_weight", "mean weight of each scale", "share"),
        Form("bars", "scale_s", "weighs_most", "share of estimates in which a scale weighs most", "share"),
        Form("dots", "method", "mean_m", MEAN),
    ),
    "speed": (Form("line", "condition", "mean_m", MEAN), Form("line", "condition", "median_m", MEDIAN)),
    "tracker": (
        Form("dots", "method", "mean_m", MEAN, by="condition"),
        Form("dots", "method", "p95_m", "95th percentile of the error", by="condition"),
    ),
    "doubt": (
        Form("dots", "method", "in_90", "true positions inside the 90 % region", "share", by="condition"),
        Form("dots", "method", "localized_near", "LOCALIZED within 3 m", "share", by="condition"),
    ),
    "area": (
        Form("dots", "left_out", "auroc", "told apart from what was surveyed: AUROC", "share", by="condition"),
        Form("dots", "left_out", "said", "share of estimates outside that say so", "share", by="condition"),
    ),
    "offset": (
        Form("dots", "method", "mean_m", MEAN, by="condition"),
        Form("dots", "method", "p95_m", "95th percentile of the error", by="condition"),
    ),
    "matching": (
        Form("dots", "ingredients", "mean_m", MEAN),
        Form("dots", "ingredients", "over_5m", "share of errors above 5 m", "share"),
    ),
    "training": (
        Form("dots", "training", "mean_m", MEAN),
        Form("dots", "training", "over_5m", "share of errors above 5 m", "share"),
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
        Form("dots", "method", "core", "share of a core", "share"),
    ),
    "anomalies": (Form("line", "scale_s", "found_share", "share of pieces that are found", "share"),),
}
X_TITLES = {
    "length_s": "length of the sequence, s",
    "scales": "number of scales",
    "epoch": "epoch",
    "scale_s": "scale, s",
}


def charts(study: StudyTable, group: Any) -> list[Chart]:
    """The charts of one group; none for a study that has no form."""
    drawn = []
    for form in FORMS.get(study.name, ()):
        rows = [row for row in study.of(group) if form.of(row["method"])]
        if rows:
            drawn.append(_chart(form, rows))
    return drawn


def _chart(form: Form, rows: Sequence[dict[str, Any]]) -> Chart:
    values = {(_name(form, row), _place(form, row)): row[form.y] for row in rows if not math.isnan(row[form.y])}
    names = list(dict.fromkeys(_name(form, row) for row in rows))
    x = list(dict.fromkeys(_place(form, row) for row in rows))
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
    """Range and ticks that hold the values."""
    if unit == "share":
        top = max(*values, 0.05) * 1.08
        step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if top / step <= 6.0 or step == 0.2)
        return (0.0, top), [round(step * n, 2) for n in range(int(top / step) + 1)]
    low, high = max(min(values), 1e-6), max(*values, 1e-6)
    wider = math.sqrt(max(1.0, LEAST_RATIO / (high / low)))
    low, high = low / wider / 1.1, high * wider * 1.1
    steps = (1, 1.5, 2, 3, 5, 7) if high / low < 12.0 else (1, 2, 5) if high / low < 500.0 else (1,)
    every = [float(f"{step}e{power}") for power in range(-7, 10) for step in steps]
    return (low, high), [tick for tick in every if low <= tick <= high]


def _name(form: Form, row: dict[str, Any]) -> str:
    """The series that a row belongs to."""
    known = {"yes": ", also in training", "no": ", not in training"}
    return f"{row[form.by]}{known.get(row['in_training'], '') if form.by == 'device' else ''}"


def _place(form: Form, row: dict[str, Any]) -> Any:
    """Where a row stands on the x axis; bars stand side by side, whatever their numbers."""
    return f"{row[form.x]:g}" if form.kind == "bars" else row[form.x]
