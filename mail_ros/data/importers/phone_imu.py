"""Inertial readings of Android phones: attitudes, with rates and accelerations interpolated to their times."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.track import ImuSeries


class Series(NamedTuple):
    """Readings of one sensor."""

    stamp_ns: IntArray  # (n,)
    values: FloatArray  # (n, 3)


def imu_from_rotation_vector(attitude: Series, rate_rad_s: Series, acceleration_m_s2: Series) -> ImuSeries:
    """One reading per attitude.

    Args:
        attitude: Android's rotation vectors, axis times the sine of half the angle.
        rate_rad_s: gyroscope.
        acceleration_m_s2: accelerometer, gravity included.
    """
    scalar = np.sqrt(np.clip(1.0 - np.square(attitude.values).sum(axis=1), 0.0, None))
    quaternion = np.column_stack([attitude.values, scalar])
    quaternion /= np.linalg.norm(quaternion, axis=1, keepdims=True)
    start_ns = attitude.stamp_ns[0]

    def at_attitude(series: Series) -> FloatArray:
        at_ns, known_ns = attitude.stamp_ns - start_ns, series.stamp_ns - start_ns
        return np.column_stack([np.interp(at_ns, known_ns, axis) for axis in series.values.T])

    return ImuSeries(attitude.stamp_ns, quaternion, at_attitude(rate_rad_s), at_attitude(acceleration_m_s2))
