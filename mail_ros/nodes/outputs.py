"""What a localizer says over ROS, the same from a node of its own and from one for a fleet."""

from __future__ import annotations

from collections import Counter

from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from rclpy.node import Node

from mail_ros.core.localizer import Estimate, WindowLocalizer
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_pose, to_pose_with_covariance


class Poses:
    """Two topics: PREFIX/pose, and PREFIX/pose_with_covariance, whose last is there for whoever comes late."""

    def __init__(self, node: Node, prefix: str, map_frame: str) -> None:
        """Offer them.

        Args:
            node: whose they are.
            prefix: before the topics' names.
            map_frame: that of floor 0.
        """
        self.node, self.map_frame = node, map_frame
        self.plain = node.create_publisher(PoseStamped, f"{prefix}/pose", qos.poses())
        self.with_covariance = node.create_publisher(
            PoseWithCovarianceStamped, f"{prefix}/pose_with_covariance", qos.last_pose()
        )

    def publish(self, estimate: Estimate) -> None:
        """Say where it was."""
        self.plain.publish(to_pose(estimate, self.map_frame))
        self.with_covariance.publish(to_pose_with_covariance(estimate, self.map_frame))

    def destroy(self) -> None:
        """Offer them no longer."""
        self.node.destroy_publisher(self.plain)
        self.node.destroy_publisher(self.with_covariance)


class Heard:
    """What became of the samples of one localizer."""

    def __init__(self, localizer: WindowLocalizer) -> None:
        """Count from now on."""
        self.localizer = localizer
        self.malformed = 0
        self._reported: Counter[str] = Counter()

    def new(self) -> Counter[str]:
        """Since the last call, under `used` or the reason why not."""
        counts = self.localizer.resampler.counts + Counter(malformed=self.malformed)
        new, self._reported = counts - self._reported, counts
        return new


def unused(counts: Counter[str]) -> str:
    """How many samples were used, and how many not and why; empty where all were.

    >>> unused(Counter(used=40, late=2, gap=1))
    '40 used, 1 gap, 2 late'
    """
    if not counts.keys() - {"used"}:
        return ""
    reasons = (f"{count} {reason}" for reason, count in sorted(counts.items()) if reason != "used")
    return ", ".join([f"{counts['used']} used", *reasons])
