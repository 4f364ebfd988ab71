"""One walk as a track: samples with odometry, attitude and labels."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

import numpy as np

from mail_ros.core.config import OdometrySource
from mail_ros.core.types import BoolArray, FloatArray, IntArray, Sample


@dataclass(frozen=True)
class Landmark:
    """A surveyed position, and the stamp at which the walk passed it."""

    stamp_ns: int
    position_m: tuple[float, float]
    floor: int


@dataclass(frozen=True)
class PoseSeries:
    """Positions of a reference, several per second."""

    stamp_ns: IntArray  # (k,) increasing
    position_m: FloatArray  # (k, 2)
    floor: IntArray  # (k,)


class ImuSeries(NamedTuple):
    """Readings of an inertial unit; NaN for what the unit does not measure."""

    stamp_ns: IntArray  # (n,)
    orientation_xyzw: FloatArray  # (n, 4) sensor frame to east-north-up
    rate_rad_s: FloatArray  # (n, 3)
    acceleration_m_s2: FloatArray  # (n, 3)


class OdometrySeries(NamedTuple):
    """Poses of a robot's odometry, in a frame of its own."""

    stamp_ns: IntArray  # (n,) not decreasing
    pose: FloatArray  # (n, 3) x and y in metres, and yaw in rad, counterclockwise


class Labels(NamedTuple):
    """Positions of a walk at given stamps."""

    position_m: FloatArray  # (n, 2), NaN where not valid
    floor: IntArray  # (n,)
    valid: BoolArray  # (n,)
    paused: BoolArray  # (n,) stationary
    leg: IntArray | None = None  # (n,) number of the leg between two landmarks; None with poses, or without labels


@dataclass(frozen=True, eq=False)
class Track:
    """One walk: magnetometer samples in recorded order, with their positions; equal to itself alone."""

    source: str  # name of the bag
    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3), NaN where a sample or an axis is missing
    position_m: FloatArray  # (n, 2), NaN where not valid
    floor: IntArray  # (n,)
    valid: BoolArray  # (n,) the position is known
    paused: BoolArray  # (n,) stationary
    moved_m: FloatArray | None = None  # (n, 2) since the previous sample, in the odometry frame; None without odometry
    attitude_xyzw: FloatArray | None = None  # (n, 4) attitude of the sensor, see `Sample`; None: unknown
    odometry: OdometrySource | None = None  # source of `moved_m` in a bag; None without motion
    lever_m: tuple[float, float] = (0.0, 0.0)  # see `Sample`
    leg: IntArray | None = None  # (n,) see `Labels`

    def __len__(self) -> int:
        return len(self.stamp_ns)

    @property
    def lacks(self) -> str:
        """What a map of the field needs and the walk does not have, empty for nothing: odometry or an attitude."""
        if self.moved_m is None or self.odometry is None:
            return "odometry"
        return "" if self.attitude_xyzw is not None and np.isfinite(self.attitude_xyzw).any() else "an attitude"

    def samples(self) -> Iterator[Sample]:
        """The samples that a localizer receives."""
        missing = [None] * len(self)
        moved_m = missing if self.moved_m is None else self.moved_m
        attitude = missing if self.attitude_xyzw is None else self.attitude_xyzw
        for row in zip(self.stamp_ns.tolist(), self.field_ut, moved_m, attitude, strict=True):
            yield Sample(*row, self.lever_m)

    def labelled_span(self) -> Track:
        """The part from the first known position to the last; empty without a known position."""
        known = np.flatnonzero(self.valid)
        return self[known[0] : known[-1] + 1] if len(known) else self[:0]

    def __getitem__(self, part: slice) -> Track:
        columns = {
            each.name: getattr(self, each.name)
            for each in fields(self)
            if each.name not in ("source", "odometry", "lever_m")
        }
        parts: dict[str, Any] = {name: each if each is None else each[part] for name, each in columns.items()}
        return replace(self, **parts)


_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def cached_by_track(
    function: Callable[Concatenate[Track, _Parameters], _Result],
) -> Callable[Concatenate[Track, _Parameters], _Result]:
    """Cache the results of a function while a walk exists: each fold of a survey uses the same walks."""
    cache: WeakKeyDictionary[Track, dict[object, _Result]] = WeakKeyDictionary()

    @functools.wraps(function)
    def cached(track: Track, /, *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
        results, key = cache.setdefault(track, {}), (args, tuple(kwargs.items()))
        if key not in results:
            results[key] = function(track, *args, **kwargs)
        return results[key]

    return cached
