"""`mail_view`: a localizer's topics on a screen.

    imu/mag -------------------------------------> View --> rerun's window, or a file
    mail_localizer/status, /pose_with_covariance, ------^
    /hypotheses, /belief, /attention, and /diagnostics

It publishes nothing. Shapes carry the stamps of the messages; messages without a stamp, that of the newest.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import PoseArray, PoseWithCovarianceStamped
from nav_msgs.msg import OccupancyGrid
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import MagneticField
from std_msgs.msg import Float32MultiArray

from mail_ros.core.errors import MailError
from mail_ros.core.types import Status
from mail_ros.data.floor_plan import floor_plans
from mail_ros.data.site_file import read_site
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import (
    from_diagnostic_status,
    from_occupancy_grid,
    from_pose,
    from_pose_array,
    to_reading,
    to_stamp_ns,
)
from mail_ros.nodes.parameters import ViewParameters, declare, optional_path
from mail_ros.nodes.spin import run
from mail_ros.view.rerun_canvas import Layout, RerunCanvas
from mail_ros.view.scene import Setting, View

NAME = "mail_view"
WINDOW_S = 0.5  # between two checks whether the window is open
REPORT_S = 10.0  # between two log lines about messages that cannot be drawn


class ViewNode(Node):
    """Draws a localizer's messages.

    Raises:
        MailError: a parameter is not valid, or no window opens.
    """

    def __init__(self, given: dict[str, Any] | None = None, **options: Any) -> None:
        """Open the window, and subscribe.

        Args:
            given: parameters of the caller.
            options: see `rclpy.node.Node`.
        """
        overrides = [Parameter(name, value=value) for name, value in (given or {}).items()]
        super().__init__(NAME, parameter_overrides=overrides, **options)
        parameters = declare(self, ViewParameters)
        self.watched = f"{self.get_namespace().strip('/')}/{parameters.localizer}".lstrip("/")
        site_path = optional_path(parameters.site_file)
        setting = Setting(floor_plans(None if site_path is None else read_site(site_path)))
        self.canvas = RerunCanvas(Layout(), optional_path(parameters.out))
        self.view = View(self.canvas, setting)
        for kind, topic, callback, profile in (
            (MagneticField, "imu/mag", self.on_field, qos.sensor_data()),
            (DiagnosticStatus, "status", self.on_status, qos.last_pose()),
            (PoseWithCovarianceStamped, "pose_with_covariance", self.on_pose, qos.last_pose()),
            (PoseArray, "hypotheses", self.on_hypotheses, qos.poses()),
            (OccupancyGrid, "belief", self.on_belief, qos.last_pose()),
            (Float32MultiArray, "attention", self.on_attention, qos.poses()),
            (DiagnosticArray, "/diagnostics", self.on_diagnostics, qos.poses()),
        ):
            own = topic if "/" in topic else f"{parameters.localizer}/{topic}"
            self.create_subscription(kind, own, self.guarded(callback), profile)
        self.create_timer(WINDOW_S, self.check_window, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_field(self, msg: MagneticField) -> None:
        """Show a reading."""
        self.view.show_field(*to_reading(msg))

    def on_status(self, msg: DiagnosticStatus) -> None:
        """Show the status from now on."""
        self.view.show_status(Status(msg.message))

    def on_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """Show an estimate."""
        self.view.show_estimate(from_pose(msg, self.view.status))

    def on_hypotheses(self, msg: PoseArray) -> None:
        """Show possible positions."""
        self.view.show_hypotheses(to_stamp_ns(msg.header.stamp), from_pose_array(msg))

    def on_belief(self, msg: OccupancyGrid) -> None:
        """Show the probability of each cell."""
        self.view.show_belief(to_stamp_ns(msg.header.stamp), from_occupancy_grid(msg))

    def on_attention(self, msg: Float32MultiArray) -> None:
        """Show weights of the scales; the message has no stamp."""
        if self.view.newest_ns is not None:
            self.view.show_attention(self.view.newest_ns, msg.data)

    def on_diagnostics(self, msg: DiagnosticArray) -> None:
        """Show the localizer's assessment; other nodes use this topic, too."""
        for status in msg.status:
            if status.name.partition(":")[0] == self.watched:
                self.view.show_assessment(from_diagnostic_status(status))
                if self.view.newest_ns is None:
                    self.get_logger().warning(f"nothing to see yet: {status.message}", throttle_duration_sec=REPORT_S)

    def check_window(self) -> None:
        """End as by Ctrl-C once the window is closed."""
        if not self.canvas.is_open:
            signal.raise_signal(signal.SIGINT)

    def close(self) -> None:
        """Finish drawing, and close the window."""
        self.canvas.close()

    def guarded(self, show: Callable[[Any], None]) -> Callable[[Any], None]:
        """A callback that skips messages that cannot be drawn."""

        def callback(msg: Any) -> None:
            try:
                show(msg)
            except (MailError, ValueError) as error:  # arrays of different lengths raise a ValueError
                self.get_logger().warning(f"{show.__name__}: not drawn: {error}", throttle_duration_sec=REPORT_S)

        return callback


def main() -> int:
    """The executable."""
    return run(NAME, ViewNode)


if __name__ == "__main__":
    sys.exit(main())
