"""How a window is sampled: one row per period of time, or one per piece of the path that the device travels.

A name with a unit means that unit: `rows`, `length` and `per_unit` are what both samplings have in common.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from mail_ros.core.config import Range, Settings, check_range


@dataclass(frozen=True)
class TimeSampling(Settings, prefix="sampling."):
    """Sample at a rate; a window covers the same time at any speed."""

    rate_hz: Annotated[float, Range(1.0, 1000.0)] = 50.0  # samples are resampled to this rate first
    length_s: Annotated[float, Range(0.1, 600.0)] = 10.0  # window length: 500 rows at 50 Hz, as in the paper
    max_gap_s: Annotated[float, Range(1e-3, 10.0)] = 0.25  # a longer hole between two samples restarts the window

    unit: ClassVar[str] = "s"
    rate_unit: ClassVar[str] = "Hz"
    needs_odometry: ClassVar[bool] = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("sampling.max_gap_s", self.max_gap_s, 1.0 / self.rate_hz, 10.0)

    @property
    def per_unit(self) -> float:
        """Rows per second."""
        return self.rate_hz

    @property
    def length(self) -> float:
        """Length of a window, s."""
        return self.length_s

    @property
    def rows(self) -> int:
        """Rows in a window's length."""
        return round(self.length_s * self.rate_hz)

    def pick(self, *, seconds: float, metres: float) -> float:
        """The one of two lengths that has this sampling's unit."""
        return seconds


@dataclass(frozen=True)
class DistanceSampling(Settings, prefix="sampling."):
    """Sample per metre travelled; a window covers the same path at any speed, and stops add nothing. Needs odometry."""

    per_m: Annotated[float, Range(1.0, 1000.0)] = 10.0  # rows per metre travelled
    length_m: Annotated[float, Range(0.1, 600.0)] = 4.0  # window length
    max_gap_m: Annotated[float, Range(1e-3, 10.0)] = 0.25  # a longer path without a sample restarts the window

    unit: ClassVar[str] = "m"
    rate_unit: ClassVar[str] = "per m"
    needs_odometry: ClassVar[bool] = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("sampling.max_gap_m", self.max_gap_m, 1.0 / self.per_m, 10.0)

    @property
    def per_unit(self) -> float:
        """Rows per metre."""
        return self.per_m

    @property
    def length(self) -> float:
        """Length of a window, m."""
        return self.length_m

    @property
    def rows(self) -> int:
        """Rows in a window's length."""
        return round(self.length_m * self.per_m)

    def pick(self, *, seconds: float, metres: float) -> float:
        """The one of two lengths that has this sampling's unit."""
        return metres


Sampling = TimeSampling | DistanceSampling
