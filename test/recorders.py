"""A recorder as a process or in this one, and publishers that it is to record."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.parameter import Parameter
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import serialize_message
from ros import Graph, Process
from sensor_msgs.msg import MagneticField
from std_srvs.srv import Trigger

from mail_ros.nodes.recorder_node import RecorderNode

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
    """Publish once there is a subscription, until acknowledged; the bytes, whose padding differs from time to time."""
    graph.wait(lambda: publisher.get_subscription_count() == 1, f"for a recorder of {publisher.topic_name}")
    sent = [serialize_message(message) for message in messages]
    for cdr in sent:
        publisher.publish(cdr)
    assert publisher.wait_for_all_acked()
    return sent


def in_process(graph: Graph, **parameters: Any) -> RecorderNode:
    overrides = [Parameter(name, value=value) for name, value in parameters.items()]
    return RecorderNode(context=graph.context, parameter_overrides=overrides)


class Recorder:
    """One in this process."""

    def __init__(self, graph: Graph, **parameters: Any) -> None:
        self.graph, self.node = graph, in_process(graph, out=str(graph.folder / "bags"), **parameters)
        graph.executor.add_node(self.node)
        self.status: list[DiagnosticStatus] = graph.listen(DiagnosticStatus, "/mail_recorder/status")

    def call(self, name: str) -> tuple[bool, str]:
        response = self.graph.call(Trigger, f"/mail_recorder/{name}", Trigger.Request())
        return response.success, response.message

    def wait_for_status(self, text: str) -> None:
        """Wait for a text in its status."""
        self.graph.wait(lambda: bool(self.status) and text in self.status[-1].message, f"for {text!r}")

    def received(self, count: int) -> None:
        """Wait until so many messages have come in since the recording began."""
        watches = self.node.quality.topics
        self.graph.wait(lambda: sum(watch.received for watch in watches.values()) >= count, f"for {count} messages")


def field(stamp_s: float = 0.0) -> MagneticField:
    msg = MagneticField()
    msg.header.frame_id = "imu"
    msg.header.stamp.sec, msg.header.stamp.nanosec = int(stamp_s), round(stamp_s % 1 * 1e9)
    msg.magnetic_field.x = 48e-6
    return msg
