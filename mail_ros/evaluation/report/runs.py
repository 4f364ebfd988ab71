"""Results of `mail_ros benchmark accuracy`, read back from their folder: tables, and estimates walk by walk."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.scored import Scored
from mail_ros.evaluation.cells import CellResult, read_cell
from mail_ros.evaluation.conditions import AS_WALKED
from mail_ros.evaluation.estimates import read_csv
from mail_ros.evaluation.identity import walk_names
from mail_ros.evaluation.methods import OURS
from mail_ros.evaluation.studies import STUDIES
from mail_ros.evaluation.study_table import StudyTable
from mail_ros.training.run_config import RunConfig


@dataclass(frozen=True)
class Trajectory:
    """Estimates of one method during one walk: n while it moved, oldest first."""

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
    """One table of a benchmark, and its estimates."""

    run: str
    number: int
    results: tuple[CellResult, ...]  # least mean error first
    walks: list[str]  # names of the test walks
    trajectories: dict[str, dict[str, Trajectory]]  # by method, then by walk

    @property
    def methods(self) -> list[str]:
        """Least mean error first."""
        return [result.method for result in self.results]

    @property
    def first(self) -> str:
        """The method to show first: the best of ours, or the best of all without ours."""
        return next((method for method in self.methods if method in OURS), self.methods[0])

    @property
    def walk_counts(self) -> str:
        """The numbers of walks in words."""
        train, test = (len(self.results[0].inputs[part]) for part in ("train", "test"))
        return f"{train} walks for training, {test} for testing"

    @property
    def config(self) -> dict[str, Any]:
        """The settings of the run, by section: those that any of its methods reads."""
        return {section: values for row in self.results for section, values in row.inputs["config"].items()}

    @property
    def scales_s(self) -> list[float]:
        """Scales of the network; empty if no method has them."""
        return list(self.config.get("mail", {}).get("scales_s", []))

    def error_m(self, method: str) -> FloatArray:
        """All errors behind a method's row."""
        return np.concatenate([trajectory.error_m for trajectory in self.trajectories[method].values()])

    def facts(self) -> dict[str, str]:
        """How the run was made: version, seed, settings and times."""
        inputs, config = self.results[0].inputs, self.config
        return {
            "version": f"mail_ros {inputs['mail_ros']}",
            "seed": str(config["training"]["seed"]) if "training" in config else "none: nothing is random",
            "an estimate every": f"{inputs['stride_s']:g} s",
            "settings": " ".join(differences(config)) or "the defaults",
            "processor time to fit": ", ".join(f"{row.method} {_duration(row.fit_s)}" for row in self.results),
            "column ms": "processor time per estimate",
        }


def differences(config: Mapping[str, Any]) -> list[str]:
    """Settings that differ from the defaults, as options of the command line."""
    defaults, found = _flat(json.loads(json.dumps(dataclasses.asdict(RunConfig())))), _flat(config)
    return [
        f"--set {name}={json.dumps(value, separators=(',', ':')) if isinstance(value, list) else value}"
        for name, value in found.items()
        if defaults.get(name) != value
    ]


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    """Values of tables within a table, under names like `sampling.rate_hz`."""
    tables = {name: table if isinstance(table, dict) else {"": table} for name, table in config.items()}
    return {f"{name}.{key}".rstrip("."): value for name, table in tables.items() for key, value in table.items()}


def _duration(seconds: float) -> str:
    return f"{seconds / 60.0:.1f} min" if seconds >= 60.0 else f"{seconds:.1f} s"


def read_runs(folders: Sequence[Path]) -> tuple[list[Floor], list[StudyTable]]:
    """The floors and the studies of some benchmarks; parent folders distinguish folders of one name.

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
            wanted="a folder of `mail_ros benchmark accuracy`",
            found="only benchmarks of speed",
            fix="name one of accuracy too",
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
    """The studies of a benchmark, in the order of the paper; empty if it has none.

    Raises:
        MailError: a file is damaged, or was made from other results than those of the cells.
    """
    run = name or folder.resolve().name
    tables = []
    for file in (file for study in STUDIES if (file := folder / "studies" / f"{study}.json").exists()):
        with _complete(file):
            content = json.loads(file.read_text())
            table = StudyTable(run, *(content[k] for k in ("study", "source", "title", "rows")))
            held = {cell: {row.key for row in read_cell(folder / cell)[2]} for cell in content["keys"]}
        if not table.rows or any(not set(keys) <= held[cell] for cell, keys in content["keys"].items()):
            raise MailError(
                file,
                wanted="a table of the results in the cells",
                found="one of other results",
                fix=f"run the benchmark again with --study {table.name}, or delete the file",
            )
        tables.append(table)
    return tables


def read_speed(folder: Path, name: str) -> list[StudyTable]:
    """Tables of `python -m benchmarks speed` in a folder; empty if it has none.

    Raises:
        MailError: a file is damaged.
    """
    file = folder / "speed.json"
    if not file.exists():
        return []
    with _complete(file):
        columns = ("study", "source", "title", "rows", "group")
        return [StudyTable(name, *(table[column] for column in columns)) for table in json.loads(file.read_text())]


def _results(folder: Path) -> list[CellResult]:
    file = folder / "accuracy.json"
    if not file.exists():
        unfinished = any(folder.glob("cells/*/*/cell.json"))
        raise MailError(
            folder,
            wanted="a folder of `mail_ros benchmark accuracy`",
            found="an unfinished benchmark" if unfinished else "no accuracy.json",
            fix="run it again, finished parts are kept" if unfinished else "name the folder given to --out",
        )
    with _complete(file):
        results = [CellResult.from_json(row) for row in json.loads(file.read_text())]
    if not results:
        raise _damaged(file, "no results")
    return results


def _floor(folder: Path, run: str, number: int, results: Sequence[CellResult]) -> Floor:
    cells = folder / "cells" / f"floor_{number}"
    scored = {result.method: _estimates(cells / result.method, result) for result in results}
    walks = [str(walk["bag"]) for walk in results[0].inputs["test"]]
    trajectories: dict[str, dict[str, Trajectory]] = {method: {} for method in scored}
    for walk in walks:
        of_walk = {method: [one for one in rows if one.bag == walk] for method, rows in scored.items()}
        began_ns = min((one.estimate.stamp_ns for rows in of_walk.values() for one in rows), default=0)
        for method, rows in of_walk.items():
            trajectories[method][walk] = _trajectory(rows, began_ns)
    return Floor(run, number, tuple(sorted(results, key=lambda row: row.metrics.mean_m)), walks, trajectories)


def _estimates(cell: Path, result: CellResult) -> list[Scored]:
    """The moving estimates of a cell, on which its row is based."""
    with _complete(cell):
        keys = {row.key for row in read_cell(cell)[2]}
        scored = [one for one in read_csv(cell / AS_WALKED.file) if not one.paused]
    if result.key not in keys or len(scored) != result.metrics.estimates:
        raise _damaged(cell, "another result than in accuracy.json")
    return scored


def _trajectory(scored: Sequence[Scored], began_ns: int) -> Trajectory:
    return Trajectory(
        np.array([(one.estimate.stamp_ns - began_ns) / NS_PER_S for one in scored], dtype=np.float64),
        np.array([one.estimate.position_m for one in scored], dtype=np.float64).reshape(-1, 2),
        np.array([one.reference_m for one in scored], dtype=np.float64).reshape(-1, 2),
        np.array([one.estimate.attention for one in scored], dtype=np.float64).reshape(len(scored), -1)
        if scored
        else np.zeros((0, 0)),
    )


@contextmanager
def _complete(path: Path) -> Iterator[None]:
    """Raise one kind of MailError for all that a damaged file can cause."""
    try:
        yield
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise _damaged(path, str(error)) from error


def _damaged(path: Path, found: str) -> MailError:
    fix = "run the benchmark again, finished parts are kept"
    return MailError(path, wanted="complete results of a benchmark", found=found, fix=fix)
