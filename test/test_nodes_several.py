"""Several localizers, and one that is driven twice: each localizes its own robot, and results are reproducible."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PoseWithCovarianceStamped
from helpers import offline_estimates, synthetic_walk, tiny_config, tiny_model
from ros import Graph

from mail_ros.core.config import STRIDE_S
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import load_model
from mail_ros.nodes.replay import ReplayOptions, replay


def lossless(namespace: str) -> list[str]:
    topic = f"qos_overrides.{namespace}/imu/mag.subscription"
    return [f"{topic}.reliability:=reliable", f"{topic}.history:=keep_all"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))


def test_a_bag_that_is_replayed_twice_gives_the_same_poses_to_the_last_bit(graph: Graph, model: Path) -> None:
    """Into two nodes one after the other, and into one node that restarts when the bag's clock is set back."""
    bag = synthetic_walk(12.0).write(graph.folder / "walk")
    topic = "/mail_localizer/pose_with_covariance"
    received: list[bytes] = graph.listen(PoseWithCovarianceStamped, topic, raw=True)
    expected = len(offline_estimates(compose(load_model(model).model, "walking", STRIDE_S), bag))
    drives = []
    for loops in (1, 2):
        node = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", *lossless(""))
        node.wait_for("a pose every")
        graph.wait(lambda: graph.node.count_publishers(topic) == 1)
        for _ in range(loops):
            received.clear()
            replay(bag, ReplayOptions(rate=0.0, clock=False))
            graph.wait(lambda: len(received) >= expected, f"for {expected} poses, {node.output}")
            drives.append(list(received))
        assert node.stop() == 0, node.output
        graph.wait(lambda: graph.node.count_publishers(topic) == 0)
    assert drives[0] == drives[1]
    assert [len(poses) for poses in drives] == [expected] * 3
    assert drives[1] == drives[2]


def test_two_localizers_in_two_processes_localize_each_its_own_robot(graph: Graph, model: Path) -> None:
    received, nodes, bags = [], [], []
    for number, namespace in enumerate(("/left", "/right")):
        bags.append(synthetic_walk(8.0, seed=number).write(graph.folder / f"walk_{number}"))
        received.append(graph.listen(PoseWithCovarianceStamped, f"{namespace}/mail_localizer/pose_with_covariance"))
        ns = ("-r", f"__ns:={namespace}")
        nodes.append(graph.start("mail_localizer", f"model:={model}", *lossless(namespace), arguments=ns))
    for node, bag, namespace in zip(nodes, bags, ("/left", "/right"), strict=True):
        node.wait_for("a pose every")
        topic = f"{namespace}/mail_localizer/pose_with_covariance"
        graph.wait(lambda topic=topic: graph.node.count_publishers(topic) == 1)  # type: ignore[misc]
        replay(bag, ReplayOptions(rate=0.0, clock=False, namespace=namespace))
    for poses, bag in zip(received, bags, strict=True):
        expected = offline_estimates(compose(load_model(model).model, "none", STRIDE_S), bag)
        graph.wait(lambda poses=poses, expected=expected: len(poses) == len(expected))  # type: ignore[misc]
        for pose, estimate in zip(poses, expected, strict=True):
            found = pose.pose.pose.position
            assert (found.x, found.y) == pytest.approx(tuple(estimate.position_m), abs=1e-6)
    for node in nodes:
        assert node.stop() == 0, node.output
