"""Statistics of position errors. Pure numpy."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # the command line shows metrics, and must not wait for numpy, which tracks bring along
    from mail_ros.core.types import BoolArray, FloatArray

TAIL_M = 5.0


@dataclass(frozen=True)
class Metrics:
    """One row of a table; the tail counts, so it is in every one."""

    estimates: int
    mean_m: float
    median_m: float
    p75_m: float
    p90_m: float
    p95_m: float
    over_5m: float  # fraction of errors above 5 m
    wrong_floor: float  # fraction of estimates on another floor than the reference


def summarize(error_m: FloatArray, wrong_floor: BoolArray) -> Metrics:
    """Metrics of (n,) errors; NaN where n is 0."""
    if not len(error_m):
        return Metrics(0, *[math.nan] * 7)
    median, p75, p90, p95 = np.percentile(error_m, [50, 75, 90, 95]).tolist()
    over_5m, wrong = float((error_m > TAIL_M).mean()), float(wrong_floor.mean())
    return Metrics(len(error_m), float(error_m.mean()), median, p75, p90, p95, over_5m, wrong)


def metric_columns() -> tuple[str, ...]:
    """Headings of `metric_row`."""
    return "n", "mean", "median", "p75", "p90", "p95", f"> {TAIL_M:g} m", "off floor"


def metric_row(row: Metrics) -> tuple[str, ...]:
    """One row of errors, the same in every table."""
    distances = (f"{value:.2f}" for value in (row.mean_m, row.median_m, row.p75_m, row.p90_m, row.p95_m))
    return f"{row.estimates:,}", *distances, f"{row.over_5m:.1%}", f"{row.wrong_floor:.1%}"
