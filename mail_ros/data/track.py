"""One walk, as everything downstream of a bag sees it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from mail_ros.core.config import OdometrySource
from mail_ros.core.types import Sample

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Landmark:
    """A surveyed place, and when the walk passed it."""

    stamp_ns: int
    position_m: tuple[float, float]
    floor: int


@dataclass(frozen=True)
class Poses:
    """Where somebody else saw the walk, many times a second."""

    stamp_ns: IntArray  # (k,) increasing
    position_m: FloatArray  # (k, 2)
    floor: IntArray  # (k,)


class ImuSeries(NamedTuple):
    """Inertial readings beside the field."""

    stamp_ns: IntArray  # (n,)
    orientation_xyzw: FloatArray  # (n, 4) sensor in an east-north-up frame
    rate_rad_s: FloatArray  # (n, 3)
    acceleration_m_s2: FloatArray  # (n, 3)


@dataclass(frozen=True)
class Labels:
    """Where a walk was at given stamps."""

    position_m: FloatArray  # (n, 2), NaN where not valid
    floor: IntArray  # (n,)
    valid: BoolArray  # (n,)
    paused: BoolArray  # (n,) standing still


@dataclass(frozen=True)
class Track:
    """One walk: the field in the order it was recorded, and where it was measured."""

    source: str  # name of the bag
    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3), NaN where a sample is missing or has an unreported axis
    position_m: FloatArray  # (n, 2), NaN where not valid
    floor: IntArray  # (n,)
    valid: BoolArray  # (n,) the position is known
    paused: BoolArray  # (n,) standing still
    moved_m: FloatArray | None = None  # (n, 2) since the sample before, in odometry's own frame; None without odometry
    attitude_xyzw: FloatArray | None = None  # (n, 4) of the sensor, see `seam.Sample`; None: not known
    odometry: OdometrySource | None = None  # source of `moved_m` in a bag; None without motion

    def __len__(self) -> int:
        return len(self.stamp_ns)

    def samples(self) -> Iterator[Sample]:
        """The walk as a localizer hears it."""
        nothing = [None] * len(self)
        moved_m = nothing if self.moved_m is None else self.moved_m
        attitude = nothing if self.attitude_xyzw is None else self.attitude_xyzw
        for row in zip(self.stamp_ns.tolist(), self.field_ut, moved_m, attitude, strict=True):
            yield Sample(*row)

    def labelled_span(self) -> Track:
        """The part from the first known position to the last; empty where none is known."""
        known = np.flatnonzero(self.valid)
        return self[known[0] : known[-1] + 1] if len(known) else self[:0]

    def __getitem__(self, part: slice) -> Track:
        return Track(
            self.source,
            self.stamp_ns[part],
            self.field_ut[part],
            self.position_m[part],
            self.floor[part],
            self.valid[part],
            self.paused[part],
            None if self.moved_m is None else self.moved_m[part],
            None if self.attitude_xyzw is None else self.attitude_xyzw[part],
            self.odometry,
        )
