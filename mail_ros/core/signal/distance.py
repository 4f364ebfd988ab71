"""Rows per distance travelled: a window covers the same path at any speed, and stops add nothing.

    moved_m --> Progress --> metres beyond the farthest place --> WaySampler --> Tick every few centimetres
                                                   field, heading --^

Standing and turning in place append nothing. Backing up appends nothing either, until the robot is beyond the
farthest place again; where it backs on, or goes back the way that it came, the window begins anew in that direction.
"""

from __future__ import annotations

import math

import numpy as np

from mail_ros.core.signal.resampling import RESTARTS, Admission, FloatArray, PeriodMeans, Tick

UM_PER_M = 1_000_000  # the way is counted in whole micrometres
BACK_M = 1.0  # a robot that backed so far goes another way
TANGENT_M = 0.3  # over which the direction of the way is read
BACKWARD = -0.3  # cosine of an angle to the way, below which one goes back
LEAST_M = 0.02  # shorter moves wait for the next: what odometry jitters by while it stands is no way
BESIDE_M = 0.15  # whoever gets so far off without going on went another way
LATE_S = 0.25  # a sample older than the newest by up to this is late; older than that, the clock was set back
AFRESH_UM = 1_000 * UM_PER_M  # added to the way where the window begins anew: no tick follows another then


class Progress:
    """How far beyond the farthest place a device is, along its way."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Begin here."""
        self._end_m = np.zeros(2)  # the way's end, seen from where the device is
        self._direction = np.zeros(2)  # of the way at its end; zeros: none yet
        self._behind = False

    def push(self, moved_m: FloatArray) -> float | None:
        """Go on (2,) m, and return how much longer the way is now; None where it begins anew, in another direction."""
        self._end_m = self._end_m - moved_m
        x, y = (-self._end_m).tolist()  # where the device is, seen from the way's end
        distance_m = math.hypot(x, y)
        if distance_m < LEAST_M:
            return 0.0
        ahead_m = x * self._direction[0] + y * self._direction[1]
        if ahead_m < BACKWARD * distance_m or (self._behind and distance_m > BESIDE_M and ahead_m < distance_m / 2.0):
            self._behind = True
            if distance_m <= BACK_M:
                return 0.0
            self.reset()
            return None
        self._behind = False
        share = min(1.0, distance_m / TANGENT_M)
        direction = (1.0 - share) * self._direction + share * np.array([x, y]) / distance_m
        self._direction = direction / max(float(np.hypot(*direction)), 1e-9)
        self._end_m = np.zeros(2)
        return distance_m


class WaySampler(Admission):
    """As `Resampler`, by distance instead of by time: a period is a piece of the path.

    A hole in the samples is a `gap` where the device went farther than `max_gap_m` meanwhile.
    """

    def __init__(self, per_m: float, max_gap_m: float) -> None:
        super().__init__(LATE_S)
        self._progress, self._max_gap_m = Progress(), max_gap_m
        self._period_um = round(UM_PER_M / per_m)
        self.reset()

    def reset(self) -> None:
        """See `Admission`."""
        super().reset()
        self._progress.reset()
        self._means = PeriodMeans(self._period_um)
        self._waiting_m = np.zeros(2)

    def go(self, moved_m: FloatArray) -> None:
        """Go on (2,) m, whatever becomes of the sample that says so."""
        self._waiting_m = self._waiting_m + moved_m

    def push(self, stamp_ns: int, row: FloatArray) -> list[Tick]:
        """Take one sample, (w,) and finite, where the device has gone to; return the ticks that it completes."""
        first = self.newest_ns is None
        since_ns = self.since_ns(stamp_ns)
        if since_ns is None:
            return []
        advanced_m = self._progress.push(self._waiting_m)
        self._waiting_m = np.zeros(2)
        backward = since_ns < 0
        gap = advanced_m is not None and advanced_m > self._max_gap_m
        if backward or gap:
            self.restarts[RESTARTS[backward]] += 1
            self._progress.reset()
        if first or backward or gap or advanced_m is None:
            self._means.begin((self._means.at or 0) + AFRESH_UM, row)
            return []
        by = round(advanced_m * UM_PER_M)
        return self._means.advance((self._means.at or 0) + by, row) if by else []
