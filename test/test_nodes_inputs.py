"""Inputs of the localizer beside good samples: odometry, other units, and incompatible publishers."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

import rclpy
from geometry_msgs.msg import TransformStamped
from helpers import START_NS, tiny_config, tiny_model
from managed import Managed
from nav_msgs.msg import OccupancyGrid, Odometry
from rclpy.context import Context
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from ros import Graph
from sensor_msgs.msg import Imu, MagneticField

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.runtime import PoseEstimate
from mail_ros.core.types import Estimate, Status, YawEstimate
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns, to_time


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))


def odometry(stamp_ns: int, x_m: float, yaw_rad: float) -> Odometry:
    msg = Odometry()
    msg.header.stamp, msg.header.frame_id = to_time(stamp_ns), "odom"
    msg.pose.pose.position.x = x_m
    msg.pose.pose.orientation.z, msg.pose.pose.orientation.w = math.sin(yaw_rad / 2), math.cos(yaw_rad / 2)
    return msg


def drive(managed: Managed, count: int) -> None:
    """Field and odometry, which looks along 0.5 rad."""
    assert managed.node.odometry is not None
    for number in range(count):
        field = next(managed._walk)
        managed.node.odometry.on_message(odometry(to_stamp_ns(field.header.stamp), 0.012 * number, 0.5))
        managed.node.on_field(field)


def test_with_odometry_a_pose_has_a_heading_of_norm_one_and_its_variance(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="odometry")
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    drive(managed, 300)
    estimate = managed.node.runtime.last
    assert estimate is not None
    graph.wait(lambda: bool(managed.poses) and to_stamp_ns(managed.poses[-1].header.stamp) == estimate.stamp_ns)
    odom_yaw = estimate.odom_yaw
    assert odom_yaw is not None
    last = managed.poses[-1].pose.orientation
    yaw_rad = 2.0 * math.atan2(last.z, last.w)
    assert math.remainder(yaw_rad - odom_yaw.angle_rad - 0.5, 2 * math.pi) == pytest.approx(0.0, abs=1e-9)
    assert last.z**2 + last.w**2 == pytest.approx(1.0)
    assert (last.x, last.y) == (0.0, 0.0)


def test_wheels_are_read_from_odom_and_steps_from_the_imu(graph: Graph, model: Path) -> None:
    for source, kind, topic in (("wheels", Odometry, "/odom"), ("steps", Imu, "/imu/data")):
        managed = Managed(graph, model=str(model), tracker="odometry", odometry=source)
        publisher = graph.node.create_publisher(kind, topic, qos.poses())
        graph.wait(lambda publisher=publisher: publisher.get_subscription_count() == 1)  # type: ignore[misc]
        msg = kind()
        msg.header.stamp, msg.header.frame_id = to_time(START_NS), "frame"
        (msg if source == "steps" else msg.pose.pose).orientation.w = 1.0
        publisher.publish(msg)
        buffer: Any = managed.node.runtime.odometry
        graph.wait(lambda buffer=buffer: buffer.at(START_NS) is not None)  # type: ignore[misc]
        assert managed.node.odometry is not None
        assert managed.node.odometry.frame_id == "frame"
        graph.executor.remove_node(managed.node)
        managed.node.close()
        managed.node.destroy_node()


def test_only_a_tracker_with_odometry_subscribes_to_it(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="walking")
    assert managed.node.odometry is None
    assert not graph.node.count_subscribers("/odom")


def test_odometry_with_an_impossible_stamp_is_left_out(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="odometry")
    msg = odometry(START_NS, 0.0, 0.0)
    msg.header.stamp.nanosec = 2**31
    assert managed.node.odometry is not None
    managed.node.odometry.on_message(msg)
    assert managed.errors[-1].startswith("odometry not used: header.stamp: wanted less than 1000000000 ns")


def test_odometry_without_an_orientation_is_left_out(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="odometry")
    msg = odometry(START_NS, 0.0, 0.0)
    msg.pose.pose.orientation.w = 0.0
    assert managed.node.odometry is not None
    managed.node.odometry.on_message(msg)
    assert managed.errors[-1].startswith("odometry not used: pose.pose.orientation: wanted a unit quaternion, found 0")
    assert managed.node.runtime.odometry is not None
    assert managed.node.runtime.odometry.at(START_NS) is None


def test_map_to_odom_is_sent_where_position_and_yaw_are_known(
    graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The frames of the estimate's floor and of the odometry, valid for a second ahead."""
    sent: list[TransformStamped] = []

    class Broadcaster:
        def __init__(self, node: object) -> None:
            self.sendTransform = sent.append

    tf2_ros: Any = ModuleType("tf2_ros")
    tf2_ros.TransformBroadcaster = Broadcaster
    monkeypatch.setitem(sys.modules, "tf2_ros", tf2_ros)
    managed = Managed(graph, model=str(model), tracker="odometry", tf_broadcast=True)
    drive(managed, 1)
    assert managed.node.runtime.odometry is not None
    at = managed.node.runtime.odometry.at(START_NS)
    sure = Estimate(START_NS, np.array([3.0, 4.0]), np.eye(2), 2, Status.LOCALIZED, (), odom_yaw=YawEstimate(0.0, 0.01))
    managed.node.publish(PoseEstimate(sure, None, at))
    (transform,) = sent
    assert (transform.header.frame_id, transform.child_frame_id) == ("map_floor_2", "odom")
    assert to_stamp_ns(transform.header.stamp) == START_NS + 1_000_000_000
    assert (transform.transform.translation.x, transform.transform.translation.y) == (3.0, 4.0)
    assert transform.transform.rotation.w == 1.0


def test_map_to_odom_needs_tf2_ros_and_wheels(graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf2_ros", None)
    with pytest.raises(ConfigError, match="parameter tf_broadcast: wanted tf2_ros, found no such package"):
        Managed(graph, model=str(model), tracker="odometry", tf_broadcast=True)
    with pytest.raises(ConfigError, match="wanted tracker odometry, of wheels, found tracker walking, odometry wheels"):
        Managed(graph, model=str(model), tracker="walking", tf_broadcast=True)


def test_microtesla_are_refused_by_name_and_used_where_the_scale_is_set(graph: Graph, model: Path) -> None:
    for scale, poses, message in (
        (1.0, False, "and must send tesla, or this one be started with field_scale:=1e-06"),
        (1e-6, True, ""),
    ):
        managed = Managed(graph, model=str(model), field_scale=scale)
        for _ in range(300):
            msg: MagneticField = next(managed._walk)
            for axis in "xyz":
                setattr(msg.magnetic_field, axis, 1e6 * getattr(msg.magnetic_field, axis))
            managed.node.on_field(msg)
        assert (managed.node.runtime.last is not None) == poses
        managed.node.diagnose()
        assert message in managed.errors[-1]


def test_an_incompatible_publisher_is_named(graph: Graph, model: Path) -> None:
    override = "qos_overrides./imu/mag.subscription.reliability"
    managed = Managed(graph, model=str(model), **{override: "reliable"})
    best_effort = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
    graph.node.create_publisher(MagneticField, "/imu/mag", best_effort)
    graph.wait(lambda: managed.node.count_publishers("/imu/mag") == 1)
    managed.node.diagnose()
    name = graph.node.get_fully_qualified_name()
    assert managed.errors[-1].startswith(
        f"no samples: the QoS that {name} offers on /imu/mag does not serve ours: ERROR: Best effort publisher"
    )


def test_a_publisher_of_another_type_is_named(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    context = Context()  # one process of DDS has one type for each topic
    rclpy.init(context=context)
    try:
        driver = Node("driver", context=context)
        driver.create_publisher(Imu, "/imu/mag", 1)
        expected = "no samples: /driver publishes sensor_msgs/msg/Imu on /imu/mag, not sensor_msgs/msg/MagneticField"

        def reported() -> bool:
            managed.node.diagnose()
            return managed.errors[-1] == expected

        graph.wait(reported)
    finally:
        rclpy.shutdown(context=context)


def test_the_belief_is_a_grid_in_the_frame_of_its_floor_at_most_once_a_second(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="walking")
    received: list[OccupancyGrid] = []
    graph.node.create_subscription(OccupancyGrid, "/mail_localizer/belief", received.append, qos.last_pose())
    graph.wait(lambda: managed.node.details.belief.get_subscription_count() == 1)
    for _ in range(5):
        managed.push_samples(100)
        graph.spin(0.05)
    graph.wait(lambda: len(received) >= 3)
    assert len(received) <= 4
    grid = received[-1]
    percent = np.array(grid.data).reshape(grid.info.height, grid.info.width)
    assert percent.max() == 100
    assert percent.min() >= 0, "the map is a full square"
    assert grid.header.frame_id == "map"
    assert managed.node.runtime.last is not None
    assert grid.info.resolution == pytest.approx(0.5)
    row, column = np.argwhere(percent == 100)[0].tolist()
    corner = grid.info.origin.position
    likeliest_m = np.array([corner.x, corner.y]) + (np.array([column, row]) + 0.5) * grid.info.resolution
    site_map = managed.node.runtime.localizer.model.site_map
    assert site_map is not None
    assert np.linalg.norm(site_map.cells.position_m - likeliest_m, axis=1).min() == pytest.approx(0.0, abs=1e-6)
