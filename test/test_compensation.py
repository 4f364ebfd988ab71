"""The field of the building, from the readings of a robot's magnetometer."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers import START_NS

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.compensation import Compensation, JointReading, joint_reading
from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.core.types import FloatArray

TILTED = (0.5, 0.5, 0.5, 0.5)  # x to y, y to z, z to x
FIELD_UT = np.array([20.0, -5.0, -43.0])  # in the body's axes
S = 1_000_000_000


def raw_ut(robot: Robot, motor_ut: tuple[float, float, float]) -> FloatArray:
    read_ut: FloatArray = robot.mount.T @ FIELD_UT + np.array(robot.hard_iron_ut) + np.array(motor_ut)
    return read_ut


def test_hard_iron_and_motors_are_removed_before_the_mount_is_applied() -> None:
    motor = MotorField(("velocity:a", "speed:a", "effort:b", "load:b"), tuple((1.0 * n, -n, 0.5) for n in range(4)))
    compensation = Compensation(Robot(TILTED, (7.0, 8.0, 9.0), motor))
    compensation.joints.add(joint_reading(START_NS, ["a", "b"], [-2.0, math.nan], [math.nan, -3.0]))
    # velocity -2, speed 2, effort -3, load 3
    added = (1.0 * 2 + 2.0 * -3 + 3.0 * 3, -1.0 * 2 + -2.0 * -3 + -3.0 * 3, 0.5 * (-2 + 2 - 3 + 3))
    read_ut = raw_ut(compensation.robot, added)
    np.testing.assert_allclose(compensation.field_ut(START_NS + 1, read_ut), FIELD_UT, atol=1e-12)


def test_a_robot_without_settings_leaves_readings_unchanged() -> None:
    for read_ut in (FIELD_UT, np.array([0.0, math.nan, 1e9])):
        assert Compensation(Robot()).field_ut(START_NS, read_ut) is read_ut


def test_a_driver_in_another_unit_is_scaled_first() -> None:
    compensation = Compensation(Robot(hard_iron_ut=(7.0, 0.0, 0.0), field_scale=1e-4))  # gauss
    np.testing.assert_allclose(compensation.field_ut(START_NS, (FIELD_UT + np.array([7.0, 0.0, 0.0])) * 1e4), FIELD_UT)
    with pytest.raises(ConfigError, match="field_scale: wanted 1e-12 to 1e"):
        Robot(field_scale=0.0)


def test_joints_may_come_in_several_messages_and_with_empty_lists() -> None:
    motor = MotorField(("velocity:left", "velocity:right"), ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    compensation = Compensation(Robot(motor=motor))
    for joint, value in (("left", 3.0), ("right", 4.0), ("arm", 5.0)):
        compensation.joints.add(joint_reading(START_NS, [joint], [value], []))
    compensation.joints.add(joint_reading(START_NS, ["left"], [], [1.0]))
    assert compensation.motor_ut(START_NS).tolist() == [3.0, 4.0, 0.0]


def test_the_joint_state_at_the_stamp_counts_and_not_a_later_one() -> None:
    compensation = Compensation(Robot(motor=MotorField(("velocity:a",), ((1.0, 0.0, 0.0),), 0.1)))
    for tenth in range(10):
        compensation.joints.add(JointReading(START_NS + tenth * S // 10, {"velocity:a": float(tenth)}))
    assert compensation.motor_ut(START_NS + S // 2)[0] == 4.0
    assert compensation.motor_ut(START_NS + S // 2 - 1)[0] == 3.0
    assert compensation.motor_ut(START_NS + 2 * S)[0] == 9.0


def test_without_joint_states_the_field_is_unknown() -> None:
    compensation = Compensation(Robot(motor=MotorField(("velocity:a",), ((1.0, 0.0, 0.0),))))
    assert np.isnan(compensation.field_ut(START_NS, FIELD_UT)).all()
    compensation.joints.add(JointReading(START_NS, {"velocity:a": 2.0}))
    assert compensation.field_ut(START_NS, FIELD_UT)[0] == pytest.approx(18.0)
    assert np.isnan(compensation.field_ut(START_NS + S + 1, FIELD_UT)).all(), "silent for a second"
    compensation.joints.add(JointReading(START_NS - 5 * S, {"velocity:a": 1.0}))  # the clock was set back
    assert compensation.field_ut(START_NS - 5 * S, FIELD_UT)[0] == pytest.approx(19.0)


def test_a_stuck_sensor_is_detected_before_compensation() -> None:
    compensation = Compensation(Robot(motor=MotorField(("velocity:a",), ((1.0, 0.0, 0.0),))))
    fields_ut = []
    for step in range(150):
        stamp_ns = START_NS + step * S // 50
        compensation.joints.add(JointReading(stamp_ns, {"velocity:a": float(step)}))
        fields_ut.append(compensation.field_ut(stamp_ns, FIELD_UT))
    assert np.isfinite(fields_ut[:99]).all()
    assert np.isnan(fields_ut[101:]).all()
