"""Parameters of the nodes, and how invalid ones are refused."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from rclpy.node import Node
from rclpy.parameter import Parameter
from ros import Graph

from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import ConfigError
from mail_ros.nodes.parameters import FleetParameters, LocalizerParameters, declare, declare_only, read
from mail_ros.nodes.recorder_parameters import SETTABLE, RecorderParameters

KINDS = [LocalizerParameters, RecorderParameters, FleetParameters]


def node_with(graph: Graph, **values: Any) -> Node:
    """A node that was started with `-p NAME:=VALUE`."""
    overrides = [Parameter(name, value=value) for name, value in values.items()]
    return Node("parameters", context=graph.context, parameter_overrides=overrides)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_declared_with_its_default_and_its_description(graph: Graph, kind: type) -> None:
    node = node_with(graph, model="site.safetensors")
    declared: Any = declare(node, kind)
    for field in dataclasses.fields(kind):
        description = node.describe_parameter(field.name).description
        assert description == field.metadata["description"]
        assert description.endswith(".")
        if field.name != "model":
            assert getattr(declared, field.name) == field.default


def test_the_stride_has_one_default() -> None:
    assert LocalizerParameters(model="site.safetensors").stride_s == STRIDE_S


def test_a_whole_number_will_do_where_a_fraction_is_meant(graph: Graph) -> None:
    assert declare(node_with(graph, model="site.safetensors", stride_s=1), LocalizerParameters).stride_s == 1.0


def test_home_may_be_written_as_a_tilde() -> None:
    assert LocalizerParameters(model="~/site.safetensors").model_path.is_absolute()
    assert RecorderParameters(out="~/bags").out_path.is_absolute()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "parameter model: wanted a model file, found nothing; give one, as in -p model:=site.safetensors"),
        ({"model": 3}, "parameter model: wanted str, found 3"),
        (
            {"model": "m", "engine": "onnx"},
            "parameter engine: wanted none: numpy computes every model, found 'onnx'; leave it out, and give",
        ),
        ({"model": "m", "autostart": "yes"}, "parameter autostart: wanted bool, found 'yes'"),
        ({"model": "m", "stride_s": "fast"}, "parameter stride_s: wanted float, found 'fast'"),
        ({"model": "m", "stride_s": -0.1}, "parameter stride_s: wanted 0.001 to 3600, found -0.1"),
        ({"model": "m", "stride_s": float("nan")}, "parameter stride_s: wanted 0.001 to 3600, found nan"),
    ],
)
def test_the_localizer_refuses_with_a_reason(graph: Graph, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}"):
        declare(node_with(graph, **values), LocalizerParameters)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"topics": "imu/mag"}, "parameter topics: wanted tuple, found 'imu/mag'"),
        ({"topics": [""]}, "parameter topics: wanted a list of topics, found ('',)"),
        ({"topics": [1]}, "parameter topics: wanted str, found 1"),
        ({"out": ""}, "parameter out: wanted a name, found nothing"),
        ({"prefix": "a/b"}, "parameter prefix: wanted a name without /, found a/b"),
        ({"autostart": 1}, "parameter autostart: wanted bool, found 1"),
        ({"platform": "dog"}, "parameter platform: wanted person or robot, found 'dog'"),
        ({"route": [1, 2]}, "parameter route: wanted a word, found "),
        ({"compression": "gzip"}, "parameter compression: wanted none or zstd, found 'gzip'"),
        ({"split_s": -1.0}, "parameter split_s: wanted 0 to 1e+06, found -1"),
        ({"min_free_space_mb": -1}, "parameter min_free_space_mb: wanted 0 to 1e+09, found -1"),
    ],
)
def test_the_recorder_refuses_with_a_reason(graph: Graph, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(message)}"):
        declare(node_with(graph, **values), RecorderParameters)


@pytest.mark.process
def test_a_robot_that_only_localizes_loads_nothing_of_bags() -> None:
    script = "import sys, mail_ros.nodes.localizer_node, mail_ros.nodes.fleet_node; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"mcap", "rosbags", "ruamel", "zstandard"}


def test_a_label_may_be_a_number_and_what_is_not_given_is_no_note(graph: Graph) -> None:
    parameters = declare(node_with(graph, route=12, floor="-2", platform="person"), RecorderParameters)
    assert parameters.recording_options().notes == {"floor": "-2", "route": "12", "platform": "person"}


def test_engine_is_deprecated_and_a_node_that_sets_it_is_warned_once(
    graph: Graph, capfd: pytest.CaptureFixture[str]
) -> None:
    assert declare(node_with(graph, model="m"), LocalizerParameters).engine == ""
    assert "deprecated" not in capfd.readouterr().err
    node = node_with(graph, model="m", engine="numpy")
    declare(node, LocalizerParameters)
    read(node, LocalizerParameters)
    assert capfd.readouterr().err.count("parameter engine is deprecated: numpy computes every model") == 1


def test_a_parameter_s_former_name_works_with_one_warning_and_the_new_name_wins(
    graph: Graph, capfd: pytest.CaptureFixture[str]
) -> None:
    assert declare(node_with(graph, model="m", max_robots=3), FleetParameters).max_robots == 3
    assert declare(node_with(graph, model="m", max_robots=3, most=4), FleetParameters).max_robots == 3
    capfd.readouterr()
    node = node_with(graph, model="m", most=4)
    assert declare(node, FleetParameters).max_robots == read(node, FleetParameters).max_robots == 4
    assert capfd.readouterr().err.count("deprecated parameters: most is renamed to max_robots") == 1


def test_a_label_s_former_name_can_be_set_while_the_node_runs(graph: Graph) -> None:
    node = node_with(graph)
    declare_only(node, RecorderParameters, settable=SETTABLE)
    (result,) = node.set_parameters([Parameter("carrier", value="robot")])
    assert result.successful
    assert read(node, RecorderParameters).platform == "robot"


def test_an_unknown_parameter_is_one_warning_that_names_a_similar_one(
    graph: Graph, capfd: pytest.CaptureFixture[str]
) -> None:
    """rclpy itself keeps silent about it, in a file and on the command line."""
    given = {"model": "a", "strid_s": 2.0, "nonsense": 1, "use_sim_time": False, "qos_overrides./odom.x": 1}
    declare(node_with(graph, **given), LocalizerParameters)
    lines = [line for line in capfd.readouterr().err.splitlines() if "no such parameter" in line]
    assert [line.partition("no such parameter: ")[2] for line in lines] == [
        "nonsense; `ros2 param list` lists those that there are",
        "strid_s; did you mean stride_s?",
    ]
