"""A simulated robot's wheels and attitude, as ROS messages."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from mail_ros.data.simulator.demo_drive import drive_site
from mail_ros.data.simulator.dipoles import make_site
from nav_msgs.msg import Odometry
from ros import Graph
from sensor_msgs.msg import Imu

from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_imu_reading, to_odometry_pose
from mail_ros.nodes.demo_body import DemoBody


def test_the_localizer_reads_what_the_simulator_wrote(graph: Graph) -> None:
    drive = drive_site(make_site(), 8.0, 0)
    assert drive.wheels is not None
    body = DemoBody(graph.node, drive, "robot_1")
    assert not body.heard
    odometries = graph.listen(Odometry, "/robot_1/odom")
    imus: list[Imu] = []
    graph.node.create_subscription(Imu, "/robot_1/imu/data", imus.append, qos.sensor_data())
    graph.wait(lambda: body.heard)
    samples = (0, 200, 400)
    for sample in samples:
        body.publish(sample, 1_000 + sample)
    graph.wait(lambda: min(len(odometries), len(imus)) == len(samples))
    for sample, odometry, imu in zip(samples, odometries, imus, strict=True):
        pose, reading = to_odometry_pose(odometry), to_imu_reading(imu)
        assert reading is not None
        assert pose.stamp_ns == reading.stamp_ns == 1_000 + sample
        np.testing.assert_allclose([*pose.position_m, pose.yaw_rad], drive.wheels.odometry[sample])
        np.testing.assert_array_equal(reading.orientation_xyzw, drive.imu.orientation_xyzw[sample])
        np.testing.assert_array_equal(reading.acceleration_m_s2, drive.imu.acceleration_m_s2[sample])
        assert [odometry.twist.twist.linear.x, odometry.twist.twist.angular.z] == drive.wheels.twist[sample].tolist()
