"""What `mail_ros benchmark accuracy` left in a folder, read back: results, and estimates walk by walk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.evaluation.cells import CellResult, read_cell
from mail_ros.evaluation.conditions import AS_WALKED
from mail_ros.evaluation.estimates import Scored, read_csv
from mail_ros.evaluation.identity import walk_names
from mail_ros.evaluation.methods import OURS
from mail_ros.evaluation.studies import STUDIES


@dataclass(frozen=True)
class Course:
    """What one method said during one walk: n estimates while it moved, oldest first."""

    time_s: FloatArray  # (n,) since the walk's first estimate by any method
    position_m: FloatArray  # (n, 2)
    reference_m: FloatArray  # (n, 2)
    attention: FloatArray  # (n, scales); no column for a method without scales

    @property
    def error_m(self) -> FloatArray:
        """(n,) horizontal distances."""
        distance: FloatArray = np.linalg.norm(self.position_m - self.reference_m, axis=1)
        return distance


@dataclass(frozen=True)
class Floor:
    """One table of a benchmark, and the estimates that it sums up."""

    run: str
    number: int
    results: tuple[CellResult, ...]  # least mean error first
    walks: list[str]  # names of those that were judged
    courses: dict[str, dict[str, Course]]  # by method, then by walk

    @property
    def methods(self) -> list[str]:
        """Least mean error first."""
        return [result.method for result in self.results]

    @property
    def first(self) -> str:
        """The method to look at first: the best of ours, or the best of all where there is none."""
        return next((method for method in self.methods if method in OURS), self.methods[0])

    @property
    def config(self) -> dict[str, Any]:
        """The settings of the run, by section: those that any of its methods reads."""
        return {section: values for row in self.results for section, values in row.inputs["config"].items()}

    @property
    def scales_s(self) -> list[float]:
        """Of the network; none where no method reads them."""
        return list(self.config.get("window", {}).get("scales_s", []))

    def error_m(self, method: str) -> FloatArray:
        """All errors that a method's row sums up."""
        return np.concatenate([course.error_m for course in self.courses[method].values()])


@dataclass(frozen=True)
class StudyTable:
    """One study of a run, as its file has it."""

    run: str
    name: str
    source: str  # in the paper
    title: str
    rows: list[dict[str, Any]]  # column: number or word; `group` and "method" are among the columns
    group: str = "floor"  # column whose values have charts and tables of their own

    @property
    def groups(self) -> list[Any]:
        """The values of the group's column: floors from below, words as they come."""
        found = list(dict.fromkeys(row[self.group] for row in self.rows))
        return sorted(found) if self.group == "floor" else found

    def of(self, group: Any) -> list[dict[str, Any]]:
        """The rows of one group."""
        return [row for row in self.rows if row[self.group] == group]

    def title_of(self, group: Any) -> str:
        """What a group is called."""
        return f"Floor {group}".replace("-", "−") if self.group == "floor" else str(group).capitalize()


def read_runs(folders: Sequence[Path]) -> tuple[list[Floor], list[StudyTable]]:
    """The floors and the studies of some benchmarks; folders of one name are told apart by those above them.

    Raises:
        MailError: as of `read_run`, `read_studies` and `read_speed`, or none of them is a benchmark of accuracy.
    """
    floors: list[Floor] = []
    studies: list[StudyTable] = []
    for folder, name in zip(folders, walk_names(folders), strict=True):
        timed = read_speed(folder, name)
        if not timed or (folder / "accuracy.json").exists():
            floors += read_run(folder, name)
            studies += read_studies(folder, name)
        studies += timed
    if not floors:
        raise MailError(
            folders[0],
            wanted="a folder that `mail_ros benchmark accuracy` wrote to",
            found="only benchmarks of speed",
            fix="name one beside it",
        )
    return floors, studies


def read_run(folder: Path, name: str = "") -> list[Floor]:
    """The floors of a benchmark, under the name of its folder or another.

    Raises:
        MailError: the folder holds no finished benchmark, or files that are damaged or do not belong together.
    """
    results = _results(folder)
    return [
        _floor(folder, name or folder.resolve().name, number, [row for row in results if row.floor == number])
        for number in sorted({result.floor for result in results})
    ]


def read_studies(folder: Path, name: str = "") -> list[StudyTable]:
    """The studies of a benchmark, in the order of the paper; none where none was made.

    Raises:
        MailError: a file is damaged, or was made from other results than the cells now hold.
    """
    run = name or folder.resolve().name
    tables = []
    for file in (file for study in STUDIES if (file := folder / "studies" / f"{study}.json").exists()):
        try:
            content = json.loads(file.read_text())
            table = StudyTable(run, *(content[k] for k in ("study", "source", "title", "rows")))
            held = {cell: {row.key for row in read_cell(folder / cell)[2]} for cell in content["keys"]}
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise _damaged(file, str(error)) from error
        if not table.rows or any(not set(keys) <= held[cell] for cell, keys in content["keys"].items()):
            raise MailError(
                file,
                wanted="a table of the results that the cells hold",
                found="one of others",
                fix=f"run the benchmark again with --study {table.name}, or delete the file",
            )
        tables.append(table)
    return tables


def read_speed(folder: Path, name: str) -> list[StudyTable]:
    """What `python -m benchmarks speed` left in a folder; nothing where it left nothing.

    Raises:
        MailError: a file is damaged.
    """
    file = folder / "speed.json"
    if not file.exists():
        return []
    try:
        columns = ("study", "source", "title", "rows", "group")
        return [StudyTable(name, *(table[column] for column in columns)) for table in json.loads(file.read_text())]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(file, str(error)) from error


def _results(folder: Path) -> list[CellResult]:
    file = folder / "accuracy.json"
    if not file.exists():
        unfinished = any(folder.glob("cells/*/*/cell.json"))
        raise MailError(
            folder,
            wanted="a folder that `mail_ros benchmark accuracy` wrote to",
            found="a benchmark that did not end" if unfinished else "no accuracy.json",
            fix="run it again, what is finished is kept" if unfinished else "name the folder given to --out",
        )
    try:
        content: list[dict[str, Any]] = json.loads(file.read_text())
        results = [CellResult.from_json(row) for row in content]
    except (ValueError, TypeError, KeyError) as error:
        raise _damaged(file, str(error)) from error
    if not results:
        raise _damaged(file, "no results")
    return results


def _floor(folder: Path, run: str, number: int, results: Sequence[CellResult]) -> Floor:
    cells = folder / "cells" / f"floor_{number}"
    scored = {result.method: _estimates(cells / result.method, result) for result in results}
    walks = [str(walk["bag"]) for walk in results[0].inputs["test"]]
    courses: dict[str, dict[str, Course]] = {method: {} for method in scored}
    for walk in walks:
        here = {method: [one for one in rows if one.bag == walk] for method, rows in scored.items()}
        began_ns = min((one.estimate.stamp_ns for rows in here.values() for one in rows), default=0)
        for method, rows in here.items():
            courses[method][walk] = _course(rows, began_ns)
    return Floor(run, number, tuple(sorted(results, key=lambda row: row.metrics.mean_m)), walks, courses)


def _estimates(cell: Path, result: CellResult) -> list[Scored]:
    """The moving estimates of a cell, which its row sums up."""
    try:
        keys = {row.key for row in read_cell(cell)[2]}
        scored = [one for one in read_csv(cell / AS_WALKED.file) if not one.paused]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(cell, str(error)) from error
    if result.key not in keys or len(scored) != result.metrics.estimates:
        raise _damaged(cell, "another result than in accuracy.json")
    return scored


def _course(scored: Sequence[Scored], began_ns: int) -> Course:
    return Course(
        np.array([(one.estimate.stamp_ns - began_ns) / NS_PER_S for one in scored], dtype=np.float64),
        np.array([one.estimate.position_m for one in scored], dtype=np.float64).reshape(-1, 2),
        np.array([one.reference_m for one in scored], dtype=np.float64).reshape(-1, 2),
        np.array([one.estimate.attention for one in scored], dtype=np.float64).reshape(len(scored), -1)
        if scored
        else np.zeros((0, 0)),
    )


def _damaged(path: Path, found: str) -> MailError:
    return MailError(
        path, wanted="whole results of a benchmark", found=found, fix="run the benchmark again, what is whole is kept"
    )
