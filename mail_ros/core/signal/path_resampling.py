"""The path that a sensor travels, sampled by distance: rows with the position of the sensor beside its reading.

    displacements --> PathResampler --> a row every few decimetres of travel, reversals and curves included
    readings ------------^              (7,) x, y in odometry's frame, m; the five values of `axes.GravityAxes`

Unlike `distance.DistanceResampler` a row belongs to a position, not to a stretch of one path: where the sensor turns
back, rows go on. A person's odometry reports whole steps: readings taken meanwhile are spread over the step.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from mail_ros.core.signal.distance import LATE_S, MIN_MOVE_M, RESTART_UM, UM_PER_M
from mail_ros.core.signal.resampling import RESTARTS, Admission, PeriodMeans
from mail_ros.core.types import NS_PER_S, FloatArray, Row

ROW_WIDTH = 7  # numbers in a row
STEP_S = 1.2  # longest time that a displacement took: readings before it were taken where the sensor stood


class PathResampler(Admission):
    """Means of readings and positions over every period of travel."""

    def __init__(self, per_m: float, max_gap_m: float) -> None:
        """Start empty.

        Args:
            per_m: rows per metre travelled.
            max_gap_m: a longer displacement without a reading restarts the rows.
        """
        super().__init__(LATE_S)
        self._max_gap_m = max_gap_m
        self._period_um = round(UM_PER_M / per_m)
        self.reset()

    def reset(self) -> None:
        """See `Admission`; the position starts at zero."""
        super().reset()
        self._means = PeriodMeans(self._period_um)
        self._position_m, self._pending_m = np.zeros(2), np.zeros(2)
        self._waiting: deque[tuple[int, FloatArray]] = deque()  # stamps and readings since the last displacement

    def move(self, moved_m: FloatArray) -> None:
        """Add a displacement (2,) m of the sensor, whether or not the sample that carries it is used."""
        self._pending_m = self._pending_m + moved_m

    def push(self, stamp_ns: int, values: FloatArray) -> list[Row]:
        """Add one reading, (w,) and finite, taken where the sensor is now; return the rows that it completes."""
        since_ns = self.since_ns(stamp_ns)
        if since_ns is None:
            return []
        distance_m = float(np.hypot(*self._pending_m))
        backward, gap = since_ns < 0, distance_m > self._max_gap_m and not self._waiting
        if self._means.at is None or backward or gap:
            if self._means.at is not None:
                self.restarts[RESTARTS[backward]] += 1
            self._restart(values)
            return []
        self._waiting.append((stamp_ns, values))
        while stamp_ns - self._waiting[0][0] > STEP_S * NS_PER_S:
            self._waiting.popleft()
        return self._advance(distance_m) if distance_m >= MIN_MOVE_M else []

    def _restart(self, values: FloatArray) -> None:
        self._position_m = self._position_m + self._pending_m
        self._pending_m = np.zeros(2)
        self._waiting.clear()
        self._means.begin((self._means.at or 0) + RESTART_UM, np.concatenate([self._position_m, values]))

    def _advance(self, distance_m: float) -> list[Row]:
        """Spread the waiting readings evenly over the displacement."""
        start = self._means.at or 0
        rows = []
        for number, (_, values) in enumerate(self._waiting, 1):
            fraction = number / len(self._waiting)
            at = start + round(fraction * distance_m * UM_PER_M)
            if at > (self._means.at or 0):
                position_m = self._position_m + fraction * self._pending_m
                rows += self._means.advance(at, np.concatenate([position_m, values]))
        self._position_m = self._position_m + self._pending_m
        self._pending_m = np.zeros(2)
        self._waiting.clear()
        return rows
