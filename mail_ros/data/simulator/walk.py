"""What a simulated body measured on its way, and where it truly was."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from mail_ros.core.platform.odometry import ImuReading, PedestrianOdometry
from mail_ros.core.signal.attitude import AttitudeFeed
from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.simulator.wheels import Wheels
from mail_ros.data.track import BoolArray, FloatArray, ImuSeries, IntArray, Landmark, Track

START_NS = 1_750_000_000 * NS_PER_S
STANDING_M_S = 0.01  # slower than this is not a drive


@dataclass(frozen=True)
class SimulatedWalk:
    """What a magnetometer measured on a way, and where it truly was."""

    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    position_m: FloatArray  # (n, 2)
    landmarks: tuple[Landmark, ...]  # one at each corner passed

    @property
    def duration_s(self) -> float:
        """From the first sample to the last."""
        return float(self.stamp_ns[-1] - self.stamp_ns[0]) / NS_PER_S

    def track(self, source: str) -> Track:
        """As a walk that was recorded, without a bag in between."""
        labels = labels_from_landmarks(self.stamp_ns, self.landmarks)
        return Track(source, self.stamp_ns, self.field_ut, labels.position_m, labels.floor, labels.valid, labels.paused)


@dataclass(frozen=True)
class SimulatedDrive(SimulatedWalk):
    """A walk whose sensors turn with the body; every array is of the samples of the magnetometer.

    `field_ut` is in the sensor's axes, `position_m` is the body's, on the floor.
    """

    floor: int
    heading_rad: FloatArray  # (n,) of the body in the map, without jumps
    speed_m_s: FloatArray  # (n,) ahead, negative backwards
    imu: ImuSeries  # of the body, against a north of its own
    sensor_m: FloatArray  # (3,) where the magnetometer is mounted: ahead, left and up
    sensor_rad: float  # about z, how far it is turned against the body
    wheels: Wheels | None  # of a robot

    @property
    def standing(self) -> BoolArray:
        """(n,) whether the body stays where it is; it may turn."""
        return np.abs(self.speed_m_s) < STANDING_M_S

    def moved_m(self) -> FloatArray:
        """(n, 2) since the sample before, as `Track.moved_m`: by the wheels, or by the person's steps."""
        if self.wheels is not None:
            moved_m: FloatArray = np.diff(self.wheels.odometry[:, :2], axis=0, prepend=self.wheels.odometry[:1, :2])
            return moved_m
        steps = PedestrianOdometry()
        readings = zip(self.imu.stamp_ns.tolist(), self.imu.orientation_xyzw, self.imu.acceleration_m_s2, strict=True)
        return np.array([steps.push(ImuReading(*reading)) for reading in readings])

    def attitude_xyzw(self) -> FloatArray:
        """(n, 4) as `Track.attitude_xyzw`, of one who does not know how the sensor is mounted."""
        feed = AttitudeFeed()
        attitude = []
        for index, orientation in enumerate(self.imu.orientation_xyzw):
            feed.hear_imu(orientation)
            if self.wheels is not None:
                feed.hear_wheels(float(self.wheels.odometry[index, 2]))
            attitude.append(feed.newest)
        return np.array(attitude)

    def track(self, source: str) -> Track:
        """As a walk that was recorded, with odometry; labels are those of its landmarks."""
        return dataclasses.replace(super().track(source), moved_m=self.moved_m(), attitude_xyzw=self.attitude_xyzw())

    def true_track(self, source: str) -> Track:
        """The same with the true places as labels."""
        everywhere = np.ones(len(self.stamp_ns), np.bool_)
        floor = np.full(len(self.stamp_ns), self.floor)
        return Track(
            source,
            self.stamp_ns,
            self.field_ut,
            self.position_m,
            floor,
            everywhere,
            self.standing,
            self.moved_m(),
            self.attitude_xyzw(),
        )
