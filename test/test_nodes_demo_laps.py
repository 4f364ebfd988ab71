"""The demo's robot publishes its sensors and its true pose, and drives on from lap to lap."""

from __future__ import annotations

import itertools
import math
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import Pose, PoseStamped
from nav_msgs.msg import Odometry
from rclpy.clock import ClockType
from rclpy.parameter import Parameter
from rclpy.time import Time
from ros import Graph
from sensor_msgs.msg import MagneticField

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import NS_PER_S, UT_PER_T, FloatArray
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.demo_laps import DemoLapsNode


def floor_pose(pose: Pose) -> FloatArray:
    """(3,) x, y and heading."""
    return np.array([pose.position.x, pose.position.y, 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)])


def assert_same_pose(found: FloatArray, wanted: FloatArray, atol: float = 1e-9) -> None:
    np.testing.assert_allclose(found[:2], wanted[:2], atol=atol)
    assert math.cos(found[2] - wanted[2]) == pytest.approx(1.0, abs=atol)


def test_field_odometry_and_truth_of_a_moment_carry_one_stamp(graph: Graph) -> None:
    node = DemoLapsNode(context=graph.context)
    assert node.lap.wheels is not None
    fields: list[MagneticField] = []
    graph.node.create_subscription(MagneticField, "/imu/mag", fields.append, qos.sensor_data())
    odometries, truths = graph.listen(Odometry, "/odom"), graph.listen(PoseStamped, "/ground_truth/pose")
    publishers = (node.body.field_publisher, node.body.odometry_publisher, node.truth_publisher)
    graph.wait(lambda: all(publisher.get_subscription_count() for publisher in publishers))
    for _ in range(3):
        node.publish_next()
    graph.wait(lambda: min(map(len, (fields, odometries, truths))) == 3)
    for sample, (field, odometry, truth) in enumerate(zip(fields, odometries, truths, strict=True)):
        assert field.header.stamp == odometry.header.stamp == truth.header.stamp
        assert to_stamp_ns(truth.header.stamp) == node.first_stamp_ns + sample * 20_000_000
        vector = field.magnetic_field
        np.testing.assert_allclose(np.array([vector.x, vector.y, vector.z]) * UT_PER_T, node.lap.field_ut[sample])
        assert (odometry.header.frame_id, odometry.child_frame_id) == ("odom", "base_link")
        assert truth.header.frame_id == "map"
        assert_same_pose(floor_pose(odometry.pose.pose), node.lap.wheels.odometry[sample])
        assert_same_pose(floor_pose(truth.pose), np.array([*node.lap.position_m[sample], node.lap.heading_rad[sample]]))
        assert odometry.twist.twist.linear.x == node.lap.wheels.twist[sample, 0]
        assert np.count_nonzero(odometry.pose.covariance) == 3


def test_stamps_odometry_and_truth_continue_from_lap_to_lap(graph: Graph) -> None:
    node = DemoLapsNode(context=graph.context)
    odometries, truths = graph.listen(Odometry, "/odom"), graph.listen(PoseStamped, "/ground_truth/pose")
    publishers = (node.body.odometry_publisher, node.truth_publisher)
    graph.wait(lambda: all(publisher.get_subscription_count() for publisher in publishers))
    node.sent = len(node.lap.stamp_ns) - 3
    for _ in range(6):
        node.publish_next()
    graph.wait(lambda: min(map(len, (odometries, truths))) == 6)
    assert {np.diff([to_stamp_ns(each.header.stamp) for each in truths]).tolist()[0]} == {20_000_000}
    for poses in ([floor_pose(each.pose.pose) for each in odometries], [floor_pose(each.pose) for each in truths]):
        for before, after in itertools.pairwise(poses):
            assert_same_pose(after, before, atol=0.03)


def test_it_drives_in_real_time_and_goes_on_after_a_pause(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    node = DemoLapsNode(context=graph.context)

    def sent_after(elapsed_s: float) -> int:
        at = Time(nanoseconds=node.started_ns + round(elapsed_s * NS_PER_S), clock_type=ClockType.STEADY_TIME)
        monkeypatch.setattr(node.steady, "now", lambda: at)
        node.drive()
        return node.sent

    assert sent_after(0.999) == 50
    assert sent_after(11.0) == 551  # its process was held for ten seconds
    assert sent_after(11.0) == 551
    assert sent_after(11.02) == 552


def test_another_seed_is_another_route_and_a_negative_one_is_refused(graph: Graph) -> None:
    def start_m(seed: int) -> tuple[float, ...]:
        node = DemoLapsNode(context=graph.context, parameter_overrides=[Parameter("seed", value=seed)])
        return tuple(node.lap.position_m[0])

    assert start_m(1) != start_m(2)
    with pytest.raises(ConfigError, match=r"parameter seed: wanted 0 to 2\.14748e\+09, found -1"):
        start_m(-1)


def test_the_executable_ends_by_a_signal(graph: Graph) -> None:
    robot = graph.start("mail_demo_robot")
    robot.wait_for("driving on /imu/mag")
    assert robot.stop(signal.SIGINT) == 0
