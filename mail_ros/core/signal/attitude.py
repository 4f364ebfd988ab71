"""Attitudes: rotations of a device's axes into gravity-aligned ones, as unit quaternions x, y, z, w."""

from __future__ import annotations

import math

import numpy as np

from mail_ros.core.types import FloatArray

UPRIGHT = np.array([0.0, 0.0, 0.0, 1.0])  # the identity


def unit(xyzw: FloatArray) -> FloatArray | None:
    """A quaternion (4,) of any length, normalized; None where it is not one (zero, NaN)."""
    length = math.sqrt(sum(part * part for part in xyzw.tolist()))
    return xyzw / length if 0.5 < length < 2.0 else None  # NaN fails both


def heading_rad(xyzw: FloatArray) -> float:
    """The rotation about the vertical (the twist), of an attitude (4,) of any length.

    A tilt about a horizontal axis does not change it.
    """
    return 2.0 * math.atan2(xyzw[2], xyzw[3])


def about_vertical(angle_rad: float) -> FloatArray:
    """A rotation about the vertical, counterclockwise."""
    return np.array([0.0, 0.0, math.sin(0.5 * angle_rad), math.cos(0.5 * angle_rad)])


def product(first: FloatArray, then: FloatArray) -> FloatArray:
    """The rotation `first` applied after the rotation `then`, (4,) both: Hamilton's product."""
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
    """The opposite rotation."""
    back: FloatArray = xyzw * np.array([-1.0, -1.0, -1.0, 1.0])
    return back


def rotate(xyzw: FloatArray, vector: FloatArray) -> FloatArray:
    """A vector (3,), rotated."""
    x, y, z, w = xyzw.tolist()
    a, b, c = vector.tolist()
    s, t, u = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    return np.array([a + w * s + y * u - z * t, b + w * t + z * s - x * u, c + w * u + x * t - y * s])


def with_heading(xyzw: FloatArray, angle_rad: float) -> FloatArray:
    """An attitude (4,) with the same tilt and another heading."""
    return product(about_vertical(angle_rad - heading_rad(xyzw)), xyzw)


class AttitudeBuffer:
    """The newest attitude of a device, from an inertial unit and wheel odometry.

    The tilt comes from the inertial unit. The heading comes from wheel odometry where there is any: it is in the frame
    of its displacements. Without an inertial unit the device is assumed level.
    """

    def __init__(self, mount_xyzw: FloatArray = UPRIGHT) -> None:
        """Start without an attitude.

        Args:
            mount_xyzw: (4,) rotates the axes of the inertial unit into the body's.
        """
        self._unmount = inverse(mount_xyzw)
        self.reset()

    def reset(self) -> None:
        """Drop what is known."""
        self._imu: FloatArray | None = None
        self._yaw_rad: float | None = None

    def update_imu(self, orientation_xyzw: FloatArray) -> None:
        """Add an attitude (4,) of the inertial unit, z up; an invalid one is ignored."""
        attitude = unit(orientation_xyzw)
        if attitude is not None:
            self._imu = product(attitude, self._unmount)

    def update_wheels(self, yaw_rad: float) -> None:
        """Add the heading of wheel odometry; one that is not finite is ignored."""
        if math.isfinite(yaw_rad):
            self._yaw_rad = yaw_rad

    @property
    def newest(self) -> FloatArray:
        """(4,) rotates the body's axes into those of odometry; NaN while nothing is known."""
        if self._imu is None and self._yaw_rad is None:
            return np.full(4, np.nan)
        tilted = UPRIGHT if self._imu is None else self._imu
        return tilted if self._yaw_rad is None else with_heading(tilted, self._yaw_rad)
