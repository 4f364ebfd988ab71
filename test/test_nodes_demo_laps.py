"""The demo's robot says in ROS what it measures, and the truth beside it."""

from __future__ import annotations

import math
import signal

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PoseStamped, Quaternion
from nav_msgs.msg import Odometry
from rclpy.clock import ClockType
from rclpy.parameter import Parameter
from rclpy.time import Time
from ros import Graph
from sensor_msgs.msg import MagneticField

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import NS_PER_S, UT_PER_T
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.demo_laps import DemoLapsNode


def heading_rad(turn: Quaternion) -> float:
    return 2.0 * math.atan2(turn.z, turn.w)


def test_field_odometry_and_truth_of_a_moment_carry_one_stamp(graph: Graph) -> None:
    node = DemoLapsNode(context=graph.context)
    fields: list[MagneticField] = []
    graph.node.create_subscription(MagneticField, "/imu/mag", fields.append, qos.sensor_data())
    odometries, truths = graph.listen(Odometry, "/odom"), graph.listen(PoseStamped, "/ground_truth/pose")
    publishers = (node.field_publisher, node.odometry_publisher, node.truth_publisher)
    graph.wait(lambda: all(publisher.get_subscription_count() for publisher in publishers))
    for sample in range(3):
        node.publish(node.laps.at(sample))
    graph.wait(lambda: min(map(len, (fields, odometries, truths))) == 3)
    for sample, (field, odometry, truth) in enumerate(zip(fields, odometries, truths, strict=True)):
        moment = node.laps.at(sample)
        assert field.header.stamp == odometry.header.stamp == truth.header.stamp
        assert to_stamp_ns(truth.header.stamp) == node.first_stamp_ns + moment.since_ns
        vector = field.magnetic_field
        np.testing.assert_allclose(np.array([vector.x, vector.y, vector.z]) * UT_PER_T, moment.field_ut)
        assert (odometry.header.frame_id, odometry.child_frame_id) == ("odom", "base_link")
        assert truth.header.frame_id == "map"
        for pose, place in ((odometry.pose.pose, moment.odometry), (truth.pose, moment.truth)):
            assert (pose.position.x, pose.position.y) == (place.x_m, place.y_m)
            assert heading_rad(pose.orientation) == pytest.approx(place.heading_rad)
        assert odometry.twist.twist.linear.x == moment.speed_m_s
        assert np.count_nonzero(odometry.pose.covariance) == 3


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


def test_another_seed_is_another_way_and_a_negative_one_none(graph: Graph) -> None:
    def first_place(seed: int) -> tuple[float, ...]:
        node = DemoLapsNode(context=graph.context, parameter_overrides=[Parameter("seed", value=seed)])
        return tuple(node.laps.at(0).truth)

    assert first_place(1) != first_place(2)
    with pytest.raises(ConfigError, match=r"parameter seed: wanted 0 to 2\.14748e\+09, found -1"):
        first_place(-1)


def test_the_executable_ends_by_a_signal(graph: Graph) -> None:
    robot = graph.start("mail_demo_robot")
    robot.wait_for("driving on /imu/mag")
    assert robot.stop(signal.SIGINT) == 0
