"""The localizer as a lifecycle node: by itself it localizes at once, under a manager on its request only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from helpers import START_NS, tiny_model
from lifecycle_msgs.srv import GetState
from managed import Managed
from rclpy.parameter import Parameter
from ros import Graph
from sensor_msgs.msg import MagneticField

from mail_ros.core.types import NS_PER_S
from mail_ros.nodes.conversions import to_stamp_ns


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


def test_by_itself_it_is_active(graph: Graph, model: Path) -> None:
    assert Managed(graph, model=str(model)).state == "active"


def test_the_lifecycle_state_is_served_over_dds(graph: Graph, model: Path) -> None:
    node = graph.start("mail_localizer", f"model:={model}", "autostart:=false")
    response = graph.call(GetState, "/mail_localizer/get_state", GetState.Request())
    assert response.current_state.label == "unconfigured"
    assert node.stop() == 0, node.output


def test_under_a_manager_it_publishes_only_while_it_is_active(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), autostart=False)
    assert managed.state == "unconfigured"
    assert managed.change("configure")
    managed.push_samples()
    assert managed.change("activate")
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    managed.push_samples()
    graph.wait(lambda: len(managed.poses) > 0)
    assert managed.change("deactivate")
    graph.spin(0.2)
    before = len(managed.poses)
    managed.push_samples()
    graph.spin(0.2)
    assert len(managed.poses) == before
    assert managed.state == "inactive"


def test_no_pose_comes_from_a_window_with_a_hole(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    managed.push_samples()
    assert managed.change("deactivate")
    managed.push_samples()
    assert managed.change("activate")
    managed.push_samples(400)

    def heard_s() -> list[float]:
        return [(to_stamp_ns(pose.header.stamp) - START_NS) / NS_PER_S for pose in managed.poses]

    graph.wait(lambda: bool(managed.poses) and heard_s()[-1] > 9.5)
    assert not [at_s for at_s in heard_s() if 3.0 < at_s < 8.0], "the window of two seconds has a hole"
    assert heard_s()[0] < 3.0


def test_cleaned_up_and_configured_again_it_works_as_on_the_first_day(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    assert managed.change("deactivate")
    assert managed.change("cleanup")
    assert managed.state == "unconfigured"
    assert not hasattr(managed.node, "runtime"), "the model is freed"
    assert graph.node.count_subscribers("/imu/mag") == 0
    graph.wait(lambda: graph.node.count_publishers("/mail_localizer/pose") == 0)
    for transition in ("configure", "activate"):
        assert managed.change(transition)
    graph.wait(lambda: managed.node.poses.plain.get_subscription_count() == 1)
    managed.push_samples()
    graph.wait(lambda: len(managed.poses) > 0)
    assert len({to_stamp_ns(pose.header.stamp) for pose in managed.poses}) == len(managed.poses)


def test_samples_that_come_while_it_is_cleaned_up_do_no_harm(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    publisher = graph.node.create_publisher(MagneticField, "/imu/mag", 10)
    graph.wait(lambda: publisher.get_subscription_count() == 1)
    timer = graph.node.create_timer(0.002, lambda: publisher.publish(next(managed._walk)))
    for transition in ("deactivate", "cleanup", "configure", "activate") * 3:
        assert managed.change(transition)
    timer.cancel()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nowhere.safetensors", "/nowhere.safetensors: wanted a model file, found nothing"),
        ("", "parameter model: wanted a model file, found nothing"),
    ],
)
def test_a_wrong_model_leaves_it_unconfigured_and_another_can_be_set(
    graph: Graph, model: Path, path: str, reason: str
) -> None:
    managed = Managed(graph, model=path, autostart=False)
    assert not managed.change("configure")
    assert managed.state == "unconfigured"
    (line,) = managed.errors
    assert line.startswith(f"could not configure: {reason}")
    managed.node.set_parameters([Parameter("model", value=str(model))])
    assert managed.change("configure")


def test_it_is_not_activated_with_a_model_that_fails_its_golden_window(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), autostart=False)
    assert managed.change("configure")
    loaded = managed.node.runtime.loaded
    managed.node.runtime.loaded = loaded._replace(card=replace(loaded.card, golden_position_m=(9.0, 9.0)))
    assert not managed.change("activate")
    assert managed.state == "inactive"
    assert f"could not activate: {model}: wanted the golden window at (9.0, 9.0) m, found" in managed.errors[0]
    managed.node.runtime.loaded = loaded
    assert managed.change("activate")


def test_an_unforeseen_error_is_logged_and_undone(graph: Graph, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    managed = Managed(graph, model=str(model), autostart=False)

    def broken() -> None:
        raise ZeroDivisionError("of a bug")

    assert managed.change("configure")
    monkeypatch.setattr(managed.node, "activate", broken)
    assert not managed.change("activate")
    assert managed.state == "unconfigured"
    assert "ZeroDivisionError: of a bug" in managed.errors[0]
    assert not hasattr(managed.node, "runtime")


def test_a_transition_that_is_not_possible_now_is_refused(graph: Graph, model: Path) -> None:
    """rclpy lets it end the process."""
    managed = Managed(graph, model=str(model))
    for label in ("activate", "configure", "fly"):
        assert not managed.change(label)
    assert managed.state == "active"


def test_shut_down_it_is_silent(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model))
    assert managed.change("shutdown")
    assert managed.state == "finalized"
    managed.push_samples()
    graph.spin(0.1)
    assert not managed.poses
