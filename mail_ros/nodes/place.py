"""What others tell a tracked localizer of its place, as they tell AMCL: where it is, or that nobody knows.

initialpose --> Tracker.place                  reinitialize_global_localization --> Tracker.reset
"""

from __future__ import annotations

import numpy as np
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.node import Node
from std_srvs.srv import Empty

from mail_ros.core.errors import MailError, TrackError
from mail_ros.core.frames import split_frame
from mail_ros.core.tracker import Tracker
from mail_ros.nodes import qos


class Place:
    """A topic and a service of a node, for its tracker."""

    def __init__(self, node: Node, tracker: Tracker, map_frame: str) -> None:
        """Offer them.

        Args:
            node: whose they are.
            tracker: that is told.
            map_frame: that of floor 0; the frame of a pose names its floor.
        """
        self.node, self.tracker, self.map_frame = node, tracker, map_frame
        node.create_subscription(PoseWithCovarianceStamped, "initialpose", self.on_pose, qos.poses())
        node.create_service(Empty, "reinitialize_global_localization", self.on_lost)

    def on_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """Believe a pose, or say why not."""
        try:
            self._place(msg)
        except MailError as error:
            self.node.get_logger().warning(f"initial pose not used: {error}")

    def on_lost(self, _: Empty.Request, response: Empty.Response) -> Empty.Response:
        """Know nothing of the place again."""
        self.tracker.reset()
        self.node.get_logger().info("the place is looked for anew")
        return response

    def _place(self, msg: PoseWithCovarianceStamped) -> None:
        frame, floor = split_frame(msg.header.frame_id)
        if frame != self.map_frame:
            raise TrackError(
                "header.frame_id",
                wanted=f"{self.map_frame}, or {self.map_frame}_floor_N",
                found=repr(msg.header.frame_id),
                fix="send it in the map's frame",
            )
        position = msg.pose.pose.position
        covariance_m2 = np.asarray(msg.pose.covariance, dtype=np.float64).reshape(6, 6)[:2, :2]
        self.tracker.place(np.array([position.x, position.y]), covariance_m2, floor)
        where = f"x {position.x:.2f} m, y {position.y:.2f} m, floor {floor}"
        self.node.get_logger().info(f"placed at {where}")
