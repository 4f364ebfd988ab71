"""What a study says of one computed cell: rows of a table, made from the cell's files alone."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from mail_ros.evaluation.area import area
from mail_ros.evaluation.cells import Cell, CellResult
from mail_ros.evaluation.conditions import Condition
from mail_ros.evaluation.estimates import Scored, read_csv, table
from mail_ros.evaluation.metrics import Metrics, metric_columns
from mail_ros.evaluation.uncertainty import NEAR_M, Doubt, doubt

Row = dict[str, Any]  # column: number or word
FOUND_M = 1.0  # a piece of a walk that is matched this near to its true end is found
HEADINGS = {
    **dict(zip((field.name for field in dataclasses.fields(Metrics)), metric_columns(), strict=True)),
    **{"length_s": "length, s", "scales_s": "which, s", "scale_s": "scale, s", "fit_s": "fit, s"},
    **{
        "estimate_ms": "ms per estimate",
        "in_training": "phone in training",
        "found_share": f"found within {FOUND_M:g} m",
    },
    **{"mean_weight": "mean weight", "weighs_most": "weighs most"},
    **{"in_50": "in 50 %", "in_90": "in 90 %", "in_95": "in 95 %"},
    **{"localized_near": f"within {NEAR_M:g} m", "localized_floor": "right floor"},
    **{"mean_ms": "mean, ms", "median_ms": "median", "p99_ms": "p99", "share": "of torch"},
    **{"robots": "robots/core", "memory_mb": "MB", "answered": "answered", "core": "of a core", "ready_s": "ready, s"},
    **{"left_out": "left out", "said": "said outside", "said_wrongly": "said inside", "auroc": "AUROC"},
}
DOUBT = tuple(field.name for field in dataclasses.fields(Doubt))
SHARES = (
    "share",
    "core",
    "answered",
    "over_5m",
    "wrong_floor",
    "found_share",
    "mean_weight",
    "weighs_most",
    *DOUBT,
    "said",
    "said_wrongly",
)
SHOWN = 12  # rows of one method; of more, so many are printed, evenly chosen


def errors(_cell: Cell, result: CellResult) -> list[Row]:
    """The row of the plain table."""
    return [_metrics(result.metrics)]


def doubts(cell: Cell, result: CellResult) -> list[Row]:
    """Whether the estimates know how good they are (see `doubt`)."""
    return [dataclasses.asdict(doubt(_moving(cell, result)))]


def areas(cell: Cell, result: CellResult) -> list[Row]:
    """Whether estimates know that they are outside the survey (see `area`)."""
    return [dataclasses.asdict(area(cell, _moving(cell, result)))]


def times(_cell: Cell, result: CellResult) -> list[Row]:
    """Processor time of one estimate, resampling included, and of fitting."""
    return [{"estimate_ms": result.estimate_ms, "fit_s": result.fit_s}]


def losses(cell: Cell, _result: CellResult) -> list[Row]:
    """The mean loss of every epoch. Heads differ in it: cross entropy of "heatmap", else mean squared error."""
    epochs = [json.loads(line) for line in (cell.folder / "run" / "metrics.jsonl").read_text().splitlines()]
    return [{"epoch": each["epoch"] + 1, "loss": each["loss"]} for each in epochs]


def attention(cell: Cell, result: CellResult) -> list[Row]:
    """Per scale its mean weight, and the share of estimates in which it weighs most (ties are shared)."""
    weights = np.array([one.estimate.attention for one in _moving(cell, result)])  # (n, scales)
    most = weights == weights.max(axis=1, keepdims=True)
    leads = (most / most.sum(axis=1, keepdims=True)).mean(axis=0)
    scales_s = result.inputs["config"]["mail"]["scales_s"]
    about = {"mean_m": result.metrics.mean_m, "median_m": result.metrics.median_m, "over_5m": result.metrics.over_5m}
    return [
        {"scale_s": scale_s, "mean_weight": float(mean), "weighs_most": float(lead), **about}
        for scale_s, mean, lead in zip(scales_s, weights.mean(axis=0), leads, strict=True)
    ]


def devices(cell: Cell, result: CellResult) -> list[Row]:
    """Errors by the phone that a walk was made with, and whether a training walk was made with it."""
    trained = {bag["device"] for bag in result.inputs["train"]}
    by_device: dict[str, list[Scored]] = defaultdict(list)
    device_of = {bag["bag"]: bag["device"] for bag in result.inputs["test"]}
    for one in _moving(cell, result):
        by_device[device_of[one.bag]].append(one)
    return [
        {
            "device": device or "not noted",
            "in_training": ("yes" if device in trained else "no") if device else "not noted",
            **_metrics(table(scored)["all, moving"]),
        }
        for device, scored in sorted(by_device.items())
    ]


def anomalies(cell: Cell, result: CellResult) -> list[Row]:
    """How many pieces there are, the share that is found, and the median distance of the match."""
    error_m = np.array([one.error_m for one in _moving(cell, result)])
    return [
        {
            "pieces": len(error_m),
            "found_share": float((error_m <= FOUND_M).mean()),
            "median_m": float(np.median(error_m)),
        }
    ]


def _moving(cell: Cell, result: CellResult) -> Sequence[Scored]:
    return [one for one in read_csv(cell.folder / Condition(**result.inputs["condition"]).file) if not one.paused]


def _metrics(metrics: Metrics) -> Row:
    return dataclasses.asdict(metrics)


def heading(column: str) -> str:
    """A column's name in a printed table."""
    return HEADINGS.get(column, column)


def shown(column: str, value: Any) -> str:
    """A value of a column as it is printed.

    >>> shown("mean_m", 1.234), shown("over_5m", 0.5), shown("estimates", 1234), shown("device", "A")
    ('1.23', '50.0%', '1,234', 'A')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str):
        return value
    if column == "auroc":
        return f"{value:.3f}"
    if column in SHARES:
        return f"{value:.1%}"
    return f"{value:.4f}" if column == "loss" else f"{value:g}" if column in ("length_s", "scale_s") else f"{value:.2f}"


def words(rows: Sequence[Row], *, without: str = "") -> tuple[list[str], list[list[str]]]:
    """Headings and lines of a table, as every place shows them; one column may be left out."""
    columns = [column for column in rows[0] if column != without]
    return [heading(column) for column in columns], [[shown(column, row[column]) for column in columns] for row in rows]


def few(rows: Sequence[Row]) -> list[Row]:
    """The rows to print: all, or `SHOWN` of a method that has more, first and last among them."""
    by_method: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_method[row["method"]].append(row)
    return [
        each[index]
        for each in by_method.values()
        for index in np.unique(np.linspace(0, len(each) - 1, min(SHOWN, len(each))).round().astype(int)).tolist()
    ]
