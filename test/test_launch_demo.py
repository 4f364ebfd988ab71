"""The demo by `launch_testing`: the shipped model finds the robot in its building, and all ends cleanly."""

from __future__ import annotations

import time
import unittest
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("launch_testing", reason="needs launch_testing: a ROS 2 installation has it")

import launch_testing
import rclpy
from geometry_msgs.msg import PoseStamped
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_testing.actions import ReadyToTest
from rclpy.node import Node

FILE = Path(__file__).resolve().parent.parent / "launch" / "demo.launch.py"
NEAR_M, IN_A_ROW = 2.0, 20
PATIENCE_S = 60.0


@pytest.mark.launch_test
def generate_test_description() -> LaunchDescription:
    return LaunchDescription([IncludeLaunchDescription(PythonLaunchDescriptionSource(str(FILE))), ReadyToTest()])


class TestWhileItDrives(unittest.TestCase):
    """Robot and localizer are in processes of their own; the test listens to both."""

    def setUp(self) -> None:
        rclpy.init()
        self.node = Node("test")
        self.truth: dict[tuple[int, int], PoseStamped] = {}
        self.near: deque[bool] = deque(maxlen=IN_A_ROW)
        self.node.create_subscription(PoseStamped, "ground_truth/pose", self.on_truth, 10)
        self.node.create_subscription(PoseStamped, "mail_localizer/pose", self.on_pose, 10)

    def tearDown(self) -> None:
        self.node.destroy_node()
        rclpy.shutdown()

    def on_truth(self, msg: PoseStamped) -> None:
        self.truth[stamp(msg)] = msg

    def on_pose(self, msg: PoseStamped) -> None:
        if stamp(msg) in self.truth:
            self.near.append(float(np.linalg.norm(position_m(msg) - position_m(self.truth[stamp(msg)]))) < NEAR_M)

    def test_the_robot_is_found(self) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while sum(self.near) < IN_A_ROW:
            self.assertLess(time.monotonic(), deadline_s, f"of the last poses near: {list(self.near)}")
            rclpy.spin_once(self.node, timeout_sec=0.1)


@launch_testing.post_shutdown_test()
class TestAtTheEnd(unittest.TestCase):
    """After Ctrl-C."""

    def test_both_ended_cleanly(self, proc_info: Any) -> None:
        launch_testing.asserts.assertExitCodes(proc_info)
        self.assertEqual(len(proc_info.processes()), 2)


def stamp(msg: PoseStamped) -> tuple[int, int]:
    return msg.header.stamp.sec, msg.header.stamp.nanosec


def position_m(msg: PoseStamped) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([msg.pose.position.x, msg.pose.position.y])
