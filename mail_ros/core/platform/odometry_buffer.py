"""A robot's odometry beside its field: the displacement and attitude of each magnetometer sample."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import Generic, NamedTuple, TypeVar

import numpy as np

from mail_ros.core.errors import OdometryError
from mail_ros.core.platform.odometry import Displacements, GaitConfig, ImuReading, PedestrianOdometry, WheelOdometry
from mail_ros.core.signal.attitude import AttitudeBuffer, heading_rad, unit
from mail_ros.core.types import NS_PER_S, FloatArray, Sample

SILENT_S = 1.0  # odometry whose newest stamp is farther than this from the field's is not used
POSES = 500  # kept: one second of the fastest odometry
Reading = TypeVar("Reading")


class OdometryPose(NamedTuple):
    """A pose in odometry's own frame."""

    stamp_ns: int
    position_m: FloatArray  # (2,)
    yaw_rad: float


def odometry_pose(stamp_ns: int, position_m: FloatArray, orientation_xyzw: FloatArray) -> OdometryPose:
    """A pose from a message of odometry, position (2,) m and quaternion (4,).

    Raises:
        OdometryError: the quaternion is not a rotation: most often all zeros, from a driver that does not set it.
    """
    attitude = unit(orientation_xyzw)
    if attitude is None:
        raise OdometryError(
            "pose.pose.orientation",
            wanted="a unit quaternion",
            found=", ".join(f"{part:g}" for part in orientation_xyzw.tolist()),
            fix="correct the driver of the odometry, which has to set it",
        )
    return OdometryPose(stamp_ns, position_m, heading_rad(attitude))


class OdometryBuffer(ABC, Generic[Reading]):
    """Keeps odometry messages until field samples use them."""

    lever_m = (0.0, 0.0)  # lever arm of its samples; a robot's is in its robot file

    def __init__(self) -> None:
        self._displacements = Displacements()
        self._poses: deque[OdometryPose] = deque(maxlen=POSES)
        self.attitude = AttitudeBuffer()

    def add_attitude(self, reading: ImuReading) -> None:
        """Add the tilt of an inertial unit, beside odometry without one."""
        self.attitude.update_imu(reading.orientation_xyzw)

    @abstractmethod
    def add(self, reading: Reading) -> None:
        """Add a message of odometry; one that is not finite, or has no attitude, is ignored."""

    def reset(self) -> None:
        """Drop everything: time was set back."""
        self._displacements = Displacements()
        self._poses.clear()
        self.attitude.reset()

    def sample(self, stamp_ns: int, field_ut: FloatArray) -> Sample:
        """A field reading, (3,) µT, with the displacement known by its stamp; NaN where odometry is silent."""
        if not self._poses or abs(stamp_ns - self._poses[-1].stamp_ns) > SILENT_S * NS_PER_S:
            return Sample(stamp_ns, field_ut, np.full(2, np.nan), self.attitude.newest, self.lever_m)
        return Sample(stamp_ns, field_ut, self._displacements.pop_until(stamp_ns), self.attitude.newest, self.lever_m)

    def at(self, stamp_ns: int) -> OdometryPose | None:
        """The newest pose at or before a stamp; None where none is kept."""
        return next((pose for pose in reversed(self._poses) if pose.stamp_ns <= stamp_ns), None)


class WheelBuffer(OdometryBuffer[OdometryPose]):
    """Odometry that reports poses, as that of wheels does."""

    def __init__(self) -> None:
        super().__init__()
        self._wheels = WheelOdometry()

    def reset(self) -> None:
        """See `OdometryBuffer`."""
        super().reset()
        self._wheels.reset()

    def add(self, pose: OdometryPose) -> None:
        """See `OdometryBuffer`."""
        if np.isfinite([*pose.position_m, pose.yaw_rad]).all():
            self._displacements.add(pose.stamp_ns, self._wheels.push(pose.stamp_ns, pose.position_m))
            self._poses.append(pose)
            self.attitude.update_wheels(pose.yaw_rad)


class StepBuffer(OdometryBuffer[ImuReading]):
    """The steps of a person, from an inertial unit with attitude."""

    lever_m = (GaitConfig.held_ahead_m, 0.0)

    def __init__(self) -> None:
        super().__init__()
        self._steps = PedestrianOdometry()
        self._position_m = np.zeros(2)

    def reset(self) -> None:
        """See `OdometryBuffer`."""
        super().reset()
        self._steps.reset()

    def add(self, reading: ImuReading) -> None:
        """See `OdometryBuffer`."""
        if unit(reading.orientation_xyzw) is not None and np.isfinite(reading.acceleration_m_s2).all():
            self.attitude.update_imu(reading.orientation_xyzw)
            moved_m = self._steps.push(reading)
            self._displacements.add(reading.stamp_ns, moved_m)
            self._position_m = self._position_m + moved_m
            self._poses.append(OdometryPose(reading.stamp_ns, self._position_m, heading_rad(reading.orientation_xyzw)))
