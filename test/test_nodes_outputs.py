"""What a localizer publishes: poses in their frame, their details, and diagnostics."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from helpers import tiny_config, tiny_model
from managed import in_process, messages
from ros import Graph, LogLines
from std_msgs.msg import Float32MultiArray

from mail_ros.core.types import Sample
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_reading, to_stamp_ns


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


@pytest.mark.parametrize(("given", "frame"), [("", "site_floor_2"), ("hall", "hall_floor_2")])
def test_poses_are_in_the_model_s_map_frame_by_default(graph: Graph, given: str, frame: str) -> None:
    model = tiny_model(graph.folder / "site.safetensors", map_frame="site", floor=2)
    node = in_process(graph, model=str(model), global_frame_id=given, publish_uncertain_pose=True)
    graph.executor.add_node(node)
    poses = graph.listen(PoseStamped, "/mail_localizer/pose")
    graph.wait(lambda: node.poses.plain.get_subscription_count() == 1)
    for msg in messages(3.0):
        node.on_field(msg)
    graph.wait(lambda: len(poses) > 0)
    assert {pose.header.frame_id for pose in poses} == {frame}


def test_a_late_subscriber_receives_the_last_pose_with_its_covariance(graph: Graph, model: Path) -> None:
    node = in_process(graph, model=str(model))
    graph.executor.add_node(node)
    estimates = [e for msg in messages(3.0) if (e := node.runtime.localizer.push(Sample(*to_reading(msg))))]
    node.runtime.localizer.reset()
    for msg in messages(3.0):
        node.on_field(msg)
    received: list[PoseWithCovarianceStamped] = []
    topic = "/mail_localizer/pose_with_covariance"
    graph.node.create_subscription(PoseWithCovarianceStamped, topic, received.append, qos.last_pose())
    graph.wait(lambda: len(received) > 0)
    graph.spin(0.2)
    (last,) = received
    assert to_stamp_ns(last.header.stamp) == estimates[-1].stamp_ns
    rows = last.pose.covariance.reshape(6, 6)
    assert rows[:2, :2] == pytest.approx(estimates[-1].covariance_m2)


@pytest.mark.parametrize("tracker", ["walking", "none"])
def test_a_tracker_s_arraygo_with_its_poses(graph: Graph, tracker: str) -> None:
    model = tiny_model(graph.folder / "map.safetensors", tiny_config("heatmap"))
    node = in_process(graph, model=str(model), tracker=tracker, publish_uncertain_pose=True)
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
    for pose, array in zip(poses, hypotheses, strict=False):
        assert array.header == pose.header
        assert 1 <= len(array.poses) <= 5


def test_the_weights_of_the_scales_go_with_the_poses(graph: Graph, model: Path) -> None:
    node = in_process(graph, model=str(model))
    graph.executor.add_node(node)
    received: list[Float32MultiArray] = graph.listen(Float32MultiArray, "/mail_localizer/attention")
    graph.wait(lambda: node.details.attention.get_subscription_count() == 1)
    for msg in messages(3.0):
        node.on_field(msg)
    graph.wait(lambda: len(received) > 0)
    (scales,) = received[-1].layout.dim
    assert (scales.label, scales.size, len(received[-1].data)) == ("scale", 3, 3)
    assert sum(received[-1].data) == pytest.approx(1.0)


def test_diagnostics_are_published_once_a_second(graph: Graph, model: Path) -> None:
    received: list[DiagnosticArray] = graph.listen(DiagnosticArray, "/diagnostics")
    node = in_process(graph, model=str(model))
    graph.executor.add_node(node)
    graph.wait(lambda: node.diagnostics.publisher.get_subscription_count() == 1)
    graph.wait(lambda: len(received) > 0)
    assert received[-1].status[0].level == DiagnosticStatus.ERROR
    assert received[-1].status[0].message == "no samples: no publisher of /imu/mag"
    for msg in messages(3.0):
        node.on_field(msg)
    count = len(received)
    graph.wait(lambda: len(received) > count)
    (status,) = received[count].status
    values = {pair.key: pair.value for pair in status.values}
    assert status.name == "mail_localizer: localization"
    assert (values["used"], values["window filled"]) == ("300", "100%")
    assert values["model sha256"] == sha256(model.read_bytes()).hexdigest()
    message, _, warning = status.message.partition("; ")
    assert values["status"] == message == node.runtime.localizer.status.name
    assert re.fullmatch(r"stamps are \S+ s behind this clock: .*", warning), "the samples are of another year"


def by_key(status: DiagnosticStatus) -> dict[str, str]:
    return {pair.key: pair.value for pair in status.values}


def test_a_late_subscriber_receives_the_status_and_each_change_of_it(graph: Graph, model: Path) -> None:
    node = in_process(graph, model=str(model))
    for timer in node.timers:
        timer.cancel()  # the test itself calls what is due once a second
    graph.executor.add_node(node)
    lines: list[str] = []
    node.get_logger = lambda: LogLines(lines, informed=True)
    received: list[DiagnosticStatus] = []
    graph.node.create_subscription(DiagnosticStatus, "/mail_localizer/status", received.append, qos.last_pose())
    graph.wait(lambda: len(received) > 0)
    first = received[0]
    assert (first.level, first.name, first.message) == (
        DiagnosticStatus.WARN,
        "mail_localizer: localization",
        "FILLING",
    )
    digest = sha256(model.read_bytes()).hexdigest()
    assert by_key(first)["model"] == f"site.safetensors {digest[:12]}"
    for msg in messages(3.0):
        node.on_field(msg)
    graph.wait(lambda: received[-1].message == "UNCERTAIN")
    assert by_key(received[-1])["floor"] == "0"
    (line,) = [line for line in lines if line.startswith("status")]
    assert re.fullmatch(r"status FILLING -> UNCERTAIN, floor 0, \d+\.\d m \(90 % region\)", line)
    count = len(received)
    node.diagnose()
    graph.wait(lambda: len(received) == count + 1, "for the same status again")
    assert received[-1].message == "UNCERTAIN"
    node.diagnose()
    graph.wait(lambda: received[-1].message == "SENSOR_FAULT", "for the status without samples")
    assert received[-1].level == DiagnosticStatus.ERROR


def test_a_plain_pose_is_published_only_while_the_status_is_one_to_rely_on(graph: Graph) -> None:
    """An initial pose is sure for a while; the untrained model never is."""
    model = tiny_model(graph.folder / "map.safetensors", tiny_config("heatmap"))
    node = in_process(graph, model=str(model), tracker="walking")
    published: list[str] = []
    node.status.publisher.publish = lambda msg: published.append(msg.message)
    node.poses.plain.publish = lambda msg: published.append("plain")
    node.poses.with_covariance.publish = lambda msg: published.append("covariance")
    walk = messages(6.0)
    for _ in range(300):
        node.on_field(next(walk))
    assert set(published) == {"UNCERTAIN", "covariance"}
    node.runtime.localizer.filter.set_initial_pose(np.array([5.0, 0.0]), 0.01 * np.eye(2), 0)
    published.clear()
    for _ in range(15):
        node.on_field(next(walk))
    assert published[:3] == ["LOCALIZED", "plain", "covariance"]
    node.runtime.localizer.filter.reinitialize()
    published.clear()
    for _ in range(100):
        node.on_field(next(walk))
    assert published[:2] == ["UNCERTAIN", "covariance"]
    assert "plain" not in published
