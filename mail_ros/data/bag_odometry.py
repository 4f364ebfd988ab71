"""Odometry of a bag: for each magnetometer sample, the displacement since the previous one and the attitude."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from mail_ros.core.config import OdometrySource
from mail_ros.core.errors import OdometryError
from mail_ros.core.platform.odometry import Displacements, GaitConfig, PedestrianOdometry, WheelOdometry
from mail_ros.core.signal.attitude import AttitudeBuffer
from mail_ros.core.types import FloatArray
from mail_ros.data.messages import IMU_TYPE, ODOMETRY_TYPE, decode_imu, decode_odometry
from mail_ros.data.remark import Remark

MOVED_M = 1.0  # odometry that moves less in a whole bag is not the source of its displacements


class BagOdometry:
    """Collects a bag's messages in log order; wheel odometry takes precedence over steps.

    A magnetometer sample uses only messages that were logged before it and are not stamped after it: the result
    is causal.
    """

    def __init__(self, wheels_topic: str, imu_topic: str) -> None:
        self._wheels_topic, self._imu_topic = wheels_topic, imu_topic
        self._wheels, self._steps = WheelOdometry(), PedestrianOdometry()
        self._wheels_travelled, self._steps_travelled = Displacements(), Displacements()
        self._has_wheels = self._has_steps = False
        self._by_wheels: list[FloatArray] = []
        self._by_steps: list[FloatArray] = []
        self._attitude = AttitudeBuffer()
        self._attitudes: list[FloatArray] = []
        self._refused: list[OdometryError] = []

    def on_message(self, topic: str, msgtype: str, cdr: bytes) -> None:
        """Process a message of any topic."""
        if topic == self._wheels_topic and msgtype == ODOMETRY_TYPE:
            self._add_wheels(cdr)
        elif topic == self._imu_topic and msgtype == IMU_TYPE and (reading := decode_imu(cdr)) is not None:
            self._steps_travelled.add(reading.stamp_ns, self._steps.push(reading))
            self._attitude.update_imu(reading.orientation_xyzw)
            self._has_steps = True

    def _add_wheels(self, cdr: bytes) -> None:
        try:
            pose = decode_odometry(cdr)
        except OdometryError as error:
            self._refused.append(error)
            return
        self._wheels_travelled.add(pose.stamp_ns, self._wheels.push(pose.stamp_ns, pose.position_m))
        self._attitude.update_wheels(pose.yaw_rad)
        self._has_wheels = True

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """Messages that were refused, if any."""
        if not self._refused:
            return ()
        found = f"{len(self._refused)} messages of {self._wheels_topic} are not used: {self._refused[0]}"
        return (Remark("odometry", *found.rsplit("; ", 1)),)

    def add_field_sample(self, stamp_ns: int) -> None:
        """Store the odometry of a magnetometer sample."""
        self._by_wheels.append(self._wheels_travelled.pop_until(stamp_ns))
        self._by_steps.append(self._steps_travelled.pop_until(stamp_ns))
        self._attitudes.append(self._attitude.newest)

    @cached_property
    def source(self) -> OdometrySource | None:
        """After the last message: wheels if they moved, else steps if there were any; None without motion."""
        if _travelled_m(self._by_wheels) >= MOVED_M:
            return "wheels"
        return "steps" if _travelled_m(self._by_steps) >= MOVED_M else None

    @property
    def lever_m(self) -> tuple[float, float]:
        """How far the sensor is ahead and left of the walker's feet; of a robot, its robot file has it."""
        return (GaitConfig.held_ahead_m, 0.0) if self.source == "steps" else (0.0, 0.0)

    @cached_property
    def moved_m(self) -> FloatArray | None:
        """After the last message: (n, 2) displacement before each magnetometer sample; None without odometry."""
        if not self._has_wheels and not self._has_steps:
            return None
        use_wheels = self.source == "wheels" or (self.source is None and self._has_wheels)
        return np.array(self._by_wheels if use_wheels else self._by_steps).reshape(-1, 2)

    @property
    def attitude_xyzw(self) -> FloatArray | None:
        """(n, 4) at each magnetometer sample, NaN before the first; None where the bag has no odometry."""
        return np.array(self._attitudes).reshape(-1, 4) if self._has_wheels or self._has_steps else None


def _travelled_m(displacements_m: list[FloatArray]) -> float:
    return float(np.nansum(np.linalg.norm(displacements_m, axis=1))) if displacements_m else 0.0
