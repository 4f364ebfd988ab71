"""What a localizer says over ROS, the same from a node of its own and from one for a fleet."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from rclpy.node import Node

from mail_ros.core.health import Assessment
from mail_ros.core.localizer import Estimate, WindowLocalizer
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_pose, to_pose_array, to_pose_with_covariance


class Poses:
    """Two topics: PREFIX/pose, and PREFIX/pose_with_covariance, whose last is there for whoever comes late."""

    def __init__(self, node: Node, prefix: str) -> None:
        """Offer them.

        Args:
            node: whose they are.
            prefix: before the topics' names.
        """
        self.node = node
        self.plain = node.create_publisher(PoseStamped, f"{prefix}/pose", qos.poses())
        self.with_covariance = node.create_publisher(
            PoseWithCovarianceStamped, f"{prefix}/pose_with_covariance", qos.last_pose()
        )

    def publish(self, estimate: Estimate, map_frame: str) -> None:
        """Say where it was; `map_frame` is that of floor 0."""
        self.plain.publish(to_pose(estimate, map_frame))
        self.with_covariance.publish(to_pose_with_covariance(estimate, map_frame))

    def destroy(self) -> None:
        """Offer them no longer."""
        self.node.destroy_publisher(self.plain)
        self.node.destroy_publisher(self.with_covariance)


class Hypotheses:
    """One topic, ~/hypotheses: the places where the device may be. They are computed only for who listens."""

    def __init__(self, node: Node) -> None:
        """Offer it."""
        self.node = node
        self.publisher = node.create_publisher(PoseArray, "~/hypotheses", qos.poses())

    def publish(self, localizer: WindowLocalizer, estimate: Estimate, map_frame: str) -> None:
        """Say what goes with an estimate that the localizer just made."""
        if self.publisher.get_subscription_count() and (places := localizer.hypotheses()):
            self.publisher.publish(to_pose_array(places, estimate, map_frame))

    def destroy(self) -> None:
        """Offer it no longer."""
        self.node.destroy_publisher(self.publisher)


class Diagnostics:
    """What `/diagnostics` hears of a node: one status, named after it."""

    def __init__(self, node: Node) -> None:
        """Offer it."""
        self.node = node
        self.publisher = node.create_publisher(DiagnosticArray, "/diagnostics", qos.poses())

    def publish(self, assessment: Assessment) -> None:
        """Say how it does."""
        status = DiagnosticStatus(
            level=bytes([assessment.level]),
            name=f"{self.node.get_fully_qualified_name().lstrip('/')}: localization",
            message=assessment.message,
            hardware_id="magnetometer",
            values=[KeyValue(key=name, value=value) for name, value in assessment.values.items()],
        )
        msg = DiagnosticArray(status=[status])
        msg.header.stamp = self.node.get_clock().now().to_msg()
        self.publisher.publish(msg)

    def destroy(self) -> None:
        """Offer it no longer."""
        self.node.destroy_publisher(self.publisher)
