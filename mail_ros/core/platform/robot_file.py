"""The robot file: how a robot's magnetometer is mounted, and which fields of the robot itself disturb it.

A robot's magnetometer reads the ambient field, rotated into the sensor's axes, and two fields of the robot: that
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
LAGS_S = (0.0, 0.2)  # range of the delay of the field after the joint states
MAX_LEVER_M = 20.0  # upper bound of a plausible position of the sensor
MAX_UT = 1e4  # upper bound of a plausible robot field
FIELD_SCALES = (1e-12, 1e12)  # tesla per unit, of any driver

Values = TypeVar("Values", float, FloatArray)
_ROW = re.compile(r"\[[^][]*\]")  # JSON list without inner lists

# Kinds of inputs of a motor field: the value of a joint, and whether its magnitude is used.
KINDS: Mapping[str, tuple[str, bool]] = {
    "velocity": ("velocity", False),
    "speed": ("velocity", True),
    "effort": ("effort", False),
    "load": ("effort", True),
}


class MotorInput(NamedTuple):
    """Source of an input of a motor field."""

    source: str  # `velocity:JOINT` or `effort:JOINT`, see `compensation.JointReading`
    magnitude: bool  # whether the magnitude is used

    def apply(self, values: Values) -> Values:
        """Values of the input from values of its source."""
        return abs(values) if self.magnitude else values


def motor_input(name: str) -> MotorInput:
    """The input of a name, as in `MotorField.inputs`."""
    kind, _, joint = name.partition(":")
    source, magnitude = KINDS[kind]
    return MotorInput(f"{source}:{joint}", magnitude)


@dataclass(frozen=True)
class MotorField:
    """Field of the motors: linear in the inputs, in µT per unit of each.

    An input is the velocity or the effort of a joint, in the units of `sensor_msgs/JointState`, or the magnitude of
    one of the two, `speed` and `load`: as in `velocity:left_wheel_joint`, `load:left_wheel_joint`.
    """

    inputs: tuple[str, ...] = ()
    ut_per_unit: tuple[tuple[float, ...], ...] = ()  # one (3,) for each input, in the sensor's axes
    lag_s: float = 0.0  # delay of the field after the joint states

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
    """Mount and disturbances of a robot's magnetometer; the defaults have neither rotation nor disturbance."""

    mount_xyzw: tuple[float, ...] = (0.0, 0.0, 0.0, 1.0)  # rotates the sensor's axes into the body's, as in TF
    hard_iron_ut: tuple[float, ...] = (0.0, 0.0, 0.0)  # in the sensor's axes
    motor: MotorField = field(default_factory=MotorField)
    notes: dict[str, object] = field(default_factory=dict)  # notes on the calibration, for people
    position_m: tuple[float, ...] = (0.0, 0.0)  # position of the sensor in the body's frame, ahead and left, as in TF
    format: str = FORMAT
    field_scale: float = 1.0  # tesla per unit of the driver, in bags and nodes; a node's parameter multiplies again

    def __post_init__(self) -> None:
        check_choice("format", self.format, Literal["mail_ros.robot/1"])
        check_range("numbers of mount_xyzw", len(self.mount_xyzw), 4, 4)
        check_range("length of mount_xyzw", math.hypot(*self.mount_xyzw), 0.99, 1.01)
        check_range("field_scale", self.field_scale, *FIELD_SCALES)
        check_range("numbers of position_m", len(self.position_m), 2, 2)
        for axis_m in self.position_m:
            check_range("position_m", axis_m, -MAX_LEVER_M, MAX_LEVER_M)
        _check_vector("hard_iron_ut", self.hard_iron_ut)

    @property
    def mount(self) -> FloatArray:
        """(3, 3): rotates vectors from the sensor's axes into the body's."""
        return rotation(self.mount_xyzw)


def read_robot(path: Path) -> Robot:
    """Read a robot file.

    Raises:
        ConfigError: the file is not readable, or a value is invalid; the message names the field.
    """
    try:
        return from_dict(Robot, json.loads(path.read_text()))
    except OSError as error:
        found, fix = error.strerror or str(error), "correct the path, or make one with mail_ros calibrate"
    except (ValueError, RecursionError, ConfigError) as error:
        found, fix = str(error), "correct it, or calibrate again"
    raise ConfigError(path, wanted=f"a robot file of {FORMAT}", found=found, fix=fix)


def write_robot(path: Path, robot: Robot) -> None:
    """Write a robot file atomically.

    Raises:
        ConfigError: the path is not writable.
    """
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(robot), indent=2)
        partial.write_text(_ROW.sub(lambda row: " ".join(row[0].split()), text) + "\n")
        partial.replace(path)
    except OSError as error:
        raise ConfigError(
            path, wanted="a writable path", found=error.strerror or str(error), fix="name another file"
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
