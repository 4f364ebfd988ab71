"""What a running localizer can be told: where it is, that it may be anywhere, and that its model is a new one."""

from __future__ import annotations

import math
import threading
from dataclasses import replace
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
from mail_ros.core.types import Status
from mail_ros.nodes import qos
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.runtime_node import load_runtime


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Of a square of 12 m around the origin, on floor 2."""
    return tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"), floor=2)


def place(x: float, frame: str = "map_floor_2") -> PoseWithCovarianceStamped:
    """As RViz sends it."""
    msg = PoseWithCovarianceStamped()
    msg.header.frame_id = frame
    msg.pose.pose.position.x, msg.pose.pose.orientation.w = x, 1.0
    msg.pose.covariance[0] = msg.pose.covariance[7] = 0.25
    return msg


def believed(managed: Managed) -> tuple[float, float]:
    """Where the tracker believes it is, along x, and how surely."""
    posterior = managed.node.runtime.localizer.filter.posterior()
    return float(posterior.position_m[0]), posterior.near


def test_an_initial_pose_is_believed_until_told_that_it_may_be_anywhere(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="walking")
    publisher = graph.node.create_publisher(PoseWithCovarianceStamped, "/initialpose", qos.poses())
    graph.wait(lambda: publisher.get_subscription_count() == 1)
    managed.hear()
    publisher.publish(place(3.0))
    graph.wait(lambda: believed(managed)[1] > 0.99)
    assert believed(managed)[0] == pytest.approx(3.0, abs=0.01)
    graph.call(Empty, "/reinitialize_global_localization", Empty.Request())
    assert believed(managed)[1] < 0.3
    assert managed.node.runtime.localizer.window.fill == 1.0, "the window stays"
    assert not [line for line in managed.errors if "not used" in line], "both commands are accepted"


@pytest.mark.parametrize(
    ("tracker", "msg", "reason"),
    [
        ("none", place(3.0), "the initial pose: wanted a tracker that carries it from window to window"),
        ("walking", place(3.0, "odom"), "header.frame_id: wanted map, or map_floor_1 and so on, found odom"),
        ("walking", place(3.0, "map"), "the initial pose: wanted a position within 3.0 m of the survey"),
        ("walking", place(math.nan), "the initial pose: wanted finite numbers"),
    ],
)
def test_an_initial_pose_that_cannot_be_used_is_refused_with_the_reason(
    graph: Graph, model: Path, tracker: str, msg: PoseWithCovarianceStamped, reason: str
) -> None:
    managed = Managed(graph, model=str(model), tracker=tracker)
    managed.node.commands.on_initial_pose(msg)
    (line,) = managed.errors
    assert line.startswith(f"initial pose not used: {reason}")


def test_who_is_not_active_is_told_nothing(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="walking")
    assert managed.change("deactivate")
    managed.node.commands.on_initial_pose(place(3.0))
    graph.call(Empty, "/reinitialize_global_localization", Empty.Request())
    assert believed(managed)[1] < 0.3
    assert [line.partition(" came")[0] for line in managed.errors] == [
        "an initial pose",
        "reinitialize_global_localization",
    ]


def test_a_model_is_exchanged_while_it_runs(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    managed.hear()
    graph.wait(lambda: len(managed.poses) > 0)
    tiny_model(model, tiny_config("heatmap"), map_frame="hall", floor=0, seed=1)
    answer = graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request())
    assert (answer.success, answer.message) == (True, f"localizing with {model}")
    graph.spin(0.2)
    said = len(managed.poses)
    managed.hear()
    graph.wait(lambda: len(managed.poses) > said)
    assert {pose.header.frame_id for pose in managed.poses[said:]} == {"hall"}


def test_the_model_can_be_set_while_it_runs_and_nothing_else(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    other = tiny_model(graph.folder / "other.safetensors", map_frame="hall")
    results = managed.node.set_parameters(
        [Parameter("model", value=str(other)), Parameter("tracker", value="walking"), Parameter("stride_s", value=9.0)]
    )
    assert [result.successful for result in results] == [True, False, False]
    assert graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request()).success
    assert managed.node.runtime.map_frame == "hall"


def test_a_new_model_that_cannot_be_used_leaves_the_old_one_at_work(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    managed.hear()
    model.write_text("weights")
    answer = graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request())
    assert not answer.success
    assert answer.message.startswith(f"the old model stays: {model}: wanted a safetensors file, found something else")
    said = len(managed.poses)
    managed.hear(50)
    graph.wait(lambda: len(managed.poses) > said)


def test_while_a_model_is_loaded_poses_come_from_the_old_one_and_no_second_load_begins(
    graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over DDS, as samples would wait in the executor: the thread waits until the poses are there."""
    managed, go_on = Managed(graph, model=str(model)), threading.Event()
    publisher = graph.node.create_publisher(MagneticField, "/imu/mag", qos.lossless())
    graph.wait(
        lambda: publisher.get_subscription_count() == 1 and managed.node.poses.plain.get_subscription_count() == 1
    )
    managed.hear()
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
    said = len(managed.poses)
    for _ in range(50):
        publisher.publish(next(managed._walk))
    graph.wait(lambda: len(managed.poses) >= said + 4)
    assert managed.node.runtime is old
    go_on.set()
    graph.wait(first.done)
    assert first.result().success
    assert managed.node.runtime is not old
    said = len(managed.poses)
    managed.hear(50)
    graph.wait(lambda: len(managed.poses) >= said + 4)
    step_ns = np.diff([to_stamp_ns(pose.header.stamp) for pose in managed.poses])
    assert 0 < step_ns.min() <= step_ns.max() < 0.12e9, "one every 0.1 s, of a sensor at 100 Hz"


def test_not_even_a_bug_in_loading_ends_a_localizer_at_work(
    graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed = Managed(graph, model=str(model))

    def broken(path: Path) -> None:
        raise MemoryError("no room\nat all")

    monkeypatch.setattr("mail_ros.nodes.runtime_node.load_model", broken)
    answer = graph.call(Trigger, "/mail_localizer/reload_model", Trigger.Request())
    assert not answer.success
    assert answer.message.startswith("the old model stays: MemoryError(")
    assert managed.state == "active"


def test_who_is_started_again_begins_where_he_was(graph: Graph, model: Path) -> None:
    """Even after a kill: the place is kept at every save."""
    pose_file = graph.folder / "place.json"
    node = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", f"state_file:={pose_file}")
    node.wait_for("a pose every")
    publisher = graph.node.create_publisher(PoseWithCovarianceStamped, "/initialpose", qos.poses())
    field = graph.node.create_publisher(MagneticField, "/imu/mag", qos.lossless())
    graph.wait(lambda: publisher.get_subscription_count() == 1 and field.get_subscription_count() == 1)
    for _ in range(2):
        answer = graph.call(Trigger, "/mail_localizer/save_state", Trigger.Request())
        assert not answer.success
        assert answer.message == "the pose: wanted LOCALIZED or STATIONARY, found FILLING; try again later"
    pose_file.write_text(
        '{"map_frame": "map", "floor": 2, "stamp_ns": 1, "position_m": [3.0, 1.0], "covariance_m2": [0.1, 0.0, 0.1]}'
    )
    node.popen.kill()
    node.popen.wait()
    again = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", f"state_file:={pose_file}")
    again.wait_for("starting from the saved pose: x 3.00 m, y 1.00 m, floor 2")
    assert again.stop() == 0, again.output


def test_a_sure_place_is_kept_on_command_and_at_the_end(graph: Graph, model: Path) -> None:
    pose_file = graph.folder / "place.json"
    managed = Managed(graph, model=str(model), tracker="walking", state_file=str(pose_file))
    managed.hear()
    last = managed.node.runtime.last
    assert last is not None
    managed.node.runtime.last = replace(last, status=Status.LOCALIZED)
    answer = graph.call(Trigger, "/mail_localizer/save_state", Trigger.Request())
    assert (answer.success, answer.message) == (True, f"saved in {pose_file}")
    assert read_pose(pose_file, "map").mean_m == pytest.approx(last.position_m)
    pose_file.unlink()
    managed.node.close()
    assert read_pose(pose_file, "map").floor == 2


def test_without_a_file_no_place_is_kept(graph: Graph, model: Path) -> None:
    Managed(graph, model=str(model))
    answer = graph.call(Trigger, "/mail_localizer/save_state", Trigger.Request())
    assert answer.message == "parameter state_file: wanted a file, found none; start with one"


def test_a_place_of_another_map_is_said_and_not_begun_at(graph: Graph, model: Path) -> None:
    pose_file = graph.folder / "place.json"
    pose_file.write_text(
        '{"map_frame": "hall", "floor": 2, "stamp_ns": 1, "position_m": [3.0, 1.0], "covariance_m2": [0.1, 0.0, 0.1]}'
    )
    node = graph.start("mail_localizer", f"model:={model}", "tracker:=walking", f"state_file:={pose_file}")
    node.wait_for("saved pose not used")
    node.wait_for("a pose every")
    assert node.stop() == 0, node.output
