"""From samples at any rate to rows at a fixed rate.

Rows lie at whole multiples of the period since the epoch, not since the first sample: localizers that start at
different times on the same sensor compute the same windows.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from mail_ros.core.types import NS_PER_S, FloatArray, Row

RESTARTS = ("gap", "backward")  # see `Admission.restarts`


class PeriodMeans:
    """Means of a piecewise linear signal over the periods of a coordinate that only grows: time, or distance."""

    def __init__(self, period: int) -> None:
        """Start empty; the coordinate and its period are whole numbers."""
        self.period = period
        self.at: int | None = None  # the newest coordinate

    def begin(self, at: int, values: FloatArray) -> None:
        """Drop what was integrated, and start at a coordinate."""
        self.at, self._values = at, values
        self._sum = np.zeros(len(values))  # integral over the current period so far
        self._whole = at % self.period == 0  # whether the integral began at the period's start

    def advance(self, stop: int, stop_values: FloatArray) -> list[Row]:
        """Integrate the straight line to a later coordinate, period by period; return the rows that it completes."""
        start = self.at
        assert start is not None and stop > start
        slope = (stop_values - self._values) / (stop - start)
        rows = []
        at, at_values = start, self._values
        while at < stop:
            index = at // self.period + 1  # the row that ends the current period
            end = min(index * self.period, stop)
            end_values = self._values + slope * (end - start)
            self._sum = self._sum + (at_values + end_values) * (0.5 * (end - at))
            if end == index * self.period:
                if self._whole:
                    rows.append(Row(index, self._sum / self.period))
                self._sum, self._whole = np.zeros(len(stop_values)), True
            at, at_values = end, end_values
        self.at, self._values = stop, stop_values
        return rows


class Admission:
    """Which samples arrive in time.

    A sample is counted in `counts` as `used`, or under the reason why not: `no_stamp` (zero or less),
    `duplicate` (stamp of the previous sample), `late` (up to `max_gap_s` older than the newest). An older stamp means
    that the clock was set `backward`; this and a `gap` are counted in `restarts`: the sample is used, and the index of
    the next row does not follow the last.
    """

    def __init__(self, max_gap_s: float) -> None:
        self.max_gap_ns = round(max_gap_s * NS_PER_S)
        self.counts: Counter[str] = Counter()
        self.restarts: Counter[str] = Counter()
        self.newest_ns: int | None = None  # stamp of the newest sample that was used

    def reset(self) -> None:
        """Drop the samples so far, keep the counts."""
        self.newest_ns = None

    def since_ns(self, stamp_ns: int) -> int | None:
        """Count a sample; return the time since the last one, 0 for the first, None where it is not used."""
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


class TimeResampler(Admission):
    """Streaming resampling by stamp: the mean of the linearly interpolated signal over each period.

    Averaging is the anti-alias filter when the sensor is faster than `rate_hz`; when it is slower, the
    mean is close to linear interpolation. Causal: a row appears with the first sample at or after its end.
    A hole longer than `max_gap_s` is a `gap`.
    """

    def __init__(self, rate_hz: float, max_gap_s: float) -> None:
        super().__init__(max_gap_s)
        self.period_ns = round(NS_PER_S / rate_hz)
        self._means = PeriodMeans(self.period_ns)

    def push(self, stamp_ns: int, values: FloatArray) -> list[Row]:
        """Add one sample, (w,) and finite; return the rows that it completes, oldest first."""
        since_ns = self.since_ns(stamp_ns)
        if since_ns is None:
            return []
        if 0 < since_ns <= self.max_gap_ns:
            return self._means.advance(stamp_ns, values)
        if since_ns != 0:
            self.restarts[RESTARTS[since_ns < 0]] += 1
        self._means.begin(stamp_ns, values)
        return []
