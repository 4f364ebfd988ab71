"""From a calibration drive to a robot file; what the drive does not determine stays as it was.

The hard iron follows from rotations on the spot: it is the centre of the circle that the horizontal field traces, found
without the heading (Kåsa 1976, doi 10.1109/TIM.1976.6312298). Rotations at several spots trace circles of different
radii about the same centre. Hard iron along the rotation axis is unobservable, and set to 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.bag import JOINTS_TOPIC
from mail_ros.data.calibration.calibration_drive import CalibrationDrive
from mail_ros.data.calibration.motor import MotorFit, fit_motor

MIN_YAW_RATE_RAD_S = 0.1  # a rotation on the spot is faster
MAX_SPEED_M_S = 0.05  # a rotation on the spot is slower
SPOT_RADIUS_M = 0.25
SECTORS = 12  # a full rotation covers all sectors of heading
MAX_RESIDUAL_FRACTION = 0.3  # fraction of the radius above which the trace is not a circle


@dataclass(frozen=True)
class IronFit:
    """Hard iron, and the fit of the circles."""

    hard_iron_ut: FloatArray  # (3,) in the body's axes; z is 0
    spots: int
    radius_ut: float
    residual_ut: float  # rms along the radius


def fit_iron(stamp_ns: IntArray, pose: FloatArray, body_ut: FloatArray) -> IronFit | None:
    """Fit hard iron; None without a full rotation, and where the field traces no circles.

    Args:
        stamp_ns: (n,) increasing.
        pose: (n, 3) x, y m and yaw rad, unwrapped.
        body_ut: (n, 3) field without motor field, in the body's axes; z is the rotation axis.
    """
    spots = [rows for rows in _spots(stamp_ns, pose) if _is_full_rotation(pose[rows, 2])]
    if not spots:
        return None
    horizontal = [body_ut[rows, :2] for rows in spots]
    squares = [np.square(each).sum(axis=1) for each in horizontal]
    centre_ut = np.linalg.lstsq(
        np.concatenate([2.0 * (each - each.mean(axis=0)) for each in horizontal]),
        np.concatenate([each - each.mean() for each in squares]),
        rcond=None,
    )[0]
    radii = [np.linalg.norm(each - centre_ut, axis=1) for each in horizontal]
    radius_ut = float(np.mean([each.mean() for each in radii]))
    residual_ut = float(np.sqrt(np.mean(np.concatenate([np.square(each - each.mean()) for each in radii]))))
    if residual_ut > MAX_RESIDUAL_FRACTION * radius_ut:
        return None
    return IronFit(np.array([*centre_ut, 0.0]), len(spots), radius_ut, residual_ut)


def _spots(stamp_ns: IntArray, pose: FloatArray) -> list[IntArray]:
    """Rows of rotations on the spot, grouped by position."""
    if len(stamp_ns) < 2:
        return []
    step_s = np.maximum(np.diff(stamp_ns, prepend=stamp_ns[:1] - 1) / NS_PER_S, 1e-3)
    speed = np.linalg.norm(np.diff(pose[:, :2], axis=0, prepend=pose[:1, :2]), axis=1) / step_s
    rate = np.abs(np.diff(pose[:, 2], prepend=pose[:1, 2])) / step_s
    left = np.flatnonzero((rate > MIN_YAW_RATE_RAD_S) & (speed < MAX_SPEED_M_S))
    spots = []
    while len(left):
        near = np.linalg.norm(pose[left, :2] - pose[left[0], :2], axis=1) < SPOT_RADIUS_M
        spots.append(left[near])
        left = left[~near]
    return spots


def _is_full_rotation(yaw_rad: FloatArray) -> bool:
    sector = np.floor(yaw_rad % (2 * np.pi) / (2 * np.pi) * SECTORS).astype(np.int64)
    return len(np.unique(sector)) == SECTORS


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
