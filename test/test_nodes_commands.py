"""Commands to a running localizer: an initial pose, reinitialization, a saved pose and another model."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PoseWithCovarianceStamped
from helpers import tiny_config, tiny_model
from managed import Managed
from rclpy.parameter import Parameter
from ros import Graph
from sensor_msgs.msg import MagneticField
from std_srvs.srv import Empty, Trigger

from mail_ros.core.localizer.saved_pose import read_pose
from mail_ros.core.localizer.status_report import model_name
from mail_ros.core.types import Status
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.runtime_node import load_runtime


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Of a square of 12 m around the origin, on floor 2."""
    return tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"), floor=2)


def initial_pose(x: float, frame: str = "map_floor_2") -> PoseWithCovarianceStamped:
    """As RViz sends it."""
    msg = PoseWithCovarianceStamped()
    msg.header.frame_id = frame
    msg.pose.pose.position.x, msg.pose.pose.orientation.w = x, 1.0
    msg.pose.covariance[0] = msg.pose.covariance[7] = 0.25
    return msg


def tracked_x(managed: Managed) -> tuple[float, float]:
    """The tracker's position along x, and its probability of being near."""
    posterior = managed.node.runtime.localizer.filter.posterior()
    return float(posterior.position_m[0]), posterior.near


def test_an_initial_pose_holds_until_reinitialization(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="walking")
    publisher = graph.node.create_publisher(PoseWithCovarianceStamped, "/initialpose", qos.poses())
    graph.wait(lambda: publisher.get_subscription_count() == 1)
    managed.push_samples()
    publisher.publish(initial_pose(3.0))
    graph.wait(lambda: tracked_x(managed)[1] > 0.99)
    assert tracked_x(managed)[0] == pytest.approx(3.0, abs=0.01)
    graph.call(Empty, "/reinitialize_global_localization", Empty.Request())
    assert tracked_x(managed)[1] < 0.3
    assert managed.node.runtime.localizer.window.fill == 1.0, "the window stays"
    assert not [line for line in managed.errors if "not used" in line], "both commands are accepted"


@pytest.mark.parametrize(
    ("tracker", "msg", "reason"),
    [
        ("none", initial_pose(3.0), "the initial pose: wanted a tracker that carries it from window to window"),
        ("walking", initial_pose(3.0, "odom"), "header.frame_id: wanted map, or map_floor_1 and so on, found odom"),
        ("walking", initial_pose(3.0, "map"), "the initial pose: wanted a position within 3.0 m of the survey"),
        ("walking", initial_pose(math.nan), "the initial pose: wanted finite numbers"),
    ],
)
def test_an_initial_pose_that_cannot_be_used_is_refused_with_the_reason(
    graph: Graph, model: Path, tracker: str, msg: PoseWithCovarianceStamped, reason: str
) -> None:
    managed = Managed(graph, model=str(model), tracker=tracker)
    managed.node.commands.on_initial_pose(msg)
    (line,) = managed.errors
    assert line.startswith(f"initial pose not used: {reason}")


def test_commands_are_ignored_while_the_node_is_not_active(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="walking")
    assert managed.change("deactivate")
    managed.node.commands.on_initial_pose(initial_pose(3.0))
    graph.call(Empty, "/reinitialize_global_localization", Empty.Request())
    assert tracked_x(managed)[1] < 0.3
    assert [line.partition(" came")[0] for line in managed.errors] == [
        "an initial pose",
        "reinitialize_global_localization",
    ]


def test_a_model_is_exchanged_while_it_runs(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    statuses: list[str] = []  # the model of each
    managed.node.status.publisher.publish = lambda msg: statuses.append(msg.values[-1].value)
    managed.push_samples()
    graph.wait(lambda: len(managed.poses) > 0)
    before_reload = statuses[-1]
    tiny_model(model, tiny_config("heatmap"), map_frame="hall", floor=0, seed=1)
    response = graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request())
    assert (response.success, response.message) == (True, f"localizing with {model}")
    graph.spin(0.2)
    before = len(managed.poses)
    managed.push_samples()
    graph.wait(lambda: len(managed.poses) > before)
    assert {pose.header.frame_id for pose in managed.poses[before:]} == {"hall"}
    assert statuses[-1] != before_reload
    assert statuses[-1] == model_name(model, sha256(model.read_bytes()).hexdigest())


def test_the_model_can_be_set_while_it_runs_and_nothing_else(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    other = tiny_model(graph.folder / "other.safetensors", map_frame="hall")
    results = managed.node.set_parameters(
        [Parameter("model", value=str(other)), Parameter("tracker", value="walking"), Parameter("stride_s", value=9.0)]
    )
    assert [result.successful for result in results] == [True, False, False]
    assert graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request()).success
    assert managed.node.runtime.map_frame == "hall"


def test_an_invalid_new_model_leaves_the_old_one_in_use(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    managed.push_samples()
    model.write_text("weights")
    response = graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request())
    assert not response.success
    assert response.message.startswith(f"the old model stays: {model}: wanted a safetensors file, found something else")
    before = len(managed.poses)
    managed.push_samples(50)
    graph.wait(lambda: len(managed.poses) > before)


def test_while_a_model_is_loaded_poses_come_from_the_old_one_and_no_second_load_begins(
    graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over DDS, as samples would wait in the executor: the thread waits until the poses are there."""
    managed, go_on = Managed(graph, model=str(model)), threading.Event()
    publisher = graph.node.create_publisher(MagneticField, "/imu/mag", qos.lossless())
    graph.wait(
        lambda: publisher.get_subscription_count() == 1 and managed.node.poses.plain.get_subscription_count() == 1
    )
    managed.push_samples()
    old = managed.node.runtime

    def slow(parameters: Any, now_ns: Any) -> Any:
        assert go_on.wait(30.0)
        return load_runtime(parameters, now_ns)

    monkeypatch.setattr("mail_ros.nodes.commands.load_runtime", slow)
    client = graph.node.create_client(Trigger, "/mail_localizer/reload_model")
    assert client.wait_for_service(10.0)
    first = client.call_async(Trigger.Request())
    graph.wait(lambda: managed.node.commands._reloading)
    assert graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request()).message.endswith("is under way")
    before = len(managed.poses)
    for _ in range(50):
        publisher.publish(next(managed._walk))
    graph.wait(lambda: len(managed.poses) >= before + 4)
    assert managed.node.runtime is old
    go_on.set()
    graph.wait(first.done)
    assert first.result().success
    assert managed.node.runtime is not old
    before = len(managed.poses)
    managed.push_samples(50)
    graph.wait(lambda: len(managed.poses) >= before + 4)
    step_ns = np.diff([to_stamp_ns(pose.header.stamp) for pose in managed.poses])
    assert 0 < step_ns.min() <= step_ns.max() < 0.12e9, "one every 0.1 s, of a sensor at 100 Hz"


def test_a_bug_in_loading_does_not_end_a_localizer(graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    managed = Managed(graph, model=str(model))

    def broken(path: Path) -> None:
        raise MemoryError("no room\nat all")

    monkeypatch.setattr("mail_ros.nodes.runtime_node.load_model", broken)
    response = graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request())
    assert not response.success
    assert response.message.startswith("the old model stays: MemoryError(")
    assert managed.state == "active"


def test_a_restarted_localizer_starts_from_the_saved_pose(graph: Graph, model: Path) -> None:
    """Even after a kill: every save writes the file."""
    pose_file = graph.folder / "pose.json"
    node = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", f"state_file:={pose_file}")
    node.wait_for("a pose every")
    publisher = graph.node.create_publisher(PoseWithCovarianceStamped, "/initialpose", qos.poses())
    field = graph.node.create_publisher(MagneticField, "/imu/mag", qos.lossless())
    graph.wait(lambda: publisher.get_subscription_count() == 1 and field.get_subscription_count() == 1)
    for _ in range(2):
        response = graph.call(Trigger, "/mail_localizer/save_state", Trigger.Request())
        assert not response.success
        assert response.message == "the pose: wanted LOCALIZED or STATIONARY, found FILLING; try again later"
    pose_file.write_text(
        '{"map_frame": "map", "floor": 2, "stamp_ns": 1, "position_m": [3.0, 1.0], "covariance_m2": [0.1, 0.0, 0.1]}'
    )
    node.popen.kill()
    node.popen.wait()
    again = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", f"state_file:={pose_file}")
    again.wait_for("starting from the saved pose: x 3.00 m, y 1.00 m, floor 2")
    assert again.stop() == 0, again.output


def test_a_trusted_pose_is_saved_on_command_and_at_the_end(graph: Graph, model: Path) -> None:
    pose_file = graph.folder / "pose.json"
    managed = Managed(graph, model=str(model), tracker="walking", state_file=str(pose_file))
    managed.push_samples()
    last = managed.node.runtime.last
    assert last is not None
    managed.node.runtime.last = replace(last, status=Status.LOCALIZED)
    response = graph.call(Trigger, "/mail_localizer/save_state", Trigger.Request())
    assert (response.success, response.message) == (True, f"saved in {pose_file}")
    assert read_pose(pose_file, "map").mean_m == pytest.approx(last.position_m)
    pose_file.unlink()
    managed.node.close()
    assert read_pose(pose_file, "map").floor == 2


def test_without_a_file_no_pose_is_saved(graph: Graph, model: Path) -> None:
    Managed(graph, model=str(model))
    response = graph.call(Trigger, "/mail_localizer/save_state", Trigger.Request())
    assert response.message == "parameter state_file: wanted a file, found none; start with one"


def test_a_saved_pose_of_another_map_is_reported_and_not_used(graph: Graph, model: Path) -> None:
    pose_file = graph.folder / "pose.json"
    pose_file.write_text(
        '{"map_frame": "hall", "floor": 2, "stamp_ns": 1, "position_m": [3.0, 1.0], "covariance_m2": [0.1, 0.0, 0.1]}'
    )
    node = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", f"state_file:={pose_file}")
    node.wait_for("saved pose not used")
    node.wait_for("a pose every")
    assert node.stop() == 0, node.output
