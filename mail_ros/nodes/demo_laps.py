"""`mail_demo_robot`: a simulated robot that drives through the demo's building in real time, lap after lap.

    Laps --> imu/mag             what its magnetometer measures, 50 Hz
             odom                its way in a frame of its own
             ground_truth/pose   where it is on the map: for who looks at a localizer, not for the localizer

A lap takes every corridor of the building once in each direction and ends where it began.
"""

from __future__ import annotations

import sys
from typing import Any

from geometry_msgs.msg import PoseStamped
from nav_msgs.msg import Odometry
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from sensor_msgs.msg import MagneticField
from std_msgs.msg import Header

from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.laps import Laps, LapSample
from mail_ros.data.simulator.demo import DEMO_SPEED_M_S, Drive, simulate
from mail_ros.data.simulator.dipoles import make_site
from mail_ros.data.simulator.plan import survey_route
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_time
from mail_ros.nodes.demo_body import ODOMETRY_TOPIC, to_floor_pose, to_odometry
from mail_ros.nodes.demo_robot import to_field
from mail_ros.nodes.parameters import DemoRobotParameters, declare
from mail_ros.nodes.spin import run

NAME = "mail_demo_robot"
TRUTH_TOPIC, FIELD_TOPIC = "ground_truth/pose", "imu/mag"
MAP_FRAME = "map"


class DemoLapsNode(Node):
    """A robot to localize; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter is not what it must be.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        seed, site = declare(self, DemoRobotParameters).seed, make_site()
        self.laps = Laps(simulate(site, survey_route(site, seed), seed, Drive(DEMO_SPEED_M_S)))
        self.field_publisher = self.create_publisher(MagneticField, FIELD_TOPIC, qos.sensor_data())
        self.odometry_publisher = self.create_publisher(Odometry, ODOMETRY_TOPIC, qos.poses())
        self.truth_publisher = self.create_publisher(PoseStamped, TRUTH_TOPIC, qos.poses())
        self.sent = 0  # samples, over all laps
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.started_ns = self.steady.now().nanoseconds
        self.first_stamp_ns = Clock(clock_type=ClockType.SYSTEM_TIME).now().nanoseconds
        self.create_timer(self.laps.period_ns / NS_PER_S, self.drive, clock=self.steady)
        minutes = len(self.laps) * self.laps.period_ns / NS_PER_S / 60.0
        self.get_logger().info(f"driving on {self.field_publisher.topic_name}, {minutes:.1f} min a lap")

    def drive(self) -> None:
        """Publish all samples that are due by now."""
        now_ns = self.steady.now().nanoseconds - self.started_ns
        while (moment := self.laps.at(self.sent)).since_ns <= now_ns:
            self.publish(moment)
            self.sent += 1

    def publish(self, moment: LapSample) -> None:
        """Say what the robot measures, and where it is."""
        stamp_ns = self.first_stamp_ns + moment.since_ns
        self.field_publisher.publish(to_field(stamp_ns, moment.field_ut))
        odometry = to_odometry(stamp_ns, moment.odometry, moment.speed_m_s, moment.yaw_rate_rad_s)
        self.odometry_publisher.publish(odometry)
        truth = PoseStamped(
            header=Header(stamp=to_time(stamp_ns), frame_id=MAP_FRAME), pose=to_floor_pose(moment.truth)
        )
        self.truth_publisher.publish(truth)

    def close(self) -> None:
        """Nothing is half done."""


def main() -> int:
    """The executable."""
    return run(NAME, DemoLapsNode)


if __name__ == "__main__":
    sys.exit(main())
