"""Messages to the core's nouns and back."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState, MagneticField

from mail_ros.core.errors import MailError
from mail_ros.core.types import Estimate, Hypothesis, Status
from mail_ros.data.messages import decode_field, decode_joints
from mail_ros.nodes.conversions import (
    from_initial_pose,
    message_class,
    to_joint_reading,
    to_pose,
    to_pose_array,
    to_pose_with_covariance,
    to_reading,
    to_stamp_ns,
    to_time,
)

STAMPS = st.integers(-(2**31) * 10**9, 2**31 * 10**9 - 1)


@given(stamp_ns=STAMPS, tesla=st.tuples(*[st.floats(width=64)] * 3))
def test_the_node_reads_what_a_bag_holds_to_the_last_bit(stamp_ns: int, tesla: tuple[float, float, float]) -> None:
    msg = MagneticField()
    msg.header.stamp = to_time(stamp_ns)
    msg.magnetic_field.x, msg.magnetic_field.y, msg.magnetic_field.z = tesla
    with np.errstate(over="ignore"):
        heard_ns, field_ut = to_reading(msg)
        offline_ns, offline_ut = decode_field(serialize_message(msg))
    assert heard_ns == offline_ns == stamp_ns
    np.testing.assert_array_equal(field_ut, offline_ut)


def test_what_the_joints_do_is_the_same_in_a_bag() -> None:
    """Lists may be shorter than the names, and NaN marks what is not measured."""
    msg = JointState(name=["left", "right"], velocity=[1.5, math.nan], effort=[-0.5])
    msg.header.stamp = to_time(1_700_000_000_123_456_789)
    reading = to_joint_reading(msg)
    assert reading == decode_joints(bytes(serialize_message(msg)))
    assert reading == (1_700_000_000_123_456_789, {"velocity:left": 1.5, "effort:left": -0.5})


@pytest.mark.parametrize(("sent", "field_scale"), [(5e-5, 1.0), (50.0, 1e-6), (0.5, 1e-4)])
def test_tesla_becomes_microtesla_and_so_does_another_unit_that_is_named(sent: float, field_scale: float) -> None:
    msg = MagneticField()
    msg.magnetic_field.x = sent
    assert to_reading(msg, field_scale)[1][0] == pytest.approx(50.0)


def test_a_stamp_that_no_clock_gives_is_refused() -> None:
    with pytest.raises(MailError, match=r"header.stamp: wanted less than 1000000000 ns beside the seconds"):
        to_stamp_ns(Time(sec=1, nanosec=10**9))


@pytest.mark.parametrize(("floor", "frame"), [(0, "site"), (-2, "site_floor_-2")])
def test_a_pose_lies_in_the_frame_of_its_floor_and_carries_the_estimate_s_stamp(floor: int, frame: str) -> None:
    stamp_ns = 1_700_000_000_123_456_789
    estimate = Estimate(stamp_ns, np.array([1.5, -2.5]), np.eye(2), floor, Status.LOCALIZED, (1.0,))
    pose = to_pose(estimate, "site")
    assert to_stamp_ns(pose.header.stamp) == stamp_ns
    assert pose.header.frame_id == frame
    position, rotation = pose.pose.position, pose.pose.orientation
    assert (position.x, position.y, position.z) == (1.5, -2.5, 0.0)
    assert (rotation.x, rotation.y, rotation.z, rotation.w) == (0.0, 0.0, 0.0, 1.0)


def test_unknown_angles_have_a_wide_covariance() -> None:
    covariance_m2 = np.array([[2.0, -0.5], [-0.5, 1.0]])
    estimate = Estimate(10**9, np.array([1.5, -2.5]), covariance_m2, 1, Status.UNCERTAIN, (1.0,))
    msg, plain = to_pose_with_covariance(estimate, "site"), to_pose(estimate, "site")
    assert (msg.header, msg.pose.pose) == (plain.header, plain.pose)
    rows = msg.pose.covariance.reshape(6, 6)
    assert rows[:2, :2].tolist() == covariance_m2.tolist()
    assert np.diag(rows)[2:].tolist() == pytest.approx([1.0, *[np.pi**2 / 3] * 3])
    assert np.count_nonzero(rows - np.diag(np.diag(rows))) == 2


def test_a_message_type_is_found_by_name() -> None:
    assert message_class("sensor_msgs/msg/MagneticField") is MagneticField


@pytest.mark.parametrize("msgtype", ["nowhere_msgs/msg/Thing", "sensor_msgs/msg/Thing", "thing", ""])
def test_an_unknown_message_type_names_what_to_install(msgtype: str) -> None:
    with pytest.raises(MailError, match=r"wanted its ROS package to be installed, found nothing; install"):
        message_class(msgtype)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("frame", "floor"), [("site", 0), ("site_floor_-2", -2)])
def test_an_initial_pose_is_on_the_floor_of_its_frame(frame: str, floor: int, slash: str) -> None:
    estimate = Estimate(10**9, np.array([1.5, -2.5]), np.array([[2.0, -0.5], [-0.5, 1.0]]), floor, Status.UNCERTAIN, ())
    msg = to_pose_with_covariance(estimate, "site")
    assert msg.header.frame_id == frame
    msg.header.frame_id = slash + frame
    position_m, covariance_m2, heard_floor = from_initial_pose(msg, "site")
    assert (position_m.tolist(), heard_floor) == ([1.5, -2.5], floor)
    assert covariance_m2.tolist() == estimate.covariance_m2.tolist()


@pytest.mark.parametrize("frame", ["", "odom", "/odom", "site_floor_x", "other_floor_1"])
def test_an_initial_pose_in_a_frame_of_no_floor_is_refused(frame: str) -> None:
    msg = PoseWithCovarianceStamped()
    msg.header.frame_id = frame
    with pytest.raises(MailError, match=r"header.frame_id: wanted site, or site_floor_1 and so on, found"):
        from_initial_pose(msg, "site")


def test_candidatesare_those_on_the_floor_of_the_pose_in_its_frame() -> None:
    candidates = [
        Hypothesis(np.array(at_m), floor, 0.3) for at_m, floor in (([1.0, 2.0], 1), ([3.0, 4.0], 0), ([5.0, 6.0], 1))
    ]
    estimate = Estimate(10**9, np.array([1.5, -2.5]), np.eye(2), 1, Status.UNCERTAIN, ())
    msg = to_pose_array(candidates, estimate, "site")
    assert msg.header == to_pose(estimate, "site").header
    assert [(pose.position.x, pose.position.y) for pose in msg.poses] == [(1.0, 2.0), (5.0, 6.0)]
    assert all(pose.orientation.w == 1.0 for pose in msg.poses)
