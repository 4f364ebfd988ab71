"""A calibration drive into what is known of its robot; what the drive does not tell stays as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.data.bag import JOINTS_TOPIC
from mail_ros.data.calibration.calibration_drive import CalibrationDrive
from mail_ros.data.calibration.iron import IronFit, fit_iron
from mail_ros.data.calibration.motor import MotorFit, fit_motor
from mail_ros.data.track import FloatArray


@dataclass(frozen=True)
class Calibration:
    """What became of a drive."""

    robot: Robot
    motor: MotorFit | None  # None where the bag has no joint states
    iron: IronFit | None  # None where it has no spin that will do


def calibrate(
    drive: CalibrationDrive,
    known: Robot | None = None,
    *,
    lifted: bool = False,
    mount_xyzw: tuple[float, ...] | None = None,
    notes: Mapping[str, object] | None = None,
) -> Calibration:
    """Fit what a drive tells.

    Args:
        drive: that was recorded.
        known: of the robot so far.
        lifted: whether it did not move, whatever its odometry says.
        mount_xyzw: of the sensor; None: as the bag's TF has it, or as known.
        notes: for people: of which bag this is.

    Raises:
        BagError: it tells neither motor field nor hard iron.
    """
    robot = known or Robot()
    mount = mount_xyzw or drive.mount_xyzw or robot.mount_xyzw
    robot = dataclasses.replace(robot, mount_xyzw=tuple(round(value, 9) + 0.0 for value in mount))  # no -0
    motor = fit_motor(drive, lifted=lifted) if drive.joints else None
    if motor is not None:
        robot = dataclasses.replace(robot, motor=motor.motor)
    iron = None
    if drive.pose is not None and not lifted:
        field_ut = drive.field_ut - (motor_ut(drive, robot.motor) if drive.joints else 0.0)
        clean = np.isfinite(field_ut).all(axis=1)
        iron = fit_iron(drive.stamp_ns[clean], drive.pose[clean], field_ut[clean] @ robot.mount.T)
    if iron is not None:
        hard_iron_ut = (robot.mount.T @ iron.hard_iron_ut).round(3) + 0.0  # no -0
        robot = dataclasses.replace(robot, hard_iron_ut=tuple(hard_iron_ut.tolist()))
    if motor is None and iron is None:
        raise BagError(
            drive.source,
            wanted=f"joint states on {JOINTS_TOPIC}, or full turns on the spot with odometry on /odom",
            found="neither",
            fix="record them on a calibration drive",
        )
    said = {"motor_explained": round(motor.explained, 4)} if motor is not None else {}
    return Calibration(dataclasses.replace(robot, notes={**(notes or {}), **said}), motor, iron)


def motor_ut(drive: CalibrationDrive, motor: MotorField) -> FloatArray:
    """(n, 3) what the motors added to each reading; NaN where that is not known."""
    doing = np.array([drive.doing(name, motor.lag_s) for name in motor.inputs]).reshape(-1, len(drive.stamp_ns))
    added: FloatArray = doing.T @ np.array(motor.ut_per_unit).reshape(-1, 3)
    return added
