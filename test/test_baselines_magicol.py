"""Magicol-like: step vectors by DTW in a particle filter, causal, the same for the same seed."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from dtaidistance import dtw
from simulated_tracks import (
    assert_equal,
    chance_error_m,
    drive,
    estimates_of,
    surveys,
    with_noise_after,
)

from mail_ros.core.errors import TrackError
from mail_ros.core.types import Estimate
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.magicol import Magicol, MagicolSettings, distances_ut

SMALL = MagicolSettings(particles=400, passes=0, offset_ut=0.5)  # as many as a small building needs


@pytest.fixture(scope="module")
def training() -> list[Track]:
    return surveys()


@pytest.fixture(scope="module")
def fitted(training: list[Track]) -> Magicol:
    return Magicol(training, 3, SMALL)


@pytest.fixture(scope="module")
def estimates(fitted: Magicol) -> list[Estimate]:
    return estimates_of(fitted, drive())


@pytest.mark.slow
def test_it_beats_chance_on_a_walk_that_no_survey_saw(fitted: Magicol, training: list[Track]) -> None:
    walk = drive()
    scored = list(follow(fitted, walk))[20:]
    assert np.mean([one.error_m for one in scored]) < 0.3 * chance_error_m(training, walk)


def test_the_future_does_not_change_an_estimate(fitted: Magicol, estimates: list[Estimate]) -> None:
    walk = drive()
    past = [one for one in estimates if one.stamp_ns < walk.stamp_ns[500]]
    assert len(past) > 30
    assert_equal(estimates_of(fitted, with_noise_after(walk, 500))[: len(past)], past)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_estimates(training: list[Track], estimates: list[Estimate]) -> None:
    again = Magicol(training, 3, SMALL)
    assert_equal(estimates_of(again, drive()), estimates)
    assert_equal(estimates_of(again, drive()), estimates)  # a walk before it leaves nothing behind
    other = estimates_of(Magicol(training, 4, SMALL), drive())
    assert not np.array_equal(other[0].position_m, estimates[0].position_m)


def test_every_estimate_is_finite_also_where_the_field_is_not(fitted: Magicol) -> None:
    walk = drive(length_m=20.0)
    field_ut = walk.field_ut.copy()
    field_ut[50:80], field_ut[100:110] = np.nan, 1e9
    for one in estimates_of(fitted, dataclasses.replace(walk, field_ut=field_ut)):
        assert np.isfinite(one.position_m).all()
        assert (np.linalg.eigvalsh(one.covariance_m2) > 0.0).all()


def test_without_odometry_it_assumes_a_walking_pace(fitted: Magicol) -> None:
    walk = drive(length_m=30.0, odometry=False)
    found = estimates_of(fitted, walk)
    assert len(found) == pytest.approx((walk.stamp_ns[-1] - walk.stamp_ns[0]) / 0.5e9, rel=0.1)
    assert all(np.isfinite(one.position_m).all() for one in found)


@pytest.mark.slow
def test_passes_back_and_forth_stay_causal(training: list[Track]) -> None:
    settings = dataclasses.replace(SMALL, particles=100, passes=1, wide_m=0.5)
    localizer = Magicol(training, 3, settings)
    walk = drive(length_m=25.0)
    before = estimates_of(localizer, walk)
    past = [one for one in before if one.stamp_ns < walk.stamp_ns[300]]
    assert len(past) > 20
    assert_equal(estimates_of(localizer, with_noise_after(walk, 300))[: len(past)], past)


def test_distances_of_all_particles_at_once_are_those_of_one_at_a_time() -> None:
    rng = np.random.default_rng(2)
    measured, expected = rng.normal(size=40), rng.normal(size=(30, 40))
    alone = [dtw.distance(measured, row, window=5) / np.sqrt(40) for row in expected]
    np.testing.assert_allclose(distances_ut(measured, expected, 0.1), alone)


def test_a_shift_within_the_band_costs_little() -> None:
    wave = np.sin(np.linspace(0.0, 6.0, 60))
    shifted, reversed_wave = np.sin(np.linspace(0.2, 6.2, 60)), wave[::-1]
    near, far = distances_ut(wave, np.vstack([shifted, reversed_wave]), 0.1)
    assert near < 0.1 < far


def test_walks_that_cannot_be_used_are_refused(training: list[Track]) -> None:
    with pytest.raises(TrackError, match="walks on one floor"):
        Magicol([training[0], surveys(floor=1)[0]], 0, SMALL)
    unlabelled = dataclasses.replace(training[0], valid=np.zeros_like(training[0].valid))
    with pytest.raises(TrackError, match="found no labelled, moving sample"):
        Magicol([unlabelled], 0, SMALL)
