"""From what a robot's magnetometer reads to the field of the place, in the axes of the robot's body.

    JointReading --> Joints --> what the motors did when the field was read
    raw field ----------------> minus hard iron and motor field, turned by the mount --> field

The node and whoever reads a bag drive the same `Correction`: what is trained is what the robot feels.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from mail_ros.core.platform.robot_file import Robot, motor_input
from mail_ros.core.signal.preprocessor import SensorCheck
from mail_ros.core.signal.resampling import NS_PER_S, FloatArray

SILENT_S = 1.0  # a joint whose last state is older tells nothing
KEPT = 1000  # states of each joint: more than lag and silence take, at any rate that is published


class JointReading(NamedTuple):
    """What some joints of a robot do."""

    stamp_ns: int
    values: Mapping[str, float]  # by `velocity:JOINT` and `effort:JOINT`; those that are known


def joint_reading(
    stamp_ns: int, names: Iterable[str], velocity: Iterable[float], effort: Iterable[float]
) -> JointReading:
    """A `sensor_msgs/JointState`, whose lists may be empty, and NaN where nothing is measured."""
    names = list(names)
    values = {
        f"{kind}:{name}": float(value)
        for kind, row in (("velocity", velocity), ("effort", effort))
        for name, value in zip(names, row, strict=False)
        if math.isfinite(value)
    }
    return JointReading(stamp_ns, values)


class Joints:
    """The last states of the joints that somebody wants to know about, which may come in several messages."""

    def __init__(self, names: Iterable[str]) -> None:
        """Hear nothing yet.

        Args:
            names: as in `JointReading.values`.
        """
        self._states: dict[str, deque[tuple[int, float]]] = {name: deque(maxlen=KEPT) for name in names}

    def hear(self, reading: JointReading) -> None:
        """Take a message."""
        for name, value in reading.values.items():
            if name in self._states:
                self._states[name].append((reading.stamp_ns, value))

    def at(self, name: str, stamp_ns: int) -> float:
        """The newest value that is not younger than a stamp; NaN where there is none, or an old one."""
        for known_ns, value in reversed(self._states[name]):
            if known_ns <= stamp_ns:
                return value if stamp_ns - known_ns <= SILENT_S * NS_PER_S else math.nan
        return math.nan


class Correction:
    """A robot's magnetometer, as of a body that disturbs nothing."""

    def __init__(self, robot: Robot) -> None:
        self.robot = robot
        self.inputs = [motor_input(name) for name in robot.motor.inputs]
        self.joints = Joints({each.source for each in self.inputs})
        self._ut_per_unit = np.array(robot.motor.ut_per_unit).reshape(-1, 3)
        self._lag_ns = round(robot.motor.lag_s * NS_PER_S)
        self._hard_iron_ut, self._mount = np.array(robot.hard_iron_ut), robot.mount
        self._sensor = SensorCheck()
        self._nothing = not (self.inputs or self._hard_iron_ut.any()) and np.array_equal(self._mount, np.eye(3))

    def hear(self, reading: JointReading) -> None:
        """Take what the joints do."""
        self.joints.hear(reading)

    def body_ut(self, stamp_ns: int, field_ut: FloatArray) -> FloatArray:
        """A reading, (3,) µT in the sensor's axes, as the field of the place in the body's.

        NaN where the motors' part is not known, since no joint state came for `SILENT_S`; and for a sensor that is
        stuck or at its limit, which nobody could see any more once something that changes is taken off.
        """
        if self._nothing:
            return field_ut
        if self._sensor.fault(stamp_ns, field_ut) in ("stuck", "saturated"):
            return np.full(3, math.nan)
        place_ut: FloatArray = field_ut - self._hard_iron_ut - self.motor_ut(stamp_ns)
        return self._mount @ place_ut

    def unknown(self, stamp_ns: int) -> set[str]:
        """What of the joints is not known at a stamp, by `velocity:JOINT` and `effort:JOINT`."""
        sources = {each.source for each in self.inputs}
        return {source for source in sources if math.isnan(self.joints.at(source, stamp_ns - self._lag_ns))}

    def motor_ut(self, stamp_ns: int) -> FloatArray:
        """(3,) µT, in the sensor's axes: what the motors add at a stamp."""
        doing = [each.doing(self.joints.at(each.source, stamp_ns - self._lag_ns)) for each in self.inputs]
        motor_ut: FloatArray = np.array(doing) @ self._ut_per_unit
        return motor_ut
