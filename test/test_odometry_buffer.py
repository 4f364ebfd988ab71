"""Odometry of field samples: every displacement is credited once, and silence does not mean stationary."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mail_ros.core.platform.odometry import MAX_PENDING, Displacements, ImuReading
from mail_ros.core.platform.odometry_buffer import OdometryBuffer, OdometryPose, StepBuffer, WheelBuffer
from mail_ros.core.signal.attitude import about_vertical

START_NS = 1_700_000_000_000_000_000
FIELD_UT = np.array([20.0, 5.0, -43.0])


def stamp(seconds: float) -> int:
    return START_NS + round(seconds * 1e9)


def pose(seconds: float, x_m: float, yaw_rad: float = 0.0) -> OdometryPose:
    return OdometryPose(stamp(seconds), np.array([x_m, 0.0]), yaw_rad)


def moved_m(buffer: OdometryBuffer[Any], seconds: float) -> float:
    moved = buffer.sample(stamp(seconds), FIELD_UT).moved_m
    assert moved is not None
    return float(moved[0])


def at_yaw_rad(buffer: OdometryBuffer[Any], seconds: float) -> float:
    found = buffer.at(stamp(seconds))
    assert found is not None
    return found.yaw_rad


def test_a_displacement_goes_with_the_first_sample_that_may_use_it() -> None:
    buffer = WheelBuffer()
    for k in range(10):
        buffer.add(pose(0.02 * k, 0.01 * k))
    assert moved_m(buffer, 0.1) == pytest.approx(0.05)
    assert moved_m(buffer, 0.11) == 0.0
    assert moved_m(buffer, 0.2) == pytest.approx(0.04)


def test_silent_odometry_is_not_a_number_and_what_it_missed_comes_later() -> None:
    buffer = WheelBuffer()
    assert np.isnan(moved_m(buffer, 0.0))
    buffer.add(pose(0.0, 0.0))
    assert moved_m(buffer, 0.9) == 0.0
    assert np.isnan(moved_m(buffer, 1.1))
    buffer.add(pose(1.2, 0.6))
    assert moved_m(buffer, 1.2) == pytest.approx(0.6)


def test_a_sample_carries_the_newest_attitude_also_while_odometry_is_silent() -> None:
    buffer = WheelBuffer()
    unknown = buffer.sample(stamp(0.0), FIELD_UT).attitude_xyzw
    assert unknown is not None
    assert np.isnan(unknown).all()
    buffer.add(pose(0.0, 0.0, 0.7))
    buffer.add(pose(0.1, 0.0, 0.8))
    for seconds in (0.1, 5.0):
        known = buffer.sample(stamp(seconds), FIELD_UT).attitude_xyzw
        assert known == pytest.approx(about_vertical(0.8))
    buffer.reset()
    after_reset = buffer.sample(stamp(0.2), FIELD_UT).attitude_xyzw
    assert after_reset is not None
    assert np.isnan(after_reset).all()


def test_odometry_on_another_clock_is_not_used() -> None:
    buffer = WheelBuffer()
    buffer.add(pose(100.0, 0.0))
    assert np.isnan(moved_m(buffer, 0.0))


@pytest.mark.parametrize("wrong", [pose(0.1, np.nan), pose(0.1, 0.0, np.inf)])
def test_a_pose_that_is_not_a_number_is_ignored(wrong: OdometryPose) -> None:
    buffer = WheelBuffer()
    buffer.add(pose(0.0, 0.0))
    buffer.add(wrong)
    buffer.add(pose(0.2, 0.1))
    assert moved_m(buffer, 0.2) == pytest.approx(0.1)
    assert at_yaw_rad(buffer, 0.15) == 0.0


def test_the_pose_at_a_stamp_is_known_but_not_before_the_first() -> None:
    buffer = WheelBuffer()
    buffer.add(pose(1.0, 1.0, 0.5))
    buffer.add(pose(2.0, 1.5, 0.6))
    assert buffer.at(stamp(0.9)) is None
    assert at_yaw_rad(buffer, 1.9) == 0.5
    assert at_yaw_rad(buffer, 2.0) == 0.6
    buffer.reset()
    assert buffer.at(stamp(2.0)) is None
    assert np.isnan(moved_m(buffer, 2.0))


def test_steps_are_displacements_and_the_attitude_gives_the_heading() -> None:
    buffer, attitude = StepBuffer(), np.array([0.0, 0.0, np.sin(0.5), np.cos(0.5)])
    for k in range(500):
        up_m_s2 = 9.8 + 3.0 * np.sin(2.0 * np.pi * 1.8 * k / 50.0)
        buffer.add(ImuReading(stamp(0.02 * k), attitude, np.array([0.0, 0.0, up_m_s2])))
    buffer.add(ImuReading(stamp(10.0), attitude * np.nan, np.zeros(3)))
    walked = buffer.sample(stamp(10.0), FIELD_UT).moved_m
    assert walked is not None
    assert np.linalg.norm(walked) == pytest.approx(0.6 * 18, abs=1.3)
    assert np.arctan2(walked[1], walked[0]) == pytest.approx(1.0)
    newest = buffer.at(stamp(10.0))
    assert newest is not None
    assert newest.yaw_rad == pytest.approx(1.0)
    assert newest.position_m == pytest.approx(walked)


def test_displacements_that_no_sample_takes_do_not_accumulate() -> None:
    travelled = Displacements()
    for k in range(5 * MAX_PENDING):
        travelled.add(stamp(0.01 * k), np.array([0.01, 0.0]))
    assert len(travelled) == MAX_PENDING
    assert travelled.pop_until(stamp(100.0))[0] == pytest.approx(0.05 * MAX_PENDING)
