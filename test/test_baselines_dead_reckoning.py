"""Dead reckoning: odometry alone, from the true start."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_tracks import assert_equal, drive, estimates_of, surveys, with_noise_after

from mail_ros.core.errors import TrackError
from mail_ros.data.scored import follow
from mail_ros.evaluation.baselines.dead_reckoning import DeadReckoning, fit_dead_reckoning, true_start


def test_perfect_odometry_from_the_true_start_is_the_truth() -> None:
    walk = drive()
    path_m = np.diff(walk.position_m, axis=0, prepend=walk.position_m[:1])
    perfect = dataclasses.replace(walk, moved_m=path_m @ np.array([[0.0, 1.0], [-1.0, 0.0]]))  # a quarter to the left
    start = true_start(perfect)
    assert start.heading_offset_rad == pytest.approx(-np.pi / 2)
    localizer = DeadReckoning(0.05)
    localizer.begin(*start)
    scored = list(follow(localizer, perfect))
    assert len(scored) > 500
    assert max(one.error_m for one in scored) < 1e-9


def test_it_receives_its_start_and_nothing_else() -> None:
    walk = drive()
    localizer = DeadReckoning(0.05)
    assert estimates_of(localizer, walk) == []
    localizer.begin(*true_start(walk))
    assert_equal(estimates_of(localizer, walk)[:200], estimates_of(localizer, with_noise_after(walk, 450))[:200])


def test_the_drift_that_is_measured_on_surveys_holds_on_another_walk() -> None:
    walk = drive()
    localizer = fit_dead_reckoning(surveys())
    localizer.begin(*true_start(walk))
    scored = list(follow(localizer, walk))[100:]
    ratio = [one.error_m**2 / np.trace(one.estimate.covariance_m2) for one in scored]
    assert 0.1 < float(np.mean(ratio)) < 5.0


def test_without_odometry_it_refuses() -> None:
    walk = drive(odometry=False)
    with pytest.raises(TrackError, match="wanted a labelled walk with odometry, found no odometry"):
        true_start(walk)
    with pytest.raises(TrackError, match="with odometry, found none"):
        fit_dead_reckoning([walk])
    localizer = DeadReckoning(0.05)
    localizer.begin(*true_start(drive()))
    with pytest.raises(TrackError, match="wanted odometry"):
        estimates_of(localizer, walk)
