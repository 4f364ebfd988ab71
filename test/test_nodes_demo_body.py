"""A simulated robot's sensors as ROS messages."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from nav_msgs.msg import Odometry
from ros import Graph
from sensor_msgs.msg import Imu, MagneticField

from mail_ros.core.types import UT_PER_T
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.simulator.drive import drive as simulate
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_imu_reading, to_odometry_pose, to_stamp_ns
from mail_ros.nodes.demo_robot import DemoBody


def test_the_localizer_reads_what_the_simulator_wrote(graph: Graph) -> None:
    drive = simulate(demo_building(), length_m=8.0)
    assert drive.wheels is not None
    body = DemoBody(graph.node, drive, "robot_1")
    odometries = graph.listen(Odometry, "/robot_1/odom")
    imus: list[Imu] = []
    fields: list[MagneticField] = []
    graph.node.create_subscription(Imu, "/robot_1/imu/data", imus.append, qos.sensor_data())
    graph.node.create_subscription(MagneticField, "/robot_1/imu/mag", fields.append, qos.sensor_data())
    publishers = (body.field_publisher, body.odometry_publisher, body.imu_publisher)
    graph.wait(lambda: all(publisher.get_subscription_count() for publisher in publishers))
    samples = (0, 200, 400)
    for sample in samples:
        body.publish(sample, 1_000 + sample)
    graph.wait(lambda: min(len(odometries), len(imus), len(fields)) == len(samples))
    for sample, odometry, imu, field in zip(samples, odometries, imus, fields, strict=True):
        pose, reading = to_odometry_pose(odometry), to_imu_reading(imu)
        assert reading is not None
        assert pose.stamp_ns == reading.stamp_ns == to_stamp_ns(field.header.stamp) == 1_000 + sample
        np.testing.assert_allclose([*pose.position_m, pose.yaw_rad], drive.wheels.odometry[sample])
        np.testing.assert_array_equal(reading.orientation_xyzw, drive.imu.orientation_xyzw[sample])
        np.testing.assert_array_equal(reading.acceleration_m_s2, drive.imu.acceleration_m_s2[sample])
        assert [odometry.twist.twist.linear.x, odometry.twist.twist.angular.z] == drive.wheels.twist[sample].tolist()
        vector = field.magnetic_field
        np.testing.assert_allclose(np.array([vector.x, vector.y, vector.z]) * UT_PER_T, drive.field_ut[sample])
