"""A cell of the benchmark: one method, fitted once to the walks of one floor, and its results under all conditions.

    train --> fit --> localizer --> follow test under each condition --> estimates*.csv, one row each
              run/                                                        cell.json

A row's key is the hash of all inputs of its result, a fit's key that of all inputs of the fit. Nothing is computed
twice under the same key: a further condition costs no training.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mail_ros import __version__
from mail_ros.core.errors import TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag import read_track
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.evaluation.conditions import AS_WALKED, Condition, at_speed, with_offset
from mail_ros.evaluation.estimates import table, write_csv
from mail_ros.evaluation.identity import changed_ns, hashed, identities, walk_names
from mail_ros.evaluation.methods import METHODS, Fit
from mail_ros.evaluation.metrics import Metrics
from mail_ros.training.run_config import RunConfig

if TYPE_CHECKING:
    from mail_ros.evaluation.methods import Fitted

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cell:
    """One method on one floor with one set of settings."""

    method: str
    floor: int
    train: tuple[Path, ...]
    test: tuple[Path, ...]
    config: RunConfig
    stride_s: float  # between two estimates
    settled_s: float  # start of counted estimates: all compared methods have their first by then
    folder: Path
    conditions: tuple[Condition, ...] = (AS_WALKED,)

    def fit_inputs(self) -> dict[str, Any]:
        """All inputs of the fit."""
        settings = dataclasses.asdict(self.config)
        return {
            "method": self.method,
            "floor": self.floor,
            "train": identities(self.train),
            "config": {name: settings[name] for name in METHODS[self.method].reads},
            "mail_ros": __version__,
        }

    def inputs(self, condition: Condition) -> dict[str, Any]:
        """All inputs of a row."""
        return {
            **self.fit_inputs(),
            "test": identities(self.test),
            "stride_s": self.stride_s,
            "settled_s": self.settled_s,
            "condition": condition.settings(),
            **({"filter": dataclasses.asdict(FilterConfig())} if condition.tracker != "none" else {}),
        }


@dataclass(frozen=True)
class CellResult:
    """One row: a cell under one condition."""

    method: str
    floor: int
    condition: str  # name
    key: str
    fit_s: float  # processor time of fitting
    estimate_ms: float  # processor time per estimate, resampling included
    inputs: dict[str, Any]
    metrics: Metrics  # moving estimates only

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> CellResult:
        """The inverse of `dataclasses.asdict`; KeyError or TypeError where a field is missing or unknown."""
        return cls(**{**row, "metrics": Metrics(**row["metrics"])})


@dataclass(frozen=True)
class Finished:
    """The results in a cell's folder that are valid for a cell."""

    fit_s: float
    rows: dict[Condition, CellResult]


def finished(cell: Cell) -> Finished | None:
    """The valid results of a cell; None if the fit is missing or has other inputs."""
    file = cell.folder / "cell.json"
    if not file.exists():
        return None
    try:
        fit_key, fit_s, rows = read_cell(cell.folder)
    except (json.JSONDecodeError, TypeError, KeyError) as error:
        logger.warning("%s is damaged (%s): computing the cell again", file, error)
        return None
    if fit_key != hashed(cell.fit_inputs()):
        return None
    by_key = {row.key: row for row in rows}
    keys = {condition: hashed(cell.inputs(condition)) for condition in cell.conditions}
    kept = {c: by_key[key] for c, key in keys.items() if key in by_key and (cell.folder / c.file).exists()}
    return Finished(fit_s, kept)


def read_cell(folder: Path) -> tuple[str, float, list[CellResult]]:
    """Key of the fit, its processor time, and the rows of a cell's folder.

    Raises:
        OSError, json.JSONDecodeError, TypeError, KeyError: missing or damaged.
    """
    content = json.loads((folder / "cell.json").read_text())
    return str(content["fit_key"]), float(content["fit_s"]), [CellResult.from_json(row) for row in content["rows"]]


def compute_cell(cell: Cell) -> None:
    """Compute the missing results of a cell, and replace its folder."""
    import torch

    torch.set_num_threads(1)
    kept = finished(cell)
    partial = cell.folder.with_name(cell.folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if kept and (cell.folder / "run").exists():
        shutil.copytree(cell.folder / "run", partial / "run")  # a finished training resumes at its end
    training = [_track(bag, changed_ns(bag)) for bag in cell.train]
    began_s = time.process_time()
    fitted = METHODS[cell.method].fit(Fit(training, cell.config, cell.stride_s, partial / "run"))
    fit_s = kept.fit_s if kept else time.process_time() - began_s
    rows = dict(kept.rows) if kept else {}
    for condition in rows:
        shutil.copy(cell.folder / condition.file, partial)
    tracks = [
        dataclasses.replace(_track(bag, changed_ns(bag)), source=name)
        for bag, name in zip(cell.test, walk_names(cell.test), strict=True)
    ]
    for condition in [condition for condition in cell.conditions if condition not in rows]:
        scored, estimate_ms = _follow(cell, fitted, condition, tracks)
        write_csv(partial / condition.file, scored)
        inputs, moving = cell.inputs(condition), table(scored)["all, moving"]
        rows[condition] = CellResult(
            cell.method, cell.floor, condition.name, hashed(inputs), fit_s, estimate_ms, inputs, moving
        )
    whole = {"fit_key": hashed(cell.fit_inputs()), "fit_s": fit_s}
    (partial / "cell.json").write_text(
        json.dumps(whole | {"rows": [dataclasses.asdict(row) for row in rows.values()]}, indent=2)
    )
    shutil.rmtree(cell.folder, ignore_errors=True)
    partial.rename(cell.folder)


@lru_cache(maxsize=128)
def _track(bag: Path, _changed_ns: tuple[int, ...]) -> Track:
    """Cached, since reading takes half a second and a process computes many cells of the same walks."""
    return read_track(bag)


def _follow(cell: Cell, fitted: Fitted, condition: Condition, tracks: Sequence[Track]) -> tuple[list[Scored], float]:
    """The counted estimates, and the processor time of one estimate in ms.

    Raises:
        TrackError: no walk moves for long enough to have an estimate.
    """
    from mail_ros.evaluation.baselines.dead_reckoning import DeadReckoning, true_start

    localizer = fitted.localizer(condition.tracker, cell.stride_s)
    from_s = cell.settled_s if condition.from_s is None else condition.from_s
    scored: list[Scored] = []
    spent_s, count = 0.0, 0
    for recorded in tracks:
        track = recorded if condition.speed_m_s is None else at_speed(recorded, condition.speed_m_s)
        track = with_offset(track, condition.offset_ut)
        if isinstance(localizer, DeadReckoning):  # the only method that receives the start of a walk
            localizer.begin(*true_start(track))
        began_s = time.process_time()
        estimates = list(follow(localizer, track))
        spent_s, count = spent_s + time.process_time() - began_s, count + len(estimates)
        counts_ns = int(track.labelled_span().stamp_ns[0]) + round(from_s * NS_PER_S)
        scored += [one for one in estimates if one.estimate.stamp_ns >= counts_ns]
    if all(one.paused for one in scored):
        raise TrackError(
            ", ".join(track.source for track in tracks),
            wanted="walks that move for longer than the window",
            found="no estimate",
            fix="give longer walks",
        )
    return scored, 1e3 * spent_s / count
