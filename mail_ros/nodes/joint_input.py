"""Joint states of the robot, where its motors disturb the field: they go to the localizer's compensation.

joint_states --> JointReading --> Compensation of the runtime's localizer
"""

from __future__ import annotations

import dataclasses

from rclpy.subscription import Subscription
from sensor_msgs.msg import JointState

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_joint_reading
from mail_ros.nodes.runtime_node import RuntimeNode

TOPIC, TYPE = "joint_states", "sensor_msgs/msg/JointState"
REPORT_S = 10.0  # between two log lines about rejected messages


class JointInput:
    """A subscription to joint states, only where the robot file has a motor field."""

    def __init__(self, node: RuntimeNode) -> None:
        self.node = node
        self._received = False  # a message since the last assessment
        self.subscription: Subscription | None = None
        if node.runtime.localizer.compensation.inputs:
            self.subscription = qos.subscribe(node, JointState, TOPIC, self.on_message)
            node.configured.callback(node.destroy_subscription, self.subscription)

    def on_message(self, msg: JointState) -> None:
        """Add joint states; a malformed message is rejected."""
        if not self.node.active:
            return
        try:
            self.node.runtime.localizer.compensation.add_joints(to_joint_reading(msg))
        except MailError as error:
            self.node.get_logger().warning(f"joint state not used: {error}", throttle_duration_sec=REPORT_S)
        else:
            self._received = True

    def explain(self, assessment: Assessment) -> Assessment:
        """The assessment, with the reason where samples were rejected for want of joint states."""
        compensation = self.node.runtime.localizer.compensation
        if self.subscription is None or not compensation.missing:
            return assessment
        why = qos.why_silent(self.node, self.subscription, TYPE)
        if self._received:
            why = f"{self.subscription.topic_name} publishes too seldom, or other joints"
        self._received, missing = False, ", ".join(sorted(compensation.missing))
        compensation.missing = set()
        return dataclasses.replace(
            assessment,
            level=max(assessment.level, Level.WARN),
            message=f"{assessment.message}; the motors' field is unknown without {missing}: {why}",
        )
