"""The paper's experiments as named studies: each has cells, and a table made of them.

The figures 11 to 13, errors per site, need no study: the plain run has a table and a curve per floor. The paper's
users and its energy on phones cannot be repeated with recorded walks; the processor time of `time` stands
in for energy.
"""

from __future__ import annotations

import dataclasses
import functools
import logging
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.evaluation.accuracy import Bench
from mail_ros.evaluation.cells import Cell, CellResult, finished
from mail_ros.evaluation.conditions import AS_WALKED, Condition
from mail_ros.evaluation.estimates import TRACKED_FROM_S
from mail_ros.evaluation.methods import METHODS, OURS
from mail_ros.evaluation.study_rows import anomalies, areas, attention, devices, errors, losses, times, uncertainties
from mail_ros.evaluation.study_table import Row, StudyTable
from mail_ros.evaluation.study_variants import (
    Variant,
    areas_left_out,
    ingredients,
    lengths,
    pieces,
    plain,
    scale_sets,
    training,
)

logger = logging.getLogger(__name__)

MAIL = ("mail", "mail_heatmap", "mail_uniform", "mail_constant")
SPEEDS_M_S = (1.0, 1.2, 1.4)
TRACKED = tuple(Condition(tracker=tracker, from_s=TRACKED_FROM_S) for tracker in typing.get_args(TrackerChoice))
OFFSETS_UT = (0.0, 15.0, 40.0)
TRAINED = tuple(name for name, method in METHODS.items() if method.trains)
MAPPED = ("knn", "dtw", "jang", *(name for name in OURS if not METHODS[name].filters))  # a tracker can follow them
RENAMED = {"doubt": "uncertainty"}


@dataclass(frozen=True)
class Study:
    """One experiment."""

    name: str
    source: str  # in the paper
    title: str
    rows: Callable[[Cell, CellResult], list[Row]]  # rows of a computed cell under one condition
    only: tuple[str, ...] = ()  # methods that it applies to; empty: all
    usual: tuple[str, ...] = ()  # methods if the user names none; empty: those of the plain run, as far as in `only`
    always: tuple[str, ...] = ()  # methods of its own, whatever the user names
    variants: Callable[[Bench], list[Variant]] = plain
    conditions: tuple[Condition, ...] = (AS_WALKED,)

    def methods(self, named: Sequence[str], plain: Sequence[str]) -> list[str]:
        """Its methods in a run.

        Args:
            named: methods that the user names: they restrict the usual ones, or replace them if none of them is usual.
            plain: methods of the plain run.

        Raises:
            ConfigError: it applies to no named method.
        """
        both = [method for method in named if method in self.usual]
        wanted = list(self.always or both or named or self.usual or plain)
        chosen = [method for method in wanted if method in self.only or not self.only]
        if not chosen:
            raise ConfigError(
                "--methods",
                wanted=f"one of {', '.join(self.only)} for the study {self.name}",
                found=", ".join(wanted),
                fix="name one, or leave the study out",
            )
        return chosen

    def parts(self, bench: Bench, methods: Sequence[str]) -> list[Part]:
        """Its cells; conditions that need odometry only if all walks have it."""
        conditions = tuple(each for each in self.conditions if bench.odometry or each.tracker != "odometry")
        return [
            Part(cell, variant.columns)
            for variant in self.variants(bench)
            for cell in variant.bench.cells(methods, conditions)
        ]

    def table(self, parts: Sequence[Part], out: Path) -> StudyTable:
        """Its table, from the files of computed cells below `out`; floors together."""
        rows: list[Row] = []
        for part in sorted(parts, key=lambda part: part.cell.floor):
            for condition, result in _results(part.cell):
                head = {"floor": result.floor, "method": result.method, **part.columns}
                if len(self.conditions) > 1:
                    head["condition"] = condition.name
                rows += [head | row for row in self.rows(part.cell, result)]
        return StudyTable(out.resolve().name, self.name, self.source, self.title, rows)


@dataclass(frozen=True)
class Part:
    """A cell of a study."""

    cell: Cell
    columns: Mapping[str, Any]  # columns that name its variant


def _results(cell: Cell) -> list[tuple[Condition, CellResult]]:
    done = finished(cell)
    return list(done.rows.items()) if done else []


_tracked = functools.partial(Study, only=MAPPED, usual=("knn", "dtw", "mail_heatmap", "matching"), conditions=TRACKED)
_OURS = "not in the paper"
STUDIES = {
    study.name: study
    for study in (
        Study(
            "length",
            "figure 9",
            "error against the length of the sequence",
            errors,
            usual=("mail", "mail_heatmap", "knn"),
            variants=lengths,
        ),
        Study(
            "scales",
            "figure 10",
            "error against the number of scales",
            errors,
            only=MAIL,
            usual=MAIL[:2],
            variants=scale_sets,
        ),
        Study("loss", "figure 14", "training loss by epoch", losses, only=TRAINED),
        Study("attention", "figures 15, 17 and 18", "attention on, off and constant, by scale", attention, only=MAIL),
        Study(
            "speed",
            "figure 16",
            "error against walking speed",
            errors,
            conditions=(AS_WALKED, *(Condition(speed_m_s=speed) for speed in SPEEDS_M_S)),
        ),
        _tracked("tracker", _OURS, f"the same tracker behind every method, from {TRACKED_FROM_S:g} s on", errors),
        _tracked(
            "uncertainty",
            _OURS,
            "true positions inside the estimates' regions, and what LOCALIZED is worth",
            uncertainties,
        ),
        _tracked(
            "offset",
            _OURS,
            "another device: a constant field is added to the walks that are judged",
            errors,
            usual=("knn", "matching"),
            conditions=tuple(dataclasses.replace(each, offset_ut=ut) for ut in OFFSETS_UT for each in TRACKED),
        ),
        Study(
            "matching", _OURS, "what matching's ingredients bring", errors, always=("matching",), variants=ingredients
        ),
        Study(
            "training",
            _OURS,
            "what the ingredients of the network's training bring",
            errors,
            always=("mail_heatmap",),
            variants=training,
        ),
        Study(
            "area",
            _OURS,
            "what was never surveyed: routes left out of the training, and other floors",
            areas,
            always=("matching",),
            variants=areas_left_out,
            conditions=TRACKED,
        ),
        Study("device", "figure 19", "error by the phone that was walked with", devices),
        Study("time", "table 4", "processor time", times),
        Study(
            "anomalies",
            "table 2",
            "local anomalies that DTW finds at each scale",
            anomalies,
            always=("subsequence",),
            variants=pieces,
        ),
    )
}


def chosen(names: Sequence[str]) -> list[Study]:
    """The studies of some names, each of which may hold several with commas between; `all` is all.

    Deprecated names work, with a warning.

    Raises:
        ConfigError: no such study.
    """
    given = [name.strip() for several in names for name in several.split(",")]
    for old in sorted(RENAMED.keys() & set(given)):
        logger.warning("deprecated study: %s is now %s", old, RENAMED[old])
    wanted = [RENAMED.get(name, name) for name in given]
    unknown = [name for name in wanted if name not in STUDIES and name != "all"]
    if unknown:
        raise ConfigError(
            "--study", wanted=f"some of {', '.join(STUDIES)}, or all", found=", ".join(unknown), fix="name some of them"
        )
    return [study for name, study in STUDIES.items() if name in wanted or "all" in wanted]


def write_study(out: Path, study: Study, parts: Sequence[Part]) -> StudyTable:
    """Write a study's table below `out`, from the files of its cells."""
    table = study.table(parts, out)
    keys = {
        part.cell.folder.relative_to(out).as_posix(): [result.key for _, result in _results(part.cell)]
        for part in parts
    }
    table.write(out / "studies", keys)
    return table
