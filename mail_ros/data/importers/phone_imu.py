"""From what apps log of a phone's attitude, rates and accelerations to readings of an inertial unit.

All apps have the same axes of the device: x to the right of the screen, y to its top, z out of it. They differ in

    the reference of attitudes   Android: x east, y north, z up; iOS: x north, y west, z up, or x in any direction
    the sign of accelerations    a phone that lies on a table measures z = +1 g on Android, -1 g on iOS
    angles                       Android: azimuth clockwise, pitch negative as the top is lifted

ROS wants east-north-up and +1 g (REP 103, REP 145). The sign follows from the attitude, whatever an app claims; an
attitude that contradicts gravity is left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.importers.imported_walk import Series
from mail_ros.data.remark import Remark
from mail_ros.data.track import ImuSeries

STANDARD_GRAVITY_M_S2 = 9.80665
Reader = Callable[[], Series | None]
MAX_TILT_DEG = 20.0  # between the mean acceleration of a walk and the vertical of the attitude
MIN_GRAVITY_M_S2 = 5.0  # a smaller mean has no gravity in it


def from_quaternions(quaternion: Series | None, *, north_is_x: bool) -> Series | None:
    """Attitudes in an east-north-up frame, from quaternions (n, 4) as x, y, z, w.

    Args:
        quaternion: rotations of the device's axes into the reference; zeros are left out.
        north_is_x: x of the reference is north, as on iOS, and not y.
    """
    if quaternion is None:
        return None
    length = np.linalg.norm(quaternion.values, axis=1)
    kept = (length > 0.5) & (length < 2.0)
    if not kept.any():
        return None
    rotation = Rotation.from_quat(quaternion.values[kept])
    rotation = Rotation.from_euler("z", 90.0, degrees=True) * rotation if north_is_x else rotation
    return Series(quaternion.stamp_ns[kept], rotation.as_quat())


def from_angles(angles_deg: Series | None) -> Series | None:
    """Attitudes from Android's azimuth, pitch and roll, (n, 3) degrees."""
    if angles_deg is None:
        return None
    rotation = Rotation.from_euler("ZXY", angles_deg.values * [-1.0, -1.0, 1.0], degrees=True)
    return Series(angles_deg.stamp_ns, rotation.as_quat())


def from_gravity_and_azimuth(gravity: Series | None, azimuth_deg: Series | None) -> Series | None:
    """Attitudes from gravity, which points up at rest, and the clockwise angle from north to the device's y axis."""
    if gravity is None or azimuth_deg is None:
        return None
    up = gravity.values / np.clip(np.linalg.norm(gravity.values, axis=1, keepdims=True), MIN_GRAVITY_M_S2, None)
    forward = np.array([0.0, 1.0, 0.0]) - up * up[:, 1:2]
    length = np.linalg.norm(forward, axis=1)
    kept = (np.linalg.norm(up, axis=1) > 0.99) & (length > 1e-3)  # upright, the y axis has no azimuth
    if not kept.any():
        return None
    up, forward = up[kept], forward[kept] / length[kept, None]
    level = Rotation.from_matrix(np.stack([np.cross(forward, up), forward, up], axis=1))
    angle_rad = np.unwrap(np.radians(azimuth_deg.values[:, 0]))
    azimuth_rad = _at(gravity.stamp_ns[kept], Series(azimuth_deg.stamp_ns, angle_rad[:, None]))
    return Series(gravity.stamp_ns[kept], (Rotation.from_euler("z", -azimuth_rad) * level).as_quat())


def total_acceleration(without_gravity: Series | None, gravity: Series | None) -> Series | None:
    """Acceleration with gravity, at the times of gravity."""
    if without_gravity is None or gravity is None:
        return None
    return Series(gravity.stamp_ns, gravity.values + _at(gravity.stamp_ns, without_gravity))


def phone_imu(
    read_attitude: Reader, read_rate_rad_s: Reader, read_acceleration_m_s2: Reader
) -> tuple[ImuSeries | None, tuple[Remark, ...]]:
    """One reading per attitude, and what is missing for it; a broken line costs these readings and not the walk.

    Args:
        read_attitude: rotations of the device's axes into an east-north-up frame, (n, 4) x, y, z, w.
        read_rate_rad_s: gyroscope; NaN in the readings without it.
        read_acceleration_m_s2: accelerometer, gravity included, of either sign.
    """
    remarks: list[Remark] = []
    attitude, rate_rad_s, acceleration_m_s2 = (
        _read(each, remarks) for each in (read_attitude, read_rate_rad_s, read_acceleration_m_s2)
    )
    if attitude is None or acceleration_m_s2 is None:
        missing = "attitude" if attitude is None else "accelerations with gravity"
        return None, (*remarks, Remark("imu", f"the log has no {missing}", "let the app log all motion sensors"))
    stamp_ns, rotation = attitude.stamp_ns, Rotation.from_quat(attitude.values)
    acceleration = _at(stamp_ns, acceleration_m_s2)
    x, y, z = mean = rotation.apply(acceleration).mean(axis=0)
    if not abs(z) >= max(MIN_GRAVITY_M_S2, np.cos(np.radians(MAX_TILT_DEG)) * np.linalg.norm(mean)):
        found = (
            f"the attitude contradicts the accelerations: their mean is {x:.1f}, {y:.1f}, {z:.1f} m/s² east, north, up"
        )
        return None, (*remarks, Remark("imu", found, "the attitude was left out: log it with another app"))
    rate = np.full_like(acceleration, np.nan) if rate_rad_s is None else _at(stamp_ns, rate_rad_s)
    return ImuSeries(stamp_ns, attitude.values, rate, acceleration * np.sign(z)), tuple(remarks)


def _read(read: Reader, remarks: list[Remark]) -> Series | None:
    try:
        return read()
    except BagError as error:
        remarks.append(Remark("imu", str(error), "these readings were left out"))
        return None


def _at(stamp_ns: IntArray, known: Series) -> FloatArray:
    """Values at stamps (n,), by interpolation."""
    at_ns, known_ns = stamp_ns - stamp_ns[0], known.stamp_ns - stamp_ns[0]
    return np.column_stack([np.interp(at_ns, known_ns, axis) for axis in known.values.T])
