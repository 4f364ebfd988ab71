"""The field of the place out of what a robot's magnetometer reads."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import START_NS

from mail_ros.core.platform.compensation import Compensation, JointReading, joint_reading
from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.core.types import FloatArray

TILTED = (0.5, 0.5, 0.5, 0.5)  # x to y, y to z, z to x
PLACE_UT = np.array([20.0, -5.0, -43.0])  # in the body's axes
S = 1_000_000_000


def raw_ut(robot: Robot, motor_ut: tuple[float, float, float]) -> FloatArray:
    read_ut: FloatArray = robot.mount.T @ PLACE_UT + np.array(robot.hard_iron_ut) + np.array(motor_ut)
    return read_ut


def test_hard_iron_and_motors_are_taken_off_before_the_mount_turns() -> None:
    motor = MotorField(("velocity:a", "speed:a", "effort:b", "load:b"), tuple((1.0 * n, -n, 0.5) for n in range(4)))
    correction = Compensation(Robot(TILTED, (7.0, 8.0, 9.0), motor))
    correction.hear(joint_reading(START_NS, ["a", "b"], [-2.0, math.nan], [math.nan, -3.0]))
    # velocity -2, speed 2, effort -3, load 3
    added = (1.0 * 2 + 2.0 * -3 + 3.0 * 3, -1.0 * 2 + -2.0 * -3 + -3.0 * 3, 0.5 * (-2 + 2 - 3 + 3))
    read_ut = raw_ut(correction.robot, added)
    np.testing.assert_allclose(correction.body_ut(START_NS + 1, read_ut), PLACE_UT, atol=1e-12)


def test_a_robot_of_which_nothing_is_known_leaves_readings_as_they_are() -> None:
    for read_ut in (PLACE_UT, np.array([0.0, math.nan, 1e9])):
        assert Compensation(Robot()).body_ut(START_NS, read_ut) is read_ut


def test_joints_may_come_in_several_messages_and_with_empty_lists() -> None:
    motor = MotorField(("velocity:left", "velocity:right"), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    correction = Compensation(Robot(motor=motor))
    for joint, value in (("left", 3.0), ("right", 4.0), ("arm", 5.0)):
        correction.hear(joint_reading(START_NS, [joint], [value], []))
    correction.hear(joint_reading(START_NS, ["left"], [], [1.0]))
    assert correction.motor_ut(START_NS).tolist() == [3.0, 4.0, 0.0]


def test_what_the_motors_did_then_counts_and_not_what_they_did_later() -> None:
    correction = Compensation(Robot(motor=MotorField(("velocity:a",), ((1.0, 0.0, 0.0),), 0.1)))
    for tenth in range(10):
        correction.hear(JointReading(START_NS + tenth * S // 10, {"velocity:a": float(tenth)}))
    assert correction.motor_ut(START_NS + S // 2)[0] == 4.0
    assert correction.motor_ut(START_NS + S // 2 - 1)[0] == 3.0
    assert correction.motor_ut(START_NS + 2 * S)[0] == 9.0


def test_without_joint_states_the_field_is_not_known() -> None:
    correction = Compensation(Robot(motor=MotorField(("velocity:a",), ((1.0, 0.0, 0.0),))))
    assert np.isnan(correction.body_ut(START_NS, PLACE_UT)).all()
    correction.hear(JointReading(START_NS, {"velocity:a": 2.0}))
    assert correction.body_ut(START_NS, PLACE_UT)[0] == pytest.approx(18.0)
    assert np.isnan(correction.body_ut(START_NS + S + 1, PLACE_UT)).all(), "silent for a second"
    correction.hear(JointReading(START_NS - 5 * S, {"velocity:a": 1.0}))  # the clock was set back
    assert correction.body_ut(START_NS - 5 * S, PLACE_UT)[0] == pytest.approx(19.0)


def test_a_stuck_sensor_does_not_come_alive_by_what_is_taken_off() -> None:
    correction = Compensation(Robot(motor=MotorField(("velocity:a",), ((1.0, 0.0, 0.0),))))
    given = []
    for step in range(150):
        stamp_ns = START_NS + step * S // 50
        correction.hear(JointReading(stamp_ns, {"velocity:a": float(step)}))
        given.append(correction.body_ut(stamp_ns, PLACE_UT))
    assert np.isfinite(given[:99]).all()
    assert np.isnan(given[101:]).all()
