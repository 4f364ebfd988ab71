"""A closed walk, repeated in laps, with the odometry of the robot that drives it.

    SimulatedWalk --> Laps.at(sample) --> LapSample: field, true pose, pose by odometry
    one lap           0, 1, 2, ...        stamps continue from lap to lap

Odometry is exact, in its own frame: the robot's first pose is the origin.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.simulator.walk import SimulatedWalk
from mail_ros.data.track import FloatArray


class PlanarPose(NamedTuple):
    """Pose of the robot; its heading is the direction of travel."""

    x_m: float
    y_m: float
    heading_rad: float  # from x to y


class LapSample(NamedTuple):
    """One magnetometer sample with poses and velocities."""

    since_ns: int  # since the start of the first lap
    field_ut: FloatArray  # (3,)
    truth: PlanarPose  # in the map frame
    odometry: PlanarPose  # in the odometry frame
    speed_m_s: float
    yaw_rate_rad_s: float


class Laps:
    """An endless walk that ends where it begins."""

    def __init__(self, walk: SimulatedWalk) -> None:
        """Compute headings and odometry of one lap."""
        self._since_ns = walk.stamp_ns - walk.stamp_ns[0]
        self.period_ns = int(self._since_ns[1])
        self._field_ut = walk.field_ut
        step_m = np.diff(walk.position_m, axis=0)
        step_m = np.vstack([step_m, step_m[-1:]])  # the last sample has the heading of the previous one
        heading_rad = np.arctan2(step_m[:, 1], step_m[:, 0])
        self._truth = np.column_stack([walk.position_m, heading_rad])
        self._odometry = _relative_to(self._truth[0], self._truth)
        yaw_rad = np.diff(heading_rad, append=heading_rad[:1])
        motion = np.column_stack([np.linalg.norm(step_m, axis=1), _wrapped(yaw_rad)])
        self._velocity = motion * NS_PER_S / self.period_ns

    def __len__(self) -> int:
        """Number of samples per lap."""
        return len(self._since_ns)

    def at(self, sample: int) -> LapSample:
        """The sample of a number, counted from the start of the first lap."""
        lap, index = divmod(sample, len(self))
        since_ns = lap * (int(self._since_ns[-1]) + self.period_ns) + int(self._since_ns[index])
        truth, odometry = (PlanarPose(*poses[index].tolist()) for poses in (self._truth, self._odometry))
        return LapSample(since_ns, self._field_ut[index], truth, odometry, *self._velocity[index].tolist())


def _relative_to(origin: FloatArray, poses: FloatArray) -> FloatArray:
    """Poses (n, 3) in the frame of one of them (3,): x ahead, y to its left, heading relative to its own."""
    cosine, sine = np.cos(origin[2]), np.sin(origin[2])
    position_m = (poses[:, :2] - origin[:2]) @ np.array([[cosine, -sine], [sine, cosine]])
    return np.column_stack([position_m, _wrapped(poses[:, 2] - origin[2])])


def _wrapped(angle_rad: FloatArray) -> FloatArray:
    return (angle_rad + np.pi) % (2 * np.pi) - np.pi
