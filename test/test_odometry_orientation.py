"""Odometry whose quaternion is no rotation is refused, by the node and in bags, and never has heading 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk

from mail_ros.core.errors import OdometryError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.platform.odometry import ImuReading
from mail_ros.core.platform.odometry_buffer import StepBuffer, odometry_pose
from mail_ros.data.bag import ODOMETRY_TOPIC, read_recording
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.messages import ODOMETRY_TYPE, Message, decode, decode_odometry, encode_odometry, typestore
from mail_ros.data.walk_writer import write_walk

MESSAGES = 100


def odometry(number: int, *, is_zero: bool) -> Message:
    stamp_ns = START_NS + number * 10**8
    cdr = encode_odometry(stamp_ns, np.array([0.1 * number, 0.0, 0.7]), 0.0, 0.0, "odom", "base_link")
    if is_zero:
        message = decode(cdr, ODOMETRY_TYPE)
        message.pose.pose.orientation.z = message.pose.pose.orientation.w = 0.0
        cdr = bytes(typestore().serialize_cdr(message, ODOMETRY_TYPE))
    return Message(ODOMETRY_TOPIC, ODOMETRY_TYPE, stamp_ns, cdr)


def bag(path: Path, zeros: range) -> Path:
    """A walk with a message of odometry every 0.1 s, some without an orientation."""
    walk = synthetic_walk()
    messages = [odometry(number, is_zero=number in zeros) for number in range(MESSAGES)]
    write_walk(path, walk.stamp_ns, walk.field_ut, walk.landmarks, before=messages)
    return path


@pytest.mark.parametrize("xyzw", [(0, 0, 0, 0), (0, 0, 0, 1e-6), (0, 0, np.nan, 1)])
def test_what_is_no_rotation_is_refused_with_the_reason(xyzw: tuple[float, ...]) -> None:
    with pytest.raises(OdometryError, match=r"orientation: wanted a unit quaternion, found 0, 0, .*; correct"):
        odometry_pose(0, np.zeros(2), np.array(xyzw, np.float64))
    assert odometry_pose(0, np.zeros(2), np.array([0.0, 0.0, 0.6, 0.8])).yaw_rad == pytest.approx(2 * np.arcsin(0.6))
    with pytest.raises(OdometryError):
        decode_odometry(odometry(0, is_zero=True).cdr)


def test_a_bag_without_orientations_has_no_wheel_odometry_and_says_why(tmp_path: Path) -> None:
    recording = read_recording(bag(tmp_path / "all", range(MESSAGES)))
    assert recording.track.odometry is None
    assert recording.track.moved_m is None
    assert recording.track.attitude_xyzw is None
    (finding,) = [each for each in check_bag(tmp_path / "all").findings if each.name == "odometry"]
    assert finding.level is Level.WARN
    assert finding.message == (
        "100 messages of /odom are not used: pose.pose.orientation: wanted a unit quaternion, found 0, 0, 0, 0; "
        "correct the driver of the odometry, which has to set it"
    )


def test_single_messages_without_an_orientation_change_no_heading(tmp_path: Path) -> None:
    recording = read_recording(bag(tmp_path / "some", range(20, 30)))
    (remark,) = recording.remarks
    assert remark.found.startswith("10 messages of /odom")
    attitude = recording.track.attitude_xyzw
    assert attitude is not None
    assert attitude[1:, 2] == pytest.approx(np.sin(0.35))
    assert recording.track.odometry == "wheels"
    assert read_recording(bag(tmp_path / "none", range(0))).remarks == ()


def test_steps_without_an_attitude_have_no_heading_either() -> None:
    buffer = StepBuffer()
    buffer.add(ImuReading(START_NS, np.zeros(4), np.array([0.0, 0.0, 9.8])))
    assert buffer.at(START_NS) is None
