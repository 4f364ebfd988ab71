"""A calibration drive gives the motor field, hard iron and mount, or an error about what is missing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from calibration_drives import (
    FASTEST_RAD_S,
    MOTOR,
    ROBOT,
    TILTED,
    WHEELS,
    MadeUpDrive,
    each_and_both,
    forth_and_back,
    made_up,
    spins,
)

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.core.platform.compensation import Compensation, joint_reading
from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.core.types import FloatArray
from mail_ros.data.calibration.calibration import calibrate, motor_ut
from mail_ros.data.calibration.calibration_drive import CalibrationDrive, parse_mount, read_drive

WHOLE = np.concatenate([forth_and_back(), spins()])


def drive_of(made: MadeUpDrive, effort: FloatArray | None = None) -> CalibrationDrive:
    """Without a bag in between."""
    joints = {f"velocity:{wheel}": (made.stamp_ns, made.wheels[:, side]) for side, wheel in enumerate(WHEELS)}
    if effort is not None:
        joints |= {f"effort:{wheel}": (made.stamp_ns, effort[:, side]) for side, wheel in enumerate(WHEELS)}
    return CalibrationDrive("drive", made.stamp_ns, made.field_ut, joints, made.pose, TILTED)


def at_full_speed_ut(motor: MotorField, true: MotorField = MOTOR) -> float:
    """How wrong the motor field is, straight on at full speed or, if that is worse, in a spin of half of it."""
    wrong = {name: -np.array(row) for name, row in zip(true.inputs, true.ut_per_unit, strict=True)}
    for name, row in zip(motor.inputs, motor.ut_per_unit, strict=True):
        wrong[name] = wrong.get(name, np.zeros(3)) + row
    left, right = (wrong[f"velocity:{wheel}"] for wheel in WHEELS)
    return FASTEST_RAD_S * float(max(np.linalg.norm(left + right), np.linalg.norm(0.5 * (left - right))))


@pytest.mark.parametrize("seed", range(5))
def test_a_drive_to_and_fro_with_rotations_determines_everything(seed: int, tmp_path: Path) -> None:
    """Less than 0.2 of the 10 µT of the motors at full speed is left, without knowledge of the field at a position."""
    assert FASTEST_RAD_S * np.linalg.norm(np.sum(MOTOR.ut_per_unit, axis=0)) == pytest.approx(10.0, abs=0.01)
    found = calibrate(read_drive(made_up(WHOLE, seed=seed).write(tmp_path / "drive")))
    assert at_full_speed_ut(found.robot.motor) < 0.2
    assert found.robot.motor.lag_s == 0.0
    np.testing.assert_allclose(found.robot.mount_xyzw, TILTED, atol=1e-9)
    assert found.motor is not None
    assert found.motor.explained > 0.95
    assert found.motor.after_ut.max() < 0.35, "the sensor's own noise is 0.3"
    assert not found.motor.collinear
    assert found.iron is not None
    body_ut = ROBOT.mount @ found.robot.hard_iron_ut
    np.testing.assert_allclose(body_ut, [*(ROBOT.mount @ ROBOT.hard_iron_ut)[:2], 0.0], atol=0.2)


@pytest.mark.parametrize("seed", range(3))
def test_where_odometry_is_wrong_little_more_is_left(seed: int) -> None:
    """By 5 cm at any time, or more and more, by wheels that slip by 1 % each, which makes some 20° in two minutes."""
    for wander_m, slip in ((0.05, 0.0), (0.01, 0.01)):
        found = calibrate(drive_of(made_up(WHOLE, wander_m=wander_m, slip=slip, seed=seed)))
        assert at_full_speed_ut(found.robot.motor) < 0.5


def test_lifted_wheels_determine_the_motor_field_only() -> None:
    made = made_up(each_and_both(), lifted=True)
    found = calibrate(drive_of(made), lifted=True)
    assert at_full_speed_ut(found.robot.motor) < 0.1
    assert found.iron is None
    assert found.robot.hard_iron_ut == (0.0, 0.0, 0.0)


def test_undetermined_values_stay_as_they_were() -> None:
    known = Robot(hard_iron_ut=(1.0, 2.0, 3.0))
    found = calibrate(drive_of(made_up(forth_and_back())), known, mount_xyzw=(1.0, 0.0, 0.0, 0.0))
    assert found.robot.hard_iron_ut == known.hard_iron_ut
    assert found.robot.mount_xyzw == (1.0, 0.0, 0.0, 0.0)


def test_wheels_that_always_turn_alike_share_what_they_do_together() -> None:
    """Each gets half: the unobservable difference does not disturb rotations on the spot."""
    found = calibrate(drive_of(made_up(forth_and_back()))).motor
    assert found is not None
    assert found.collinear == (tuple(f"velocity:{wheel}" for wheel in WHEELS),)
    left, right = np.array(found.motor.ut_per_unit)
    np.testing.assert_allclose(left, right)
    np.testing.assert_allclose(left + right, np.sum(MOTOR.ut_per_unit, axis=0), atol=0.02)


def test_a_field_that_goes_with_the_current_is_found_in_the_efforts() -> None:
    """Friction and acceleration take current; velocity does not determine the second."""
    made = made_up(WHOLE, dataclasses.replace(ROBOT, motor=MotorField()))
    effort = 0.2 * np.tanh(made.wheels) + 0.05 * np.gradient(made.wheels, 0.02, axis=0)
    per_unit = np.array([[20.0, 4.0, -2.0], [8.0, -6.0, 12.0]])
    made = dataclasses.replace(made, field_ut=made.field_ut + effort @ per_unit)
    motor = calibrate(drive_of(made, effort)).robot.motor
    assert motor.inputs == tuple(f"effort:{wheel}" for wheel in WHEELS)
    np.testing.assert_allclose(motor.ut_per_unit, per_unit, atol=0.5)


def test_a_field_that_is_the_same_forwards_and_backwards_is_found_in_the_speeds() -> None:
    made = made_up(WHOLE, dataclasses.replace(ROBOT, motor=MotorField()))
    made = dataclasses.replace(
        made, field_ut=made.field_ut + np.abs(made.wheels).sum(axis=1)[:, None] * [0.3, 0.0, 0.2]
    )
    drive = drive_of(made)
    motor = calibrate(drive).robot.motor
    assert {name for name in motor.inputs if name.startswith("speed:")} == {f"speed:{wheel}" for wheel in WHEELS}
    added = np.abs(made.wheels).sum(axis=1)[:, None] * [0.3, 0.0, 0.2]
    assert np.abs(motor_ut(drive, motor)[10:] - added[10:]).max() < 0.3


@pytest.mark.parametrize("lag_s", [0.0, 0.06, 0.14])
def test_the_lag_of_the_field_behind_the_joint_states_is_found(lag_s: float) -> None:
    drive = drive_of(made_up(WHOLE))
    early = {name: (stamp_ns - round(lag_s * 1e9), value) for name, (stamp_ns, value) in drive.joints.items()}
    motor = calibrate(dataclasses.replace(drive, joints=early)).robot.motor
    assert motor.lag_s == pytest.approx(lag_s, abs=0.021)
    assert at_full_speed_ut(motor) < 0.2


def test_a_robot_whose_motors_do_nothing_gets_no_motor_field() -> None:
    found = calibrate(drive_of(made_up(WHOLE, dataclasses.replace(ROBOT, motor=MotorField()))))
    assert found.robot.motor == MotorField()
    assert found.motor is not None
    np.testing.assert_array_equal(found.motor.before_ut, found.motor.after_ut)
    assert found.iron is not None


@pytest.mark.parametrize("seed", [3, 5])
def test_a_small_motor_field_is_not_guessed_where_the_wheels_slip_much(seed: int) -> None:
    """Neither a wrong one nor none is found: the robot file would keep it."""
    small = MotorField(MOTOR.inputs, tuple(tuple(0.3 * each for each in row) for row in MOTOR.ut_per_unit))
    with pytest.raises(BagError, match="wanted a motor field that stands out from what else changes at the same pose"):
        calibrate(drive_of(made_up(WHOLE, dataclasses.replace(ROBOT, motor=small), slip=0.05, seed=seed)))


def test_the_fit_computes_the_motor_field_like_the_robot(tmp_path: Path) -> None:
    """Sample by sample, by the code of the node: the same to the last digits."""
    made = made_up(WHOLE)
    drive, robot = read_drive(made.write(tmp_path / "drive")), Robot(motor=dataclasses.replace(MOTOR, lag_s=0.05))
    compensation = Compensation(robot)
    seen_ut = []
    for stamp_ns, wheels in zip(made.stamp_ns.tolist(), made.wheels, strict=True):
        compensation.joints.add(joint_reading(stamp_ns, WHEELS, wheels, []))
        seen_ut.append(compensation.motor_ut(stamp_ns))
    np.testing.assert_allclose(motor_ut(drive, robot.motor), seen_ut, atol=1e-12)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    steady, made = np.full((1500, 2), 5.0), made_up(WHOLE)
    away = np.column_stack([np.linspace(1.0, 8.0, 1500)] * 2)
    for name, drive, message in (
        ("never changes", drive_of(made_up(steady)), "wanted velocities or efforts on /joint_states that change"),
        ("never again", drive_of(made_up(away)), "found 0 such poses, 0 readings; drive to and fro over the same"),
        ("never again", drive_of(made_up(away, lifted=True)), "add --lifted"),
        (
            "no odometry",
            read_drive(made.write(tmp_path / "no_odometry", odometry=False)),
            "wanted odometry on /odom, found none; record it, and drive to and fro",
        ),
        (
            "always the same",
            drive_of(made_up(np.concatenate([np.tile([3.8, 5.7], (100, 1)), np.tile([4.0, 6.0], (2500, 1))]))),
            "wanted motors that run differently at the same pose, found the same each time",
        ),
        (
            "nothing at all",
            read_drive(made_up(forth_and_back()).write(tmp_path / "nothing", joints=False)),
            "wanted joint states on /joint_states, or full turns on the spot",
        ),
    ):
        with pytest.raises(BagError) as error:
            calibrate(drive)
        assert message in str(error.value), name


def test_without_joint_states_rotations_still_determine_the_hard_iron(tmp_path: Path) -> None:
    still = dataclasses.replace(ROBOT, motor=MotorField())
    found = calibrate(read_drive(made_up(spins(), still).write(tmp_path / "drive", joints=False)))
    assert found.motor is None
    np.testing.assert_allclose(
        found.robot.hard_iron_ut, (ROBOT.mount.T @ [*(ROBOT.mount @ ROBOT.hard_iron_ut)[:2], 0.0]), atol=0.3
    )


def test_a_bag_without_transforms_has_no_mount(tmp_path: Path) -> None:
    assert read_drive(made_up(forth_and_back((0.5,))).write(tmp_path / "drive", tf=False)).mount_xyzw is None


def test_a_mount_in_words_is_a_quaternion_or_angles_in_degrees() -> None:
    np.testing.assert_allclose(parse_mount("90,0,90"), TILTED, atol=1e-12)
    assert parse_mount("0, 0, 0, 2") == (0.0, 0.0, 0.0, 1.0)
    for words in ("1,2", "0,0,0,0", "here", "nan,0,0"):
        with pytest.raises(ConfigError, match="--mount: wanted x,y,z,w or roll,pitch,yaw in degrees"):
            parse_mount(words)
