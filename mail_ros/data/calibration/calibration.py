"""From a calibration drive to a robot file; what the drive does not determine stays as it was."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.core.types import FloatArray
from mail_ros.data.bag import JOINTS_TOPIC
from mail_ros.data.calibration.calibration_drive import CalibrationDrive
from mail_ros.data.calibration.iron import IronFit, fit_iron
from mail_ros.data.calibration.motor import MotorFit, fit_motor


@dataclass(frozen=True)
class Calibration:
    """Result of a calibration drive."""

    robot: Robot
    motor: MotorFit | None  # None if the bag has no joint states
    iron: IronFit | None  # None if the drive has no usable rotation on the spot


def calibrate(
    drive: CalibrationDrive,
    known: Robot | None = None,
    *,
    lifted: bool = False,
    mount_xyzw: tuple[float, ...] | None = None,
    notes: Mapping[str, object] | None = None,
) -> Calibration:
    """Fit motor field and hard iron of a robot.

    Args:
        drive: the recorded drive.
        known: the robot file so far.
        lifted: the robot was stationary, whatever its odometry reports.
        mount_xyzw: rotation of the sensor; None: from the bag's TF, or from `known`.
        notes: notes for people, such as the name of the bag.

    Raises:
        BagError: the drive determines neither motor field nor hard iron.
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
        known_rows = np.isfinite(field_ut).all(axis=1)
        iron = fit_iron(drive.stamp_ns[known_rows], drive.pose[known_rows], field_ut[known_rows] @ robot.mount.T)
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
    fitted = {"motor_explained": round(motor.explained, 4)} if motor is not None else {}
    return Calibration(dataclasses.replace(robot, notes={**(notes or {}), **fitted}), motor, iron)


def motor_ut(drive: CalibrationDrive, motor: MotorField) -> FloatArray:
    """(n, 3) motor field in each reading; NaN where joint states are missing."""
    inputs = np.array([drive.input_values(name, motor.lag_s) for name in motor.inputs]).reshape(-1, len(drive.stamp_ns))
    field_ut: FloatArray = inputs.T @ np.array(motor.ut_per_unit).reshape(-1, 3)
    return field_ut
