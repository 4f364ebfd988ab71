"""The sensors of a simulated robot, as publishers.

SimulatedDrive --> imu/mag    field
                   odom       wheel odometry, in a frame of its own
                   imu/data   attitude against a north of its own, rates, acceleration
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import Imu, MagneticField
from std_msgs.msg import Header

from mail_ros.core.types import UT_PER_T
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_time

FIELD_TOPIC, ODOMETRY_TOPIC, IMU_TOPIC = "imu/mag", "odom", "imu/data"
ODOMETRY_FRAME, BASE_FRAME, FIELD_FRAME = "odom", "base_link", "imu_link"
VARIANCE = 1e-4  # reported for odometry, m² and rad²: small, but filters refuse zero
X, Y, YAW = 0, 7, 35  # on the diagonal of a covariance of 6 by 6


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
    orientation = Quaternion(z=math.sin(heading_rad / 2.0), w=math.cos(heading_rad / 2.0))
    return Pose(position=Point(x=x_m, y=y_m), orientation=orientation)


def _fields(names: str, values: Sequence[float]) -> dict[str, float]:
    return dict(zip(names, values, strict=True))
