"""MaLoc-like: single readings against map cells in an augmented particle filter."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_tracks import (
    assert_equal,
    chance_error_m,
    drive,
    estimates_of,
    simulated_track,
    surveys,
    with_noise_after,
)

from mail_ros.core.errors import TrackError
from mail_ros.core.types import Estimate, Sample
from mail_ros.data.scored import follow
from mail_ros.data.simulator.corridor_plan import drive_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.maloc import Maloc, MalocSettings

SMALL = MalocSettings(particles=1000, offset_ut=0.5)  # as many as a small building needs


@pytest.fixture(scope="module")
def training() -> list[Track]:
    return surveys()


@pytest.fixture(scope="module")
def fitted(training: list[Track]) -> Maloc:
    return Maloc(training, 3, SMALL)


@pytest.fixture(scope="module")
def estimates(fitted: Maloc) -> list[Estimate]:
    return estimates_of(fitted, drive())


def test_it_beats_chance_on_a_walk_that_no_survey_saw(fitted: Maloc, training: list[Track]) -> None:
    walk = drive()
    scored = list(follow(fitted, walk))[20:]
    assert np.mean([one.error_m for one in scored]) < 0.3 * chance_error_m(training, walk)


@pytest.mark.slow
def test_the_future_does_not_change_an_estimate(fitted: Maloc, estimates: list[Estimate]) -> None:
    walk = drive()
    past = [one for one in estimates if one.stamp_ns < walk.stamp_ns[500]]
    assert len(past) > 30
    assert_equal(estimates_of(fitted, with_noise_after(walk, 500))[: len(past)], past)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_estimates(training: list[Track], estimates: list[Estimate]) -> None:
    again = Maloc(training, 3, SMALL)
    assert_equal(estimates_of(again, drive()), estimates)
    assert_equal(estimates_of(again, drive()), estimates)  # a walk before it leaves nothing behind
    other = estimates_of(Maloc(training, 4, SMALL), drive())
    assert not np.array_equal(other[0].position_m, estimates[0].position_m)


@pytest.mark.slow
def test_a_robot_that_is_carried_off_is_found_again(fitted: Maloc) -> None:
    """Two walks, one after the other, the second from another position and with odometry's frame rotated."""
    building = demo_building()
    first, second = (simulated_track(building, drive_route(building.plan, 60.0, seed), seed) for seed in (21, 22))
    assert first.moved_m is not None
    assert second.moved_m is not None
    assert np.linalg.norm(first.position_m[-1] - second.position_m[0]) > 5.0
    later = dataclasses.replace(
        second, stamp_ns=second.stamp_ns - second.stamp_ns[0] + first.stamp_ns[-1] + 50_000_000, moved_m=-second.moved_m
    )
    estimates_of(fitted, first)
    found = [estimate for estimate in map(fitted.push, later.samples()) if estimate is not None]
    true_m = np.column_stack(
        [np.interp([one.stamp_ns for one in found], later.stamp_ns, later.position_m[:, axis]) for axis in (0, 1)]
    )
    error_m = np.linalg.norm(np.array([one.position_m for one in found]) - true_m, axis=1)
    assert error_m[:3].mean() > 5.0
    assert np.median(error_m[-40:]) < 1.5


def test_every_estimate_is_finite_also_where_the_field_is_not(fitted: Maloc) -> None:
    walk = drive(length_m=20.0)
    field_ut = walk.field_ut.copy()
    field_ut[50:80], field_ut[100:110], field_ut[150:] = np.nan, 1e9, 1e5
    for one in estimates_of(fitted, dataclasses.replace(walk, field_ut=field_ut)):
        assert np.isfinite(one.position_m).all()
        assert (np.linalg.eigvalsh(one.covariance_m2) > 0.0).all()


def test_while_stationary_it_estimates_once_a_second(fitted: Maloc) -> None:
    walk = drive(length_m=20.0)
    estimates_of(fitted, walk)
    after_ns = int(walk.stamp_ns[-1]) + 50_000_000 * np.arange(1, 401)  # 20 s at 20 Hz
    stationary = (Sample(stamp_ns, walk.field_ut[-1], np.zeros(2)) for stamp_ns in after_ns.tolist())
    late = [estimate for estimate in map(fitted.push, stationary) if estimate is not None]
    assert len(late) in (19, 20)
    assert all(np.array_equal(one.position_m, late[0].position_m) for one in late)


def test_without_odometry_it_assumes_a_walking_pace(fitted: Maloc) -> None:
    walk = drive(length_m=30.0, odometry=False)
    found = estimates_of(fitted, walk)
    assert len(found) == pytest.approx((walk.stamp_ns[-1] - walk.stamp_ns[0]) / 0.5e9, rel=0.1)
    assert all(np.isfinite(one.position_m).all() for one in found)


def test_walks_that_cannot_be_used_are_refused(training: list[Track]) -> None:
    with pytest.raises(TrackError, match="walks on one floor"):
        Maloc([training[0], surveys(floor=1)[0]], 0, SMALL)
