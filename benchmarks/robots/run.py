"""The whole measurement: jobs in parallel processes, one core each; results with the same key are reused.

curves --> cases --> jobs of each building --+--> followed: OUT/cells/*.npz --> rows of the tables
bags ----> split --> jobs of each floor -----+
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.robots.cases import Case
from benchmarks.robots.followed import Followed, follow_all, joined, read, write
from benchmarks.robots.world import CALIBRATION, CONFIGS, STRIDE_S, WALKS, true_track, world
from benchmarks.robots.yaw import Session
from mail_ros import __version__
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.evaluation.identity import hashed
from mail_ros.evaluation.workers import compute_all

PARTS = 6  # jobs that the cases of a building are split into


class Job(Protocol):
    """The work of one process."""

    def finished(self) -> bool:
        """Whether all its files exist."""

    def compute(self) -> None:
        """Create its files."""


@dataclass(frozen=True)
class DriveJob:
    """Some cases in one building."""

    out: Path
    seed: int
    cases: tuple[Case, ...]
    drives: int  # per case

    def finished(self) -> bool:
        """See `Job`."""
        return not self._todo()

    def compute(self) -> None:
        """See `Job`; the building is surveyed and its models are fitted once."""
        for case, number, model in self._todo():
            here = world(self.seed)
            followed = follow_all(here.localizers[model], [true_track(here, case, number)])
            write(self._path(case, number, model), self._key(case, number, model), followed)

    def read(self, case: Case, model: str) -> Followed:
        """The computed estimates of all drives of a case."""
        of = [read(self._path(case, number, model), self._key(case, number, model)) for number in range(self.drives)]
        there = [followed for followed in of if followed is not None]
        assert len(there) == self.drives, f"{case.name} in building {self.seed} is read before it is computed"
        return joined(there)

    def _todo(self) -> list[tuple[Case, int, str]]:
        return [
            (case, number, model)
            for case in self.cases
            for number in range(self.drives)
            for model in CONFIGS
            if read(self._path(case, number, model), self._key(case, number, model)) is None
        ]

    def _path(self, case: Case, number: int, model: str) -> Path:
        return self.out / "cells" / f"building_{self.seed}" / f"{case.name}_{number}_{model}.npz"

    def _key(self, case: Case, number: int, model: str) -> str:
        fit = {"seed": self.seed, "walks": WALKS, "config": dataclasses.asdict(CONFIGS[model])}
        driven = {"case": dataclasses.asdict(case), "number": number, "calibration": dataclasses.asdict(CALIBRATION)}
        return hashed({**fit, **driven, **_settings()})


@dataclass(frozen=True)
class YawJob:
    """The sessions of one floor, by one model, as walked or rotated."""

    out: Path
    session: Session

    def finished(self) -> bool:
        """See `Job`."""
        return read(self._path, self._key) is not None

    def compute(self) -> None:
        """See `Job`."""
        write(self._path, self._key, self.session.followed())

    def read(self) -> Followed:
        """The computed estimates."""
        followed = read(self._path, self._key)
        assert followed is not None, f"{self._path} is read before it is computed"
        return followed

    @property
    def _path(self) -> Path:
        return self.out / "cells" / f"floor_{self.session.floor}" / f"{self.session.name}.npz"

    @property
    def _key(self) -> str:
        return hashed({**self.session.inputs(), **_settings()})


@dataclass(frozen=True)
class Plan:
    """All jobs of a measurement."""

    drives: tuple[DriveJob, ...]  # one per building, with all cases
    sessions: tuple[YawJob, ...]

    def jobs(self) -> Iterator[Job]:
        """The unfinished jobs, building by building."""
        for whole in self.drives:
            for part in range(PARTS):
                job = dataclasses.replace(whole, cases=whole.cases[part::PARTS])
                if not job.finished():
                    yield job
        yield from (session for session in self.sessions if not session.finished())

    def pooled(self, case: Case, model: str) -> Followed:
        """A case in all buildings."""
        return joined([whole.read(case, model) for whole in self.drives])


def plan(out: Path, seeds: Sequence[int], cases: Sequence[Case], drives: int, sessions: Sequence[Session]) -> Plan:
    """Plan a measurement.

    Args:
        out: folder of the results.
        seeds: seeds of the buildings.
        cases: see `cases.cases`.
        drives: number of drives per case and building.
        sessions: see `yaw.sessions`.
    """
    return Plan(
        tuple(DriveJob(out, seed, tuple(cases), drives) for seed in seeds),
        tuple(YawJob(out, each) for each in sessions),
    )


def compute(planned: Plan, report: Callable[[int, int], None]) -> None:
    """Run the unfinished jobs, one process per core; finished jobs are kept after an error.

    Args:
        planned: the measurement.
        report: called with the number of finished jobs and of all jobs.

    Raises:
        MailError: the error of the first job that failed, after all others were computed.
    """
    jobs = list(planned.jobs())
    compute_all([job.compute for job in jobs], lambda done: report(done, len(jobs)), period_s=5.0)


def _settings() -> dict[str, Any]:
    """Settings that every result depends on."""
    return {"mail_ros": __version__, "stride_s": STRIDE_S, "filter": dataclasses.asdict(FilterConfig())}
