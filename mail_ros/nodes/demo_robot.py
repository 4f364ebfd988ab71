"""Simulated robots: they publish their magnetometers in real time, and hear where they are said to be.

SimulatedWalk --> imu/mag, 50 Hz --> the localizer, in its own process
SimulatedDrive -> odom, imu/data --^
              <-- mail_localizer/pose <--
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import rclpy
from geometry_msgs.msg import PoseStamped, Vector3
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from sensor_msgs.msg import MagneticField
from std_msgs.msg import Header

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S, UT_PER_T, FloatArray, IntArray
from mail_ros.data.simulator.walk import SimulatedDrive, SimulatedWalk
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns, to_time
from mail_ros.nodes.demo_body import DemoBody

CONNECT_S = 60.0  # a node starts in a second, on a busy machine in many
LAST_ANSWER_S = 1.0  # waited for after the last sample


class Answer(NamedTuple):
    """One pose that the robot heard."""

    sample: int  # of the walk: the one whose stamp the pose carries
    position_m: tuple[float, float]
    latency_s: float  # from publishing that sample to hearing the pose


class DemoRobot:
    """Publishes the samples of a walk on a robot's topics and collects the poses of the localizer."""

    def __init__(self, node: Node, walk: SimulatedWalk, namespace: str = "") -> None:
        self.node, self.walk = node, walk
        self.stamp_ns: IntArray = walk.stamp_ns  # as published: from the start on
        self.published_s: list[float] = []
        self.answers: list[Answer] = []
        field, pose = (f"{namespace}/{topic}".lstrip("/") for topic in ("imu/mag", "mail_localizer/pose"))
        self.field_publisher = node.create_publisher(MagneticField, field, qos.sensor_data())
        self.body = DemoBody(node, walk, namespace) if isinstance(walk, SimulatedDrive) else None
        self.pose_subscription = node.create_subscription(PoseStamped, pose, self.on_pose, qos.poses())

    @property
    def connected(self) -> bool:
        """Whether a localizer hears the robot and is heard by it."""
        answering = self.node.count_publishers(self.pose_subscription.topic_name)
        heard = self.field_publisher.get_subscription_count() and (self.body is None or self.body.heard)
        return bool(heard and answering)

    def start(self) -> None:
        """Let the walk begin now."""
        self.stamp_ns = self.walk.stamp_ns - self.walk.stamp_ns[0] + self.node.get_clock().now().nanoseconds

    def publish(self, sample: int) -> None:
        """Send one sample, with the stamp at which it is due, and what else the body knows of that time."""
        if self.body is not None:
            self.body.publish(sample, int(self.stamp_ns[sample]))
        msg = to_field(int(self.stamp_ns[sample]), self.walk.field_ut[sample])
        self.published_s.append(time.monotonic())
        self.field_publisher.publish(msg)

    def on_pose(self, msg: PoseStamped) -> None:
        """Keep a pose with the sample that it answers."""
        now_s = time.monotonic()
        sample = int(self.stamp_ns.searchsorted(to_stamp_ns(msg.header.stamp)))
        position_m = (msg.pose.position.x, msg.pose.position.y)
        self.answers.append(Answer(sample, position_m, now_s - self.published_s[sample]))


def to_field(stamp_ns: int, field_ut: FloatArray) -> MagneticField:
    """A sample (3,) µT as a driver sends it, in tesla."""
    x, y, z = (field_ut / UT_PER_T).tolist()
    header = Header(stamp=to_time(stamp_ns), frame_id="imu_link")
    return MagneticField(header=header, magnetic_field=Vector3(x=x, y=y, z=z))


def drive(
    walk: SimulatedWalk,
    domain_id: int,
    check: Callable[[], None],
    progress: Callable[[int, int], None],
    namespaces: Sequence[str] = ("",),
) -> list[Answer]:
    """Wait for a localizer, then drive the walk in real time; the poses that came.

    Args:
        walk: what every robot measures.
        domain_id: of DDS.
        check: called often; raises when there is no use in going on.
        progress: called with samples published by each robot and in all.
        namespaces: of the robots.

    Raises:
        MailError: no localizer was found in time.
    """
    context = Context()
    rclpy.init(args=[], context=context, domain_id=domain_id, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = Node("demo_robot", context=context, start_parameter_services=False, enable_rosout=False)
        robots = [DemoRobot(node, walk, namespace) for namespace in namespaces]
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        try:
            _connect(robots, executor, check)
            _drive(robots, executor, check, progress)
        finally:
            executor.shutdown()
            node.destroy_node()
    finally:
        rclpy.shutdown(context=context)
    return [answer for robot in robots for answer in robot.answers]


def _connect(robots: Sequence[DemoRobot], executor: SingleThreadedExecutor, check: Callable[[], None]) -> None:
    deadline_s = time.monotonic() + CONNECT_S
    while alone := [robot for robot in robots if not robot.connected]:
        check()
        if time.monotonic() > deadline_s:
            raise MailError(
                alone[0].field_publisher.topic_name,
                wanted=f"a localizer that listens within {CONNECT_S:g} s",
                found="none",
                fix="see that DDS may use the loopback interface",
            )
        executor.spin_once(timeout_sec=0.05)


def _drive(
    robots: Sequence[DemoRobot],
    executor: SingleThreadedExecutor,
    check: Callable[[], None],
    progress: Callable[[int, int], None],
) -> None:
    stamp_ns = robots[0].walk.stamp_ns
    for robot in robots:
        robot.start()
    due_s = time.monotonic() + (stamp_ns - stamp_ns[0]) / NS_PER_S
    for sample in range(len(due_s)):
        _spin_until(float(due_s[sample]), executor)
        for robot in robots:
            robot.publish(sample)
        progress(sample + 1, len(due_s))
        check()
    _spin_until(time.monotonic() + LAST_ANSWER_S, executor)


def _spin_until(end_s: float, executor: SingleThreadedExecutor) -> None:
    while (left_s := end_s - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left_s)
