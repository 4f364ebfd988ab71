"""What a localizer says over ROS, the same from a node of its own and from one for a fleet."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from std_msgs.msg import Float32MultiArray

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.diagnostics import Assessment
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.localizer.runtime import PoseEstimate, map_from_odometry
from mail_ros.core.map_frames import frame_of_floor
from mail_ros.core.types import NS_PER_S, Estimate, YawEstimate
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import (
    to_attention,
    to_occupancy_grid,
    to_pose,
    to_pose_array,
    to_pose_with_covariance,
    to_transform,
)
from mail_ros.nodes.runtime_node import WorkingNode

BELIEF_S = 1.0  # between two pictures of the belief


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

    def publish(self, estimate: Estimate, map_frame: str, heading: YawEstimate | None = None) -> None:
        """Say where it was, and where it looked if that is known; `map_frame` is that of floor 0."""
        self.plain.publish(to_pose(estimate, map_frame, heading))
        self.with_covariance.publish(to_pose_with_covariance(estimate, map_frame, heading))

    def destroy(self) -> None:
        """Offer them no longer."""
        self.node.destroy_publisher(self.plain)
        self.node.destroy_publisher(self.with_covariance)


class Details:
    """What goes with a pose, for who wants to look closer; it is computed only for who listens.

    ~/hypotheses: the places where the device may be, and ~/belief: how likely each cell is, where a tracker runs.
    ~/attention: the weight of each scale.
    """

    def __init__(self, node: Node) -> None:
        """Offer them."""
        self.node = node
        self.hypotheses = node.create_publisher(PoseArray, "~/hypotheses", qos.poses())
        self.attention = node.create_publisher(Float32MultiArray, "~/attention", qos.poses())
        self.belief = node.create_publisher(OccupancyGrid, "~/belief", qos.last_pose())
        self._believed_ns = 0  # stamp of the last on ~/belief

    def publish(self, localizer: Localizer, estimate: Estimate, map_frame: str) -> None:
        """Say what goes with an estimate that the localizer just made."""
        if self.hypotheses.get_subscription_count() and (places := localizer.filter.hypotheses()):
            self.hypotheses.publish(to_pose_array(places, estimate, map_frame))
        if self.attention.get_subscription_count() and estimate.attention:
            self.attention.publish(to_attention(estimate))
        due = abs(estimate.stamp_ns - self._believed_ns) >= BELIEF_S * NS_PER_S
        if due and self.belief.get_subscription_count():
            self._believed_ns = estimate.stamp_ns
            if (image := localizer.filter.belief_image(estimate.floor)) is not None:
                self.belief.publish(to_occupancy_grid(image, estimate, map_frame))

    def destroy(self) -> None:
        """Offer them no longer."""
        self.node.destroy_publisher(self.hypotheses)
        self.node.destroy_publisher(self.attention)
        self.node.destroy_publisher(self.belief)


class MapToOdom:
    """Where odometry's frame lies in the map's, on /tf: what a robot needs that has no other localizer (REP-105).

    Sent with every pose that is sure of its place and of odometry's angle.
    """

    def __init__(self, node: Node, tolerance_s: float) -> None:
        """Offer it.

        Args:
            node: whose it is.
            tolerance_s: how long each transform is valid ahead of its stamp.

        Raises:
            ConfigError: tf2_ros is not installed.
        """
        try:
            from tf2_ros import TransformBroadcaster
        except ImportError:
            raise ConfigError(
                "parameter tf_broadcast", wanted="tf2_ros", found="no such package", fix="install it, or leave it out"
            ) from None
        self._broadcaster: Any = TransformBroadcaster(node)
        self._ahead_ns = round(tolerance_s * NS_PER_S)

    @classmethod
    def where_wanted(cls, node: WorkingNode) -> MapToOdom | None:
        """One, if the parameter `tf_broadcast` says so; its publisher goes with the node."""
        return cls(node, node.parameters.transform_tolerance_s) if node.parameters.tf_broadcast else None

    def publish(self, placed: PoseEstimate, map_frame: str, odom_frame: str) -> None:
        """Say where the map is, if that is known."""
        if (map_from_odom := map_from_odometry(placed)) is not None:
            frame = frame_of_floor(map_frame, placed.estimate.floor)
            self._broadcaster.sendTransform(to_transform(map_from_odom, self._ahead_ns, frame, odom_frame))


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
