"""Statistics of one recorded topic: counts, rate, messages missing by header stamp, and distance travelled."""

from __future__ import annotations

import math
import statistics
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from mail_ros.core.errors import BagError
from mail_ros.core.signal.field_units import UNKNOWN, Magnitude, magnitude
from mail_ros.core.types import NS_PER_S, UT_PER_T
from mail_ros.data.clock_jumps import HOLE_S
from mail_ros.data.messages import (
    FIELD_TYPE,
    IMU_TYPE,
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    POSE_TYPES,
    TF_TYPE,
    WAYPOINT_EVENT_TYPE,
    decode,
    time_ns,
)

STREAM_TYPES = (FIELD_TYPE, IMU_TYPE, ODOMETRY_TYPE)  # published at a constant rate: missing messages are visible
TIMED_TYPES = (*STREAM_TYPES, *POSE_TYPES)  # stamped when they are published, or shortly before
GAP_PERIODS = 1.5  # a longer step between header stamps means missing messages
MIN_STEP_M = 0.1  # shorter steps are noise
MIN_STEPS = 5  # for an estimate of the period


@dataclass
class _Period:
    """Messages since the last assessment."""

    count: int = 0
    steps_ns: list[int] = field(default_factory=list)
    offsets_ns: list[int] = field(default_factory=list)
    field_ut: list[float] = field(default_factory=list)
    frames: set[str] = field(default_factory=set)


@dataclass
class TopicStatistics:
    """Statistics of one topic; counts are those of the current recording."""

    name: str
    msgtype: str
    last_message_s: float  # steady time of the last message, or of the start
    last_message_ns: int = 0  # time of its receipt, by the clock that stamps messages
    received: int = 0
    written: int = 0
    gaps: int = 0  # gaps between header stamps
    missing: int = 0  # messages that would fill the gaps
    unordered: int = 0  # header stamps that did not increase
    distance_m: float = 0.0
    rate_hz: float = math.nan
    period_ns: float = math.nan
    frame_id: str | None = None
    frames: frozenset[str] = frozenset()  # frame_ids of the last period
    publishers: int = 0  # on the topic now; 0 if unknown
    stamp_ns: int | None = None
    position_m: tuple[float, float] | None = None
    offset_s: float = math.nan  # time of receipt minus header stamp
    magnitude: Magnitude = UNKNOWN  # |B|
    _period: _Period = field(default_factory=_Period)

    def reset_counts(self) -> None:
        """Reset the counts; properties of the messages stay known."""
        self.received = self.written = self.gaps = self.missing = self.unordered = 0
        self.distance_m, self.position_m, self.stamp_ns, self._period = 0.0, None, None, _Period()

    def on_message(self, cdr: bytes, now_ns: int, now_s: float, *, written: bool) -> None:
        """Process one message."""
        self.received += 1
        self.written += written
        self.last_message_s, self.last_message_ns = now_s, now_ns
        self._period.count += 1
        with suppress(BagError):  # bytes that are not such a message are only counted
            self._add_content(decode(cdr, self.msgtype), now_ns)

    def _add_content(self, message: Any, now_ns: int) -> None:
        period = self._period
        if (header := header_of(message, self.msgtype)) is not None:
            stamp_ns, self.frame_id = time_ns(header.stamp), header.frame_id
            period.frames.add(header.frame_id)
            period.offsets_ns.append(now_ns - stamp_ns)
            if self.stamp_ns is not None:
                period.steps_ns.append(stamp_ns - self.stamp_ns)
            self.stamp_ns = stamp_ns
        if self.msgtype == FIELD_TYPE:
            field = message.magnetic_field
            period.field_ut.append(math.hypot(field.x, field.y, field.z) * UT_PER_T)
        elif self.msgtype == LANDMARK_TYPE:
            self._add_position(message.point)
        elif self.msgtype in (*POSE_TYPES, ODOMETRY_TYPE):
            self._add_position(message.pose.position if self.msgtype == POSE_TYPES[0] else message.pose.pose.position)

    def end_period(self, elapsed_s: float) -> None:
        """Evaluate the messages since the last call."""
        period, self._period = self._period, _Period()
        self.rate_hz, self.frames = period.count / elapsed_s, frozenset(period.frames)
        self.offset_s = statistics.median(period.offsets_ns or [math.nan]) / NS_PER_S
        self.magnitude = magnitude(period.field_ut)
        self.unordered += sum(step <= 0 for step in period.steps_ns)
        if self.msgtype not in STREAM_TYPES:
            return
        forward = [step for step in period.steps_ns if step > 0]
        if len(forward) >= MIN_STEPS:
            self.period_ns = statistics.median(forward)
        gaps = [step for step in forward if GAP_PERIODS * self.period_ns < step <= HOLE_S * NS_PER_S]
        self.gaps += len(gaps)
        self.missing += sum(round(step / self.period_ns) - 1 for step in gaps)

    def summary(self) -> str:
        """One line for diagnostics."""
        parts = [f"{self.received:,} received", f"{self.written:,} written", f"{self.rate_hz:.1f} Hz"]
        if self.msgtype in STREAM_TYPES:
            parts.append(f"{self.missing} missing in {self.gaps} gaps")
        if self.msgtype in TIMED_TYPES and math.isfinite(self.offset_s):
            parts.append(f"stamped {1e3 * self.offset_s:.0f} ms before receipt")
        if self.unordered:
            parts.append(f"{self.unordered} stamps out of order")
        return ", ".join(parts)

    def _add_position(self, position: Any) -> None:
        at_m = (float(position.x), float(position.y))
        if not all(map(math.isfinite, at_m)):
            return
        if self.position_m is None:
            self.position_m = at_m
        elif (step_m := math.dist(self.position_m, at_m)) >= MIN_STEP_M:
            self.distance_m, self.position_m = self.distance_m + step_m, at_m


def header_of(message: Any, msgtype: str) -> Any:
    """The header of a message, or of its first transform; None where it has none."""
    if msgtype == TF_TYPE:
        return message.transforms[0].header if message.transforms else None
    return message if msgtype == WAYPOINT_EVENT_TYPE else getattr(message, "header", None)
