"""From samples at any rate to the gradient that the network reads.

    Sample --> Frame --> Resampler --> Tick --> SlidingWindow --> gradient
    a reading  axes      any rate      rate_hz  the last 10 s     offset-free

Ticks lie at whole multiples of the period since the epoch, not since the first sample: whoever
starts listening earlier or later to the same robot computes the same windows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
GradientKind = Literal["lag", "first", "mean"]
Arrays = TypeVar("Arrays", npt.NDArray[np.float32], npt.NDArray[np.float64])

NS_PER_S = 1_000_000_000
UT_PER_T = 1e6
RESTARTS = ("gap", "backward")  # see `Resampler.restarts`


@dataclass(frozen=True)
class Tick:
    """What a period measured; consecutive ticks have consecutive indices."""

    index: int  # ends at index * period since the epoch, or of the way
    row: FloatArray  # (w,) mean over the period, of what the window keeps; its first three are the field, µT

    @property
    def field_ut(self) -> FloatArray:
        """(3,) µT."""
        return self.row[:3]


class PeriodMeans:
    """Means of a piecewise linear signal over the periods of a coordinate, time or way, that only grows."""

    def __init__(self, period: int) -> None:
        """Begin with nothing; the coordinate counts in whole numbers, and so does its period."""
        self.period = period
        self.at: int | None = None  # the newest coordinate

    def begin(self, at: int, row: FloatArray) -> None:
        """Forget what was, and start at a coordinate."""
        self.at, self._row = at, row
        self._sum = np.zeros(len(row))  # integral over the current period so far
        self._whole = at % self.period == 0  # whether the integral began at the period's start

    def advance(self, stop: int, stop_row: FloatArray) -> list[Tick]:
        """Integrate the straight line to a later coordinate, period by period; the ticks that it completes."""
        start = self.at
        assert start is not None and stop > start
        slope = (stop_row - self._row) / (stop - start)
        ticks = []
        at, at_row = start, self._row
        while at < stop:
            index = at // self.period + 1  # the tick that ends the period we are in
            end = min(index * self.period, stop)
            end_row = self._row + slope * (end - start)
            self._sum = self._sum + (at_row + end_row) * (0.5 * (end - at))
            if end == index * self.period:
                if self._whole:
                    ticks.append(Tick(index, self._sum / self.period))
                self._sum, self._whole = np.zeros(len(stop_row)), True
            at, at_row = end, end_row
        self.at, self._row = stop, stop_row
        return ticks


class Admission:
    """Which samples come in time.

    A sample is counted in `counts` as `used`, or under the reason why not: `no_stamp` (zero or less),
    `duplicate` (stamp of the sample before), `late` (up to `max_gap_s` older than the newest). Older than
    that, the clock was set `backward`; it, and a `gap`, are counted in `restarts`: the sample is used, and the next
    tick's index does not follow the last.
    """

    def __init__(self, max_gap_s: float) -> None:
        self.max_gap_ns = round(max_gap_s * NS_PER_S)
        self.counts: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.newest_ns: int | None = None  # stamp of the newest sample that was used

    def reset(self) -> None:
        """Forget the samples so far, keep the counts."""
        self.newest_ns = None

    def since_ns(self, stamp_ns: int) -> int | None:
        """Count a sample; how long after the last it comes, 0 for the first; None where it is not used."""
        if stamp_ns <= 0:
            self.counts["no_stamp"] += 1
            return None
        step_ns = 1 if self.newest_ns is None else stamp_ns - self.newest_ns
        if -self.max_gap_ns <= step_ns <= 0:
            self.counts["duplicate" if step_ns == 0 else "late"] += 1
            return None
        self.counts["used"] += 1
        first, self.newest_ns = self.newest_ns is None, stamp_ns
        return 0 if first else step_ns


class Resampler(Admission):
    """Streaming resampling by stamp: the mean of the linearly interpolated signal over each period.

    Averaging is the anti-alias filter when the sensor is faster than `rate_hz`; when it is slower, the
    mean is next to linear interpolation. Causal: a tick appears with the first sample at or after its end.
    A hole longer than `max_gap_s` is a `gap`.
    """

    def __init__(self, rate_hz: float, max_gap_s: float) -> None:
        super().__init__(max_gap_s)
        self.period_ns = round(NS_PER_S / rate_hz)
        self._means = PeriodMeans(self.period_ns)

    def push(self, stamp_ns: int, row: FloatArray) -> list[Tick]:
        """Take one sample, (w,) and finite; return the ticks that it completes, oldest first."""
        since_ns = self.since_ns(stamp_ns)
        if since_ns is None:
            return []
        if 0 < since_ns <= self.max_gap_ns:
            return self._means.advance(stamp_ns, row)
        if since_ns != 0:
            self.restarts[RESTARTS[since_ns < 0]] += 1
        self._means.begin(stamp_ns, row)
        return []


class SlidingWindow:
    """The last `length` values of unbroken ticks, as one contiguous array, without moving it each time."""

    def __init__(self, length: int, width: int = 3) -> None:
        self.length = length
        self._buffer = np.zeros((2 * length, width))
        self.clear()

    def clear(self) -> None:
        """Forget all ticks."""
        self._end = 0
        self._filled = 0
        self.last_index: int | None = None  # of the newest tick

    def append(self, tick: Tick) -> None:
        """Add a tick; one that does not follow the last starts the window anew."""
        if self.last_index is not None and tick.index != self.last_index + 1:
            self.clear()
        if self._end == 2 * self.length:
            self._buffer[: self.length] = self._buffer[self.length :]
            self._end = self.length
        self._buffer[self._end] = tick.row
        self._end += 1
        self._filled = min(self._filled + 1, self.length)
        self.last_index = tick.index

    @property
    def filled(self) -> int:
        """Values in the window, 0 to `length`."""
        return self._filled

    @property
    def fill(self) -> float:
        """Share of the window that is filled, 0 to 1."""
        return self._filled / self.length

    @property
    def values(self) -> FloatArray:
        """(length, width) rows, oldest first; only meaningful when `fill` is 1."""
        return self.newest(self.length)

    def newest(self, count: int) -> FloatArray:
        """(count, width) rows, oldest first; only meaningful where so many are filled."""
        return self._buffer[self._end - count : self._end]


def gradient(field_ut: Arrays, kind: GradientKind, lag: int) -> Arrays:
    """The offset-free signal that all scales read.

    "lag" and "first": b[t] - b[t - lag]. "mean": b[t] minus the mean of the window (figure 4b of the paper).

    Args:
        field_ut: (..., n + lag, 3) µT; a torch tensor as well.
        kind: which gradient.
        lag: `ModelConfig.lag`; 0 for "mean".

    Returns:
        (..., n, 3) µT.
    """
    if kind == "mean":
        mean: Arrays = field_ut.sum(-2)[..., None, :] / field_ut.shape[-2]
        return field_ut - mean
    difference: Arrays = field_ut[..., lag:, :] - field_ut[..., :-lag, :]
    return difference


def cut_windows(
    field_ut: npt.NDArray[np.float32], end: IntArray, reach: IntArray, speed: FloatArray, samples: int
) -> npt.NDArray[np.float32]:
    """Windows of a resampled walk that end at some rows, walked `speed` times as fast, by linear interpolation.

    A speed that reaches back before the walk's start is lowered to what the walk holds.

    Args:
        field_ut: (m, w) µT, and what a levelled field keeps beside it.
        end: (B,) rows of the newest sample.
        reach: (B,) how many rows up to there have no hole.
        speed: (B,) factors.
        samples: in a window.

    Returns:
        (B, samples, w).
    """
    back = np.arange(samples - 1, -1, -1)
    fastest = (reach - 1) / (samples - 1)
    at = end[:, None] - np.minimum(speed, fastest)[:, None] * back  # (B, samples) fractional rows
    below = np.floor(at).astype(np.int64)
    share = (at - below)[..., None].astype(np.float32)
    above = np.minimum(below + 1, end[:, None])
    windows_ut: npt.NDArray[np.float32] = field_ut[below] * (1 - share) + field_ut[above] * share
    return windows_ut
