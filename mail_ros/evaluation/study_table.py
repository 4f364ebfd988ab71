"""The table of a study: one type behind its files, the command line, Markdown and the report's charts."""

from __future__ import annotations

import csv
import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mail_ros.core.types import NEAR_M
from mail_ros.evaluation.metrics import Metrics, metric_columns
from mail_ros.evaluation.uncertainty import Uncertainty

FOUND_M = 1.0  # a piece of a walk is found if its match is this near to its true end
HEADINGS = {
    **dict(zip((field.name for field in dataclasses.fields(Metrics)), metric_columns(), strict=True)),
    **{"length_s": "length, s", "scales_s": "which, s", "scale_s": "scale, s", "fit_s": "fit, s"},
    **{"estimate_ms": "ms per estimate", "in_training": "phone in training"},
    **{"found_fraction": f"found within {FOUND_M:g} m", "mean_weight": "mean weight", "top_weight": "largest weight"},
    **{"in_50": "in 50 %", "in_90": "in 90 %", "in_95": "in 95 %"},
    **{"localized_near": f"within {NEAR_M:g} m", "localized_floor": "right floor"},
    **{"mean_ms": "mean, ms", "median_ms": "median", "p99_ms": "p99", "share": "of torch"},
    **{"robots": "robots/core", "memory_mb": "MB", "answered": "answered", "core": "of a core", "ready_s": "ready, s"},
    **{"left_out": "left out", "auroc": "AUROC"},
    **{"reported": "reported outside", "reported_inside": "reported inside"},
}
FRACTIONS = {
    *("share", "core", "answered", "over_5m", "wrong_floor", "found_fraction", "mean_weight", "top_weight"),
    *("reported", "reported_inside", *(field.name for field in dataclasses.fields(Uncertainty))),
}
DIGITS = {"auroc": ".3f", "loss": ".4f", "length_s": "g", "scale_s": "g", **dict.fromkeys(FRACTIONS, ".1%")}
MAX_ROWS = 12  # printed rows of one method

Row = dict[str, Any]  # column: number or word


@dataclass(frozen=True)
class StudyTable:
    """The rows of a study; `group` and "method" are among their columns."""

    run: str
    name: str
    source: str  # in the paper
    title: str
    rows: Sequence[Row]
    group: str = "floor"  # each value of this column has charts and a table of its own

    @property
    def groups(self) -> list[Any]:
        """The values of the group's column: floors in order, words as they come."""
        found = list(dict.fromkeys(row[self.group] for row in self.rows))
        return sorted(found) if self.group == "floor" else found

    def of(self, group: Any) -> list[Row]:
        """The rows of one group."""
        return [row for row in self.rows if row[self.group] == group]

    def title_of(self, group: Any) -> str:
        """The title of a group."""
        return f"Floor {group}".replace("-", "−") if self.group == "floor" else str(group).capitalize()

    def write(self, folder: Path, keys: Mapping[str, Sequence[str]]) -> None:
        """Write `NAME.csv`, and `NAME.json` with the keys of the results that it was made from, by cell."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {"study": self.name, "source": self.source, "title": self.title, "rows": self.rows, "keys": keys}
        (folder / f"{self.name}.json").write_text(json.dumps(content, indent=2))
        write_rows(folder / f"{self.name}.csv", self.rows)


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Write rows of the same columns as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def shown(column: str, value: Any) -> str:
    """A value of a column as text.

    >>> shown("mean_m", 1.234), shown("over_5m", 0.5), shown("estimates", 1234), shown("device", "A")
    ('1.23', '50.0%', '1,234', 'A')
    """
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:{DIGITS.get(column, '.2f')}}"


def words(rows: Sequence[Row], *, without: str = "") -> tuple[list[str], list[list[str]]]:
    """Headings and lines of a table, the same everywhere; one column may be left out."""
    columns = [column for column in rows[0] if column != without]
    lines = [[shown(column, row[column]) for column in columns] for row in rows]
    return [HEADINGS.get(column, column) for column in columns], lines


def few(rows: Sequence[Row]) -> list[Row]:
    """All rows, or `MAX_ROWS` of a method with more, evenly chosen, first and last among them."""
    by_method: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_method[row["method"]].append(row)
    return [
        each[index]
        for each in by_method.values()
        for index in np.unique(np.linspace(0, len(each) - 1, min(MAX_ROWS, len(each))).round().astype(int)).tolist()
    ]
