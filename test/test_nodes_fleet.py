"""Several robots' localizers in one node: each robot gets the poses of a node of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from helpers import SyntheticWalk, synthetic_walk, tiny_config, tiny_model
from rclpy.parameter import Parameter
from rclpy.serialization import deserialize_message
from ros import Graph
from sensor_msgs.msg import MagneticField

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import load_model
from mail_ros.core.types import Estimate, Sample
from mail_ros.data.messages import encode_field
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_reading, to_stamp_ns
from mail_ros.nodes.fleet_node import DISCOVER_S, LEAVE_S, FleetNode

STRIDE_S = 0.1


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


def fleet_of(graph: Graph, **parameters: Any) -> FleetNode:
    overrides = [Parameter(name, value=value) for name, value in ({"stride_s": STRIDE_S} | parameters).items()]
    node = FleetNode(context=graph.context, parameter_overrides=overrides)
    graph.executor.add_node(node)
    return node


def messages(walk: SyntheticWalk) -> Iterator[MagneticField]:
    for stamp_ns, field_ut in zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True):
        yield deserialize_message(encode_field(stamp_ns, field_ut, "imu_link"), MagneticField)


def alone(model: Path, walk: SyntheticWalk) -> list[Estimate]:
    localizer = compose(load_model(model).model, "none", STRIDE_S)
    return [estimate for msg in messages(walk) if (estimate := localizer.push(Sample(*to_reading(msg)))) is not None]


def test_every_robot_of_a_list_gets_its_own_poses(graph: Graph, model: Path) -> None:
    node = fleet_of(graph, model=str(model), namespaces=["one", "/two"], publish_uncertain_pose=True)
    walks = {"/one": synthetic_walk(6.0, seed=1), "/two": synthetic_walk(5.0, seed=2)}
    statuses = {name: graph.listen(DiagnosticStatus, f"{name}/mail_localizer/status") for name in walks}
    received = {name: graph.listen(PoseStamped, f"{name}/mail_localizer/pose") for name in walks}
    graph.wait(lambda: all(robot.poses.plain.get_subscription_count() == 1 for robot in node.robots.values()))
    bad = MagneticField()
    bad.header.stamp.nanosec = 2_000_000_000
    node.on_field("/two", bad)
    for name, walk in walks.items():
        for msg in messages(walk):
            node.on_field(name, msg)
    expected = {name: alone(model, walk) for name, walk in walks.items()}
    graph.wait(lambda: all(len(received[name]) >= len(expected[name]) > 20 for name in walks))
    for name, poses in received.items():
        assert [to_stamp_ns(pose.header.stamp) for pose in poses] == [e.stamp_ns for e in expected[name]]
        positions = [(pose.pose.position.x, pose.pose.position.y) for pose in poses]
        np.testing.assert_allclose(positions, [e.position_m for e in expected[name]], rtol=0.0, atol=1e-4)
    assert [robot.counts.malformed for robot in node.robots.values()] == [0, 1]
    for name, messages_of in statuses.items():
        graph.wait(lambda found=messages_of: "UNCERTAIN" in {one.message for one in found})  # type: ignore[misc]
        assert {one.name for one in messages_of} == {f"{name[1:]}/mail_localizer: localization"}


def test_a_fleet_s_plain_poses_are_those_to_rely_on(graph: Graph, tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "map.safetensors", tiny_config("heatmap"))
    node = fleet_of(graph, model=str(model), namespaces=["one"], tracker="walking")
    robot, published = node.robots["/one"], list[str]()
    robot.status.publisher.publish = lambda msg: published.append(msg.message)
    robot.poses.plain.publish = lambda msg: published.append("plain")
    robot.poses.with_covariance.publish = lambda msg: published.append("covariance")
    walk = messages(synthetic_walk(4.0))
    for _ in range(300):
        node.on_field("/one", next(walk))
    assert set(published) == {"UNCERTAIN", "covariance"}
    robot.counts.localizer.filter.set_initial_pose(np.array([5.0, 0.0]), 0.01 * np.eye(2), 0)
    published.clear()
    for _ in range(15):
        node.on_field("/one", next(walk))
    assert published[:3] == ["LOCALIZED", "plain", "covariance"]
    node.refresh()
    node.refresh()
    assert published[-1] == "SENSOR_FAULT", "no sample since the last refresh"


def test_robots_are_found_by_their_magnetometers_and_leave_with_them(graph: Graph, model: Path) -> None:
    node = fleet_of(graph, model=str(model), max_robots=1)
    sensors = {}
    for name in ("/rover", "/late"):
        sensors[name] = graph.node.create_publisher(MagneticField, f"{name}/imu/mag", qos.sensor_data())
        graph.wait(lambda: "/rover" in node.robots)
    graph.wait(lambda: sensors["/rover"].get_subscription_count() == 1)
    node.discover()
    assert list(node.robots) == ["/rover"]  # no room for another
    graph.node.destroy_publisher(sensors["/rover"])
    graph.wait(lambda: node.count_publishers("/rover/imu/mag") == 0)
    for _ in range(round(LEAVE_S / DISCOVER_S) + 1):
        node.discover()
    assert list(node.robots) == ["/late"]


def test_more_names_than_room_are_refused(graph: Graph, model: Path) -> None:
    with pytest.raises(ConfigError, match=r"parameter namespaces: wanted at most 1 names, found \['a', 'b'\]"):
        fleet_of(graph, model=str(model), namespaces=["a", "b"], max_robots=1)


def test_the_executable_starts_and_ends(graph: Graph, model: Path) -> None:
    process = graph.start("mail_fleet", f"model:={model}")
    process.wait_for("room for 100 robots")
    assert process.stop() == 0, process.output
