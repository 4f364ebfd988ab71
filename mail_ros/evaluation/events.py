"""What happens on a simulated drive beside driving on: stands, turns in place, backing up.

speed, heading --> what the robot does at every sample --> Happenings, one for each stretch of it
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray
from mail_ros.data.simulator.walk import SimulatedDrive

Kind = Literal["stands", "turns in place", "backs up"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TURNING_RAD_S = 0.02  # slower than this is no turn
SHORTEST_S = 0.5  # a robot that changes from ahead to back stands for a moment, which is not meant
AFTER_S = 5.0  # for which a happening may still do harm


class Happening(NamedTuple):
    """A stretch of a drive on which the robot does one thing."""

    kind: Kind
    first: int  # sample
    last: int


def happenings(drive: SimulatedDrive) -> list[Happening]:
    """All of them, in the order of their samples."""
    time_s = (drive.stamp_ns - drive.stamp_ns[0]) / NS_PER_S
    turning = np.abs(np.gradient(drive.heading_rad, time_s)) > TURNING_RAD_S
    doing: dict[Kind, BoolArray] = {
        "stands": drive.standing & ~turning,
        "turns in place": drive.standing & turning,
        "backs up": ~drive.standing & (drive.speed_m_s < 0.0),
    }
    found = []
    for kind, does in doing.items():
        edges = np.flatnonzero(np.diff(does.astype(np.int8), prepend=0, append=0))
        for first, end in edges.reshape(-1, 2).tolist():
            if time_s[end - 1] - time_s[first] >= SHORTEST_S:
                found.append(Happening(kind, first, end - 1))
    return sorted(found, key=lambda happening: happening.first)


def during(drive: SimulatedDrive, kind: Kind) -> BoolArray:
    """(n,) whether a sample is of such a happening, or of the seconds after it."""
    then = np.zeros(len(drive.stamp_ns), dtype=np.bool_)
    for happening in happenings(drive):
        if happening.kind == kind:
            first_ns, last_ns = drive.stamp_ns[[happening.first, happening.last]]
            then |= (drive.stamp_ns >= first_ns) & (drive.stamp_ns <= last_ns + round(AFTER_S * NS_PER_S))
    return then
