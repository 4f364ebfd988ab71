"""What is known of a robot: a file whose errors name the field, and rotations that mean what TF means."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.robot_file import MotorField, Robot, quaternion, read_robot, rotation, write_robot

MOTOR = MotorField(("velocity:left", "load:right"), ((1.0, 2.0, 3.0), (-0.5, 0.0, 0.25)), 0.04)
ROBOT = Robot((0.5, -0.5, 0.5, 0.5), (3.0, -4.0, 5.0), MOTOR, {"bag": "drive"})


def test_a_robot_file_gives_back_what_was_written(tmp_path: Path) -> None:
    write_robot(tmp_path / "robots" / "seven.json", ROBOT)
    assert read_robot(tmp_path / "robots" / "seven.json") == ROBOT
    assert [path.name for path in (tmp_path / "robots").iterdir()] == ["seven.json"]
    assert '"hard_iron_ut": [ 3.0, -4.0, 5.0 ],' in (tmp_path / "robots" / "seven.json").read_text()


def test_a_file_by_hand_needs_no_more_than_what_it_is_for(tmp_path: Path) -> None:
    (tmp_path / "robot.json").write_text('{"mount_xyzw": [1, 0, 0, 0]}')
    assert read_robot(tmp_path / "robot.json") == Robot((1.0, 0.0, 0.0, 0.0))
    (tmp_path / "robot.json").write_text("{}")
    assert read_robot(tmp_path / "robot.json") == Robot()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"mount_xyzw": [0, 0, 0]}, "numbers of mount_xyzw: wanted 4 to 4, found 3"),
        ({"mount_xyzw": [0, 0, 0, 0]}, "length of mount_xyzw: wanted 0.99 to 1.01, found 0"),
        ({"mount": [0, 0, 0, 1]}, "mount: wanted one of field_scale, format, hard_iron_ut, motor, mount_xyzw, notes"),
        ({"hard_iron_ut": [1, 2, float("nan")]}, "hard_iron_ut: wanted -10000 to 10000, found nan"),
        ({"hard_iron_ut": [1, 2, "3"]}, "hard_iron_ut: wanted float, found '3'"),
        ({"motor": {"inputs": ["torque:left"]}}, "motor.inputs: wanted velocity or speed or effort or load, a colon"),
        ({"motor": {"inputs": ["velocity:a"]}}, "rows of motor.ut_per_unit: wanted 1 to 1, found 0"),
        ({"motor": {"inputs": ["speed:a"], "ut_per_unit": [[1, 2]]}}, "numbers of motor.ut_per_unit: wanted 3 to 3"),
        ({"motor": {"lag_s": 0.5}}, "motor.lag_s: wanted 0 to 0.2, found 0.5"),
        ({"format": "mail_ros.robot/2"}, "format: wanted mail_ros.robot/1, found 'mail_ros.robot/2'"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, content: dict[str, Any], message: str) -> None:
    file = tmp_path / "robot.json"
    file.write_text(json.dumps(content))
    with pytest.raises(ConfigError) as error:
        read_robot(file)
    assert str(error.value).startswith(f"{file}: wanted a robot file of mail_ros.robot/1, found {message}")


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("dear diary")
    with pytest.raises(ConfigError, match=r"wanted a robot file of mail_ros\.robot/1, found Expecting value"):
        read_robot(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match="found No such file or directory; correct the path, or make one"):
        read_robot(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="wanted a writable path"):
        write_robot(tmp_path / "notes.txt" / "robot.json", ROBOT)


def test_the_mount_turns_the_sensors_axes_into_the_bodys() -> None:
    """A sensor that looks to the left: its x is the body's y."""
    left = Robot((0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)))
    np.testing.assert_allclose(left.mount @ [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], atol=1e-12)


@settings(max_examples=200)
@given(st.lists(st.floats(-1.0, 1.0), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_a_rotation_and_its_quaternion_are_the_same(xyzw: list[float]) -> None:
    turn = rotation(tuple(xyzw))
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(rotation(quaternion(turn)), turn, atol=1e-9)
    assert quaternion(turn)[3] >= 0.0
