"""`mail_view`: what a localizer says, on a screen.

    imu/mag -------------------------------------> View --> rerun's window, or a file
    mail_localizer/pose_with_covariance, /hypotheses, --^
    /belief, /attention, and /diagnostics

It only listens. Shapes carry the stamps of the messages, and what has none that of the newest message.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseArray, PoseWithCovarianceStamped
from nav_msgs.msg import OccupancyGrid
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import MagneticField
from std_msgs.msg import Float32MultiArray

from mail_ros.core.errors import MailError
from mail_ros.data.floor_plan import floor_plans
from mail_ros.data.site_file import read_site
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_reading, to_stamp_ns
from mail_ros.nodes.parameters import ViewParameters, declare
from mail_ros.nodes.readback import from_diagnostic_status, from_occupancy_grid, from_pose, from_pose_array
from mail_ros.nodes.spin import run
from mail_ros.view.rerun_canvas import Layout, RerunCanvas
from mail_ros.view.scene import Setting, View

NAME = "mail_view"
LOOK_S = 0.5  # between two looks whether the window is still open
REPORT_S = 10.0  # between two lines about what cannot be drawn


class ViewNode(Node):
    """Hears a localizer and draws it.

    Raises:
        MailError: a parameter is not what it must be, or no window opens.
    """

    def __init__(self, given: dict[str, Any] | None = None, **options: Any) -> None:
        """Open the window, and listen.

        Args:
            given: parameters that the caller sets.
            options: as of `rclpy.node.Node`.
        """
        overrides = [Parameter(name, value=value) for name, value in (given or {}).items()]
        super().__init__(NAME, parameter_overrides=overrides, **options)
        parameters = declare(self, ViewParameters)
        self.watched = f"{self.get_namespace().strip('/')}/{parameters.localizer}".lstrip("/")
        site_path = parameters.site_path
        setting = Setting(floor_plans(read_site(site_path) if site_path else None))
        self.canvas = RerunCanvas(Layout(), parameters.out_path)
        self.view = View(self.canvas, setting)
        for kind, topic, hear, profile in (
            (MagneticField, "imu/mag", self.on_field, qos.sensor_data()),
            (PoseWithCovarianceStamped, "pose_with_covariance", self.on_pose, qos.last_pose()),
            (PoseArray, "hypotheses", self.on_hypotheses, qos.poses()),
            (OccupancyGrid, "belief", self.on_belief, qos.last_pose()),
            (Float32MultiArray, "attention", self.on_attention, qos.poses()),
            (DiagnosticArray, "/diagnostics", self.on_diagnostics, qos.poses()),
        ):
            own = topic if "/" in topic else f"{parameters.localizer}/{topic}"
            self.create_subscription(kind, own, self.guarded(hear), profile)
        self.create_timer(LOOK_S, self.look, clock=Clock(clock_type=ClockType.STEADY_TIME))

    def on_field(self, msg: MagneticField) -> None:
        """A reading."""
        self.view.hear_field(*to_reading(msg))

    def on_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """An estimate."""
        self.view.hear_estimate(from_pose(msg, self.view.status))

    def on_hypotheses(self, msg: PoseArray) -> None:
        """The places where it may be."""
        self.view.hear_hypotheses(to_stamp_ns(msg.header.stamp), from_pose_array(msg))

    def on_belief(self, msg: OccupancyGrid) -> None:
        """How likely each cell is."""
        self.view.hear_belief(to_stamp_ns(msg.header.stamp), from_occupancy_grid(msg))

    def on_attention(self, msg: Float32MultiArray) -> None:
        """Weights, which have no stamp of their own."""
        if self.view.newest_ns is not None:
            self.view.hear_attention(self.view.newest_ns, msg.data)

    def on_diagnostics(self, msg: DiagnosticArray) -> None:
        """How the localizer does; others are on this topic as well."""
        for status in msg.status:
            if status.name.partition(":")[0] == self.watched:
                self.view.hear_assessment(from_diagnostic_status(status))
                if self.view.newest_ns is None:
                    self.get_logger().warning(f"nothing to see yet: {status.message}", throttle_duration_sec=REPORT_S)

    def look(self) -> None:
        """End as by Ctrl-C once nobody looks any more."""
        if not self.canvas.is_open:
            signal.raise_signal(signal.SIGINT)

    def close(self) -> None:
        """Let all arrive, and end the window."""
        self.canvas.close()

    def guarded(self, hear: Callable[[Any], None]) -> Callable[[Any], None]:
        """A callback that leaves out what cannot be drawn."""

        def callback(msg: Any) -> None:
            try:
                hear(msg)
            except (MailError, ValueError) as error:  # a ValueError of arrays that do not fit
                self.get_logger().warning(f"{hear.__name__}: not drawn: {error}", throttle_duration_sec=REPORT_S)

        return callback


def main() -> int:
    """The executable."""
    return run(NAME, ViewNode)


if __name__ == "__main__":
    sys.exit(main())
