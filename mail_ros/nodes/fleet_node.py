"""`mail_fleet`: the localizers of several robots in one process, with one model.

    NAMESPACE/imu/mag of each --> Localizer.push of its own --> NAMESPACE/mail_localizer/pose, /status of each

Poses and status are those of a `mail_localizer` in every namespace. Robots share the model and nothing else.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import MagneticField

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.localizer.compose import compose, resolve_tracking
from mail_ros.core.localizer.diagnostics import SampleCounts, rejected
from mail_ros.core.localizer.sensor_watch import SensorWatch
from mail_ros.core.localizer.status_report import StatusMonitor, model_name
from mail_ros.core.models.model_file import load_model
from mail_ros.core.types import Sample
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_reading
from mail_ros.nodes.outputs import PoseOutput, StatusOutput
from mail_ros.nodes.parameters import FleetParameters, declare
from mail_ros.nodes.spin import run

NAME = "mail_fleet"
FIELD_TOPIC, POSES = "imu/mag", "mail_localizer"  # within a robot's namespace
FIELD_TYPE = "sensor_msgs/msg/MagneticField"
DISCOVER_S = 1.0  # between two searches for robots that joined or left
LEAVE_S = 60.0  # a robot without a magnetometer for this long is removed
REPORT_S = 10.0  # between two log lines about rejected samples
STATUS_S = 1.0  # between two messages on a robot's status that does not change


@dataclass
class FleetRobot:
    """One robot of the fleet."""

    counts: SampleCounts  # and its localizer
    monitor: StatusMonitor
    status: StatusOutput
    poses: PoseOutput
    subscription: Subscription
    absent_s: float = 0.0  # since its magnetometer left
    sensors: SensorWatch = field(default_factory=SensorWatch)


class FleetNode(Node):
    """Many localizers as one node; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter or the model file is not valid, or the model needs odometry.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        self.parameters = declare(self, FleetParameters)
        self.model, card, _ = load_model(self.parameters.model_path)
        config, path = card.config, self.parameters.model_path
        self.model_name = model_name(path, sha256(path.read_bytes()).hexdigest())
        if config.needs_odometry:
            raise ConfigError(
                "the model of a fleet",
                wanted="one in the device's axes, sampled by time",
                found=f"axes {config.axes}, rows per {config.sampling.unit}: it needs odometry",
                fix="start one mail_localizer for each robot",
            )
        self.map_frame = self.parameters.global_frame_id or card.map_frame
        self.tracker = resolve_tracking(card, self.parameters.tracker).tracker
        if self.tracker == "odometry":
            self.tracker = "walking"
            self.get_logger().info("tracker walking: a fleet does not use odometry, which the model's card names")
        self.robots: dict[str, FleetRobot] = {}
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(REPORT_S, self.report, clock=steady)
        self.create_timer(STATUS_S, self.refresh, clock=steady)
        if self.parameters.namespaces:
            for namespace in self.parameters.namespaces:
                self.add(namespace)
        else:
            self.create_timer(DISCOVER_S, self.discover, clock=steady)
        self.get_logger().info(f"model {self.parameters.model}, room for {self.parameters.max_robots} robots")

    def add(self, namespace: str) -> None:
        """Localize the robot of a namespace from now on.

        Raises:
            ConfigError: the fleet is full, or has this robot already.
        """
        prefix = f"/{namespace.strip('/')}"
        if prefix in self.robots or len(self.robots) >= self.parameters.max_robots:
            known = prefix in self.robots
            raise ConfigError(
                f"robot {prefix}",
                wanted="a new name" if known else "room for another",
                found="one of this name" if known else f"{len(self.robots)} robots",
                fix="remove it from namespaces" if known else "raise the parameter max_robots",
            )
        localizer = compose(self.model, self.tracker, self.parameters.stride_s, near_m=self.parameters.near_m or None)
        monitor, own, topic = StatusMonitor(localizer, self.model_name), f"{prefix}/{POSES}", f"{prefix}/{FIELD_TOPIC}"
        status, poses = StatusOutput(self, own), PoseOutput(self, own, self.parameters.publish_uncertain_pose)
        on_field = partial(self.on_field, prefix)
        subscription = self.create_subscription(MagneticField, topic, on_field, qos.sensor_data())
        self.robots[prefix] = FleetRobot(SampleCounts(localizer), monitor, status, poses, subscription)
        status.publish(monitor.report)
        self.get_logger().info(f"robot {prefix}: poses on {poses.with_covariance.topic_name} from {topic}")

    def remove(self, namespace: str) -> None:
        """Stop localizing the robot of a namespace."""
        robot = self.robots.pop(namespace)
        self.destroy_subscription(robot.subscription)
        robot.status.destroy()
        robot.poses.destroy()
        self.get_logger().info(f"robot {namespace} left")

    def discover(self) -> None:
        """Add the robots whose magnetometers are new, and remove those whose magnetometers are gone."""
        for prefix, robot in list(self.robots.items()):
            present = self.count_publishers(robot.subscription.topic_name)
            robot.absent_s = 0.0 if present else robot.absent_s + DISCOVER_S
            if robot.absent_s > LEAVE_S:
                self.remove(prefix)
        for topic, types in self.get_topic_names_and_types():
            prefix = topic.removesuffix(f"/{FIELD_TOPIC}")
            if prefix in (topic, "") or FIELD_TYPE not in types or prefix in self.robots:
                continue
            try:
                self.add(prefix)
            except ConfigError as error:
                self.get_logger().warning(str(error), throttle_duration_sec=REPORT_S)

    def on_field(self, prefix: str, msg: MagneticField) -> None:
        """Process a sample; one that arrives after its robot left is ignored."""
        if prefix not in self.robots:
            return
        robot = self.robots[prefix]
        robot.sensors.add(msg.header.frame_id)
        try:
            estimate = robot.counts.localizer.push(Sample(*to_reading(msg, self.parameters.field_scale)))
        except MailError as error:
            robot.counts.malformed += 1
            self.get_logger().warning(f"{prefix}: sample not used: {error}", throttle_duration_sec=REPORT_S)
            return
        robot.monitor.observe(estimate)
        robot.status.publish(robot.monitor.report)
        if estimate is not None:
            robot.poses.publish(estimate, self.map_frame)

    def refresh(self) -> None:
        """Publish the status of each robot."""
        for robot in self.robots.values():
            robot.monitor.refresh()
            robot.status.publish(robot.monitor.report, repeat=True)

    def report(self) -> None:
        """Log, for each robot, rejected samples and several sensors since the last report."""
        for prefix, robot in self.robots.items():
            if words := rejected(robot.counts.new()):
                self.get_logger().warning(f"{prefix}: samples in {REPORT_S:g} s: {words}")
            topic = robot.subscription.topic_name
            if several := robot.sensors.warning(topic, self.count_publishers(topic)):
                self.get_logger().warning(f"{prefix}: {several}")

    def close(self) -> None:
        """Nothing is open."""


def main() -> int:
    """The executable."""
    return run(NAME, FleetNode)


if __name__ == "__main__":
    sys.exit(main())
