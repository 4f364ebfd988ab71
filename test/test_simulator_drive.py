"""The motion and the readings of a drive follow from its settings and from physics."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from small_buildings import small_building

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.odometry import GaitConfig
from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.body_motion import to_body
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig

EXACT = DriveConfig(
    noise_ut=0.0, resolution_ut=0.0, offset_ut=0.0, soft_iron=0.0, sway_rad=0.0, attitude_noise_rad=0.0,
    imu_yaw_offset_rad=0.0, imu_yaw_drift_rad_s=0.0, rate_noise_rad_s=0.0, acceleration_noise_m_s2=0.0,
    wheel_size_error=0.0, slip=0.0,
)  # fmt: skip


def go(config: DriveConfig, seed: int = 3, length_m: float = 40.0) -> SimulatedDrive:
    return drive(small_building(), config, seed, length_m=length_m)


def changed(**settings: object) -> DriveConfig:
    return dataclasses.replace(EXACT, **settings)  # type: ignore[arg-type]


def in_map(walk: SimulatedDrive, mount: FloatArray) -> FloatArray:
    """The readings rotated into the map by an attitude without errors."""
    rotated_ut: FloatArray = np.einsum("nij,nj->ni", rotation(walk.imu.orientation_xyzw), walk.field_ut @ mount.T)
    return rotated_ut


@pytest.mark.slow
def test_the_same_seed_is_the_same_drive_and_another_is_not() -> None:
    first, again, other = go(DriveConfig()), go(DriveConfig()), go(DriveConfig(), seed=4)
    np.testing.assert_array_equal(first.field_ut, again.field_ut)
    np.testing.assert_array_equal(first.stamp_ns, again.stamp_ns)
    assert len(first.stamp_ns) != len(other.stamp_ns)


def test_a_disturbance_changes_nothing_but_what_it_disturbs() -> None:
    calm, shaken = go(DriveConfig()), go(DriveConfig(motor_ut=5.0, offset_ut=40.0, tilt_rad=0.1))
    np.testing.assert_array_equal(calm.position_m, shaken.position_m)
    assert calm.wheels is not None
    assert shaken.wheels is not None
    np.testing.assert_array_equal(calm.wheels.odometry, shaken.wheels.odometry)
    assert np.linalg.norm(calm.field_ut - shaken.field_ut, axis=1).min() > 1.0


def test_the_sensor_rotates_with_the_body_and_its_mount() -> None:
    """Rotated back by attitude and mount, the readings are the building's field at the sensor."""
    for config in (EXACT, changed(heading_offset_rad=2.0, tilt_rad=0.15, spins=1, forward_m=-0.2, left_m=0.3)):
        walk = go(config)
        cosine, sine = np.cos(config.heading_offset_rad), np.sin(config.heading_offset_rad)
        mount = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
        ahead = np.column_stack([np.cos(walk.heading_rad), np.sin(walk.heading_rad)])
        left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
        position_m = walk.position_m + config.forward_m * ahead + config.left_m * left
        position_m = np.column_stack([position_m, np.full(len(position_m), config.height_m)])
        np.testing.assert_allclose(in_map(walk, mount), small_building().field_ut(0, position_m), atol=1e-6)


def test_a_drive_has_the_spins_stops_and_reversals_of_its_settings() -> None:
    walk = go(changed(spins=2, stops=1, stop_s=7.0, reversals=3, reversal_m=0.5))
    assert walk.wheels is not None
    backwards = np.diff(np.concatenate([[0], walk.speed_m_s < -0.01, [0]]).astype(int))
    assert (backwards > 0).sum() == 3
    back_m = -(walk.speed_m_s[walk.speed_m_s < 0] / 50.0).sum()
    assert back_m == pytest.approx(3 * 0.5, rel=0.1)
    calm_s = go(EXACT).duration_s
    stop_s = go(changed(stops=1, stop_s=7.0)).duration_s - calm_s
    assert 7.0 < stop_s < 7.0 + 2.5  # it also has to brake and to start
    turning = np.abs(np.gradient(walk.heading_rad)).cumsum()
    assert turning[-1] > 2 * 2 * np.pi
    at_rest = walk.stationary & (np.abs(np.gradient(walk.heading_rad)) > 1e-3)
    assert np.linalg.norm(np.diff(walk.position_m[at_rest], axis=0), axis=1).max() > 1.0  # at two positions
    with pytest.raises(ConfigError, match=r"drive\.stops, .*: wanted at most \d+ on this path, found 99"):
        go(changed(stops=99))


@pytest.mark.parametrize("speed_m_s", [0.1, 0.6, 2.0])
def test_a_robot_keeps_to_its_speed_and_acceleration(speed_m_s: float) -> None:
    walk = go(changed(speed_m_s=speed_m_s, speed_variation=0.0, stops=1, stop_s=2.0))
    assert np.abs(walk.speed_m_s).max() <= speed_m_s * 1.001
    assert np.percentile(walk.speed_m_s, 90) > 0.5 * speed_m_s
    assert np.abs(np.diff(walk.speed_m_s)).max() * 50.0 <= 1.05 * EXACT.acceleration_m_s2
    step_m = np.linalg.norm(np.diff(walk.position_m, axis=0), axis=1)
    np.testing.assert_allclose(step_m * 50.0, np.abs(walk.speed_m_s[1:]), atol=0.02 * speed_m_s + 0.011)


def test_wheels_without_slip_measure_the_trajectory() -> None:
    walk = go(changed(spins=1, reversals=1))
    assert walk.wheels is not None
    x_m, y_m, yaw_rad = walk.wheels.odometry.T
    start_rad = walk.heading_rad[0]
    cosine, sine = np.cos(start_rad), np.sin(start_rad)
    position_m = walk.position_m[0] + np.column_stack([cosine * x_m - sine * y_m, sine * x_m + cosine * y_m])
    assert np.linalg.norm(position_m - walk.position_m, axis=1).max() < 0.15
    np.testing.assert_allclose(yaw_rad, walk.heading_rad - start_rad, atol=0.03)
    slipping = go(dataclasses.replace(EXACT, slip=0.01, wheel_size_error=0.003))
    assert slipping.wheels is not None
    off_rad = slipping.wheels.odometry[-1, 2] - (slipping.heading_rad[-1] - slipping.heading_rad[0])
    assert 0.005 < abs(off_rad) < 0.8


def test_motors_distort_the_field_with_their_current() -> None:
    """At a steady speed of 1 m/s by `motor_ut`, at rest not at all."""
    settings = {"speed_m_s": 1.0, "speed_variation": 0.0, "wander_m": 0.0, "stops": 1}
    calm, driven = go(changed(**settings)), go(changed(**settings, motor_ut=8.0))
    disturbance_ut = np.linalg.norm(driven.field_ut - calm.field_ut, axis=1)
    assert disturbance_ut[driven.stationary & (np.abs(np.gradient(driven.heading_rad)) < 1e-9)][10:-10].max() < 1e-6
    steady = np.abs(np.gradient(driven.speed_m_s)) < 1e-6
    steady &= driven.speed_m_s > 0.95
    assert disturbance_ut[steady].mean() == pytest.approx(8.0, rel=0.1)


def test_noise_offset_and_resolution_of_the_readings() -> None:
    clean = go(EXACT)
    noisy_ut = go(changed(noise_ut=0.5)).field_ut - clean.field_ut
    np.testing.assert_allclose(noisy_ut.std(axis=0), 0.5, rtol=0.05)
    offset_ut = go(changed(offset_ut=30.0)).field_ut - clean.field_ut
    np.testing.assert_allclose(np.linalg.norm(offset_ut, axis=1), 30.0)
    assert np.ptp(offset_ut, axis=0).max() < 1e-9
    steps = go(changed(resolution_ut=0.6)).field_ut / 0.6
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)


def test_stamps_have_jitter_and_gaps_are_empty() -> None:
    walk = go(changed(jitter_s=0.002, gaps=2, gap_s=0.5))
    step_s = np.diff(walk.stamp_ns) / 1e9
    assert step_s.min() > 0.0
    assert (step_s > 0.45).sum() == 2
    assert step_s[step_s < 0.1].std() == pytest.approx(0.002 * np.sqrt(2), rel=0.1)
    assert len(walk.imu.stamp_ns) == len(walk.stamp_ns) == len(walk.position_m)


def test_the_inertial_unit_measures_gravity_but_no_north() -> None:
    walk = go(DriveConfig(tilt_rad=0.17))
    up = to_body(rotation(walk.imu.orientation_xyzw), np.tile([0.0, 0.0, 1.0], (len(walk.stamp_ns), 1)))
    along_m_s2 = (up * walk.imu.acceleration_m_s2).sum(axis=1)
    assert along_m_s2.mean() == pytest.approx(9.81, abs=0.05)
    assert np.degrees(np.arccos(up[:, 2])).mean() == pytest.approx(np.degrees(0.17), abs=1.5)
    offsets = []
    for seed in (1, 2, 3):
        one = go(DriveConfig(), seed=seed)
        yaw_rad = np.unwrap(2.0 * np.arctan2(one.imu.orientation_xyzw[:, 2], one.imu.orientation_xyzw[:, 3]))
        yaw_rad = yaw_rad - one.heading_rad
        assert np.ptp(yaw_rad) < 0.1
        offsets.append((yaw_rad.mean() + np.pi) % (2 * np.pi) - np.pi)
    assert np.ptp(offsets) > 0.5
    (turn_rad_s,) = np.abs(go(changed(spins=1)).imu.rate_rad_s).max(axis=0)[2:]
    assert turn_rad_s == pytest.approx(EXACT.max_yaw_rate_rad_s, rel=0.1)


@pytest.mark.slow
def test_a_person_walks_in_steps_that_odometry_finds() -> None:
    walk = go(PERSON, length_m=60.0)
    assert walk.wheels is None
    way_m = np.linalg.norm(np.diff(walk.position_m[::25], axis=0), axis=1).sum()
    steps_m = np.linalg.norm(walk.moved_m(), axis=1)
    assert steps_m.sum() == pytest.approx(way_m, rel=0.15)


@pytest.mark.slow
def test_a_track_declares_where_its_sensor_is_and_its_truth_is_that_of_the_axle() -> None:
    """A rotation in place moves the sensor; the true position keeps still."""
    walk = go(changed(forward_m=0.4, left_m=-0.2, spins=1))
    track = walk.true_track("drive")
    assert track.lever_m == walk.track("drive").lever_m == (0.4, -0.2)
    assert track.odometry == "wheels"
    spinning = track.paused & (np.abs(np.gradient(walk.heading_rad)) > 1e-3)
    assert np.ptp(walk.heading_rad[spinning]) > 6.0
    assert np.ptp(track.position_m[spinning], axis=0).max() < 1e-6
    person = go(PERSON, length_m=20.0).true_track("walk")
    assert (person.lever_m, person.odometry) == ((GaitConfig.held_ahead_m, 0.0), "steps")


def test_tracks_carry_odometry_and_labels() -> None:
    walk = go(DriveConfig(stops=1))
    track, true_track = walk.track("drive"), walk.true_track("drive")
    np.testing.assert_array_equal(true_track.position_m, walk.position_m)
    assert true_track.paused.sum() == pytest.approx(10.0 * 50.0, rel=0.2)
    assert track.valid.mean() > 0.99
    assert track.moved_m is not None
    assert walk.wheels is not None
    np.testing.assert_allclose(track.moved_m.sum(axis=0), walk.wheels.odometry[-1, :2] - walk.wheels.odometry[0, :2])


@pytest.mark.slow
def test_a_survey_takes_every_corridor_of_every_floor_both_ways_with_one_device() -> None:
    building = small_building()
    walks = list(survey(building, 2, seed=1))
    assert [walk.floor for walk in walks] == [0, 0, 1, 1]
    for walk in walks:
        passed = [mark.position_m for mark in walk.landmarks]
        taken = [(a, b) for a, b in itertools.pairwise(passed) if a != b]
        assert len(taken) == 2 * len(building.plan.corridor) == len(set(taken))
        assert {mark.floor for mark in walk.landmarks} == {walk.floor}
        track = walk.track("walk")
        error_m = np.linalg.norm(track.position_m - walk.position_m, axis=1)[track.valid]
        assert np.median(error_m) < 0.35
    (part,) = (walk for walk in survey(building, 1, seed=1, fraction=0.5) if walk.floor == 0)
    assert len(part.landmarks) < len(walks[0].landmarks)


def test_a_robot_can_keep_a_lateral_offset() -> None:
    middle, left = (go(changed(wander_m=0.0, lateral_offset_m=lateral_offset_m)) for lateral_offset_m in (0.0, 0.3))
    distance_m = np.linalg.norm(left.position_m[:, None] - middle.position_m[::5], axis=2).min(axis=1)
    assert np.median(distance_m) == pytest.approx(0.3, abs=0.02)
    ends_m = np.linalg.norm(left.position_m[[0, -1]] - middle.position_m[[0, -1]], axis=1)
    assert ends_m == pytest.approx([0.0, 0.0], abs=0.01)
