"""The accuracy benchmark: every method over the same held-out walks, in one run.

    walks --> split --> one cell per floor and method --> fit on train, follow test --> estimates.csv
                             in parallel processes, one core each                       cell.json

A cell's key is the hash of all that decides its result; a finished cell with the same key is not
computed again. Tables and reports are made from the files, so that anyone can recompute them.
"""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import logging
import math
import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, MutableMapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mail_ros import __version__
from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.core.signals import NS_PER_S
from mail_ros.data.bag import Bag, read_track
from mail_ros.data.track import Track
from mail_ros.evaluation.follow import Scored, follow, table, write_csv
from mail_ros.evaluation.metrics import Metrics
from mail_ros.evaluation.protocol import Split
from mail_ros.training.config import RunConfig
from mail_ros.training.loop import Progress
from mail_ros.training.train import refuse_shared

logger = logging.getLogger(__name__)

FIT_SHARE = 0.7  # of a cell's time, for showing how far it is


@dataclass(frozen=True)
class Cell:
    """One method on one floor."""

    method: str
    floor: int
    train: tuple[Path, ...]
    test: tuple[Path, ...]
    config: RunConfig
    stride_s: float  # between two estimates
    folder: Path

    @property
    def name(self) -> str:
        """For people."""
        return f"floor {self.floor}, {self.method}"

    def counts_from_ns(self, track: Track) -> int:
        """Estimates count from here on: all methods have heard enough for their first."""
        settled_s = math.ceil(self.config.window.length_s + self.config.features.lag_s)
        return int(track.labelled_span().stamp_ns[0]) + settled_s * NS_PER_S

    def inputs(self) -> dict[str, Any]:
        """All that decides the result."""
        return {
            "method": self.method,
            "floor": self.floor,
            "train": [Bag(bag).identity() for bag in self.train],
            "test": [Bag(bag).identity() for bag in self.test],
            "config": dataclasses.asdict(self.config),
            "stride_s": self.stride_s,
            "mail_ros": __version__,
        }


@dataclass(frozen=True)
class CellResult:
    """What a finished cell's folder holds."""

    method: str
    floor: int
    key: str
    fit_s: float  # processor time of fitting
    estimate_ms: float  # processor time per estimate, resampling included
    inputs: dict[str, Any]
    metrics: Metrics  # of moving estimates

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> CellResult:
        """The inverse of `dataclasses.asdict`; KeyError or TypeError where a field is missing or unknown."""
        return cls(**{**row, "metrics": Metrics(**row["metrics"])})


def plan(
    split: Split, methods: Sequence[str], known: Sequence[str], config: RunConfig, stride_s: float, out: Path
) -> list[Cell]:
    """The cells of a benchmark, in the order they are computed.

    Raises:
        ConfigError: no method, or one that is not known.
        TrackError: no floor has walks on both sides of the split, or a walk is on both.
    """
    unknown = [method for method in methods if method not in known]
    if unknown or not methods:
        raise ConfigError(
            "--methods",
            wanted=f"some of {', '.join(known)}",
            found=", ".join(unknown) or "none",
            fix="name some of them",
        )
    refuse_shared((walk.bag for walk in split.train), (walk.bag for walk in split.test))
    return [
        Cell(
            method,
            floor,
            tuple(walk.bag for walk in part.train),
            tuple(walk.bag for walk in part.test),
            config,
            stride_s,
            out / "cells" / f"floor_{floor}" / method,
        )
        for floor, part in split.by_floor().items()
        for method in methods
    ]


def finished(cell: Cell) -> CellResult | None:
    """The result of a cell that was computed from the same inputs, or None."""
    file = cell.folder / "cell.json"
    if not file.exists():
        return None
    try:
        result = CellResult.from_json(json.loads(file.read_text()))
    except (json.JSONDecodeError, TypeError, KeyError) as error:
        logger.warning("%s is damaged (%s): computing the cell again", file, error)
        return None
    return result if result.key == _key(cell.inputs()) else None


def run(cells: Sequence[Cell], report: Callable[[float], None]) -> list[CellResult]:
    """Compute what is not finished, one process per core; finished cells are kept whatever happens.

    Args:
        cells: the benchmark.
        report: told the share of the work that is done, 0 to 1.

    Raises:
        MailError: of the first cell that failed, after all others were computed.
    """
    todo = [cell for cell in cells if finished(cell) is None]
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(os.cpu_count(), mp_context=context) as pool:
        shares = manager.dict()
        futures: list[Future[None]] = [pool.submit(compute_cell, cell, shares) for cell in todo]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=0.5)
            report((len(cells) - len(todo) + sum(shares.values())) / len(cells))
    failures = [error for future in futures if (error := future.exception()) is not None]
    if failures:
        raise failures[0]
    results = [finished(cell) for cell in cells]
    return [result for result in results if result is not None]


def relation(rows: Sequence[CellResult]) -> str:
    """How each MAIL relates to the best that is not MAIL; empty where there is nothing to compare with."""
    peers = [row for row in rows if not row.method.startswith("mail")]
    if not peers:
        return ""
    best = min(peers, key=lambda row: row.metrics.mean_m)
    relations = [
        f"{row.method} {row.metrics.mean_m / best.metrics.mean_m - 1:+.0%}"
        for row in rows
        if row.method.startswith("mail")
    ]
    return f"mean error against the best peer, {best.method}: {', '.join(relations) or 'no MAIL in this run'}"


def write_results(out: Path, results: Sequence[CellResult]) -> None:
    """All rows as `accuracy.json` and `accuracy.csv`."""
    (out / "accuracy.json").write_text(json.dumps([dataclasses.asdict(result) for result in results], indent=2))
    with (out / "accuracy.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        for index, result in enumerate(results):
            metrics = dataclasses.asdict(result.metrics)
            if index == 0:
                writer.writerow(["floor", "method", *metrics, "fit_s", "estimate_ms"])
            writer.writerow([result.floor, result.method, *metrics.values(), result.fit_s, result.estimate_ms])


def compute_cell(cell: Cell, shares: MutableMapping[str, float]) -> None:
    """Fit one method and follow the test walks; the cell's folder appears when it is whole."""
    import torch

    from mail_ros.evaluation.methods import METHODS, Fit
    from mail_ros.evaluation.peers.dead_reckoning import DeadReckoning, true_start

    torch.set_num_threads(1)

    def fitting(now: Progress) -> None:
        shares[cell.name] = FIT_SHARE * now.step / now.steps

    partial = cell.folder.with_name(cell.folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    began_s = time.process_time()
    tracks = [read_track(bag) for bag in cell.train]
    localizer = METHODS[cell.method](Fit(tracks, cell.config, cell.stride_s, partial / "run", fitting))
    fit_s = time.process_time() - began_s
    scored: list[Scored] = []
    spent_s, answers = 0.0, 0
    for index, bag in enumerate(cell.test):
        track = read_track(bag)
        if isinstance(localizer, DeadReckoning):  # the one method that is told where a walk starts
            localizer.begin(*true_start(track))
        began_s = time.process_time()
        answered = list(follow(localizer, track))
        spent_s, answers = spent_s + time.process_time() - began_s, answers + len(answered)
        scored += [one for one in answered if one.estimate.stamp_ns >= cell.counts_from_ns(track)]
        shares[cell.name] = FIT_SHARE + (1 - FIT_SHARE) * (index + 1) / len(cell.test)
    moving = table(scored).get("all, moving")
    if moving is None:
        raise TrackError(
            ", ".join(bag.name for bag in cell.test),
            wanted="walks that move for longer than the window",
            found="no estimate",
            fix="give longer walks",
        )
    write_csv(partial / "estimates.csv", scored)
    inputs = cell.inputs()
    result = CellResult(cell.method, cell.floor, _key(inputs), fit_s, 1e3 * spent_s / answers, inputs, moving)
    (partial / "cell.json").write_text(json.dumps(dataclasses.asdict(result), indent=2))
    shutil.rmtree(cell.folder, ignore_errors=True)
    partial.rename(cell.folder)


def _key(inputs: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
