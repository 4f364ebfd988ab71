"""From what apps log of a phone's attitude, rates and accelerations to readings of an inertial unit.

All apps have the same axes of the device: x to the right of the screen, y to its top, z out of it. They differ in

    the reference of attitudes   Android: x east, y north, z up; iOS: x north, y west, z up, or x in any direction
    the sign of accelerations    a phone that lies on a table measures z = +1 g on Android, -1 g on iOS
    angles                       Android: azimuth clockwise, pitch negative as the top is lifted

ROS wants east-north-up and +1 g (REP 103, REP 145). With an attitude, the sign follows from it, whatever an app
claims; an attitude that contradicts gravity is left out, and estimated as in `estimated_attitude.py`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial.transform import Rotation

from mail_ros.core.errors import BagError
from mail_ros.data.importers.imported_walk import InertialReadings, Series, at_stamps
from mail_ros.data.remark import Remark

G_M_S2 = 9.80665
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
    azimuth_rad = at_stamps(Series(azimuth_deg.stamp_ns, angle_rad[:, None]), gravity.stamp_ns[kept])
    return Series(gravity.stamp_ns[kept], (Rotation.from_euler("z", -azimuth_rad) * level).as_quat())


def total_acceleration(without_gravity: Series | None, gravity: Series | None) -> Series | None:
    """Acceleration with gravity, at the times of gravity."""
    if without_gravity is None or gravity is None:
        return None
    return Series(gravity.stamp_ns, gravity.values + at_stamps(without_gravity, gravity.stamp_ns))


def phone_readings(
    read_attitude: Reader, read_rate_rad_s: Reader, read_acceleration_m_s2: Reader, *, gravity_down: bool = False
) -> tuple[InertialReadings, tuple[Remark, ...]]:
    """Readings in the axes and signs of ROS; a broken line costs these readings and not the walk.

    Args:
        read_attitude: rotations of the device's axes into an east-north-up frame, (n, 4) x, y, z, w.
        read_rate_rad_s: gyroscope.
        read_acceleration_m_s2: accelerometer, gravity included.
        gravity_down: accelerations of a device at rest point down, as on iOS; an attitude decides this itself.
    """
    remarks: list[Remark] = []
    attitude, rate, acceleration = (
        _read(each, remarks) for each in (read_attitude, read_rate_rad_s, read_acceleration_m_s2)
    )
    if attitude is None and rate is None and acceleration is None:
        found = "the log has no motion sensors: neither steps nor the direction of gravity are known"
        return InertialReadings(), (*remarks, Remark("inertial", found, "let the app log all of them"))
    sign = -1.0 if gravity_down else 1.0
    if attitude is not None and acceleration is not None:
        rotation = Rotation.from_quat(attitude.values)
        x, y, z = mean = rotation.apply(at_stamps(acceleration, attitude.stamp_ns)).mean(axis=0)
        sign = np.sign(z)
        if not abs(z) >= max(MIN_GRAVITY_M_S2, np.cos(np.radians(MAX_TILT_DEG)) * np.linalg.norm(mean)):
            found = f"by the attitude, accelerations have a mean of {x:.1f}, {y:.1f}, {z:.1f} m/s² east, north, up"
            remarks.append(Remark("inertial", found, "the attitude is left out: log it with another app"))
            attitude, sign = None, -1.0 if gravity_down else 1.0
    if acceleration is not None:
        acceleration = Series(acceleration.stamp_ns, sign * acceleration.values)
    return InertialReadings(attitude, rate, acceleration), tuple(remarks)


def _read(read: Reader, remarks: list[Remark]) -> Series | None:
    try:
        return read()
    except BagError as error:
        remarks.append(Remark("inertial", str(error), "these readings are left out"))
        return None
