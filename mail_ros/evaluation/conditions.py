"""Under which conditions test walks are followed: one fit of a method serves them all.

A condition changes nothing that was learned. To add a kind, add a field with the words that name it, and
honour it in `cells`; results of conditions that leave it at its default stay valid.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np

from mail_ros.core.config import Range, Settings, TrackerChoice
from mail_ros.data.track import Track


@dataclass(frozen=True)
class Condition(Settings):
    """How walks are followed; every default is: as they were recorded."""

    speed_m_s: Annotated[float, Range(0.1, 10.0)] | None = field(
        default=None, metadata={"words": "{:g} m/s"}
    )  # see `at_speed`
    tracker: TrackerChoice = field(default="none", metadata={"words": "tracked, {}"})  # see `core.localizer.tracked`
    from_s: Annotated[float, Range(0.0, 3600.0)] | None = field(
        default=None, metadata={"words": "from {:g} s on"}
    )  # estimates count; None: cell's
    offset_ut: Annotated[float, Range(0.0, 1e4)] = field(
        default=0.0, metadata={"words": "offset {:g} µT"}
    )  # see `with_offset`

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
        words = {each.name: str(each.metadata["words"]) for each in dataclasses.fields(self)}
        return ", ".join(words[key].format(value) for key, value in self.settings().items()) or "as walked"

    @property
    def file(self) -> str:
        """Name of the file of its estimates.

        >>> Condition().file, Condition(speed_m_s=1.2).file
        ('estimates.csv', 'estimates_1.2_m_s.csv')
        """
        return f"estimates_{re.sub(r'[^a-z0-9.]+', '_', self.name)}.csv" if self.settings() else "estimates.csv"


AS_WALKED = Condition()
OFFSET_DIRECTION = np.array([0.8, -0.48, 0.36])  # of length one, along no axis


def with_offset(track: Track, offset_ut: float) -> Track:
    """The walk as a device would have recorded it that reads a constant field of so many µT besides."""
    return dataclasses.replace(track, field_ut=track.field_ut + offset_ut * OFFSET_DIRECTION)


def at_speed(track: Track, speed_m_s: float) -> Track:
    """The walk as if it had been walked at one speed: its stamps are moved, its samples are not.

    Where its labels move, time is stretched until they move at `speed_m_s`; pauses, and what has no label, last as
    long as they did. Field, places and the way by odometry stay with their samples, which come more or less densely
    then; the localizer's resampler averages or interpolates them as it does for any sensor. The first stamp stays.

    Source: the paper resamples walks to 1.0, 1.2 and 1.4 m/s for its figure 16; by labels is ours.
    """
    step_ns = np.diff(track.stamp_ns).astype(np.float64)
    way_m = np.linalg.norm(np.diff(track.position_m, axis=0), axis=1)  # NaN beside samples without a label
    walking = track.valid[1:] & track.valid[:-1] & ~track.paused[1:] & ~track.paused[:-1]
    walking_ns = np.sign(step_ns) * way_m / speed_m_s * 1e9
    since_ns = np.cumsum(np.where(walking, walking_ns, step_ns))
    stamp_ns = np.concatenate([track.stamp_ns[:1], track.stamp_ns[0] + np.round(since_ns).astype(np.int64)])
    return dataclasses.replace(track, stamp_ns=stamp_ns)
