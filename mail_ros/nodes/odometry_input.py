"""Odometry of a localizer: a robot's wheels on `odom`, or a person's steps on `imu/data`.

Odometry or Imu --> OdometryPose or ImuReading --> Runtime.odometry
Imu, beside wheels: tilt, for a model in the gravity-aligned frame -^
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu

from mail_ros.core.errors import MailError
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_imu_reading, to_odometry_pose
from mail_ros.nodes.runtime_node import RuntimeNode

TOPICS: dict[str, tuple[type, str, Callable[[Any], Any]]] = {
    "wheels": (Odometry, "odom", to_odometry_pose),
    "steps": (Imu, "imu/data", to_imu_reading),
}
REPORT_S = 10.0  # between two log lines about rejected messages


class OdometryInput:
    """Subscriptions to odometry, where the model or the tracker uses it."""

    def __init__(self, node: RuntimeNode) -> None:
        self.node = node
        self.frame_id = ""  # as in the messages of odometry
        kind, topic, self._convert = TOPICS[node.runtime.tracking.odometry]
        self._subscribe(kind, topic, self.on_message)
        if node.runtime.uses_imu_tilt:
            self._subscribe(Imu, TOPICS["steps"][1], self.on_attitude)

    @classmethod
    def create_if_enabled(cls, node: RuntimeNode) -> OdometryInput | None:
        """An input, if the tracker or the model uses odometry."""
        return None if node.runtime.odometry is None else cls(node)

    def on_message(self, msg: Any) -> None:
        """Add odometry; a message without information is ignored."""
        buffer, reading = self.node.runtime.odometry, self._converted(self._convert, msg)
        if buffer is not None and reading is not None:
            buffer.add(reading)
            self.frame_id = msg.header.frame_id

    def on_attitude(self, msg: Imu) -> None:
        """Add the tilt of an inertial unit."""
        buffer, reading = self.node.runtime.odometry, self._converted(to_imu_reading, msg)
        if buffer is not None and reading is not None:
            buffer.add_attitude(reading)

    def _converted(self, convert: Callable[[Any], Any], msg: Any) -> Any:
        """None while the node is not active, and for a malformed message."""
        if not self.node.active:
            return None
        try:
            return convert(msg)
        except MailError as error:
            self.node.get_logger().warning(f"odometry not used: {error}", throttle_duration_sec=REPORT_S)
            return None

    def _subscribe(self, kind: type, topic: str, callback: Callable[[Any], None]) -> None:
        subscription = qos.subscribe(self.node, kind, topic, callback)
        self.node.configured.callback(self.node.destroy_subscription, subscription)
