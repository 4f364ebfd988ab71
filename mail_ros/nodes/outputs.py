"""What a localizer publishes, from a node of its own or from one of a fleet."""

from __future__ import annotations

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseArray, PoseStamped, PoseWithCovarianceStamped
from nav_msgs.msg import OccupancyGrid
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import QoSProfile
from std_msgs.msg import Float32MultiArray

from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.diagnostics import Assessment
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.localizer.runtime import PoseEstimate, map_from_odometry
from mail_ros.core.localizer.status_report import StatusReport
from mail_ros.core.map_frames import frame_of_floor
from mail_ros.core.types import NS_PER_S, Estimate, YawEstimate
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import (
    to_attention,
    to_diagnostic_status,
    to_occupancy_grid,
    to_pose,
    to_pose_array,
    to_pose_with_covariance,
    to_transform,
)
from mail_ros.nodes.runtime_node import RuntimeNode

BELIEF_S = 1.0  # between two images of the belief
TASK = "localization"


class Output:
    """Publishers that are created and destroyed together."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self._publishers: list[Publisher] = []

    def create_publisher(self, kind: type, topic: str, profile: QoSProfile) -> Publisher:
        """A publisher of the node, destroyed with this output."""
        publisher = self.node.create_publisher(kind, topic, profile)
        self._publishers.append(publisher)
        return publisher

    def destroy(self) -> None:
        """Destroy the publishers."""
        while self._publishers:
            self.node.destroy_publisher(self._publishers.pop())


class StatusOutput(Output):
    """PREFIX/status, latched, and a line in the log at each change of the status."""

    def __init__(self, node: Node, prefix: str) -> None:
        """Create the publisher; the prefix stands before its name: that of a localizer, or ~ for the node itself."""
        super().__init__(node)
        own = prefix == "~"
        self._log_prefix = "" if own else f"{prefix}: "
        self._name = status_name(node.get_fully_qualified_name() if own else prefix)
        self.publisher = self.create_publisher(DiagnosticStatus, f"{prefix}/status", qos.last_pose())
        self._last: StatusReport | None = None  # the last published one

    def publish(self, report: StatusReport, *, repeat: bool = False) -> None:
        """Publish a report where it differs from the last one, or to repeat it."""
        last, differs = self._last, report.differs(self._last)
        if not differs and not repeat:
            return
        self._last = report
        self.publisher.publish(to_diagnostic_status(self._name, report.level, report.status.name, report.values))
        if last is not None and last.status is not report.status:
            self.node.get_logger().info(f"{self._log_prefix}status {last.status.name} -> {report}")


class PoseOutput(Output):
    """PREFIX/pose, only of a trusted status unless `uncertain`, and PREFIX/pose_with_covariance, latched."""

    def __init__(self, node: Node, prefix: str, uncertain: bool) -> None:
        """Create the publishers; the prefix stands before their names."""
        super().__init__(node)
        self.uncertain = uncertain
        self.plain = self.create_publisher(PoseStamped, f"{prefix}/pose", qos.poses())
        topic = f"{prefix}/pose_with_covariance"
        self.with_covariance = self.create_publisher(PoseWithCovarianceStamped, topic, qos.last_pose())

    def publish(self, estimate: Estimate, map_frame: str, heading: YawEstimate | None = None) -> None:
        """Publish an estimate; `map_frame` is the frame of floor 0."""
        if self.uncertain or estimate.status.is_trusted:
            self.plain.publish(to_pose(estimate, map_frame, heading))
        self.with_covariance.publish(to_pose_with_covariance(estimate, map_frame, heading))


class DetailOutput(Output):
    """Details of an estimate, computed only for topics with subscribers.

    ~/hypotheses: possible positions, and ~/belief: probability of each cell; both need a tracker.
    ~/attention: weight of each scale.
    """

    def __init__(self, node: Node) -> None:
        """Create the publishers."""
        super().__init__(node)
        self.hypotheses = self.create_publisher(PoseArray, "~/hypotheses", qos.poses())
        self.attention = self.create_publisher(Float32MultiArray, "~/attention", qos.poses())
        self.belief = self.create_publisher(OccupancyGrid, "~/belief", qos.last_pose())
        self._belief_ns = 0  # stamp of the last message on ~/belief

    def publish(self, localizer: Localizer, estimate: Estimate, map_frame: str) -> None:
        """Publish the details of the localizer's newest estimate."""
        if self.hypotheses.get_subscription_count() and (hypotheses := localizer.filter.hypotheses()):
            self.hypotheses.publish(to_pose_array(hypotheses, estimate, map_frame))
        if self.attention.get_subscription_count() and estimate.attention:
            self.attention.publish(to_attention(estimate))
        due = abs(estimate.stamp_ns - self._belief_ns) >= BELIEF_S * NS_PER_S
        if due and self.belief.get_subscription_count():
            self._belief_ns = estimate.stamp_ns
            if (image := localizer.filter.belief_image(estimate.floor)) is not None:
                self.belief.publish(to_occupancy_grid(image, estimate, map_frame))


class MapToOdom:
    """The pose of odometry's frame in the map's, on /tf, for a robot without another localizer (REP-105).

    Sent with every estimate whose position and yaw of odometry are trusted.
    """

    def __init__(self, node: Node, tolerance_s: float) -> None:
        """Create the broadcaster.

        Args:
            node: of the broadcaster.
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
    def create_if_enabled(cls, node: RuntimeNode) -> MapToOdom | None:
        """A broadcaster, if the parameter `tf_broadcast` is set; its publisher lives as long as the node."""
        return cls(node, node.parameters.transform_tolerance_s) if node.parameters.tf_broadcast else None

    def publish(self, pose: PoseEstimate, map_frame: str, odom_frame: str) -> None:
        """Send the transform, if it is known."""
        if (map_from_odom := map_from_odometry(pose)) is not None:
            frame = frame_of_floor(map_frame, pose.estimate.floor)
            self._broadcaster.sendTransform(to_transform(map_from_odom, self._ahead_ns, frame, odom_frame))


class DiagnosticsOutput(Output):
    """`/diagnostics`: one status, named after the node and its task."""

    def __init__(self, node: Node, task: str = TASK) -> None:
        """Create the publisher."""
        super().__init__(node)
        self.task = task
        self.publisher = self.create_publisher(DiagnosticArray, "/diagnostics", qos.poses())

    def publish(self, assessment: Assessment) -> DiagnosticStatus:
        """Publish an assessment; returns the published status."""
        name = status_name(self.node.get_fully_qualified_name(), self.task)
        status = to_diagnostic_status(name, assessment.level, assessment.message, assessment.values)
        msg = DiagnosticArray(status=[status])
        msg.header.stamp = self.node.get_clock().now().to_msg()
        self.publisher.publish(msg)
        return status


def status_name(node: str, task: str = TASK) -> str:
    """The name of a status: of a node and its task, as diagnostic_updater has it."""
    return f"{node.lstrip('/')}: {task}"
