"""Inputs of a localizer other than the magnetometer: joint states, and odometry of wheels or steps."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from nav_msgs.msg import Odometry
from rclpy.subscription import Subscription
from sensor_msgs.msg import Imu, JointState

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_imu_reading, to_joint_reading, to_odometry_pose
from mail_ros.nodes.runtime_node import RuntimeNode

JOINTS_TOPIC, JOINTS_TYPE = "joint_states", "sensor_msgs/msg/JointState"
REPORT_S = 10.0  # between two log lines about rejected messages
TOPICS: dict[str, tuple[type, str, Callable[[Any], Any]]] = {
    "wheels": (Odometry, "odom", to_odometry_pose),
    "steps": (Imu, "imu/data", to_imu_reading),
}


class JointInput:
    """A subscription to joint states, only where the robot file has a motor field."""

    def __init__(self, node: RuntimeNode) -> None:
        self.node = node
        self._received = False  # a message since the last assessment
        self.subscription: Subscription | None = None
        if node.runtime.localizer.compensation.inputs:
            self.subscription = qos.subscribe(node, JointState, JOINTS_TOPIC, self.on_message)
            node.configured.callback(node.destroy_subscription, self.subscription)

    def on_message(self, msg: JointState) -> None:
        """Add joint states; a malformed message is rejected."""
        if not self.node.active:
            return
        try:
            self.node.runtime.localizer.compensation.joints.add(to_joint_reading(msg))
        except MailError as error:
            self.node.get_logger().warning(f"joint state not used: {error}", throttle_duration_sec=REPORT_S)
        else:
            self._received = True

    def explain(self, assessment: Assessment) -> Assessment:
        """The assessment, with the reason where samples were rejected for want of joint states."""
        compensation = self.node.runtime.localizer.compensation
        if self.subscription is None or not compensation.missing:
            return assessment
        why = qos.why_silent(self.node, self.subscription, JOINTS_TOPIC, JOINTS_TYPE)
        if self._received:
            why = f"{self.subscription.topic_name} publishes too seldom, or other joints"
        self._received, missing = False, ", ".join(sorted(compensation.missing))
        compensation.missing = set()
        return dataclasses.replace(
            assessment,
            level=max(assessment.level, Level.WARN),
            message=f"{assessment.message}; the motors' field is unknown without {missing}: {why}",
        )


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
