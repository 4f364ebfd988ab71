"""Shared by all importers: their result, numbers and errors of lines, and phones' inertial readings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.remark import Remark
from mail_ros.data.track import ImuSeries, Landmark

UNCALIBRATED = Remark(
    "uncalibrated",
    "the log has the uncalibrated field only, with the phone's own magnetism in it",
    "log the calibrated magnetometer too, or give the walk a robot file of `mail_ros calibrate`",
)
MAX_TIME_S = 2**31  # a ROS stamp has 32 bits for seconds
NS_PER_MS, MS_PER_S = 1_000_000, 1000


class Mark(NamedTuple):
    """The surveyor passed a landmark."""

    stamp_ns: int
    name: str = ""  # name of a landmark, or what the surveyor wrote
    position_m: tuple[float, float] | None = None  # None: by the landmark's name, or by a planned route
    floor: int = 0


@dataclass(frozen=True)
class ImportedWalk:
    """One recorded walk, before it is written as a bag."""

    name: str
    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    landmarks: tuple[Landmark, ...]
    imu: ImuSeries | None = None
    notes: dict[str, str] = field(default_factory=dict)  # device, route; stored in the bag's metadata
    marks: tuple[Mark, ...] = ()  # the app's own, in order of time
    remarks: tuple[Remark, ...] = ()  # what the log lacks


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
    values: FloatArray  # (n, 3), or (n, k)


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
