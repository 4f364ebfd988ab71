"""The localizer on a robot: its file and its joints, in the node as in a reader of the bag."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from calibration_drives import MOTOR, ROBOT, WHEELS, forth_and_back, made_up
from helpers import START_NS, tiny_config, tiny_model
from managed import Managed
from rclpy.serialization import deserialize_message
from ros import Graph
from sensor_msgs.msg import JointState, MagneticField

from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import load_model
from mail_ros.core.platform.robot_file import Robot, write_robot
from mail_ros.data.bag import FIELD_TOPIC, JOINTS_TOPIC, Bag, read_track
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_time


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))


def robot_file(folder: Path, robot: Robot = ROBOT) -> str:
    write_robot(folder / "robot.json", robot)
    return str(folder / "robot.json")


def joint_state(stamp_ns: int, *velocity: float) -> JointState:
    msg = JointState(name=WHEELS, velocity=velocity)
    msg.header.stamp = to_time(stamp_ns)
    return msg


def test_the_node_compensates_as_push_on_the_bag_does(graph: Graph, model: Path, tmp_path: Path) -> None:
    """A drive in the order of its log: the same estimates, to the last bit, as of the track with the robot's file."""
    bag = made_up(forth_and_back((0.5, 1.0))).write(tmp_path / "drive")
    node = Managed(graph, model=str(model), robot_file=robot_file(tmp_path)).node
    received: list[Any] = []
    node.publish = received.append  # type: ignore[method-assign, assignment]
    for message in Bag(bag).messages([FIELD_TOPIC, JOINTS_TOPIC]):
        if message.topic == FIELD_TOPIC:
            node.on_field(deserialize_message(message.cdr, MagneticField))
        else:
            node.joints.on_message(deserialize_message(message.cdr, JointState))
    localizer = compose(load_model(model).model, "none", STRIDE_S)
    pushed = [localizer.push(sample) for sample in read_track(bag, robot=ROBOT).samples()]
    estimates = [estimate for estimate in pushed if estimate is not None]
    assert len(estimates) > 100
    assert [pose.estimate.stamp_ns for pose in received] == [estimate.stamp_ns for estimate in estimates]
    for pose, estimate in zip(received, estimates, strict=True):
        np.testing.assert_array_equal(pose.estimate.position_m, estimate.position_m)


def test_only_a_robot_with_a_motor_field_subscribes_to_joint_states(graph: Graph, model: Path, tmp_path: Path) -> None:
    for robot, there in (
        (dataclasses.replace(ROBOT, motor=dataclasses.replace(MOTOR, inputs=(), ut_per_unit=())), 0),
        (ROBOT, 1),
    ):
        managed = Managed(graph, model=str(model), robot_file=robot_file(tmp_path, robot))
        assert managed.node.count_subscribers("/joint_states") == there
    publisher = graph.node.create_publisher(JointState, "/joint_states", qos.sensor_data())
    graph.wait(lambda: publisher.get_subscription_count() == 1)
    publisher.publish(joint_state(START_NS, 10.0, 10.0))
    compensation = managed.node.runtime.localizer.compensation
    graph.wait(lambda: bool(np.isfinite(compensation.motor_ut(START_NS)).all()))
    assert np.linalg.norm(compensation.motor_ut(START_NS)) == pytest.approx(10.0, abs=0.01)


def test_without_joint_states_there_is_no_pose_and_diagnostics_give_the_reason(
    graph: Graph, model: Path, tmp_path: Path
) -> None:
    managed = Managed(graph, model=str(model), robot_file=robot_file(tmp_path))
    managed.push_samples(500)
    assert managed.node.runtime.last is None
    managed.node.diagnose()
    assert managed.errors[-1].endswith(
        "the motors' field is unknown without velocity:left_wheel_joint, velocity:right_wheel_joint: "
        "no publisher of /joint_states"
    )
    msg = joint_state(START_NS + 49 * 10**8, 1.0)  # only the left wheel
    managed.node.joints.on_message(msg)
    managed.push_samples(50)
    managed.node.diagnose()
    assert managed.errors[-1].endswith(
        "without velocity:right_wheel_joint: /joint_states publishes too seldom, or other joints"
    )
    managed.node.joints.on_message(joint_state(START_NS + 54 * 10**8, 1.0, 1.0))
    managed.push_samples(50)
    managed.errors.clear()
    managed.node.diagnose()
    assert not any("motors" in line for line in managed.errors)


def test_a_joint_state_with_an_impossible_stamp_is_left_out(graph: Graph, model: Path, tmp_path: Path) -> None:
    managed = Managed(graph, model=str(model), robot_file=robot_file(tmp_path))
    msg = joint_state(START_NS, 1.0, 1.0)
    msg.header.stamp.nanosec = 2**31
    managed.node.joints.on_message(msg)
    assert managed.errors[-1].startswith("joint state not used: header.stamp: wanted less than 1000000000 ns")


def test_a_robot_file_that_is_none_is_refused(graph: Graph, model: Path, tmp_path: Path) -> None:
    (tmp_path / "robot.json").write_text('{"mount_xyzw": [0, 0, 0, 2]}')
    with pytest.raises(ConfigError, match=r"length of mount_xyzw: wanted 0\.99 to 1\.01, found 2"):
        Managed(graph, model=str(model), robot_file=str(tmp_path / "robot.json"))
