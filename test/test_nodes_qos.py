"""Quality of service: the request that every publisher serves, and what a bag keeps of the offers."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PointStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from recorders import BEST_EFFORT, LATCHED, RELIABLE, Recorder, field, publish, recorded, start
from ros import Graph
from rosbags.interfaces import ConnectionExtRosbag2
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import Imu, MagneticField

from mail_ros.data.bag import Bag
from mail_ros.nodes import qos
from mail_ros.nodes.recorder_node import RecorderNode


@pytest.mark.parametrize(
    ("offers", "reliability", "durability"),
    [
        ([RELIABLE], "RELIABLE", "VOLATILE"),
        ([RELIABLE, BEST_EFFORT], "BEST_EFFORT", "VOLATILE"),
        ([LATCHED, LATCHED], "RELIABLE", "TRANSIENT_LOCAL"),
        ([LATCHED, RELIABLE], "RELIABLE", "VOLATILE"),
    ],
)
def test_the_request_is_the_strictest_that_every_publisher_serves(
    offers: list[QoSProfile], reliability: str, durability: str
) -> None:
    request = qos.match_offers(offers)
    assert (request.reliability.name, request.durability.name) == (reliability, durability)


def test_each_topic_is_recorded_from_its_first_publisher_on_with_the_quality_it_offers(graph: Graph) -> None:
    process = start(graph)
    magnetometer = graph.node.create_publisher(MagneticField, "imu/mag", BEST_EFFORT)
    graph.wait(lambda: magnetometer.get_subscription_count() == 1)
    landmark = graph.node.create_publisher(PointStamped, "landmark", LATCHED)
    landmark.publish(PointStamped())  # before there is a subscription
    imu = graph.node.create_publisher(Imu, "imu/data", RELIABLE)
    publish(graph, imu, Imu())
    publish(graph, landmark, PointStamped())
    magnetometer.publish(MagneticField())
    assert process.stop() == 0, process.output
    counts = {topic: len(list(Bag(recorded(graph)).messages([topic]))) for topic in ("/imu/data", "/landmark")}
    assert counts == {"/imu/data": 1, "/landmark": 2}
    with Reader(recorded(graph)) as reader:
        ext = {connection.topic: connection.ext for connection in reader.connections}
    offered = {topic: e.offered_qos_profiles[0] for topic, e in ext.items() if isinstance(e, ConnectionExtRosbag2)}
    qualities = {topic: (profile.reliability.name, profile.durability.name) for topic, profile in offered.items()}
    assert qualities == {
        "/imu/mag": ("BEST_EFFORT", "VOLATILE"),
        "/imu/data": ("RELIABLE", "VOLATILE"),
        "/landmark": ("RELIABLE", "TRANSIENT_LOCAL"),
    }


def test_a_publisher_that_offers_less_than_the_first_is_recorded_too(graph: Graph) -> None:
    recorder = Recorder(graph, topics=["imu/mag"])
    reliable = graph.node.create_publisher(MagneticField, "imu/mag", RELIABLE)
    publish(graph, reliable, field())
    best_effort = graph.node.create_publisher(MagneticField, "imu/mag", BEST_EFFORT)
    graph.wait(lambda: best_effort.get_subscription_count() == 1)

    def second_received() -> bool:
        best_effort.publish(
            field()
        )  # again: the recorder may match later than the publisher, and loses what came before
        recording = recorder.node.recording
        return recording is not None and recording.writer.counts["/imu/mag"] >= 2

    graph.wait(second_received)
    recorder.node.close()


REMAPS = ["--ros-args", "-r", "imu/mag:=imu/raw", "-r", "imu/raw:=imu/other"]  # two names exchanged, as for two sensors


def test_the_publisher_that_is_named_is_that_of_the_remapped_topic(graph: Graph) -> None:
    """rclpy remaps the names that it looks up: one that was remapped already would be remapped again."""
    nodes = {name: Node(name, context=graph.context) for name in ("raw", "other")}
    for name, node in nodes.items():
        node.create_publisher(MagneticField, f"imu/{name}", RELIABLE)
    listening = Node("listening", context=graph.context, cli_args=REMAPS)
    subscription = qos.subscribe(listening, MagneticField, "imu/mag", print)
    graph.wait(lambda: len(listening.get_publishers_info_by_topic("imu/raw")) == 1)
    graph.wait(lambda: len(listening.get_publishers_info_by_topic("imu/mag")) == 1)
    why = qos.why_silent(listening, subscription, "imu/mag", "sensor_msgs/msg/MagneticField")
    assert why == "/raw publishes /imu/raw, and is silent or cannot be reached"


def test_a_remapped_topic_is_recorded_under_its_name(graph: Graph) -> None:
    publishers = {name: graph.node.create_publisher(Imu, f"imu/{name}", RELIABLE) for name in ("raw", "other")}
    given = ["-p", f"out:={graph.folder / 'bags'}", "-p", "topics:=['imu/mag']"]
    node = RecorderNode(context=graph.context, cli_args=[*REMAPS, *given])
    graph.executor.add_node(node)
    publish(graph, publishers["raw"], Imu())
    assert publishers["other"].get_subscription_count() == 0
    graph.wait(lambda: node.recording is not None and node.recording.writer.counts.get("/imu/raw") == 1)
    node.close()
