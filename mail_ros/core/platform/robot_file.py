"""The robot file: how a robot's magnetometer is mounted, and which fields of the robot itself disturb it.

    mail_ros calibrate BAG --> Robot --> robot.json --> Compensation, in the node and when bags are read

A robot's magnetometer reads the field of the place, rotated into the sensor's axes, and two fields of the robot: that
of its steel, constant in these axes (hard iron), and that of its motors, which follows the joint states. The file is
JSON: reading it needs no library.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from mail_ros.core.config import check_choice, check_range, from_dict
from mail_ros.core.errors import ConfigError
from mail_ros.core.signal.attitude import UPRIGHT
from mail_ros.core.types import FloatArray

FORMAT = "mail_ros.robot/1"
LAGS_S = (0.0, 0.2)  # that the field may follow the joint states by
MAX_UT = 1e4  # no robot that localizes by its magnetometer carries more

Values = TypeVar("Values", float, FloatArray)
_ROW = re.compile(r"\[[^][]*\]")  # JSON list without inner lists

# Kinds of inputs of a motor field: which value of a joint, and whether its size alone counts.
KINDS: Mapping[str, tuple[str, bool]] = {
    "velocity": ("velocity", False),
    "speed": ("velocity", True),
    "effort": ("effort", False),
    "load": ("effort", True),
}


class MotorInput(NamedTuple):
    """What an input of a motor field is read from."""

    source: str  # `velocity:JOINT` or `effort:JOINT`, see `compensation.JointReading`
    size: bool  # whether its size alone counts

    def doing(self, values: Values) -> Values:
        """Values of the source, as the input has them."""
        return abs(values) if self.size else values


def motor_input(name: str) -> MotorInput:
    """The input of a name, as in `MotorField.inputs`."""
    kind, _, joint = name.partition(":")
    source, size = KINDS[kind]
    return MotorInput(f"{source}:{joint}", size)


@dataclass(frozen=True)
class MotorField:
    """What the motors add to the field: so many µT per unit of each input.

    An input is the velocity or the effort of a joint, in the units of `sensor_msgs/JointState`, or the size of one of
    the two, `speed` and `load`: as in `velocity:left_wheel_joint`, `load:left_wheel_joint`.
    """

    inputs: tuple[str, ...] = ()
    ut_per_unit: tuple[tuple[float, ...], ...] = ()  # one (3,) for each input, in the sensor's axes
    lag_s: float = 0.0  # by which the field follows the joint states

    def __post_init__(self) -> None:
        for name in self.inputs:
            kind, _, joint = name.partition(":")
            if kind not in KINDS or not joint:
                raise ConfigError(
                    "motor.inputs", wanted=f"{' or '.join(KINDS)}, a colon, a joint", found=repr(name), fix="correct it"
                )
        check_range("rows of motor.ut_per_unit", len(self.ut_per_unit), len(self.inputs), len(self.inputs))
        for row in self.ut_per_unit:
            _check_vector("motor.ut_per_unit", row)
        check_range("motor.lag_s", self.lag_s, *LAGS_S)


@dataclass(frozen=True)
class Robot:
    """A robot, as far as its magnetometer is concerned; the defaults are one that is nothing but a magnetometer."""

    mount_xyzw: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)  # rotates the sensor's axes into the body's, as in TF
    hard_iron_ut: tuple[float, ...] = (0.0, 0.0, 0.0)  # in the sensor's axes
    motor: MotorField = field(default_factory=MotorField)
    notes: dict[str, object] = field(default_factory=dict)  # how it was calibrated, for people
    format: str = FORMAT

    def __post_init__(self) -> None:
        check_choice("format", self.format, Literal["mail_ros.robot/1"])
        check_range("numbers of mount_xyzw", len(self.mount_xyzw), 4, 4)
        check_range("length of mount_xyzw", math.hypot(*self.mount_xyzw), 0.99, 1.01)
        _check_vector("hard_iron_ut", self.hard_iron_ut)

    @property
    def mount(self) -> FloatArray:
        """(3, 3): takes a vector in the sensor's axes to the same in the body's."""
        return rotation(self.mount_xyzw)


def read_robot(path: Path) -> Robot:
    """What `write_robot` wrote, or an editor.

    Raises:
        ConfigError: the file cannot be read, or what it says cannot be; the message names the field.
    """
    try:
        return from_dict(Robot, json.loads(path.read_text()))
    except OSError as error:
        found, fix = error.strerror or str(error), "correct the path, or make one with mail_ros calibrate"
    except (ValueError, ConfigError) as error:
        found, fix = str(error), "correct it, or calibrate again"
    raise ConfigError(path, wanted=f"a robot file of {FORMAT}", found=found, fix=fix)


def write_robot(path: Path, robot: Robot) -> None:
    """Write a robot file; what was there before stays until the new one is whole.

    Raises:
        ConfigError: no place to write.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(robot), indent=2)
        partial.write_text(_ROW.sub(lambda row: " ".join(row[0].split()), text) + "\n")
        partial.replace(path)
    except OSError as error:
        raise ConfigError(
            path, wanted="a place to write", found=error.strerror or str(error), fix="name another file"
        ) from None


def rotation(xyzw: npt.ArrayLike) -> FloatArray:
    """Rotations, (..., 3, 3), of quaternions (..., 4) of any length but zero; the identity for zero."""
    given = np.asarray(xyzw, np.float64)
    length = np.linalg.norm(given, axis=-1, keepdims=True)
    x, y, z, w = np.moveaxis(np.where(length > 0.0, given, UPRIGHT) / np.where(length > 0.0, length, 1.0), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrix: FloatArray = np.moveaxis(np.array(rows), (0, 1), (-2, -1))
    return matrix


def quaternion(matrix: FloatArray) -> tuple[float, ...]:
    """The quaternion x, y, z, w of a rotation (3, 3), with w not negative (Bar-Itzhack 2000, doi 10.2514/2.4654)."""
    m = matrix
    symmetric = np.array(
        [
            [m[0, 0] - m[1, 1] - m[2, 2], m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] - m[1, 2]],
            [m[1, 0] + m[0, 1], m[1, 1] - m[0, 0] - m[2, 2], m[2, 1] + m[1, 2], m[0, 2] - m[2, 0]],
            [m[2, 0] + m[0, 2], m[2, 1] + m[1, 2], m[2, 2] - m[0, 0] - m[1, 1], m[1, 0] - m[0, 1]],
            [m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1], m[0, 0] + m[1, 1] + m[2, 2]],
        ]
    )
    xyzw = np.linalg.eigh(symmetric)[1][:, -1]
    return tuple(float(value) for value in (xyzw if xyzw[3] >= 0.0 else -xyzw))


def _check_vector(name: str, vector: tuple[float, ...]) -> None:
    check_range(f"numbers of {name}", len(vector), 3, 3)
    for value in vector:
        check_range(name, value, -MAX_UT, MAX_UT)
