"""Shared by all importers: their result, numbers and errors of lines, and inertial readings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.remark import Remark
from mail_ros.data.track import ImuSeries, Landmark, OdometrySeries

UNCALIBRATED = Remark(
    "uncalibrated",
    "the log has the uncalibrated field only, with the phone's own magnetism in it",
    "log the calibrated magnetometer too, or give the walk a robot file of `mail_ros calibrate`",
)
MAX_TIME_S = 2**31  # a ROS stamp has 32 bits for seconds
NS_PER_MS, MS_PER_S = 1_000_000, 1000
MAX_NUMBER = 1e100  # the squares of larger numbers overflow


class Mark(NamedTuple):
    """The surveyor passed a landmark."""

    stamp_ns: int
    name: str = ""  # the landmark, or what the surveyor wrote
    position_m: tuple[float, float] | None = None  # None: by the landmark's name, or by a planned route
    floor: int = 0


class Series(NamedTuple):
    """Readings of one sensor."""

    stamp_ns: IntArray  # (n,)
    values: FloatArray  # (n, 3), or (n, k)


class InertialReadings(NamedTuple):
    """Sensors of a log's inertial unit, each with its own stamps; None for what the log does not have."""

    attitude_xyzw: Series | None = None  # (n, 4) sensor frame to east-north-up
    rate_rad_s: Series | None = None
    acceleration_m_s2: Series | None = None  # gravity included


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
    inertial: InertialReadings | None = None  # used where there is no `imu`
    odometry: OdometrySeries | None = None  # a robot's own


def parse_numbers(texts: Iterable[str], count: int) -> list[float] | None:
    """`count` numbers from as many texts; None if the texts are something else, or beyond all sensors."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    return numbers if len(numbers) == count and not any(abs(number) > MAX_NUMBER for number in numbers) else None


def line_error(path: object, line: int, wanted: str, found: str, fix: str = "correct or delete the line") -> BagError:
    """Error in one line of a file."""
    return BagError(f"{path}, line {line}", wanted=wanted, found=found, fix=fix)


def attitude_from_rotation_vector(series: Series) -> Series:
    """Quaternions from Android's rotation vectors, axis times the sine of half the angle."""
    scalar = np.sqrt(np.clip(1.0 - np.square(series.values).sum(axis=1), 0.0, None))
    quaternion = np.column_stack([series.values, scalar])
    return Series(series.stamp_ns, quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True))


def at_stamps(series: Series, stamp_ns: IntArray) -> FloatArray:
    """A sensor's readings, interpolated at stamps (n,)."""
    at_ns, known_ns = stamp_ns - stamp_ns[0], series.stamp_ns - stamp_ns[0]
    return np.column_stack([np.interp(at_ns, known_ns, axis) for axis in series.values.T])


def missing_package(source: object, package: str, use: str) -> BagError:
    """Error for a package of the extra `logs`."""
    return BagError(
        source,
        wanted=f"the package {package}, {use}",
        found="none",
        fix="install the extra `logs`, as in pip install '.[logs]'",
    )
