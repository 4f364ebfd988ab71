"""How a window is sampled: one row per period of time, or one per piece of the path that the device travels.

A name with a unit means that unit: `rows`, `length` and `per_unit` are what both samplings have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from mail_ros.core.config import Range, Settings, check_range


class _Sampling(Settings, prefix="sampling."):
    """What both samplings have in common."""

    unit: ClassVar[str]  # ends the names of length and max_gap
    rate: ClassVar[str]  # name of the setting with the rows per unit
    rate_unit: ClassVar[str]
    needs_odometry: ClassVar[bool]

    def __post_init__(self) -> None:
        super().__post_init__()
        name = f"max_gap_{self.unit}"
        check_range(f"sampling.{name}", self._value(name), 1.0 / self.per_unit, 10.0)

    @property
    def per_unit(self) -> float:
        """Rows per second or per metre."""
        return self._value(self.rate)

    @property
    def length(self) -> float:
        """Length of a window, s or m."""
        return self._value(f"length_{self.unit}")

    @property
    def rows(self) -> int:
        """Rows in a window's length."""
        return round(self.length * self.per_unit)

    def pick(self, *, seconds: float, metres: float) -> float:
        """The one of two lengths that has this sampling's unit."""
        return seconds if self.unit == "s" else metres

    def _value(self, name: str) -> float:
        value: Any = getattr(self, name)
        return float(value)


@dataclass(frozen=True)
class TimeSampling(_Sampling):
    """Sample at a rate; a window covers the same time at any speed."""

    rate_hz: Annotated[float, Range(1.0, 1000.0)] = 50.0  # samples are resampled to this rate first
    length_s: Annotated[float, Range(0.1, 600.0)] = 10.0  # window length: 500 rows at 50 Hz, as in the paper
    max_gap_s: Annotated[float, Range(1e-3, 10.0)] = 0.25  # a longer hole between two samples restarts the window

    unit, rate, rate_unit, needs_odometry = "s", "rate_hz", "Hz", False


@dataclass(frozen=True)
class DistanceSampling(_Sampling):
    """Sample per metre travelled; a window covers the same path at any speed, and stops add nothing. Needs odometry."""

    per_m: Annotated[float, Range(1.0, 1000.0)] = 10.0  # rows per metre travelled
    length_m: Annotated[float, Range(0.1, 600.0)] = 4.0  # window length
    max_gap_m: Annotated[float, Range(1e-3, 10.0)] = 0.25  # a longer path without a sample restarts the window

    unit, rate, rate_unit, needs_odometry = "m", "per_m", "per m", True


Sampling = TimeSampling | DistanceSampling
