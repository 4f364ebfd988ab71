"""A robot's odometry beside its field: what a localizer may know of the way, sample by sample.

OdometryPose, of wheels --+--> Travelled --> Sample.moved_m, NaN while odometry is silent
ImuReading, of steps -----+--> poses ------> where odometry was when a sample was taken
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from mail_ros.core.localizer.interface import Sample
from mail_ros.core.platform.odometry import ImuReading, PedestrianOdometry, Travelled, WheelOdometry
from mail_ros.core.signal.attitude import AttitudeFeed, heading_rad
from mail_ros.core.signal.resampling import NS_PER_S, FloatArray

SILENT_S = 1.0  # odometry whose newest stamp is so far from the field's is none
POSES = 500  # kept: one second of the fastest odometry
Reading = TypeVar("Reading")


class OdometryPose(NamedTuple):
    """Where odometry says that the device is, in its own frame."""

    stamp_ns: int
    position_m: FloatArray  # (2,)
    yaw_rad: float


class OdometryFeed(ABC, Generic[Reading]):
    """Odometry comes in, and goes out with the field's samples."""

    def __init__(self) -> None:
        self._travelled = Travelled()
        self._poses: deque[OdometryPose] = deque(maxlen=POSES)
        self.attitude = AttitudeFeed()

    def hear_attitude(self, reading: ImuReading) -> None:
        """Take the tilt that an inertial unit says, beside odometry that does not know of any."""
        self.attitude.hear_imu(reading.orientation_xyzw)

    @abstractmethod
    def hear(self, reading: Reading) -> None:
        """Take what odometry says next; what is not finite is passed over."""

    def reset(self) -> None:
        """Forget all of it: time was set back."""
        self._travelled = Travelled()
        self._poses.clear()
        self.attitude.reset()

    def sample(self, stamp_ns: int, field_ut: FloatArray) -> Sample:
        """A field reading, (3,) µT, with the way that was known by its stamp; NaN where odometry is silent."""
        if not self._poses or abs(stamp_ns - self._poses[-1].stamp_ns) > SILENT_S * NS_PER_S:
            return Sample(stamp_ns, field_ut, np.full(2, np.nan), self.attitude.newest)
        return Sample(stamp_ns, field_ut, self._travelled.take(stamp_ns), self.attitude.newest)

    def at(self, stamp_ns: int) -> OdometryPose | None:
        """The newest pose that is not younger than a stamp; None where none is kept."""
        return next((pose for pose in reversed(self._poses) if pose.stamp_ns <= stamp_ns), None)


class WheelFeed(OdometryFeed[OdometryPose]):
    """Odometry that says where it is, as that of wheels does."""

    def __init__(self) -> None:
        super().__init__()
        self._wheels = WheelOdometry()

    def reset(self) -> None:
        """See `OdometryFeed`."""
        super().reset()
        self._wheels.reset()

    def hear(self, pose: OdometryPose) -> None:
        """See `OdometryFeed`."""
        if np.isfinite([*pose.position_m, pose.yaw_rad]).all():
            self._travelled.add(pose.stamp_ns, self._wheels.push(pose.stamp_ns, pose.position_m))
            self._poses.append(pose)
            self.attitude.hear_wheels(pose.yaw_rad)


class StepFeed(OdometryFeed[ImuReading]):
    """The steps of a person, of an inertial unit that knows its attitude."""

    def __init__(self) -> None:
        super().__init__()
        self._steps = PedestrianOdometry()
        self._position_m = np.zeros(2)

    def reset(self) -> None:
        """See `OdometryFeed`."""
        super().reset()
        self._steps.reset()

    def hear(self, reading: ImuReading) -> None:
        """See `OdometryFeed`."""
        if np.isfinite([*reading.orientation_xyzw, *reading.acceleration_m_s2]).all():
            self.attitude.hear_imu(reading.orientation_xyzw)
            moved_m = self._steps.push(reading)
            self._travelled.add(reading.stamp_ns, moved_m)
            self._position_m = self._position_m + moved_m
            self._poses.append(OdometryPose(reading.stamp_ns, self._position_m, heading_rad(reading.orientation_xyzw)))
