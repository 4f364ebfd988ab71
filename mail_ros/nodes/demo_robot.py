"""Simulated robots that publish their sensors in real time, and receive the poses of the localizer.

SimulatedDrive --> imu/mag    field                                                --> the localizer,
                   odom       wheel odometry, in a frame of its own                    in its own process
                   imu/data   attitude with an unknown north, rates, acceleration
              <-- mail_localizer/pose_with_covariance: all poses, and /pose: those to rely on <--
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from geometry_msgs.msg import Point, Pose, PoseStamped, PoseWithCovarianceStamped, Quaternion, Vector3
from nav_msgs.msg import Odometry
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import Imu, MagneticField
from std_msgs.msg import Header

from mail_ros.core.errors import MailError
from mail_ros.core.types import NS_PER_S, UT_PER_T, IntArray
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_quaternion, to_stamp_ns, to_time
from mail_ros.nodes.spin import private_node

FIELD_TOPIC, ODOMETRY_TOPIC, IMU_TOPIC = "imu/mag", "odom", "imu/data"
ODOMETRY_FRAME, BASE_FRAME, FIELD_FRAME = "odom", "base_link", "imu_link"
VARIANCE = 1e-4  # reported for odometry, m² and rad²: small, but filters refuse zero
X, Y, YAW = 0, 7, 35  # on the diagonal of a covariance of 6 by 6
CONNECT_S = 60.0  # a node starts in a second, on a busy machine in many
SETTLE_S = 0.5  # for the localizer's other subscriptions, after that to the field
LAST_POSE_S = 1.0  # waited for after the last sample


class DemoBody:
    """Publishes the readings of a drive, sample by sample."""

    def __init__(self, node: Node, drive: SimulatedDrive, namespace: str = "") -> None:
        self.drive = drive
        field, odometry, imu = (f"{namespace}/{each}".lstrip("/") for each in (FIELD_TOPIC, ODOMETRY_TOPIC, IMU_TOPIC))
        self.field_publisher = node.create_publisher(MagneticField, field, qos.sensor_data())
        self.odometry_publisher = node.create_publisher(Odometry, odometry, qos.poses())
        self.imu_publisher = node.create_publisher(Imu, imu, qos.sensor_data())

    def publish(self, sample: int, stamp_ns: int, odometry: Sequence[float] | None = None) -> None:
        """Publish a sample of the drive, as far as its topics have subscribers.

        Args:
            sample: of the drive.
            stamp_ns: of all messages.
            odometry: x, y and heading; None: those of the drive.
        """
        drive, wheels = self.drive, self.drive.wheels
        if wheels is not None and self.odometry_publisher.get_subscription_count():
            pose = wheels.odometry[sample].tolist() if odometry is None else odometry
            self.odometry_publisher.publish(to_odometry(stamp_ns, pose, *wheels.twist[sample].tolist()))
        if self.imu_publisher.get_subscription_count():
            msg = Imu(header=Header(stamp=to_time(stamp_ns), frame_id=BASE_FRAME))
            msg.orientation = Quaternion(**_fields("xyzw", drive.imu.orientation_xyzw[sample].tolist()))
            msg.angular_velocity = Vector3(**_fields("xyz", drive.imu.rate_rad_s[sample].tolist()))
            msg.linear_acceleration = Vector3(**_fields("xyz", drive.imu.acceleration_m_s2[sample].tolist()))
            self.imu_publisher.publish(msg)
        header = Header(stamp=to_time(stamp_ns), frame_id=FIELD_FRAME)
        field_t = Vector3(**_fields("xyz", (drive.field_ut[sample] / UT_PER_T).tolist()))
        self.field_publisher.publish(MagneticField(header=header, magnetic_field=field_t))


def to_odometry(stamp_ns: int, pose: Sequence[float], speed_m_s: float, yaw_rate_rad_s: float) -> Odometry:
    """A pose (x, y, heading) and twist by wheel odometry."""
    msg = Odometry(header=Header(stamp=to_time(stamp_ns), frame_id=ODOMETRY_FRAME), child_frame_id=BASE_FRAME)
    msg.pose.pose = to_floor_pose(pose)
    msg.twist.twist.linear.x, msg.twist.twist.angular.z = speed_m_s, yaw_rate_rad_s
    for covariance in (msg.pose.covariance, msg.twist.covariance):
        covariance[[X, Y, YAW]] = VARIANCE
    return msg


def to_floor_pose(pose: Sequence[float]) -> Pose:
    """A pose (x, y, heading) on the floor."""
    x_m, y_m, heading_rad = pose
    return Pose(position=Point(x=x_m, y=y_m), orientation=to_quaternion(heading_rad))


def _fields(names: str, values: Sequence[float]) -> dict[str, float]:
    return dict(zip(names, values, strict=True))


class ReceivedPose(NamedTuple):
    """One pose from the localizer."""

    sample: int  # index of the drive's sample with the stamp of the pose
    position_m: tuple[float, float]
    latency_s: float  # from publishing that sample to receiving the pose
    trusted: bool  # whether it came on ~/pose: the status was LOCALIZED or STATIONARY


class DemoRobot:
    """Publishes the samples of a drive on a robot's topics and collects the poses of the localizer."""

    def __init__(self, node: Node, drive: SimulatedDrive, namespace: str = "") -> None:
        self.node, self.drive = node, drive
        self.stamp_ns: IntArray = drive.stamp_ns  # as published: from the start on
        self.published_s: list[float] = []
        self._received: dict[int, ReceivedPose] = {}  # by sample
        self._trusted: set[int] = set()  # samples of the poses to rely on
        self.body = DemoBody(node, drive, namespace)
        topic = f"{namespace}/mail_localizer/pose".lstrip("/")
        self.plain_subscription = node.create_subscription(PoseStamped, topic, self.on_plain_pose, qos.poses())
        kind, topic = PoseWithCovarianceStamped, f"{topic}_with_covariance"
        self.pose_subscription = node.create_subscription(kind, topic, self.on_pose, qos.poses())

    @property
    def poses(self) -> list[ReceivedPose]:
        """The poses received so far."""
        return [pose._replace(trusted=sample in self._trusted) for sample, pose in self._received.items()]

    @property
    def connected(self) -> bool:
        """Whether a localizer receives the field and publishes poses."""
        answering = self.node.count_publishers(self.pose_subscription.topic_name)
        return bool(answering and self.body.field_publisher.get_subscription_count())

    def start(self) -> None:
        """Start the drive now."""
        self.stamp_ns = self.drive.stamp_ns - self.drive.stamp_ns[0] + self.node.get_clock().now().nanoseconds

    def publish(self, sample: int) -> None:
        """Publish one sample, stamped with the time at which it is due."""
        self.published_s.append(time.monotonic())
        self.body.publish(sample, int(self.stamp_ns[sample]))

    def on_pose(self, msg: PoseWithCovarianceStamped) -> None:
        """Keep a pose."""
        self._receive(msg.header, msg.pose.pose.position)

    def on_plain_pose(self, msg: PoseStamped) -> None:
        """Keep a pose to rely on."""
        self._trusted.add(self._receive(msg.header, msg.pose.position))

    def _receive(self, header: Header, position: Point) -> int:
        """Keep a pose, whichever topic it came on first; returns the sample of its stamp."""
        now_s, sample = time.monotonic(), int(self.stamp_ns.searchsorted(to_stamp_ns(header.stamp)))
        pose = ReceivedPose(sample, (position.x, position.y), now_s - self.published_s[sample], trusted=False)
        self._received.setdefault(sample, pose)
        return sample


def drive_in_real_time(
    drive: SimulatedDrive,
    domain_id: int,
    check: Callable[[], None],
    progress: Callable[[int, int], None],
    namespaces: Sequence[str] = ("",),
) -> list[ReceivedPose]:
    """Wait for a localizer, then publish a drive in real time; returns the poses received.

    Args:
        drive: of every robot.
        domain_id: of DDS.
        check: called often; raises to end the drive.
        progress: called with the number of samples published by each robot, and their total.
        namespaces: of the robots.

    Raises:
        MailError: no localizer was found in time.
    """
    with private_node("demo_robot", domain_id) as (node, executor):
        robots = [DemoRobot(node, drive, namespace) for namespace in namespaces]
        _connect(robots, executor, check)
        _drive(robots, executor, check, progress)
    return [pose for robot in robots for pose in robot.poses]


def _connect(robots: Sequence[DemoRobot], executor: SingleThreadedExecutor, check: Callable[[], None]) -> None:
    deadline_s = time.monotonic() + CONNECT_S
    while alone := [robot for robot in robots if not robot.connected]:
        check()
        if time.monotonic() > deadline_s:
            raise MailError(
                alone[0].body.field_publisher.topic_name,
                wanted=f"a localizer that subscribes within {CONNECT_S:g} s",
                found="none",
                fix="see that DDS may use the loopback interface",
            )
        executor.spin_once(timeout_sec=0.05)
    _spin_until(time.monotonic() + SETTLE_S, executor)


def _drive(
    robots: Sequence[DemoRobot],
    executor: SingleThreadedExecutor,
    check: Callable[[], None],
    progress: Callable[[int, int], None],
) -> None:
    stamp_ns = robots[0].drive.stamp_ns
    for robot in robots:
        robot.start()
    due_s = time.monotonic() + (stamp_ns - stamp_ns[0]) / NS_PER_S
    for sample in range(len(due_s)):
        _spin_until(float(due_s[sample]), executor)
        for robot in robots:
            robot.publish(sample)
        progress(sample + 1, len(due_s))
        check()
    _spin_until(time.monotonic() + LAST_POSE_S, executor)


def _spin_until(end_s: float, executor: SingleThreadedExecutor) -> None:
    while (left_s := end_s - time.monotonic()) > 0:
        executor.spin_once(timeout_sec=left_s)
