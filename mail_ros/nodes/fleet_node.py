"""`mail_fleet`: the localizers of several robots in one process, through one model.

    NAMESPACE/imu/mag of each --> samples wait for some ms --> Fleet.push --> NAMESPACE/mail_localizer/pose of each

Topics are those that a `mail_localizer` in every namespace would have. What one robot sends never touches another.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rclpy.subscription import Subscription
from sensor_msgs.msg import MagneticField

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.localizer.diagnostics import Heard, unused
from mail_ros.core.localizer.fleet import Fleet
from mail_ros.core.localizer.interface import Sample
from mail_ros.core.models.model_file import load_model
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_reading
from mail_ros.nodes.outputs import Poses
from mail_ros.nodes.parameters import FleetParameters, declare
from mail_ros.nodes.spin import run

NAME = "mail_fleet"
FIELD_TOPIC, POSES = "imu/mag", "mail_localizer"  # within a robot's namespace
FIELD_TYPE = "sensor_msgs/msg/MagneticField"
GATHER_S = 0.01  # samples wait so long, so that those of many robots go through the network together
LOOK_S = 1.0  # between two looks for robots that are new, or gone
LEAVE_S = 60.0  # a robot whose magnetometer is gone for so long is forgotten
REPORT_S = 10.0  # between two lines about samples that were not used


@dataclass
class Robot:
    """What the node holds of one."""

    heard: Heard
    poses: Poses
    subscription: Subscription
    gone_s: float = 0.0  # since its magnetometer went


class FleetNode(Node):
    """Many localizers as one node; options as of `rclpy.node.Node`.

    Raises:
        MailError: a parameter or the model file is not what it must be.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(NAME, **options)
        self.parameters = declare(self, FleetParameters)
        model, card, _ = load_model(self.parameters.model_path)
        self.fleet = Fleet(model, self.parameters.stride_s, self.parameters.tracker, self.parameters.most)
        self.map_frame = self.parameters.global_frame_id or card.map_frame
        self.robots: dict[str, Robot] = {}
        self._waiting: list[tuple[str, Sample]] = []
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        self.create_timer(GATHER_S, self.answer, clock=steady)
        self.create_timer(REPORT_S, self.report, clock=steady)
        if self.parameters.namespaces:
            for namespace in self.parameters.namespaces:
                self.add(namespace)
        else:
            self.create_timer(LOOK_S, self.look, clock=steady)
        self.get_logger().info(f"model {self.parameters.model}, room for {self.parameters.most} robots")

    def add(self, namespace: str) -> None:
        """Localize the robot of a namespace from now on.

        Raises:
            ConfigError: there is no room, or it is there already.
        """
        prefix = f"/{namespace.strip('/')}"
        localizer = self.fleet.join(prefix)
        poses = Poses(self, f"{prefix}/{POSES}")
        topic = f"{prefix}/{FIELD_TOPIC}"
        hear = partial(self.on_field, prefix)
        self.robots[prefix] = Robot(
            Heard(localizer), poses, self.create_subscription(MagneticField, topic, hear, qos.sensor_data())
        )
        self.get_logger().info(f"robot {prefix}: poses on {poses.plain.topic_name} from {topic}")

    def remove(self, namespace: str) -> None:
        """Localize the robot of a namespace no longer."""
        self.answer()
        robot = self.robots.pop(namespace)
        self.destroy_subscription(robot.subscription)
        robot.poses.destroy()
        self.fleet.leave(namespace)
        self.get_logger().info(f"robot {namespace} left")

    def look(self) -> None:
        """Add the robots whose magnetometers are new, and forget those whose are gone."""
        for prefix, robot in list(self.robots.items()):
            robot.gone_s = 0.0 if self.count_publishers(robot.subscription.topic_name) else robot.gone_s + LOOK_S
            if robot.gone_s > LEAVE_S:
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
        """Put a sample to those that wait; one that comes after its robot left is of no use."""
        if prefix not in self.robots:
            return
        try:
            self._waiting.append((prefix, Sample(*to_reading(msg, self.parameters.field_scale))))
        except MailError as error:
            self.robots[prefix].heard.malformed += 1
            self.get_logger().warning(f"{prefix}: sample not used: {error}", throttle_duration_sec=REPORT_S)

    def answer(self) -> None:
        """Let all robots hear what waits, and publish what they say."""
        samples, self._waiting = self._waiting, []
        for prefix, estimate in self.fleet.push(samples):
            self.robots[prefix].poses.publish(estimate, self.map_frame)

    def report(self) -> None:
        """Say what became of each robot's samples since the last report, where some were of no use."""
        for prefix, robot in self.robots.items():
            if words := unused(robot.heard.new()):
                self.get_logger().warning(f"{prefix}: samples in {REPORT_S:g} s: {words}")

    def close(self) -> None:
        """What waits is still answered."""
        self.answer()


def main() -> int:
    """The executable."""
    return run(NAME, FleetNode)


if __name__ == "__main__":
    sys.exit(main())
