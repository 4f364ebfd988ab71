"""The view draws its localizer's messages, and skips those that cannot be drawn."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")
pytest.importorskip("rerun.chunk", reason="needs rerun-sdk 0.39 or newer: pip install 'mail_ros[view]'")

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import PoseWithCovarianceStamped
from helpers import tiny_config, tiny_model
from managed import Managed, messages
from recordings import entities, rows
from ros import Graph, LogLines
from std_msgs.msg import Float32MultiArray

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import Status
from mail_ros.nodes.view_node import ViewNode


@pytest.fixture
def view(graph: Graph, tmp_path: Path) -> Callable[..., ViewNode]:
    def open_view(**given: Any) -> ViewNode:
        node = ViewNode({"out": str(tmp_path / "view.rrd"), **given}, context=graph.context)
        graph.executor.add_node(node)
        return node

    return open_view


def with_log(node: ViewNode, monkeypatch: pytest.MonkeyPatch) -> tuple[ViewNode, list[str]]:
    """A node, and its log lines."""
    lines = list[str]()
    monkeypatch.setattr(node, "get_logger", lambda: LogLines(lines))
    return node, lines


def spied(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[Any]:
    """The first arguments that a method is called with from now on."""
    calls, method = list[Any](), getattr(owner, name)

    def call(first: Any, *others: Any) -> None:
        calls.append(first)
        method(first, *others)

    monkeypatch.setattr(owner, name, call)
    return calls


def test_what_a_localizer_publishes_is_in_the_file(
    graph: Graph, view: Callable[..., ViewNode], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"), floor=-1)
    watching, localizer = view(), Managed(graph, model=str(model), tracker="walking")
    details, poses = localizer.node.details, localizer.node.poses
    publishers = (poses.with_covariance, details.hypotheses, details.attention, details.belief)
    graph.wait(lambda: all(publisher.get_subscription_count() for publisher in publishers))
    published = spied(monkeypatch, localizer.node, "publish")
    names = ("belief", "attention", "assessment")
    shown = [spied(monkeypatch, watching.view, f"show_{name}") for name in names]
    for msg in messages(2.5):
        localizer.node.on_field(msg)
        watching.on_field(msg)
        graph.executor.spin_once(timeout_sec=0.0)
    localizer.node.diagnose()
    graph.wait(lambda: all(shown) and watching.view.status is not Status.FILLING)
    watching.close()
    out = tmp_path / "view.rrd"
    shapes = {f"map/{name}" for name in ("pose", "region", "hypotheses", "belief", "surveyed")}
    assert entities(out) >= shapes | {"field", "attention", "status", "rates", "log"}
    position_m = {pose.estimate.stamp_ns: pose.estimate.position_m for pose in published}
    drawn = rows(out, "map/pose")
    assert drawn
    for row in drawn:
        np.testing.assert_allclose(row["Points2D:positions"], [position_m[row["stamp"]]], rtol=1e-6)
    assert {"floor -1", "UNCERTAIN"} <= {row["TextLog:text"][0] for row in rows(out, "log")}


def diagnostics(name: str, status: str) -> DiagnosticArray:
    values = [KeyValue(key="status", value=status)]
    return DiagnosticArray(status=[DiagnosticStatus(name=f"{name}: localization", level=b"\x00", values=values)])


def test_only_the_localizer_that_is_watched_counts(graph: Graph, tmp_path: Path) -> None:
    given = {"out": str(tmp_path / "view.rrd"), "localizer": "second"}
    node = ViewNode(given, context=graph.context, namespace="robot")
    node.on_field(next(messages(1.0)))
    for name in ("mail_localizer", "robot/mail_localizer", "second"):
        node.on_diagnostics(diagnostics(name, "LOCALIZED"))
    assert node.view.status.name == "FILLING"
    node.on_diagnostics(diagnostics("robot/second", "LOCALIZED"))
    assert node.view.status.name == "LOCALIZED"
    topics = dict(node.get_subscriber_names_and_types_by_node(node.get_name(), "/robot"))
    assert {"/robot/imu/mag", "/robot/second/belief", "/diagnostics"} <= set(topics)
    node.close()


def test_before_the_first_sample_the_log_has_the_reason(
    view: Callable[..., ViewNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, lines = with_log(view(), monkeypatch)
    msg = diagnostics("mail_localizer", "FILLING")
    msg.status[0].message = "no samples: no publisher of /imu/mag"
    node.on_attention(Float32MultiArray(data=[1.0]))
    node.on_diagnostics(msg)
    assert lines == ["nothing to see yet: no samples: no publisher of /imu/mag"]
    node.close()


def test_a_message_that_cannot_be_drawn_is_left_out(
    view: Callable[..., ViewNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, lines = with_log(view(), monkeypatch)
    broken = PoseWithCovarianceStamped()
    broken.header.stamp.nanosec = 2**31
    node.guarded(node.on_pose)(broken)
    assert lines == [
        "on_pose: not drawn: header.stamp: wanted less than 1000000000 ns beside the seconds, found 2147483648; "
        "correct the driver"
    ]
    node.close()


def test_it_ends_as_by_ctrl_c_once_the_window_is_closed(
    view: Callable[..., ViewNode], monkeypatch: pytest.MonkeyPatch
) -> None:
    node, raised = view(), list[int]()
    monkeypatch.setattr(signal, "raise_signal", raised.append)
    node.check_window()
    assert not raised
    monkeypatch.setattr(type(node.canvas), "is_open", False)
    node.check_window()
    assert raised == [signal.SIGINT]
    monkeypatch.undo()
    node.close()


def test_a_site_file_that_is_none_is_refused_by_name(view: Callable[..., ViewNode], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none.yaml: wanted a site file"):
        view(site_file=str(tmp_path / "none.yaml"))


def test_the_executable_starts_and_ends_cleanly(graph: Graph, tmp_path: Path) -> None:
    process = graph.start("mail_view", f"out:={tmp_path / 'view.rrd'}")
    graph.wait(lambda: "mail_view" in graph.node.get_node_names(), "for mail_view")
    process.wait_until_caught(signal.SIGINT)
    assert process.stop() == 0, process.output
    assert entities(tmp_path / "view.rrd") == {"map"}
