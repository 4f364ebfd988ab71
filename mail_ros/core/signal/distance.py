"""Resampling by distance travelled: the same windows at any speed, and unchanged by stops.

Stops and rotations in place append nothing. Reversing appends nothing either, until the robot is beyond the farthest
point again; after more than `MAX_REVERSE_M` in reverse, the window restarts in that direction.
"""

from __future__ import annotations

import math

import numpy as np

from mail_ros.core.signal.resampling import RESTARTS, Admission, PeriodMeans
from mail_ros.core.types import FloatArray, Row

UM_PER_M = 1_000_000  # distance is counted in whole micrometres
MAX_REVERSE_M = 1.0  # a longer reverse starts a new path
TANGENT_M = 0.3  # length over which the direction of the path is averaged
REVERSE_COS = -0.3  # cosine of the angle to the path below which a move is a reverse
MIN_MOVE_M = 0.02  # shorter moves are accumulated first: odometry jitter of a stationary robot is no travel
MAX_LATERAL_M = 0.15  # lateral distance without progress after which a reverse has become another path
LATE_S = 0.25  # a sample older than the newest by up to this is late; older than that, the clock was set back
RESTART_UM = 1_000 * UM_PER_M  # added to the distance at a restart: no row index follows another then


class PathProgress:
    """Distance beyond the farthest point, along the device's own path."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start a path here."""
        self._end_m = np.zeros(2)  # end of the path, seen from the device
        self._direction = np.zeros(2)  # direction of the path at its end; zeros: none yet
        self._reversing = False

    def push(self, moved_m: FloatArray) -> float | None:
        """Move by (2,) m; return how much longer the path is now, None where it restarts in another direction."""
        self._end_m = self._end_m - moved_m
        x, y = (-self._end_m).tolist()  # position of the device, seen from the path's end
        distance_m = math.hypot(x, y)
        if distance_m < MIN_MOVE_M:
            return 0.0
        ahead_m = x * self._direction[0] + y * self._direction[1]
        left_path = self._reversing and distance_m > MAX_LATERAL_M and ahead_m < distance_m / 2.0
        if ahead_m < REVERSE_COS * distance_m or left_path:
            self._reversing = True
            if distance_m <= MAX_REVERSE_M:
                return 0.0
            self.reset()
            return None
        self._reversing = False
        weight = min(1.0, distance_m / TANGENT_M)
        direction = (1.0 - weight) * self._direction + weight * np.array([x, y]) / distance_m
        self._direction = direction / max(float(np.hypot(*direction)), 1e-9)
        self._end_m = np.zeros(2)
        return distance_m


class DistanceResampler(Admission):
    """Like `resampling.TimeResampler`, by distance instead of by time.

    A hole in the samples is a `gap` where the device moved farther than `max_gap_m` meanwhile.
    """

    def __init__(self, per_m: float, max_gap_m: float) -> None:
        super().__init__(LATE_S)
        self._progress, self._max_gap_m = PathProgress(), max_gap_m
        self._period_um = round(UM_PER_M / per_m)
        self.reset()

    def reset(self) -> None:
        """See `Admission`."""
        super().reset()
        self._progress.reset()
        self._means = PeriodMeans(self._period_um)
        self._pending_m = np.zeros(2)

    def move(self, moved_m: FloatArray) -> None:
        """Add a displacement (2,) m, whether or not the sample that carries it is used."""
        self._pending_m = self._pending_m + moved_m

    def push(self, stamp_ns: int, values: FloatArray) -> list[Row]:
        """Add one sample, (w,) and finite, taken where the device is now; return the rows that it completes."""
        first = self.newest_ns is None
        since_ns = self.since_ns(stamp_ns)
        if since_ns is None:
            return []
        advanced_m = self._progress.push(self._pending_m)
        self._pending_m = np.zeros(2)
        backward = since_ns < 0
        gap = advanced_m is not None and advanced_m > self._max_gap_m
        if backward or gap:
            self.restarts[RESTARTS[backward]] += 1
            self._progress.reset()
        if first or backward or gap or advanced_m is None:
            self._means.begin((self._means.at or 0) + RESTART_UM, values)
            return []
        by = round(advanced_m * UM_PER_M)
        return self._means.advance((self._means.at or 0) + by, values) if by else []
