"""Nodes name two sensors or publishers on the field's topic in the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from helpers import tiny_config, tiny_model
from managed import Managed
from rclpy.parameter import Parameter
from ros import Graph, LogLines
from sensor_msgs.msg import MagneticField

from mail_ros.nodes import qos
from mail_ros.nodes.fleet_node import FleetNode
from mail_ros.nodes.recorder_node import RecorderNode


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))


def test_a_localizer_warns_of_two_frames_and_of_two_publishers(graph: Graph, model: Path) -> None:
    managed = Managed(graph, model=str(model), tracker="none")
    for number in range(20):
        field = next(managed._walk)
        field.header.frame_id = ("left", "right")[number % 2]
        managed.node.on_field(field)
    managed.node.diagnose()
    assert "/imu/mag has samples of 2 sensors, in frames 'left' and 'right': they are read as one" in managed.errors[-1]
    sensors = [graph.node.create_publisher(MagneticField, "/imu/mag", qos.sensor_data()) for _ in range(2)]
    graph.wait(lambda: managed.node.count_publishers("/imu/mag") == len(sensors))
    managed.push_samples(20)
    managed.node.diagnose()
    assert "/imu/mag has 2 publishers, in frame 'imu_link': they are read as one sensor" in managed.errors[-1]


def test_a_fleet_and_a_recorder_do_too(graph: Graph, model: Path, tmp_path: Path) -> None:
    sensors = [graph.node.create_publisher(MagneticField, "/one/imu/mag", qos.sensor_data()) for _ in range(2)]
    given: dict[str, Any] = {"model": str(model), "namespaces": ["one"]}
    fleet = FleetNode(context=graph.context, parameter_overrides=[Parameter(n, value=v) for n, v in given.items()])
    lines: list[str] = []
    fleet.get_logger = lambda: LogLines(lines)
    graph.executor.add_node(fleet)
    graph.wait(lambda: fleet.count_publishers("/one/imu/mag") == len(sensors))
    fleet.report()
    assert lines == ["/one: /one/imu/mag has 2 publishers: they are read as one sensor"]
    given = {"out": str(tmp_path / "bags"), "topics": ["/one/imu/mag"], "autostart": False, "min_free_space_mb": 0}
    options = [Parameter(name, value=value) for name, value in given.items()]
    recorder = RecorderNode(context=graph.context, parameter_overrides=options)
    graph.executor.add_node(recorder)
    graph.wait(lambda: "/one/imu/mag" in recorder.quality.topics)
    graph.wait(lambda: recorder.count_publishers("/one/imu/mag") == len(sensors))
    recorder.assess()
    assert "/one/imu/mag has 2 publishers: they are read as one sensor" in [f.what for f in recorder.quality.faults]
