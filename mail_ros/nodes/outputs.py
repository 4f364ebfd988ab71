"""What a localizer says over ROS, the same from a node of its own and from one for a fleet."""

from __future__ import annotations

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from rclpy.node import Node
from std_msgs.msg import Float32MultiArray

from mail_ros.core.health import Assessment
from mail_ros.core.localizer import Estimate, WindowLocalizer
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_attention, to_pose, to_pose_array, to_pose_with_covariance


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


class Details:
    """What goes with a pose, for who wants to look closer; it is computed only for who listens.

    ~/hypotheses: the places where the device may be, where a tracker runs. ~/attention: the weight of each scale.
    """

    def __init__(self, node: Node) -> None:
        """Offer them."""
        self.node = node
        self.hypotheses = node.create_publisher(PoseArray, "~/hypotheses", qos.poses())
        self.attention = node.create_publisher(Float32MultiArray, "~/attention", qos.poses())

    def publish(self, localizer: WindowLocalizer, estimate: Estimate, map_frame: str) -> None:
        """Say what goes with an estimate that the localizer just made."""
        if self.hypotheses.get_subscription_count() and (places := localizer.hypotheses()):
            self.hypotheses.publish(to_pose_array(places, estimate, map_frame))
        if self.attention.get_subscription_count() and estimate.attention:
            self.attention.publish(to_attention(estimate))

    def destroy(self) -> None:
        """Offer them no longer."""
        self.node.destroy_publisher(self.hypotheses)
        self.node.destroy_publisher(self.attention)


class Diagnostics:
    """What `/diagnostics` hears of a node: one status, named after it and what it does."""

    def __init__(self, node: Node, what: str = "localization") -> None:
        """Offer it."""
        self.node, self.what = node, what
        self.publisher = node.create_publisher(DiagnosticArray, "/diagnostics", qos.poses())

    def publish(self, assessment: Assessment) -> DiagnosticStatus:
        """Say how it does; what was said."""
        status = DiagnosticStatus(
            level=bytes([assessment.level]),
            name=f"{self.node.get_fully_qualified_name().lstrip('/')}: {self.what}",
            message=assessment.message,
            hardware_id="magnetometer",
            values=[KeyValue(key=name, value=value) for name, value in assessment.values.items()],
        )
        msg = DiagnosticArray(status=[status])
        msg.header.stamp = self.node.get_clock().now().to_msg()
        self.publisher.publish(msg)
        return status

    def destroy(self) -> None:
        """Offer it no longer."""
        self.node.destroy_publisher(self.publisher)
