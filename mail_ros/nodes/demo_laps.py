"""`mail_demo_robot`: a simulated robot that drives through the demo's building in real time, lap after lap.

    SimulatedDrive --> imu/mag, odom, imu/data   as its sensors measure, 50 Hz
                       ground_truth/pose         its true pose in the map; no localizer reads it

A lap takes every corridor of the building once in each direction and ends with the pose of its start.
"""

from __future__ import annotations

import math
import sys
from typing import Any

from geometry_msgs.msg import PoseStamped
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from std_msgs.msg import Header

from mail_ros.core.types import NS_PER_S
from mail_ros.data.simulator.corridor_plan import survey_route
from mail_ros.data.simulator.demo import CALM, demo_building
from mail_ros.data.simulator.drive import drive
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_time
from mail_ros.nodes.demo_robot import DemoBody, to_floor_pose
from mail_ros.nodes.parameters import DemoRobotParameters, declare
from mail_ros.nodes.spin import run

NAME = "mail_demo_robot"
TRUTH_TOPIC, MAP_FRAME = "ground_truth/pose", "map"


class DemoLapsNode(Node):
    """A robot to localize; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter is not valid.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        seed, building = declare(self, DemoRobotParameters).seed, demo_building()
        self.lap = drive(building, CALM, seed, route=survey_route(building.plan, seed), closed=True)
        self.body = DemoBody(self, self.lap)
        self.truth_publisher = self.create_publisher(PoseStamped, TRUTH_TOPIC, qos.poses())
        self.sent = 0  # samples, over all laps
        self.odometry_origin = (0.0, 0.0, 0.0)  # x, y and heading at the start of the lap
        self.period_ns = round(NS_PER_S / CALM.rate_hz)
        self.steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.started_ns = self.steady.now().nanoseconds
        self.first_stamp_ns = Clock(clock_type=ClockType.SYSTEM_TIME).now().nanoseconds
        self.create_timer(1.0 / CALM.rate_hz, self.drive, clock=self.steady)
        topic, minutes = self.body.field_publisher.topic_name, self.lap.duration_s / 60.0
        self.get_logger().info(f"driving on {topic}, {minutes:.1f} min a lap")

    def drive(self) -> None:
        """Publish all samples that are due."""
        now_ns = self.steady.now().nanoseconds - self.started_ns
        while self.sent * self.period_ns <= now_ns:
            self.publish_next()

    def publish_next(self) -> None:
        """Publish the readings and the true pose of the next sample."""
        assert self.lap.wheels is not None
        stamp_ns = self.first_stamp_ns + self.sent * self.period_ns
        sample = self.sent % len(self.lap.stamp_ns)
        if self.sent and not sample:
            self.odometry_origin = composed(self.odometry_origin, self.lap.wheels.odometry[-1].tolist())
        self.body.publish(sample, stamp_ns, composed(self.odometry_origin, self.lap.wheels.odometry[sample].tolist()))
        truth = (*self.lap.position_m[sample].tolist(), float(self.lap.heading_rad[sample]))
        header = Header(stamp=to_time(stamp_ns), frame_id=MAP_FRAME)
        self.truth_publisher.publish(PoseStamped(header=header, pose=to_floor_pose(truth)))
        self.sent += 1

    def close(self) -> None:
        """Nothing to release."""


def composed(origin: tuple[float, float, float], pose: tuple[float, float, float]) -> tuple[float, float, float]:
    """A pose (x, y, heading) relative to an origin, in the origin's own frame."""
    x_m, y_m, heading_rad = origin
    cosine, sine = math.cos(heading_rad), math.sin(heading_rad)
    return (
        x_m + cosine * pose[0] - sine * pose[1],
        y_m + sine * pose[0] + cosine * pose[1],
        heading_rad + pose[2],
    )


def main() -> int:
    """The executable."""
    return run(NAME, DemoLapsNode)


if __name__ == "__main__":
    sys.exit(main())
