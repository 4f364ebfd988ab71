"""The path that a sensor travels, sampled by distance: rows with the position of the sensor beside its reading.

    displacements --> PathResampler --> a row every few decimetres of travel, reversals and curves included
    readings, arms -------^             (7,) x, y of the sensor in odometry's frame, m; the five of `axes.GravityAxes`

Unlike `distance.DistanceResampler` a row belongs to a position, not to a stretch of one path: where the sensor turns
back, rows go on. A person's odometry reports whole steps: the mean of the readings taken meanwhile belongs to the
middle of the step. The arm from the device to its sensor is that of each reading: a device that turns in place moves a
sensor ahead of it.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from mail_ros.core.signal.distance import LATE_S, MIN_MOVE_M, RESTART_UM, UM_PER_M
from mail_ros.core.signal.resampling import RESTARTS, Admission, PeriodMeans
from mail_ros.core.types import NS_PER_S, FloatArray, Row

ROW_WIDTH = 7  # numbers in a row
WHOLE_STEP_M = 0.3  # a longer displacement is a person's step: its gait swings the device, and the field in its axes
STEP_S = 1.2  # longest time that a displacement took: readings before it were taken where the device stood


class _Reading(NamedTuple):
    stamp_ns: int
    values: FloatArray  # (w,)
    arm_m: FloatArray  # (2,) from the device to its sensor, odometry's frame


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
        self._device_m, self._pending_m = np.zeros(2), np.zeros(2)  # up to the last readings, and since
        self._sensor_m = np.zeros(2)  # where the means end
        self._waiting: deque[_Reading] = deque()  # since the last displacement

    def move(self, moved_m: FloatArray) -> None:
        """Add a displacement (2,) m of the device, whether or not the sample that carries it is used."""
        self._pending_m = self._pending_m + moved_m

    def push(self, stamp_ns: int, values: FloatArray, arm_m: FloatArray) -> list[Row]:
        """Add one reading; return the rows that it completes.

        Args:
            stamp_ns: of the reading.
            values: (w,) and finite.
            arm_m: (2,) from the device to its sensor, odometry's frame.
        """
        since_ns = self.since_ns(stamp_ns)
        if since_ns is None:
            return []
        distance_m = float(np.hypot(*self._pending_m))
        backward, gap = since_ns < 0, distance_m > self._max_gap_m and not self._waiting
        reading = _Reading(stamp_ns, values, arm_m)
        if self._means.at is None or backward or gap:
            if self._means.at is not None:
                self.restarts[RESTARTS[backward]] += 1
            self._restart(reading)
            return []
        self._waiting.append(reading)
        if distance_m >= MIN_MOVE_M:
            return self._advance()
        rows = []
        while stamp_ns - self._waiting[0].stamp_ns > STEP_S * NS_PER_S:
            rows += self._add(self._device_m, self._waiting.popleft(), MIN_MOVE_M)
        return rows

    def _restart(self, reading: _Reading) -> None:
        self._device_m = self._device_m + self._pending_m
        self._pending_m = np.zeros(2)
        self._waiting.clear()
        self._sensor_m = self._device_m + reading.arm_m
        self._means.begin((self._means.at or 0) + RESTART_UM, np.concatenate([self._sensor_m, reading.values]))

    def _advance(self) -> list[Row]:
        """Distribute the waiting readings over the displacement; those of a step count as one, in its middle."""
        fractions = np.arange(1, len(self._waiting) + 1) / len(self._waiting)
        readings = list(self._waiting)
        if np.hypot(*self._pending_m) > WHOLE_STEP_M:
            fractions, readings = fractions.mean(keepdims=True), [_mean(readings)]
        rows = []
        for fraction, reading in zip(fractions, readings, strict=True):
            rows += self._add(self._device_m + fraction * self._pending_m, reading, 1.0 / UM_PER_M)
        self._device_m = self._device_m + self._pending_m
        self._pending_m = np.zeros(2)
        self._waiting.clear()
        return rows

    def _add(self, device_m: FloatArray, reading: _Reading, min_move_m: float) -> list[Row]:
        """Add a reading to the means, unless its sensor moved less than a distance since the last one."""
        sensor_m = device_m + reading.arm_m
        moved_m = float(np.hypot(*(sensor_m - self._sensor_m)))
        if moved_m < min_move_m:
            return []
        self._sensor_m = sensor_m
        to_um = (self._means.at or 0) + round(moved_m * UM_PER_M)
        return self._means.advance(to_um, np.concatenate([sensor_m, reading.values]))


def _mean(readings: list[_Reading]) -> _Reading:
    stamps_ns, values, arms_m = zip(*readings, strict=True)
    return _Reading(stamps_ns[-1], np.mean(values, axis=0), np.mean(arms_m, axis=0))
