"""Odometry beside the field: a person's steps, or a robot's wheels, as displacements in a frame of their own.

The frame is fixed but has an unknown yaw in the map. Everything is causal: a displacement is credited when it is
known, never earlier, and a step is known once the body sinks again.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np

from mail_ros.core.config import Range, Settings, check_range
from mail_ros.core.signal.attitude import heading_rad
from mail_ros.core.types import NS_PER_S, FloatArray

MAX_SPEED_M_S = 10.0  # a pose that moves faster was reset
MAX_SILENT_S = 60.0  # after a longer silence odometry may have been restarted, or a clock was set
MAX_PENDING = 1000  # displacements that are kept apart until a field sample takes them
LATE_S = 1.0  # a pose older than the newest by up to this is ignored; older than that, the clock was set back


class ImuReading(NamedTuple):
    """One reading of an inertial unit with attitude."""

    stamp_ns: int
    orientation_xyzw: FloatArray  # (4,) sensor in a frame whose z points up
    acceleration_m_s2: FloatArray  # (3,) sensor frame, gravity included


@dataclass(frozen=True)
class GaitConfig(Settings, prefix="gait."):
    """What a step looks like in the vertical acceleration, and how long it is.

    Measured on the 24 walks of repetitions 1 and 2 of IPIN 2023 Track 3 (48 to 142 m each, between surveyed
    landmarks): path length over steps is 0.60 m, and 5.6 % (rms) from walk to walk. On repetition 3, another
    phone, the same constant is right to 4.3 %. Weinberg's rule (length from the fourth root of the swing) is no
    better on the first (5.6 %) and worse on the other phone (4.7 %, 2.4 % short), so the length is constant.
    """

    step_m: Annotated[float, Range(0.1, 2.0)] = 0.60  # length of a step
    held_ahead_m: Annotated[float, Range(0.0, 1.0)] = 0.35  # how far ahead of the feet a device is held
    cutoff_hz: Annotated[float, Range(0.1, 100.0)] = 2.0  # cutoff of both smoothing stages; a step takes about 0.6 s
    swing_m_s2: Annotated[float, Range(1e-3, 100.0)] = 0.75  # between two turning points of the smoothed acceleration
    shortest_s: Annotated[float, Range(0.0, 10.0)] = 0.3  # shortest time between two steps
    longest_s: Annotated[float, Range(0.0, 10.0)] = 1.0  # a step without another one within this is a bump, not walking
    max_gap_s: Annotated[float, Range(1e-3, 10.0)] = 0.5  # a longer hole between two readings restarts the detection

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("gait.longest_s", self.longest_s, self.shortest_s, 10.0)


class PedestrianOdometry:
    """Steps of a person who holds the device ahead, in the direction of its attitude.

    A step is a peak of the smoothed vertical acceleration, credited when the acceleration has fallen by
    `swing_m_s2` from it. The first step after a stand is credited together with the second. The heading is
    the attitude's rotation about the vertical (its twist), which a tilt of the device about its own
    horizontal axis does not change.
    """

    def __init__(self, gait: GaitConfig | None = None) -> None:
        self.gait = gait or GaitConfig()
        self.reset()

    def reset(self) -> None:
        """Drop all readings."""
        self._stamp_ns: int | None = None
        self._step_ns: int | None = None  # when the last step was known
        self._held_m = np.zeros(2)  # a first step, until a second confirms it

    def push(self, reading: ImuReading) -> FloatArray:
        """Add a reading; return the displacement (2,) m of the step that it completes, or zeros.

        A reading that is not finite, has no attitude or is not newer than the last is ignored.
        """
        no_step = np.zeros(2)
        x, y, z, w = reading.orientation_xyzw.tolist()
        ahead, left, above = reading.acceleration_m_s2.tolist()
        square = x * x + y * y + z * z + w * w
        if not 0.25 <= square < math.inf or not math.isfinite(ahead + left + above):
            return no_step
        # The vertical in the sensor's axes, times the square
        up_x, up_y, up_z = 2 * (x * z - w * y), 2 * (y * z + w * x), square - 2 * (x * x + y * y)
        vertical_m_s2 = (up_x * ahead + up_y * left + up_z * above) / square
        step_ns = None if self._stamp_ns is None else reading.stamp_ns - self._stamp_ns
        if step_ns is None or abs(step_ns) > self.gait.max_gap_s * NS_PER_S:
            self._start(reading.stamp_ns, vertical_m_s2)
            return no_step
        if step_ns <= 0:
            return no_step
        self._stamp_ns = reading.stamp_ns
        if not self._falls_from_peak(step_ns / NS_PER_S, vertical_m_s2):
            return no_step
        heading = heading_rad(reading.orientation_xyzw)
        return self._step(reading.stamp_ns, self.gait.step_m * np.array([np.cos(heading), np.sin(heading)]))

    def _start(self, stamp_ns: int, vertical_m_s2: float) -> None:
        self.reset()
        self._stamp_ns = stamp_ns
        self._once = self._twice = self._extreme = vertical_m_s2
        self._rising = False

    def _falls_from_peak(self, interval_s: float, vertical_m_s2: float) -> bool:
        """Smooth twice, and follow the curve from turning point to turning point."""
        weight = 1.0 - math.exp(-2.0 * math.pi * self.gait.cutoff_hz * interval_s)
        self._once += weight * (vertical_m_s2 - self._once)
        self._twice += weight * (self._once - self._twice)
        value = self._twice
        if self._rising:
            self._extreme = max(self._extreme, value)
            if value < self._extreme - self.gait.swing_m_s2:
                self._rising, self._extreme = False, value
                return True
        else:
            self._extreme = min(self._extreme, value)
            if value > self._extreme + self.gait.swing_m_s2:
                self._rising, self._extreme = True, value
        return False

    def _step(self, stamp_ns: int, step_m: FloatArray) -> FloatArray:
        """Credit a step that follows another; hold back a first one."""
        since_s = np.inf if self._step_ns is None else (stamp_ns - self._step_ns) / NS_PER_S
        if since_s < self.gait.shortest_s:
            return np.zeros(2)
        self._step_ns = stamp_ns
        if since_s > self.gait.longest_s:
            self._held_m = step_m
            return np.zeros(2)
        credited_m = self._held_m + step_m
        self._held_m = np.zeros(2)
        return credited_m


class WheelOdometry:
    """Displacements from the poses of a robot's odometry, whose frame drifts but does not jump."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Drop all poses."""
        self._last: tuple[int, FloatArray] | None = None

    def push(self, stamp_ns: int, position_m: FloatArray) -> FloatArray:
        """Add a pose's position, (2,) m; return the displacement since the last, zeros where the frame was reset."""
        if not np.isfinite(position_m).all():
            return np.zeros(2)
        if self._last is not None and 0 <= self._last[0] - stamp_ns <= LATE_S * NS_PER_S:
            return np.zeros(2)
        last, self._last = self._last, (stamp_ns, position_m)
        if last is None:
            return np.zeros(2)
        moved_m: FloatArray = position_m - last[1]
        silent_s = (stamp_ns - last[0]) / NS_PER_S
        reachable_m = MAX_SPEED_M_S * silent_s if 0.0 < silent_s <= MAX_SILENT_S else 0.0
        return moved_m if np.linalg.norm(moved_m) <= reachable_m else np.zeros(2)


class Displacements:
    """A queue of displacements for the field sample that may use them: the first with a stamp not before theirs."""

    def __init__(self) -> None:
        self._pending: deque[tuple[int, FloatArray]] = deque()

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, stamp_ns: int, moved_m: FloatArray) -> None:
        """Add a displacement that was known at `stamp_ns`."""
        if not any(moved_m.tolist()):
            return
        if len(self._pending) == MAX_PENDING:  # no field samples arrive: merge the oldest two
            _, earlier_m = self._pending.popleft()
            known_ns, later_m = self._pending.popleft()
            self._pending.appendleft((known_ns, earlier_m + later_m))
        self._pending.append((stamp_ns, moved_m))

    def pop_until(self, stamp_ns: int) -> FloatArray:
        """Remove and sum, (2,) m, the displacements that were known by `stamp_ns`."""
        total_m = np.zeros(2)
        for _ in range(len(self._pending)):
            known_ns, moved_m = self._pending.popleft()
            if known_ns <= stamp_ns:
                total_m += moved_m
            else:
                self._pending.append((known_ns, moved_m))
        return total_m
