"""The accuracy benchmark: every method over the same held-out walks, in one run.

Tables and reports are made from the cells' files, and can be recomputed from them.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mail_ros.core.errors import ConfigError
from mail_ros.evaluation.cells import Cell, CellResult, compute_cell, finished
from mail_ros.evaluation.conditions import AS_WALKED, Condition
from mail_ros.evaluation.methods import METHODS
from mail_ros.evaluation.metrics import metric_columns, metric_row
from mail_ros.evaluation.protocol import Split
from mail_ros.evaluation.study_table import write_rows
from mail_ros.evaluation.workers import compute_all
from mail_ros.training.comparison import not_worth_launching
from mail_ros.training.run_config import RunConfig
from mail_ros.training.survey_bags import refuse_shared

GUESSES = ("chance", "knn")  # rows of every table


@dataclass(frozen=True)
class Bench:
    """Settings that all cells of a run have in common; a study also compares variants of them."""

    split: Split
    config: RunConfig
    stride_s: float  # between two estimates
    out: Path
    settled_s: float  # start of counted estimates, see `settled`
    everywhere: bool = False  # test on the walks of all floors, not only on those of the cell's own
    label: str = ""  # variant: part of the names of its cells' folders

    @property
    def odometry(self) -> bool:
        """Whether all walks have odometry."""
        return all(walk.track.moved_m is not None for walk in (*self.split.train, *self.split.test))

    def variant(self, label: str, **changes: Any) -> Bench:
        """A copy with some fields changed, and folders of its own; `self` if nothing changes."""
        changed = dataclasses.replace(self, **changes)
        return self if changed == self else dataclasses.replace(changed, label=f"_{label}")

    def cells(self, methods: Sequence[str], conditions: tuple[Condition, ...] = (AS_WALKED,)) -> list[Cell]:
        """One cell per floor and method.

        Args:
            methods: names.
            conditions: the conditions of the test walks.

        Raises:
            TrackError: no floor has walks on both sides of the split, or a walk is on both sides.
        """
        refuse_shared((walk.bag for walk in self.split.train), (walk.bag for walk in self.split.test))
        return [
            Cell(
                method,
                floor,
                tuple(walk.bag for walk in part.train),
                tuple(walk.bag for walk in (self.split if self.everywhere else part).test),
                self.config,
                self.stride_s,
                self.settled_s,
                self.out / "cells" / f"floor_{floor}" / f"{method}{self.label}",
                conditions,
            )
            for floor, part in self.split.by_floor().items()
            for method in methods
        ]


def settled(config: RunConfig) -> float:
    """Seconds after which every method with such a window has its first estimate."""
    return float(math.ceil(config.by_time.length_s + config.mail.lag_s))


def check_methods(methods: Sequence[str], known: Iterable[str]) -> None:
    """Refuse an empty list of methods, and unknown names.

    Raises:
        ConfigError: lists the known methods.
    """
    unknown = ", ".join(method for method in methods if method not in known)
    if unknown or not methods:
        wanted = f"some of {', '.join(known)}"
        raise ConfigError("--methods", wanted=wanted, found=unknown or "none", fix="name some of them")


def merge(cells: Iterable[Cell]) -> list[Cell]:
    """Each fit once, with all its conditions, in the order of the first mention."""
    merged: dict[Path, Cell] = {}
    for cell in cells:
        known = merged.get(cell.folder, cell)
        assert dataclasses.replace(known, conditions=cell.conditions) == cell, f"two cells in {cell.folder}"
        conditions = tuple(dict.fromkeys((*known.conditions, *cell.conditions)))
        merged[cell.folder] = dataclasses.replace(known, conditions=conditions)
    return list(merged.values())


def run(cells: Sequence[Cell], report: Callable[[int, int], None]) -> None:
    """Compute all unfinished cells, one process per core; finished cells are always kept.

    Args:
        cells: the benchmark; no two of them in one folder, see `merge`.
        report: called with the numbers of finished and of all cells.

    Raises:
        MailError: of the first cell that failed, after all others were computed.
    """
    todo = [cell for cell in cells if (done := finished(cell)) is None or len(done.rows) < len(cell.conditions)]
    kept = len(cells) - len(todo)
    compute_all([partial(compute_cell, cell) for cell in todo], lambda count: report(kept + count, len(cells)), 0.5)


def results(cells: Iterable[Cell]) -> list[CellResult]:
    """The rows of computed cells, in the order of cells and conditions."""
    return [row for cell in cells if (done := finished(cell)) for row in done.rows.values()]


def relation(rows: Sequence[CellResult]) -> str:
    """Mean errors of our methods relative to the best baseline on windows, and to the best filter; a line for each."""
    lines = []
    ours = [row for row in rows if METHODS[row.method].ours]
    for kind, baselines in (
        ("baseline", [row for row in rows if not METHODS[row.method].ours and not METHODS[row.method].filters]),
        ("filter", [row for row in rows if METHODS[row.method].filters and not METHODS[row.method].ours]),
    ):
        if baselines:
            best = min(baselines, key=lambda row: row.metrics.mean_m)
            relations = [f"{row.method} {row.metrics.mean_m / best.metrics.mean_m - 1:+.0%}" for row in ours]
            compared = ", ".join(relations) or "none of ours in this run"
            lines.append(f"mean error against the best {kind}, {best.method}: {compared}")
    return "\n".join(lines)


def not_worth_line(rows: Sequence[CellResult]) -> str:
    """Our methods that are not worth launching on a floor; empty if there is none. See `training.comparison`."""
    median_m = {row.method: row.metrics.median_m for row in rows}
    guesses_m = [median_m[name] for name in GUESSES]
    found = [
        name
        for name, error_m in median_m.items()
        if METHODS[name].ours and not_worth_launching(name, error_m, *guesses_m)
    ]
    return f"not worth launching: {', '.join(found)}" if found else ""


def errors_table(rows: Sequence[CellResult]) -> tuple[list[str], list[list[str]]]:
    """Headings and lines of the table of errors, least mean error first."""
    lines = [
        [row.method, *metric_row(row.metrics), f"{row.estimate_ms:.2f}"]
        for row in sorted(rows, key=lambda row: row.metrics.mean_m)
    ]
    return ["", *metric_columns(), "ms"], lines


def write_results(out: Path, rows: Sequence[CellResult]) -> None:
    """All rows as `accuracy.json` and `accuracy.csv`."""
    (out / "accuracy.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    columns = [
        {"floor": row.floor, "method": row.method, **dataclasses.asdict(row.metrics)}
        | {"fit_s": row.fit_s, "estimate_ms": row.estimate_ms}
        for row in rows
    ]
    write_rows(out / "accuracy.csv", columns)
