"""What a localizer publishes: poses in their frame, what goes with them, and how it does."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from helpers import tiny_config, tiny_model
from managed import in_process, messages
from ros import Graph
from std_msgs.msg import Float32MultiArray

from mail_ros.core.types import Sample
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_reading, to_stamp_ns


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


@pytest.mark.parametrize(("given", "frame"), [("", "site_floor_2"), ("hall", "hall_floor_2")])
def test_poses_lie_in_the_model_s_map_frame_unless_told_otherwise(graph: Graph, given: str, frame: str) -> None:
    model = tiny_model(graph.folder / "site.safetensors", map_frame="site", floor=2)
    node = in_process(graph, model=str(model), global_frame_id=given)
    graph.executor.add_node(node)
    poses = graph.listen(PoseStamped, "/mail_localizer/pose")
    graph.wait(lambda: node.poses.plain.get_subscription_count() == 1)
    for msg in messages(3.0):
        node.on_field(msg)
    graph.wait(lambda: len(poses) > 0)
    assert {pose.header.frame_id for pose in poses} == {frame}


def test_whoever_comes_late_hears_the_last_pose_with_its_covariance(graph: Graph, model: Path) -> None:
    node = in_process(graph, model=str(model))
    graph.executor.add_node(node)
    estimates = [e for msg in messages(3.0) if (e := node.runtime.localizer.push(Sample(*to_reading(msg))))]
    node.runtime.localizer.reset()
    for msg in messages(3.0):
        node.on_field(msg)
    heard: list[PoseWithCovarianceStamped] = []
    topic = "/mail_localizer/pose_with_covariance"
    graph.node.create_subscription(PoseWithCovarianceStamped, topic, heard.append, qos.last_pose())
    graph.wait(lambda: len(heard) > 0)
    graph.spin(0.2)
    (last,) = heard
    assert to_stamp_ns(last.header.stamp) == estimates[-1].stamp_ns
    rows = last.pose.covariance.reshape(6, 6)
    assert rows[:2, :2] == pytest.approx(estimates[-1].covariance_m2)


@pytest.mark.parametrize("tracker", ["walking", "none"])
def test_a_tracker_s_hypotheses_go_with_its_poses(graph: Graph, tracker: str) -> None:
    model = tiny_model(graph.folder / "map.safetensors", tiny_config("heatmap"))
    node = in_process(graph, model=str(model), tracker=tracker)
    graph.executor.add_node(node)
    poses, hypotheses = (
        graph.listen(kind, f"/mail_localizer/{topic}")
        for kind, topic in ((PoseStamped, "pose"), (PoseArray, "hypotheses"))
    )
    publishers = node.poses.plain, node.details.hypotheses
    graph.wait(lambda: all(publisher.get_subscription_count() == 1 for publisher in publishers))
    for msg in messages(3.0):
        node.on_field(msg)
    graph.wait(lambda: len(poses) >= 5 and len(hypotheses) >= (5 if tracker == "walking" else 0))
    if tracker == "none":
        assert not hypotheses
    for pose, places in zip(poses, hypotheses, strict=False):
        assert places.header == pose.header
        assert 1 <= len(places.poses) <= 5


def test_the_weights_of_the_scales_go_with_the_poses(graph: Graph, model: Path) -> None:
    node = in_process(graph, model=str(model))
    graph.executor.add_node(node)
    heard: list[Float32MultiArray] = graph.listen(Float32MultiArray, "/mail_localizer/attention")
    graph.wait(lambda: node.details.attention.get_subscription_count() == 1)
    for msg in messages(3.0):
        node.on_field(msg)
    graph.wait(lambda: len(heard) > 0)
    (scales,) = heard[-1].layout.dim
    assert (scales.label, scales.size, len(heard[-1].data)) == ("scale", 3, 3)
    assert sum(heard[-1].data) == pytest.approx(1.0)


def test_diagnostics_say_once_a_second_how_it_does(graph: Graph, model: Path) -> None:
    heard: list[DiagnosticArray] = graph.listen(DiagnosticArray, "/diagnostics")
    node = in_process(graph, model=str(model))
    graph.executor.add_node(node)
    graph.wait(lambda: node.diagnostics.publisher.get_subscription_count() == 1)
    graph.wait(lambda: len(heard) > 0)
    assert heard[-1].status[0].level == DiagnosticStatus.ERROR
    assert heard[-1].status[0].message == "no samples: no publisher of /imu/mag"
    for msg in messages(3.0):
        node.on_field(msg)
    count = len(heard)
    graph.wait(lambda: len(heard) > count)
    (status,) = heard[count].status
    values = {pair.key: pair.value for pair in status.values}
    assert status.name == "mail_localizer: localization"
    assert (values["used"], values["window filled"]) == ("300", "100%")
    assert values["model sha256"] == sha256(model.read_bytes()).hexdigest()
    assert values["status"] == status.message == node.runtime.localizer.status.name
