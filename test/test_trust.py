"""What `python -m benchmarks trust` counts, and where it cuts a walk."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_tracks import drive

from benchmarks.trust.runs import halves, judge
from mail_ros.core.types import Estimate, Status
from mail_ros.data.scored import Scored


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
