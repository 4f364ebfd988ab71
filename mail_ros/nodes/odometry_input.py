"""What a localizer hears of the way: a robot's wheels on `odom`, or a person's steps out of `imu/data`.

Odometry or Imu --> OdometryPose or ImuReading --> Runtime.feed
Imu, beside wheels: tilt, for a model with axes=gravity -^
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu

from mail_ros.core.errors import MailError
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_imu_reading, to_odometry_pose
from mail_ros.nodes.runtime_node import WorkingNode

TOPICS: dict[str, tuple[type, str, Callable[[Any], Any]]] = {
    "wheels": (Odometry, "odom", to_odometry_pose),
    "steps": (Imu, "imu/data", to_imu_reading),
}
REPORT_S = 10.0  # between two lines about messages that are not used


class OdometryInput:
    """Subscriptions of a localizer that listens to odometry."""

    def __init__(self, node: WorkingNode) -> None:
        self.node = node
        self.frame_id = ""  # of odometry, as its messages have it
        kind, topic, self._read = TOPICS[node.parameters.odometry]
        self._subscribe(kind, topic, self.on_message)
        if node.runtime.uses_imu_tilt:
            self._subscribe(Imu, TOPICS["steps"][1], self.on_attitude)

    @classmethod
    def where_wanted(cls, node: WorkingNode) -> OdometryInput | None:
        """One, if tracker or model listen."""
        return None if node.runtime.odometry is None else cls(node)

    def on_message(self, msg: Any) -> None:
        """Pass it on; one that tells nothing is left out."""
        buffer = self.node.runtime.odometry
        if not self.node.active or buffer is None:
            return
        reading = self._reading(self._read, msg)
        if reading is not None:
            buffer.add(reading)
            self.frame_id = msg.header.frame_id

    def on_attitude(self, msg: Imu) -> None:
        """Pass its tilt on, likewise."""
        buffer = self.node.runtime.odometry
        if not self.node.active or buffer is None:
            return
        reading = self._reading(to_imu_reading, msg)
        if reading is not None:
            buffer.add_attitude(reading)

    def _reading(self, read: Callable[[Any], Any], msg: Any) -> Any:
        try:
            return read(msg)
        except MailError as error:
            self.node.get_logger().warning(f"odometry not used: {error}", throttle_duration_sec=REPORT_S)
            return None

    def _subscribe(self, kind: type, topic: str, act: Callable[[Any], None]) -> None:
        subscription = qos.subscribe(self.node, kind, topic, act)
        self.node.configured.callback(self.node.destroy_subscription, subscription)
