"""Sensors that publish at steady rates and store every byte, to measure a recorder with.

Sensor, Sensor, ... --> each at its rate, best effort --> the recorder, in a process of its own
                    <-- mail_recorder/status <--
"""

from __future__ import annotations

import heapq
import random
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import serialize_message
from sensor_msgs.msg import Imu, MagneticField

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S
from mail_ros.nodes import qos
from mail_ros.nodes.spin import private_node

CONNECT_S = 60.0  # a node starts in a second, on a busy machine in many
LAST_STATUS_S = 3.0  # until the last messages are counted
TYPES = {"imu/mag": MagneticField, "imu/data": Imu, "odom": Odometry}


@dataclass
class Sent:
    """Published messages, and the recorder's last status."""

    messages: dict[str, list[bytes]] = field(default_factory=dict)  # by topic, in order
    sent_ns: dict[bytes, int] = field(default_factory=dict)  # time of sending, by the clock of the log times
    status: dict[str, str] = field(default_factory=dict)


class Sensor:
    """One topic."""

    def __init__(self, node: Node, topic: str, rate_hz: float) -> None:
        msg: Any = TYPES[topic]()
        msg.header.frame_id = "imu_link"
        self.bytes = bytearray(serialize_message(msg))
        self.publisher = node.create_publisher(TYPES[topic], topic, qos.sensor_data())
        self.period_s = 1.0 / rate_hz

    def publish(self) -> tuple[int, bytes]:
        """Send a unique message with the current stamp; returns the time and its bytes."""
        now_ns = time.time_ns()
        struct.pack_into("<iI", self.bytes, 4, *divmod(now_ns, NS_PER_S))
        struct.pack_into("<d", self.bytes, len(self.bytes) - 8, random.random())
        cdr = bytes(self.bytes)
        self.publisher.publish(cdr)
        return now_ns, cdr


def send(
    rates_hz: dict[str, float],
    duration_s: float,
    domain_id: int,
    check: Callable[[], None],
    going: Callable[[float], bool] = lambda _: True,
) -> Sent:
    """Wait for a recorder, then publish.

    Args:
        rates_hz: rates of the topics imu/mag, imu/data and odom.
        duration_s: time until the last message.
        domain_id: DDS domain.
        check: called while waiting; raises if waiting is useless.
        going: called with the seconds since the first message, before each; False stops it.

    Raises:
        MailError: no recorder was found in time.
    """
    with private_node("traffic", domain_id) as (node, executor):
        sensors = {topic: Sensor(node, topic, rate_hz) for topic, rate_hz in rates_hz.items()}
        sent = Sent()

        def on_status(msg: DiagnosticStatus) -> None:
            sent.status.update({value.key: value.value for value in msg.values})

        node.create_subscription(DiagnosticStatus, "mail_recorder/status", on_status, qos.last_pose())
        _connect(list(sensors.values()), executor, check)
        if _send(sensors, duration_s, sent, going):
            _spin(executor, LAST_STATUS_S)
    return sent


def _connect(sensors: Sequence[Sensor], executor: SingleThreadedExecutor, check: Callable[[], None]) -> None:
    deadline_s = time.monotonic() + CONNECT_S
    while any(sensor.publisher.get_subscription_count() == 0 for sensor in sensors):
        check()
        if time.monotonic() > deadline_s:
            raise MailError(
                "the topics",
                wanted=f"a recorder that listens within {CONNECT_S:g} s",
                found="none",
                fix="see that DDS may use the loopback interface",
            )
        executor.spin_once(timeout_sec=0.05)


def _send(sensors: dict[str, Sensor], duration_s: float, sent: Sent, going: Callable[[float], bool]) -> bool:
    """Whether all messages were sent."""
    start_s = time.monotonic()
    due = [(0.0, topic) for topic in sensors]
    while due[0][0] < duration_s:
        due_s, topic = heapq.heappop(due)
        time.sleep(max(0.0, start_s + due_s - time.monotonic()))
        if not going(time.monotonic() - start_s):
            return False
        now_ns, cdr = sensors[topic].publish()
        name = sensors[topic].publisher.topic_name
        sent.messages.setdefault(name, []).append(cdr)
        sent.sent_ns[cdr] = now_ns
        heapq.heappush(due, (due_s + sensors[topic].period_s, topic))
    return True


def _spin(executor: SingleThreadedExecutor, seconds: float) -> None:
    end_s = time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left_s)
