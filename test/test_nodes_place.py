"""What others tell the localizer of its place: over DDS, as from RViz or from Nav2."""

from __future__ import annotations

import pytest
from helpers import tiny_config, tiny_model

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PoseWithCovarianceStamped
from ros import Graph
from std_srvs.srv import Empty


def pose(frame_id: str, x: float = 1.0) -> PoseWithCovarianceStamped:
    msg = PoseWithCovarianceStamped()
    msg.header.frame_id = frame_id
    msg.pose.pose.position.x, msg.pose.pose.position.y = x, -2.0
    msg.pose.covariance[0] = msg.pose.covariance[7] = 0.25
    return msg


def test_a_tracked_localizer_is_told_where_it_is_and_that_nobody_knows(graph: Graph) -> None:
    model = tiny_model(graph.folder / "map.safetensors", tiny_config("heatmap"), floor=-1)
    node = graph.start("mail_localizer", f"model:={model}", "tracker:=walking")
    publisher = graph.node.create_publisher(PoseWithCovarianceStamped, "/initialpose", 10)
    lost = graph.node.create_client(Empty, "/reinitialize_global_localization")
    graph.wait(lambda: publisher.get_subscription_count() == 1 and lost.service_is_ready())
    for msg, answer in (
        (pose("map_floor_-1"), "placed at x 1.00 m, y -2.00 m, floor -1"),
        (pose("odom"), "initial pose not used: header.frame_id: wanted map, or map_floor_N, found 'odom'"),
        (pose("map"), "initial pose not used: the given position: wanted a place within 3 m of the survey"),
        (pose("map_floor_-1", float("nan")), "initial pose not used: the given position: wanted finite numbers"),
    ):
        publisher.publish(msg)
        graph.wait(lambda answer=answer: answer in node.output, answer)  # type: ignore[misc]
    future = lost.call_async(Empty.Request())
    graph.wait(future.done)
    assert "the place is looked for anew" in node.output
    assert node.stop() == 0, node.output


def test_without_a_tracker_nothing_is_offered(graph: Graph) -> None:
    node = graph.start("mail_localizer", f"model:={tiny_model(graph.folder / 'map.safetensors')}")
    node.wait_for("tracker none")
    assert not graph.node.count_subscribers("/initialpose")
    assert node.stop() == 0, node.output
