"""Conditions under which test walks are replayed: one fit of a method serves them all.

A condition changes nothing that was learned. To add a kind, add a field and its words, and use it in `cells`; results
of conditions that keep its default stay valid.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from mail_ros.core.config import Range, Settings, TrackerChoice
from mail_ros.data.track import Track

WORDS = {"speed_m_s": "{:g} m/s", "tracker": "tracked, {}", "from_s": "from {:g} s on", "offset_ut": "offset {:g} µT"}


@dataclass(frozen=True)
class Condition(Settings):
    """How walks are replayed; the defaults replay them as recorded."""

    speed_m_s: Annotated[float, Range(0.1, 10.0)] | None = None  # see `at_speed`
    tracker: TrackerChoice = "none"
    from_s: Annotated[float, Range(0.0, 3600.0)] | None = None  # start of counted estimates; None: the cell's
    offset_ut: Annotated[float, Range(0.0, 1e4)] = 0.0  # see `with_offset`

    def settings(self) -> dict[str, Any]:
        """What differs from the defaults."""
        return {
            each.name: value for each in dataclasses.fields(self) if (value := getattr(self, each.name)) != each.default
        }

    @property
    def name(self) -> str:
        """For people and tables.

        >>> Condition(speed_m_s=1.2).name
        '1.2 m/s'
        """
        return ", ".join(WORDS[key].format(value) for key, value in self.settings().items()) or "as walked"

    @property
    def file(self) -> str:
        """Name of the file of its estimates.

        >>> Condition().file, Condition(speed_m_s=1.2).file
        ('estimates.csv', 'estimates_1.2_m_s.csv')
        """
        return f"estimates_{re.sub(r'[^a-z0-9.]+', '_', self.name)}.csv" if self.settings() else "estimates.csv"


AS_WALKED = Condition()
OFFSET_DIRECTION = np.array([0.8, -0.48, 0.36])  # a unit vector, along no axis


def with_offset(track: Track, offset_ut: float) -> Track:
    """The walk as recorded by a device with a constant offset of that many µT."""
    return dataclasses.replace(track, field_ut=track.field_ut + offset_ut * OFFSET_DIRECTION)


def at_speed(track: Track, speed_m_s: float) -> Track:
    """The walk at a constant speed: its stamps change, its samples do not.

    Where its labels move, time is stretched until they move at `speed_m_s`; pauses and unlabelled parts keep their
    duration. Field, position and odometry stay with their samples, whose rate changes; the localizer's resampler
    averages or interpolates them as it does for any sensor. The first stamp stays.

    Source: the paper resamples walks to 1.0, 1.2 and 1.4 m/s for its figure 16; by labels is ours.
    """
    step_ns = np.diff(track.stamp_ns).astype(np.float64)
    path_m = np.linalg.norm(np.diff(track.position_m, axis=0), axis=1)  # NaN next to samples without a label
    walking = track.valid[1:] & track.valid[:-1] & ~track.paused[1:] & ~track.paused[:-1]
    walking_ns = np.sign(step_ns) * path_m / speed_m_s * 1e9
    since_ns = np.cumsum(np.where(walking, walking_ns, step_ns))
    stamp_ns = np.concatenate([track.stamp_ns[:1], track.stamp_ns[0] + np.round(since_ns).astype(np.int64)])
    return dataclasses.replace(track, stamp_ns=stamp_ns)
