"""What a localizer knows of the robot that carries it: its file, and what its joints do where the motors disturb.

robot_file ------------------> Correction --> the field of the place, in the body's axes
joint_states --> JointReading --^
"""

from __future__ import annotations

import dataclasses

import numpy as np
from rclpy.subscription import Subscription
from sensor_msgs.msg import JointState

from mail_ros.core.errors import MailError
from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.core.platform.compensation import Correction
from mail_ros.core.platform.robot_file import Robot, read_robot
from mail_ros.core.signal.resampling import FloatArray
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_joint_reading
from mail_ros.nodes.runtime_node import WorkingNode

TOPIC, TYPE = "joint_states", "sensor_msgs/msg/JointState"
REPORT_S = 10.0  # between two lines about messages that are not used


class RobotInput:
    """A correction of the field, and a subscription where it needs to know what the motors do."""

    def __init__(self, node: WorkingNode) -> None:
        """Read the robot file.

        Raises:
            ConfigError: it is none.
        """
        self.node = node
        path = node.parameters.robot_path
        self.correction = Correction(Robot() if path is None else read_robot(path))
        self._lacking: set[str] = set()  # what was not known of the joints, since somebody asked
        self._heard = False
        self.subscription: Subscription | None = None
        if self.correction.inputs:
            self.subscription = qos.subscribe(node, JointState, TOPIC, self.on_message)
            node.configured.callback(node.destroy_subscription, self.subscription)

    def on_message(self, msg: JointState) -> None:
        """Take what the joints do; a message that cannot be is left out."""
        if not self.node.active:
            return
        try:
            self.correction.hear(to_joint_reading(msg))
        except MailError as error:
            self.node.get_logger().warning(f"joint state not used: {error}", throttle_duration_sec=REPORT_S)
        else:
            self._heard = True

    def body_ut(self, stamp_ns: int, field_ut: FloatArray) -> FloatArray:
        """As of `Correction`."""
        place_ut = self.correction.body_ut(stamp_ns, field_ut)
        if self.subscription is not None and np.isnan(place_ut).any():
            self._lacking |= self.correction.unknown(stamp_ns)
        return place_ut

    def explain(self, assessment: Assessment) -> Assessment:
        """The assessment, with the reason where samples were of no use because of the joints."""
        if self.subscription is None or not self._lacking:
            return assessment
        why = qos.why_silent(self.node, self.subscription, TYPE)
        if self._heard:
            why = f"{self.subscription.topic_name} says it too seldom, or of other joints"
        self._heard, lacking, self._lacking = False, ", ".join(sorted(self._lacking)), set()
        return dataclasses.replace(
            assessment,
            level=max(assessment.level, Level.WARN),
            message=f"{assessment.message}; what the motors add is not known for want of {lacking}: {why}",
        )
