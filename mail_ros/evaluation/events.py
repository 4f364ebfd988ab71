"""The events of a simulated drive: stops, spins in place and reversals."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray
from mail_ros.data.simulator.simulated_drive import SimulatedDrive

EventKind = Literal["stop", "spin", "reversal"]
KINDS: tuple[EventKind, ...] = get_args(EventKind)
YAW_RATE_RAD_S = 0.02  # a slower rotation is not a spin
MIN_DURATION_S = 0.5  # a robot is stationary for a moment where it reverses, which is not a stop
AFTER_S = 5.0  # an event may still cause errors this long


class DriveEvent(NamedTuple):
    """A contiguous stretch of a drive with one kind of motion."""

    kind: EventKind
    first: int  # sample
    last: int


def drive_events(drive: SimulatedDrive) -> list[DriveEvent]:
    """All events, in the order of their samples."""
    time_s = (drive.stamp_ns - drive.stamp_ns[0]) / NS_PER_S
    rotating = np.abs(np.gradient(drive.heading_rad, time_s)) > YAW_RATE_RAD_S
    doing: dict[EventKind, BoolArray] = {
        "stop": drive.stationary & ~rotating,
        "spin": drive.stationary & rotating,
        "reversal": ~drive.stationary & (drive.speed_m_s < 0.0),
    }
    events = []
    for kind, does in doing.items():
        edges = np.flatnonzero(np.diff(does.astype(np.int8), prepend=0, append=0))
        for first, end in edges.reshape(-1, 2).tolist():
            if time_s[end - 1] - time_s[first] >= MIN_DURATION_S:
                events.append(DriveEvent(kind, first, end - 1))
    return sorted(events, key=lambda event: event.first)


def during(drive: SimulatedDrive, kind: EventKind) -> BoolArray:
    """(n,) whether a sample lies within such an event, or `AFTER_S` after it."""
    within = np.zeros(len(drive.stamp_ns), dtype=np.bool_)
    for event in drive_events(drive):
        if event.kind == kind:
            first_ns, last_ns = drive.stamp_ns[[event.first, event.last]]
            within |= (drive.stamp_ns >= first_ns) & (drive.stamp_ns <= last_ns + round(AFTER_S * NS_PER_S))
    return within
