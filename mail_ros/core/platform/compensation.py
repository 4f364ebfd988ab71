"""From a robot's magnetometer readings to the field of the place, in the axes of the robot's body.

The node and the readers of bags use the same `Compensation`: models are trained on what the robot measures.
"""

from __future__ import annotations

import copy
import dataclasses
import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from mail_ros.core.platform.robot_file import Robot, motor_input
from mail_ros.core.signal.preprocessor import SensorCheck
from mail_ros.core.types import NS_PER_S, FloatArray, Sample

SILENT_S = 1.0  # a joint state older than this is not used
KEPT = 1000  # states of each joint: enough for lag and silence, at any published rate


class JointReading(NamedTuple):
    """Joint states of a robot."""

    stamp_ns: int
    values: Mapping[str, float]  # by `velocity:JOINT` and `effort:JOINT`; only those that are known


def joint_reading(
    stamp_ns: int, names: Iterable[str], velocity: Iterable[float], effort: Iterable[float]
) -> JointReading:
    """A `sensor_msgs/JointState`, whose lists may be empty, with NaN where nothing is measured."""
    names = list(names)
    values = {
        f"{kind}:{name}": float(value)
        for kind, row in (("velocity", velocity), ("effort", effort))
        for name, value in zip(names, row, strict=False)
        if math.isfinite(value)
    }
    return JointReading(stamp_ns, values)


class Joints:
    """The last states of some joints, which may come in several messages."""

    def __init__(self, names: Iterable[str]) -> None:
        """Start empty.

        Args:
            names: as in `JointReading.values`.
        """
        self._states: dict[str, deque[tuple[int, float]]] = {name: deque(maxlen=KEPT) for name in names}

    def add(self, reading: JointReading) -> None:
        """Add a message."""
        for name, value in reading.values.items():
            if name in self._states:
                self._states[name].append((reading.stamp_ns, value))

    def at(self, name: str, stamp_ns: int) -> float:
        """The newest value at or before a stamp; NaN where there is none within `SILENT_S`."""
        for known_ns, value in reversed(self._states[name]):
            if known_ns <= stamp_ns:
                return value if stamp_ns - known_ns <= SILENT_S * NS_PER_S else math.nan
        return math.nan

    def copy(self) -> Joints:
        """The same states, independent of those to come."""
        copied = copy.copy(self)
        copied._states = {name: states.copy() for name, states in self._states.items()}
        return copied


class Compensation:
    """Removes what a robot adds to its magnetometer: hard iron, motors, mount."""

    def __init__(self, robot: Robot | None = None) -> None:
        """Take a robot file; None for a device that adds nothing."""
        robot = robot or Robot()
        self.robot = robot
        self.inputs = [motor_input(name) for name in robot.motor.inputs]
        self.joints = Joints({each.source for each in self.inputs})
        self.missing: set[str] = set()  # joint sources without a recent state when a sample needed them
        self._ut_per_unit = np.array(robot.motor.ut_per_unit).reshape(-1, 3)
        self._lag_ns = round(robot.motor.lag_s * NS_PER_S)
        self._hard_iron_ut, self._mount = np.array(robot.hard_iron_ut), robot.mount
        self._sensor = SensorCheck()
        rotated = not np.array_equal(self._mount, np.eye(3))
        changed = self.inputs or self._hard_iron_ut.any() or rotated or any(robot.position_m)
        self._identity = not changed and robot.field_scale == 1.0

    def apply(self, sample: Sample) -> Sample:
        """A sample with its field as in `field_ut`."""
        if self._identity:
            return sample
        field_ut = self.field_ut(sample.stamp_ns, sample.field_ut)
        return dataclasses.replace(sample, field_ut=field_ut, lever_m=self.lever_m(sample.lever_m))

    def lever_m(self, usual_m: tuple[float, float]) -> tuple[float, float]:
        """Position of the sensor, ahead and left, by the robot file; `usual_m` where that has none."""
        ahead_m, left_m = self.robot.position_m
        return (ahead_m, left_m) if ahead_m or left_m else usual_m

    def field_ut(self, stamp_ns: int, reading_ut: FloatArray) -> FloatArray:
        """A reading, (3,) µT in the sensor's axes, as the field of the place in the body's axes.

        NaN where the motors' part is unknown, since no joint state came for `SILENT_S`; and for a sensor that is
        stuck or saturated, which cannot be detected after a varying field is subtracted.
        """
        if self._identity:
            return reading_ut
        reading_ut = self.robot.field_scale * reading_ut
        if self._sensor.fault(stamp_ns, reading_ut) in ("stuck", "saturated"):
            return np.full(3, math.nan)
        ambient_ut: FloatArray = reading_ut - self._hard_iron_ut - self.motor_ut(stamp_ns)
        return self._mount @ ambient_ut

    def motor_ut(self, stamp_ns: int) -> FloatArray:
        """(3,) µT, in the sensor's axes: the motors' field at a stamp; NaN where a joint state is missing."""
        known_ns = stamp_ns - self._lag_ns
        values = [each.apply(self.joints.at(each.source, known_ns)) for each in self.inputs]
        self.missing |= {each.source for each, value in zip(self.inputs, values, strict=True) if math.isnan(value)}
        motor_ut: FloatArray = np.array(values) @ self._ut_per_unit
        return motor_ut
