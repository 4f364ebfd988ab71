"""Odometry beside the field: every way is credited once, and silence is not a stand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mail_ros.core.platform.odometry import WAITING, Displacements, ImuReading
from mail_ros.core.platform.odometry_buffer import OdometryBuffer, OdometryPose, StepBuffer, WheelBuffer
from mail_ros.core.signal.attitude import about_vertical

START_NS = 1_700_000_000_000_000_000
FIELD_UT = np.array([20.0, 5.0, -43.0])


def stamp(seconds: float) -> int:
    return START_NS + round(seconds * 1e9)


def pose(seconds: float, x_m: float, yaw_rad: float = 0.0) -> OdometryPose:
    return OdometryPose(stamp(seconds), np.array([x_m, 0.0]), yaw_rad)


def moved_m(feed: OdometryBuffer[Any], seconds: float) -> float:
    moved = feed.sample(stamp(seconds), FIELD_UT).moved_m
    assert moved is not None
    return float(moved[0])


def at_yaw_rad(feed: OdometryBuffer[Any], seconds: float) -> float:
    found = feed.at(stamp(seconds))
    assert found is not None
    return found.yaw_rad


def test_a_way_goes_with_the_first_sample_that_may_know_of_it() -> None:
    feed = WheelBuffer()
    for k in range(10):
        feed.hear(pose(0.02 * k, 0.01 * k))
    assert moved_m(feed, 0.1) == pytest.approx(0.05)
    assert moved_m(feed, 0.11) == 0.0
    assert moved_m(feed, 0.2) == pytest.approx(0.04)


def test_silent_odometry_is_not_a_number_and_what_it_missed_comes_later() -> None:
    feed = WheelBuffer()
    assert np.isnan(moved_m(feed, 0.0))
    feed.hear(pose(0.0, 0.0))
    assert moved_m(feed, 0.9) == 0.0
    assert np.isnan(moved_m(feed, 1.1))
    feed.hear(pose(1.2, 0.6))
    assert moved_m(feed, 1.2) == pytest.approx(0.6)


def test_a_sample_carries_the_newest_attitude_also_while_the_way_is_not_known() -> None:
    feed = WheelBuffer()
    unknown = feed.sample(stamp(0.0), FIELD_UT).attitude_xyzw
    assert unknown is not None
    assert np.isnan(unknown).all()
    feed.hear(pose(0.0, 0.0, 0.7))
    feed.hear(pose(0.1, 0.0, 0.8))
    for seconds in (0.1, 5.0):
        known = feed.sample(stamp(seconds), FIELD_UT).attitude_xyzw
        assert known == pytest.approx(about_vertical(0.8))
    feed.reset()
    forgotten = feed.sample(stamp(0.2), FIELD_UT).attitude_xyzw
    assert forgotten is not None
    assert np.isnan(forgotten).all()


def test_a_clock_that_is_not_the_field_s_is_no_odometry() -> None:
    feed = WheelBuffer()
    feed.hear(pose(100.0, 0.0))
    assert np.isnan(moved_m(feed, 0.0))


@pytest.mark.parametrize("wrong", [pose(0.1, np.nan), pose(0.1, 0.0, np.inf)])
def test_a_pose_that_is_not_a_number_is_passed_over(wrong: OdometryPose) -> None:
    feed = WheelBuffer()
    feed.hear(pose(0.0, 0.0))
    feed.hear(wrong)
    feed.hear(pose(0.2, 0.1))
    assert moved_m(feed, 0.2) == pytest.approx(0.1)
    assert at_yaw_rad(feed, 0.15) == 0.0


def test_where_odometry_was_is_known_for_a_stamp_but_not_before_the_first() -> None:
    feed = WheelBuffer()
    feed.hear(pose(1.0, 1.0, 0.5))
    feed.hear(pose(2.0, 1.5, 0.6))
    assert feed.at(stamp(0.9)) is None
    assert at_yaw_rad(feed, 1.9) == 0.5
    assert at_yaw_rad(feed, 2.0) == 0.6
    feed.reset()
    assert feed.at(stamp(2.0)) is None
    assert np.isnan(moved_m(feed, 2.0))


def test_steps_are_ways_and_the_attitude_is_the_heading() -> None:
    feed, turned = StepBuffer(), np.array([0.0, 0.0, np.sin(0.5), np.cos(0.5)])
    for k in range(500):
        up_m_s2 = 9.8 + 3.0 * np.sin(2.0 * np.pi * 1.8 * k / 50.0)
        feed.hear(ImuReading(stamp(0.02 * k), turned, np.array([0.0, 0.0, up_m_s2])))
    feed.hear(ImuReading(stamp(10.0), turned * np.nan, np.zeros(3)))
    walked = feed.sample(stamp(10.0), FIELD_UT).moved_m
    assert walked is not None
    assert np.linalg.norm(walked) == pytest.approx(0.6 * 18, abs=1.3)
    assert np.arctan2(walked[1], walked[0]) == pytest.approx(1.0)
    newest = feed.at(stamp(10.0))
    assert newest is not None
    assert newest.yaw_rad == pytest.approx(1.0)
    assert newest.position_m == pytest.approx(walked)


def test_while_nobody_asks_the_ways_do_not_pile_up() -> None:
    travelled = Displacements()
    for k in range(5 * WAITING):
        travelled.add(stamp(0.01 * k), np.array([0.01, 0.0]))
    assert len(travelled) == WAITING
    assert travelled.take(stamp(100.0))[0] == pytest.approx(0.05 * WAITING)
