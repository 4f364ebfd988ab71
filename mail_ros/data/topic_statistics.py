"""One topic of a recorder: its counts, its rate, what its header stamps say is missing, and the way that it tells.

Only header and first numbers of a message are looked at (`cdr.py`).
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field

from mail_ros.core.signal.resampling import NS_PER_S, UT_PER_T
from mail_ros.data.cdr import has_header, header, numbers
from mail_ros.data.messages import FIELD_TYPE, IMU_TYPE, ODOMETRY_TYPE, POSE_TYPES

STREAM_TYPES = (FIELD_TYPE, IMU_TYPE, ODOMETRY_TYPE)  # at a steady rate: what is missing shows
TIMED_TYPES = (*STREAM_TYPES, *POSE_TYPES)  # stamped when they are sent, or shortly before
HOLE = 1.5  # times the period: a message is missing
STEP_M = 0.1  # a shorter way since the last place counted is noise
FEWEST_STEPS = 5  # to tell a period by


@dataclass
class TopicStatistics:
    """What is known of one topic; counts are those of the present take."""

    name: str
    msgtype: str
    heard_s: float  # steady time of its last message, or since when it is watched
    received: int = 0
    written: int = 0
    size: int = 0  # bytes received
    gaps: int = 0  # holes between header stamps
    missing: int = 0  # messages that would fill them
    unordered: int = 0  # header stamps that did not grow
    distance_m: float = 0.0
    rate_hz: float = math.nan
    period_ns: float = math.nan
    frame_id: str | None = None
    stamp_ns: int | None = None
    place: tuple[float, float] | None = None
    offset_s: float = math.nan  # header stamp before receipt
    field_ut: float = math.nan  # |B|
    _second: _Second = field(default_factory=lambda: _Second())

    def begin(self) -> None:
        """Count anew; what the messages are like stays known."""
        self.received = self.written = self.size = self.gaps = self.missing = self.unordered = 0
        self.distance_m, self.place, self.stamp_ns, self._second = 0.0, None, None, _Second()

    def hear(self, cdr: bytes, now_ns: int, now_s: float, *, written: bool) -> None:
        """Look at one message."""
        self.received += 1
        self.written += written
        self.size += len(cdr)
        self.heard_s = now_s
        second = self._second
        second.count += 1
        if has_header(self.msgtype) and (head := header(cdr, self.msgtype)) is not None:
            self.frame_id = head.frame_id
            second.offsets_ns.append(now_ns - head.stamp_ns)
            if self.stamp_ns is not None:
                second.steps_ns.append(head.stamp_ns - self.stamp_ns)
            self.stamp_ns = head.stamp_ns
        if (xyz := numbers(cdr, self.msgtype)) is not None:
            if self.msgtype == FIELD_TYPE:
                second.field_ut.append(math.hypot(*xyz) * UT_PER_T)
            else:
                self._walk(xyz[0], xyz[1])

    def end_second(self, elapsed_s: float) -> None:
        """Draw conclusions from what came since the last time."""
        second, self._second = self._second, _Second()
        self.rate_hz = second.count / elapsed_s
        self.offset_s = statistics.median(second.offsets_ns or [math.nan]) / NS_PER_S
        finite_ut = [value for value in second.field_ut if math.isfinite(value)]
        self.field_ut = statistics.median(finite_ut) if finite_ut else math.nan
        self.unordered += sum(step <= 0 for step in second.steps_ns)
        if self.msgtype not in STREAM_TYPES:
            return
        grown = [step for step in second.steps_ns if step > 0]
        if len(grown) >= FEWEST_STEPS:
            self.period_ns = statistics.median(grown)
        holes = [step for step in grown if step > HOLE * self.period_ns]
        self.gaps += len(holes)
        self.missing += sum(round(step / self.period_ns) - 1 for step in holes)

    def line(self) -> str:
        """What diagnostics say of it."""
        parts = [f"{self.received:,} received", f"{self.written:,} written", f"{self.rate_hz:.1f} Hz"]
        if self.msgtype in STREAM_TYPES:
            parts.append(f"{self.missing} missing in {self.gaps} gaps")
        if self.msgtype in TIMED_TYPES and math.isfinite(self.offset_s):
            parts.append(f"stamped {1e3 * self.offset_s:.0f} ms before receipt")
        if self.unordered:
            parts.append(f"{self.unordered} stamps out of order")
        return ", ".join(parts)

    def _walk(self, x: float, y: float) -> None:
        if not (math.isfinite(x) and math.isfinite(y)):
            return
        if self.place is None:
            self.place = (x, y)
        elif (step_m := math.dist(self.place, (x, y))) >= STEP_M:
            self.distance_m, self.place = self.distance_m + step_m, (x, y)


@dataclass
class _Second:
    """What came since the last assessment."""

    count: int = 0
    steps_ns: list[int] = field(default_factory=list)
    offsets_ns: list[int] = field(default_factory=list)
    field_ut: list[float] = field(default_factory=list)
