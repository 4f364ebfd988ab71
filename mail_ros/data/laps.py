"""A closed walk, driven over and over, and the odometry of the robot that drives it.

    SimulatedWalk --> Laps.at(sample) --> LapSample: field, true place, place by odometry
    one lap           0, 1, 2, ...        stamps go on from lap to lap

Odometry is as good as the truth, in a frame of its own: it begins where the robot does and looks where it looks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.simulator.walk import SimulatedWalk
from mail_ros.data.track import FloatArray


class PlanarPose(NamedTuple):
    """Where the robot is, and where it looks: the way that it goes."""

    x_m: float
    y_m: float
    heading_rad: float  # from x to y


class LapSample(NamedTuple):
    """One sample of the magnetometer, and what else is known of that time."""

    since_ns: int  # from the start of the first lap
    field_ut: FloatArray  # (3,)
    truth: PlanarPose  # in the map's frame
    odometry: PlanarPose  # in the frame of odometry
    speed_m_s: float
    yaw_rate_rad_s: float


class Laps:
    """A walk that ends where it begins, without end."""

    def __init__(self, walk: SimulatedWalk) -> None:
        """Work out headings and odometry of one lap."""
        self._since_ns = walk.stamp_ns - walk.stamp_ns[0]
        self.period_ns = int(self._since_ns[1])
        self._field_ut = walk.field_ut
        step_m = np.diff(walk.position_m, axis=0)
        step_m = np.vstack([step_m, step_m[-1:]])  # the last sample looks where the one before did
        heading_rad = np.arctan2(step_m[:, 1], step_m[:, 0])
        self._truth = np.column_stack([walk.position_m, heading_rad])
        self._odometry = _from(self._truth[0], self._truth)
        turn_rad = np.diff(heading_rad, append=heading_rad[:1])
        turn_rad = (turn_rad + np.pi) % (2 * np.pi) - np.pi
        motion = np.column_stack([np.linalg.norm(step_m, axis=1), turn_rad])
        self._speed = motion * NS_PER_S / self.period_ns

    def __len__(self) -> int:
        """Samples of one lap."""
        return len(self._since_ns)

    def at(self, sample: int) -> LapSample:
        """The moment of a sample, counted from the start of the first lap."""
        lap, index = divmod(sample, len(self))
        since_ns = lap * (int(self._since_ns[-1]) + self.period_ns) + int(self._since_ns[index])
        truth, odometry = (PlanarPose(*places[index].tolist()) for places in (self._truth, self._odometry))
        return LapSample(since_ns, self._field_ut[index], truth, odometry, *self._speed[index].tolist())


def _from(origin: FloatArray, places: FloatArray) -> FloatArray:
    """Places (n, 3) as seen from one of them (3,): x ahead, y to its left, heading relative to its own."""
    cosine, sine = np.cos(origin[2]), np.sin(origin[2])
    turned_m = (places[:, :2] - origin[:2]) @ np.array([[cosine, -sine], [sine, cosine]])
    heading_rad = (places[:, 2] - origin[2] + np.pi) % (2 * np.pi) - np.pi
    return np.column_stack([turned_m, heading_rad])
