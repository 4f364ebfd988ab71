"""The particle filters' shared parts: against a Kalman filter where that one is exact, and against the definition."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter  # type: ignore[import-untyped]
from simulated_tracks import surveys

from mail_ros.core.errors import TrackError
from mail_ros.core.types import FloatArray, Sample, Status
from mail_ros.evaluation.baselines.magnitude_map import magnitude_map
from mail_ros.evaluation.baselines.particles import Cloud, MotionSettings, systematic, to_estimate
from mail_ros.evaluation.baselines.step_localizer import STEP_M, Step, StepCutter

EXACT = MotionSettings(heading_rad=0.0, scale=0.0, position_noise_m=0.3)


def cloud_at(position_m: FloatArray) -> Cloud:
    n = len(position_m)
    return Cloud(position_m, np.zeros(n), np.ones(n), np.zeros(n), np.full(n, 1.0 / n))


def kalman(start_m: FloatArray, start_variance: float, noise_m: float, seen_m: float) -> KalmanFilter:
    """Position driven by odometry, seen with noise: linear and Gaussian."""
    exact = KalmanFilter(dim_x=2, dim_z=2, dim_u=2)
    exact.x, exact.P = start_m.copy(), np.eye(2) * start_variance
    exact.F = exact.H = exact.B = np.eye(2)
    exact.Q, exact.R = np.eye(2) * noise_m**2, np.eye(2) * seen_m**2
    return exact


def test_the_filter_agrees_with_a_kalman_filter() -> None:
    """20,000 particles: means within a twentieth of the deviation, variances within a tenth, at every step."""
    rng = np.random.default_rng(5)
    true_m, seen_m = np.array([1.0, -2.0]), 0.8
    exact = kalman(true_m, 4.0, EXACT.position_noise_m, seen_m)
    cloud = cloud_at(true_m + rng.normal(0.0, 2.0, (20_000, 2)))
    resampled = 0
    for _ in range(30):
        moved_m = rng.normal(0.0, 1.0, 2)
        true_m = true_m + moved_m + rng.normal(0.0, EXACT.position_noise_m, 2)
        reading_m = true_m + rng.normal(0.0, seen_m, 2)
        exact.predict(moved_m)
        exact.update(reading_m)
        cloud.move(moved_m, False, EXACT, rng)
        cloud.weigh(-np.square(cloud.position_m - reading_m).sum(axis=1) / (2 * seen_m**2))
        mean_m, covariance_m2 = cloud.mean()
        deviation_m = float(np.sqrt(exact.P[0, 0]))
        np.testing.assert_allclose(mean_m, exact.x, atol=0.05 * deviation_m)
        np.testing.assert_allclose(covariance_m2, exact.P, atol=0.1 * deviation_m**2)
        before = cloud.position_m
        cloud.resample(rng, 0.0)
        resampled += cloud.position_m is not before
    assert 3 < resampled < 28


def test_weighing_returns_the_likelihood_of_the_reading() -> None:
    """A Gaussian cloud seen with noise: the mean likelihood is that of a Gaussian of both variances."""
    rng = np.random.default_rng(6)
    cloud = cloud_at(rng.normal(0.0, 1.0, (200_000, 2)))
    mean = cloud.weigh(-np.square(cloud.position_m - 0.5).sum(axis=1) / (2 * 0.5**2))
    assert mean == pytest.approx(np.log(0.5**2 / 1.25) - 0.5 / (2 * 1.25), abs=0.02)


def test_systematic_resampling_draws_each_as_often_as_its_weight_to_within_one() -> None:
    rng = np.random.default_rng(7)
    weight = rng.random(500) ** 4
    weight /= weight.sum()
    count = np.bincount(systematic(weight, rng), minlength=500)
    assert count.sum() == 500
    assert (np.abs(count - 500 * weight) < 1.0).all()


def test_odometry_is_rotated_and_scaled_for_each_particle() -> None:
    cloud = cloud_at(np.zeros((2, 2)))
    cloud.heading_rad, cloud.scale = np.array([0.0, np.pi / 2]), np.array([1.0, 1.5])
    np.testing.assert_allclose(cloud.displacement_m(np.array([2.0, 0.0])), [[2.0, 0.0], [0.0, 3.0]], atol=1e-12)


def test_the_estimate_lies_in_the_heavier_of_two_clusters_and_its_covariance_counts_both() -> None:
    rng = np.random.default_rng(8)
    here, there = rng.normal(0.0, 0.3, (700, 2)), np.array([30.0, 0.0]) + rng.normal(0.0, 0.3, (300, 2))
    estimate = to_estimate(5, *cloud_at(np.vstack([here, there])).heaviest(), floor=2)
    np.testing.assert_allclose(estimate.position_m, [0.0, 0.0], atol=0.3)
    assert estimate.covariance_m2[0, 0] == pytest.approx(0.3 * 30.0**2, rel=0.05)
    assert (estimate.stamp_ns, estimate.floor, estimate.status) == (5, 2, Status.UNCERTAIN)


def test_no_deviation_is_below_a_decimetre() -> None:
    estimate = to_estimate(0, np.zeros(2), np.zeros((2, 2)), 0)
    np.testing.assert_allclose(estimate.covariance_m2, np.eye(2) * 0.01)
    assert (estimate.status, estimate.attention) == (Status.LOCALIZED, ())


def test_likelihoods_that_vanish_everywhere_leave_finite_weights() -> None:
    cloud = cloud_at(np.zeros((3, 2)))
    cloud.weight = np.array([1.0, 0.0, 0.0])
    cloud.weigh(np.array([-1e6, 0.0, 0.0]))
    np.testing.assert_allclose(cloud.weight, 1 / 3)


def test_a_map_has_the_field_of_surveyed_paths_and_nothing_elsewhere() -> None:
    tracks = surveys()
    survey = magnitude_map(tracks, 0.2, 0.3)
    position_m, norm_ut = tracks[0].position_m[50::50], np.linalg.norm(tracks[0].field_ut[50::50], axis=1)
    mean_ut, deviation_ut = survey.at(position_m)
    assert np.sqrt(np.nanmean(np.square(mean_ut - norm_ut))) < 2.0
    assert np.nanmean(deviation_ut) < 3.0
    assert np.isnan(survey.at(np.array([[15.5, 12.0], [-500.0, 0.0], [1e4, 1e4]]))[0]).all()


def test_walks_on_two_floors_are_refused() -> None:
    with pytest.raises(TrackError, match=r"wanted walks on one floor, found floors \[0, 1\]"):
        magnitude_map([surveys()[0], surveys(floor=1)[1]], 0.2, 0.3)


def cut(samples: Iterator[Sample]) -> list[Step]:
    cutter = StepCutter(4)
    return [step for step in map(cutter.push, samples) if step is not None]


def ramp(seconds: float, moved_m: FloatArray | None) -> Iterator[Sample]:
    """|B| rises by one µT each 0.05 s."""
    for i in range(round(seconds * 20)):
        yield Sample(i * 50_000_000, np.array([float(i), 0.0, 0.0]), None if moved_m is None else moved_m[i])


def test_wheels_give_a_step_each_half_metre_and_none_while_stationary() -> None:
    moved_m = np.zeros((400, 2))
    moved_m[100:200, 0] = 0.05  # a metre a second for five seconds
    steps = cut(ramp(20.0, moved_m))
    assert len(steps) == 5.0 / STEP_M
    np.testing.assert_allclose([step.moved_m for step in steps], [[0.5, 0.0]] * 10)
    assert np.diff(steps[3].norm_ut) == pytest.approx(2.25)  # nine intervals over four points


def test_a_step_after_a_stop_holds_the_field_of_the_step_alone() -> None:
    moved_m = np.zeros((400, 2))
    moved_m[300] = [0.6, 0.0]
    (step,) = cut(ramp(20.0, moved_m))
    assert step.norm_ut.min() > 300 - 1.2 / 0.05
    assert step.norm_ut[-1] == 300.0


def test_without_odometry_a_walking_pace_is_assumed_and_marked() -> None:
    steps = cut(ramp(10.0, None))
    assert len(steps) == pytest.approx(10.0 / STEP_M, abs=1)
    assert all(step.paced for step in steps)
