"""The recorder: whatever is published ends up in a whole bag, as it was."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PointStamped
from mcap.reader import make_reader
from nav_msgs.msg import Goals
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from ros import Graph, Process
from rosbags.interfaces import ConnectionExtRosbag2
from rosbags.rosbag2 import Reader
from sensor_msgs.msg import Imu, MagneticField

from mail_ros.core.errors import MailError
from mail_ros.data.bag import Bag
from mail_ros.nodes import qos, recorder
from mail_ros.nodes.recorder import RecorderNode

BEST_EFFORT = QoSProfile(depth=10, reliability=ReliabilityPolicy.BEST_EFFORT)
RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
LATCHED = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def start(graph: Graph, *parameters: str) -> Process:
    process = graph.start("mail_recorder", f"out:={graph.folder / 'bags'}", *parameters)
    process.wait_for("recording")
    return process


def recorded(graph: Graph) -> Path:
    (bag,) = (graph.folder / "bags").iterdir()
    return bag


def publish(graph: Graph, publisher: Publisher, *messages: Any) -> list[bytes]:
    """Publish once somebody listens, until acknowledged; the bytes, whose padding differs from time to time."""
    graph.wait(lambda: publisher.get_subscription_count() == 1, f"for a recorder of {publisher.topic_name}")
    sent = [serialize_message(message) for message in messages]
    for cdr in sent:
        publisher.publish(cdr)
    assert publisher.wait_for_all_acked()
    return sent


@pytest.mark.parametrize("numbers", [(signal.SIGINT,), (signal.SIGTERM,), (signal.SIGINT, signal.SIGTERM)])
def test_a_bag_is_whole_after_both_signals(graph: Graph, numbers: tuple[signal.Signals, ...]) -> None:
    """Readable with its index, by `rosbags` and by `mcap` alone; nothing that was acknowledged is missing."""
    process = start(graph)
    publisher = graph.node.create_publisher(MagneticField, "imu/mag", qos.lossless())
    sent = publish(graph, publisher, *(MagneticField() for _ in range(3000)))
    for number in numbers:
        process.popen.send_signal(number)
    assert process.exit_code() == 0, process.output
    bag = recorded(graph)
    assert (bag / "metadata.yaml").exists()
    assert not Bag(bag).cut_off
    assert [message.cdr for message in Bag(bag).messages()] == sent
    with Bag(bag).files[0].open("rb") as stream:
        (channel,) = make_reader(stream).get_summary().channels.values()  # type: ignore[union-attr]
        assert (channel.topic, channel.message_encoding) == ("/imu/mag", "cdr")
        assert len(list(make_reader(stream).iter_messages())) == len(sent)
    assert "recorded /imu/mag 3000; nothing on /imu/data, /landmark" in process.output
    assert f"bag: {bag}" in process.output
    assert "Traceback" not in process.output


def test_each_topic_is_recorded_from_its_first_publisher_on_with_the_quality_it_offers(graph: Graph) -> None:
    process = start(graph)
    field = graph.node.create_publisher(MagneticField, "imu/mag", BEST_EFFORT)
    graph.wait(lambda: field.get_subscription_count() == 1)
    landmark = graph.node.create_publisher(PointStamped, "landmark", LATCHED)
    landmark.publish(PointStamped())  # before anybody listens
    imu = graph.node.create_publisher(Imu, "imu/data", RELIABLE)
    publish(graph, imu, Imu())
    publish(graph, landmark, PointStamped())
    field.publish(MagneticField())
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


def test_an_unknown_message_type_is_said_once_and_the_others_go_on(graph: Graph) -> None:
    process = start(graph, "topics:=['landmark', 'imu/mag', '/imu/mag']", "prefix:=hall")
    graph.node.create_publisher(Goals, "landmark", RELIABLE)
    process.wait_for("/landmark is not recorded: nav_msgs/msg/Goals: wanted a standard ROS 2 message type")
    sent = publish(graph, graph.node.create_publisher(MagneticField, "imu/mag", RELIABLE), MagneticField())
    assert process.stop() == 0, process.output
    assert process.output.count("is not recorded") == 1
    assert [message.cdr for message in Bag(recorded(graph)).messages()] == sent
    assert recorded(graph).name.startswith("hall_2")
    assert "nothing on /landmark" in process.output


def in_process(graph: Graph, **parameters: Any) -> RecorderNode:
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return RecorderNode(context=graph.context, parameter_overrides=overrides)


def test_a_bag_is_never_overwritten(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Noon:
            return cls(2026, 5, 4, 12, 0, 0)

    monkeypatch.setattr(recorder, "datetime", Noon)
    first = in_process(graph, out=str(graph.folder))
    assert first.path.name == "walk_2026_05_04-12_00_00"
    with pytest.raises(MailError, match="wanted a name that is free, found a bag or another file"):
        in_process(graph, out=str(graph.folder))
    first.close()
    assert list(Bag(first.path).messages()) == []


def test_a_folder_that_cannot_be_written_is_one_line_and_exit_code_1(graph: Graph) -> None:
    file = graph.folder / "file"
    file.touch()
    process = graph.start("mail_recorder", f"out:={file}")
    assert process.exit_code() == 1
    (line,) = process.output.splitlines()
    assert line.startswith(f"mail_recorder: {file}/walk_")
    assert "wanted a place to write, found Not a directory" in line


def test_a_topic_that_cannot_be_one_is_refused(graph: Graph) -> None:
    with pytest.raises(MailError, match=r"^parameter topics: wanted names of topics, found "):
        in_process(graph, topics=["bad topic"], out=str(graph.folder))


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
