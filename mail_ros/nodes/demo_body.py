"""What a simulated robot says beside its field: odometry of its wheels, and its attitude.

SimulatedDrive --> odom       where the wheels believe to be, in a frame of their own
                   imu/data   attitude against a north of its own, rates, acceleration
"""

from __future__ import annotations

import math

from geometry_msgs.msg import Point, Pose, Quaternion, Vector3
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import Imu
from std_msgs.msg import Header

from mail_ros.data.laps import PlanarPose
from mail_ros.data.simulator.walk import SimulatedDrive
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_time

ODOMETRY_TOPIC, IMU_TOPIC = "odom", "imu/data"
ODOMETRY_FRAME, BASE_FRAME = "odom", "base_link"
VARIANCE = 1e-4  # said of odometry, m² and rad²: it is right, or nearly so, but filters take no zero
X, Y, YAW = 0, 7, 35  # on the diagonal of a covariance of 6 by 6


class DemoBody:
    """Publishes what the wheels and the inertial unit of a drive measure."""

    def __init__(self, node: Node, drive: SimulatedDrive, namespace: str = "") -> None:
        self.drive = drive
        odometry, imu = (f"{namespace}/{topic}".lstrip("/") for topic in (ODOMETRY_TOPIC, IMU_TOPIC))
        self.odometry_publisher = node.create_publisher(Odometry, odometry, qos.poses())
        self.imu_publisher = node.create_publisher(Imu, imu, qos.sensor_data())

    @property
    def heard(self) -> bool:
        """Whether somebody listens to both."""
        return all(each.get_subscription_count() for each in (self.odometry_publisher, self.imu_publisher))

    def publish(self, sample: int, stamp_ns: int) -> None:
        """Send what belongs to a sample of the drive."""
        imu, wheels = self.drive.imu, self.drive.wheels
        attitude, rate, acceleration = (
            values[sample].tolist() for values in (imu.orientation_xyzw, imu.rate_rad_s, imu.acceleration_m_s2)
        )
        msg = Imu(header=Header(stamp=to_time(stamp_ns), frame_id=BASE_FRAME))
        msg.orientation = Quaternion(**dict(zip("xyzw", attitude, strict=True)))
        msg.angular_velocity = Vector3(**dict(zip("xyz", rate, strict=True)))
        msg.linear_acceleration = Vector3(**dict(zip("xyz", acceleration, strict=True)))
        self.imu_publisher.publish(msg)
        if wheels is not None:
            place, (speed_m_s, yaw_rate_rad_s) = (
                PlanarPose(*wheels.odometry[sample].tolist()),
                wheels.twist[sample].tolist(),
            )
            self.odometry_publisher.publish(to_odometry(stamp_ns, place, speed_m_s, yaw_rate_rad_s))


def to_odometry(stamp_ns: int, place: PlanarPose, speed_m_s: float, yaw_rate_rad_s: float) -> Odometry:
    """Where a robot's wheels say that it is, and how it moves."""
    msg = Odometry(header=Header(stamp=to_time(stamp_ns), frame_id=ODOMETRY_FRAME), child_frame_id=BASE_FRAME)
    msg.pose.pose = to_floor_pose(place)
    msg.twist.twist.linear.x, msg.twist.twist.angular.z = speed_m_s, yaw_rate_rad_s
    for covariance in (msg.pose.covariance, msg.twist.covariance):
        covariance[[X, Y, YAW]] = VARIANCE
    return msg


def to_floor_pose(place: PlanarPose) -> Pose:
    """A place on the floor, as a message has it."""
    half_rad = place.heading_rad / 2.0
    turn = Quaternion(z=math.sin(half_rad), w=math.cos(half_rad))
    return Pose(position=Point(x=place.x_m, y=place.y_m), orientation=turn)
