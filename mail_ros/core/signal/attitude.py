"""Attitudes: turns of a device's axes into level ones, as quaternions x, y, z, w of length one."""

from __future__ import annotations

import math

import numpy as np

from mail_ros.core.signal.resampling import FloatArray

UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])  # no turn at all


def unit(xyzw: FloatArray) -> FloatArray | None:
    """A quaternion (4,) of any length as one of length one; None where it is none."""
    length = math.sqrt(sum(part * part for part in xyzw.tolist()))
    return xyzw / length if 0.5 < length < 2.0 else None  # NaN is not


def heading_rad(xyzw: FloatArray) -> float:
    """The turn about the vertical (the twist), of an attitude (4,) of any length.

    No tilt about a horizontal axis changes it.
    """
    return 2.0 * math.atan2(xyzw[2], xyzw[3])


def about_vertical(angle_rad: float) -> FloatArray:
    """A turn about the vertical, counterclockwise."""
    return np.array([0.0, 0.0, math.sin(0.5 * angle_rad), math.cos(0.5 * angle_rad)])


def product(first: FloatArray, then: FloatArray) -> FloatArray:
    """The turn `first` after the turn `then`, (4,) both: Hamilton's product."""
    ax, ay, az, aw = first.tolist()
    bx, by, bz, bw = then.tolist()
    return np.array(
        [
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
            aw * bw - ax * bx - ay * by - az * bz,
        ]
    )


def inverse(xyzw: FloatArray) -> FloatArray:
    """The turn back."""
    back: FloatArray = xyzw * np.array([-1.0, -1.0, -1.0, 1.0])
    return back


def turned(xyzw: FloatArray, vector: FloatArray) -> FloatArray:
    """A vector (3,), turned."""
    x, y, z, w = xyzw.tolist()
    a, b, c = vector.tolist()
    s, t, u = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return np.array([a + w * s + y * u - z * t, b + w * t + z * s - x * u, c + w * u + x * t - y * s])


def with_heading(xyzw: FloatArray, angle_rad: float) -> FloatArray:
    """An attitude (4,) that keeps its tilt and looks another way."""
    return product(about_vertical(angle_rad - heading_rad(xyzw)), xyzw)


class AttitudeFeed:
    """The newest attitude of a device, of what an inertial unit and wheels say of it.

    Tilt is the inertial unit's. The heading is that of the wheels, if there are any: it is in the frame in which they
    say how the device went. Without an inertial unit the device is level.
    """

    def __init__(self, mount_xyzw: FloatArray = UPRIGHT) -> None:
        """Know nothing.

        Args:
            mount_xyzw: (4,) turns the axes of the inertial unit into the body's.
        """
        self._unmount = inverse(mount_xyzw)
        self.reset()

    def reset(self) -> None:
        """Know nothing again."""
        self._imu: FloatArray | None = None
        self._yaw_rad: float | None = None

    def hear_imu(self, orientation_xyzw: FloatArray) -> None:
        """Take an attitude (4,) of the inertial unit, z up; one that is none is passed over."""
        attitude = unit(orientation_xyzw)
        if attitude is not None:
            self._imu = product(attitude, self._unmount)

    def hear_wheels(self, yaw_rad: float) -> None:
        """Take the heading of the wheels; one that is not finite is passed over."""
        if math.isfinite(yaw_rad):
            self._yaw_rad = yaw_rad

    @property
    def newest(self) -> FloatArray:
        """(4,) turns the body's axes into those of odometry; NaN while nothing is known."""
        if self._imu is None and self._yaw_rad is None:
            return np.full(4, np.nan)
        tilted = UPRIGHT if self._imu is None else self._imu
        return tilted if self._yaw_rad is None else with_heading(tilted, self._yaw_rad)
