"""Shared by all importers: their result, a local frame for latitudes and longitudes, and phones' inertial readings."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.track import ImuSeries, Landmark

M_PER_DEGREE_LATITUDE = 111_200.0
M_PER_DEGREE_LONGITUDE = 111_320.0  # at the equator
MAX_DISTANCE_M = 20_000.0  # from the origin
MAX_TIME_S = 2**31  # a ROS stamp has 32 bits for seconds
NS_PER_MS, MS_PER_S = 1_000_000, 1000


@dataclass(frozen=True)
class ImportedWalk:
    """One recorded walk, before it is written as a bag."""

    name: str
    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    landmarks: tuple[Landmark, ...]
    imu: ImuSeries | None = None
    notes: dict[str, str] = field(default_factory=dict)  # device, route; stored in the bag's metadata


@dataclass(frozen=True)
class Origin:
    """Latitude and longitude of x = y = 0; x points east, y north, on the tangent plane of the Earth."""

    latitude_deg: float
    longitude_deg: float

    def to_local(self, latitude_deg: float, longitude_deg: float) -> tuple[float, float]:
        """Metres east and north of the origin.

        Raises:
            BagError: so far away that the origin must be another site's.
        """
        x_m = (longitude_deg - self.longitude_deg) * M_PER_DEGREE_LONGITUDE * math.cos(math.radians(self.latitude_deg))
        y_m = (latitude_deg - self.latitude_deg) * M_PER_DEGREE_LATITUDE
        if math.hypot(x_m, y_m) > MAX_DISTANCE_M:
            origin = f"{self.latitude_deg}, {self.longitude_deg}"
            raise BagError(
                f"landmark at {latitude_deg:.6f}, {longitude_deg:.6f}",
                wanted=f"one within {MAX_DISTANCE_M / 1000:.0f} km of the origin {origin}",
                found=f"{math.hypot(x_m, y_m) / 1000:.0f} km",
                fix="write this site's into its file, as origin: [LATITUDE, LONGITUDE], and import with --site-file",
            )
        return x_m, y_m


def parse_numbers(texts: Iterable[str], count: int) -> list[float] | None:
    """`count` numbers from as many texts; None if the texts are something else."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    return numbers if len(numbers) == count else None


def line_error(path: object, line: int, wanted: str, found: str, fix: str = "correct or delete the line") -> BagError:
    """Error in one line of a file."""
    return BagError(f"{path}, line {line}", wanted=wanted, found=found, fix=fix)


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
