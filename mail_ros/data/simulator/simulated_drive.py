"""The sensor readings of a simulated platform, and its true trajectory."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from mail_ros.core.platform.odometry import GaitConfig, ImuReading, PedestrianOdometry
from mail_ros.core.signal.attitude import AttitudeBuffer
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.simulator.sensors import Wheels
from mail_ros.data.track import ImuSeries, Landmark, Track

START_NS = 1_750_000_000 * NS_PER_S
STATIONARY_M_S = 0.01  # a slower body is at rest


@dataclass(frozen=True)
class SimulatedDrive:
    """A drive or walk whose sensors rotate with the body; every array has a row for each sample of the magnetometer."""

    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3) in the sensor's axes
    position_m: FloatArray  # (n, 2) of the body, on the floor: the middle between a robot's wheels
    landmarks: tuple[Landmark, ...]  # one at each corner passed
    floor: int
    heading_rad: FloatArray  # (n,) of the body in the map, without jumps
    speed_m_s: FloatArray  # (n,) forward, negative backwards
    imu: ImuSeries  # in the axes of the body, with an unknown north
    sensor_m: FloatArray  # (3,) mount of the magnetometer: forward, left and up
    sensor_yaw_rad: float  # yaw of the magnetometer on the body
    wheels: Wheels | None  # None for a person

    @property
    def duration_s(self) -> float:
        """From the first sample to the last."""
        return float(self.stamp_ns[-1] - self.stamp_ns[0]) / NS_PER_S

    @property
    def stationary(self) -> BoolArray:
        """(n,) whether the body keeps its position; it may rotate."""
        return np.abs(self.speed_m_s) < STATIONARY_M_S

    def moved_m(self) -> FloatArray:
        """(n, 2) since the sample before, as `Track.moved_m`: by the wheels, or by the person's steps."""
        if self.wheels is not None:
            return np.diff(self.wheels.odometry[:, :2], axis=0, prepend=self.wheels.odometry[:1, :2])
        steps = PedestrianOdometry()
        readings = zip(self.imu.stamp_ns.tolist(), self.imu.orientation_xyzw, self.imu.acceleration_m_s2, strict=True)
        return np.array([steps.push(ImuReading(*reading)) for reading in readings])

    def attitude_xyzw(self) -> FloatArray:
        """(n, 4) as `Track.attitude_xyzw`, without knowledge of the sensor's mount."""
        buffer = AttitudeBuffer()
        attitude = []
        for index, orientation in enumerate(self.imu.orientation_xyzw):
            buffer.update_imu(orientation)
            if self.wheels is not None:
                buffer.update_wheels(float(self.wheels.odometry[index, 2]))
            attitude.append(buffer.newest)
        return np.array(attitude)

    @property
    def lever_m(self) -> tuple[float, float]:
        """As `Track.lever_m`: a robot's mount is known from its robot file; a phone has none."""
        if self.wheels is None:
            return (GaitConfig.held_ahead_m, 0.0)
        forward_m, left_m, _ = self.sensor_m.tolist()
        return (forward_m, left_m)

    def track(self, source: str) -> Track:
        """The drive as a recorded walk with odometry, labelled by its landmarks."""
        labels = labels_from_landmarks(self.stamp_ns, self.landmarks)
        return Track(
            source,
            self.stamp_ns,
            self.field_ut,
            *labels[:4],
            self.moved_m(),
            self.attitude_xyzw(),
            odometry="steps" if self.wheels is None else "wheels",
            lever_m=self.lever_m,
            leg=labels.leg,
        )

    def true_track(self, source: str) -> Track:
        """The same, labelled with its true positions."""
        return dataclasses.replace(
            self.track(source),
            position_m=self.position_m,
            floor=np.full(len(self.stamp_ns), self.floor),
            valid=np.ones(len(self.stamp_ns), np.bool_),
            paused=self.stationary,
            leg=None,
        )
