"""What `python -m benchmarks trust` counts, and where it cuts a walk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import drive
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.trust import runs, sites
from benchmarks.trust.runs import halves, judge
from mail_ros.core.errors import ConfigError
from mail_ros.core.types import Estimate, Status
from mail_ros.data.scored import Scored
from mail_ros.data.track import Track


def scored(error_m: float, status: Status, *, paused: bool = False) -> Scored:
    """An estimate whose 90 % region has a radius of 2.1 m."""
    estimate = Estimate(0, np.array([error_m, 0.0]), np.eye(2), 0, status, ())
    return Scored("walk", estimate, np.zeros(2), 0, paused)


def test_a_wrong_estimate_is_localized_or_stationary_and_far_off_while_the_device_moves() -> None:
    found = judge(
        [
            scored(0.5, Status.LOCALIZED),
            scored(4.0, Status.LOCALIZED),
            scored(4.0, Status.STATIONARY),
            scored(9.0, Status.UNCERTAIN),
            scored(9.0, Status.LOCALIZED, paused=True),
        ]
    )
    assert found is not None
    assert found.estimates == 4
    assert (found.localized, found.wrong, found.in_90) == (0.75, 0.5, 0.25)
    assert [found.mean_m, found.median_m] == pytest.approx([4.375, 4.0])


def test_nothing_to_judge_is_no_row() -> None:
    assert judge([]) is None


def test_a_walk_is_cut_in_its_longest_pause_or_in_the_middle() -> None:
    walk = drive()
    span = walk.labelled_span()
    assert [len(half) for half in halves(dataclasses.replace(walk, paused=np.zeros(len(walk), np.bool_)))] == [
        len(span) // 2,
        len(span) - len(span) // 2,
    ]
    paused = np.zeros(len(span), np.bool_)
    paused[20:24] = paused[100:160] = True
    there, back = halves(dataclasses.replace(span, paused=paused))
    assert (len(there), len(back)) == (130, len(span) - 130)


def named(source: str) -> Track:
    """A walk that is known by its name alone."""
    return dataclasses.replace(drive(), source=source)


def names(walks: runs.Walks) -> tuple[list[str], list[str]]:
    """Names of the survey, and of the walks that are judged."""
    survey, judged = walks
    return [track.source for track in survey], [track.source for track in judged]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--recorded"], "a recorded site, or --simulated"),
        (["--recorded", "--museum-later", "walk"], "--museum as well"),
    ],
)
def test_regions_of_no_site_is_one_line(options: list[str], said: str) -> None:
    found = CliRunner().invoke(app, ["regions", "--recorded", *options])
    assert isinstance(found.exception, ConfigError)
    assert said in str(found.exception)


@pytest.mark.slow
def test_a_part_of_a_site_is_a_survey_and_its_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The room's runs 1 to 3 are learned, the fourth is followed with each odometry."""
    monkeypatch.setattr(sites, "read_run", lambda _, number, seed: named(f"run {number}, odometry {seed}"))
    (part,) = sites.room(Path("room")).parts
    survey, walks = names(part())
    assert survey == ["run 1, odometry 0", "run 2, odometry 0", "run 3, odometry 0"]
    assert walks == ["run 4, odometry 0", "run 4, odometry 1", "run 4, odometry 2"]


@pytest.mark.slow
def test_every_fold_is_judged_by_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "labelled_track", lambda bag: named(bag.name))
    parts = [names(part()) for part in sites.traces([Path(f"trace_{number}") for number in range(4)]).parts]
    assert parts == [
        (["trace_1", "trace_2"], ["trace_0", "trace_3"]),
        (["trace_0", "trace_2", "trace_3"], ["trace_1"]),
        (["trace_0", "trace_1", "trace_3"], ["trace_2"]),
    ]
