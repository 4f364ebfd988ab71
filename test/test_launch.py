"""Launch files and parameter files name only what is there; where `launch` is installed, they run."""

from __future__ import annotations

import ast
import dataclasses
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers import synthetic_walk, tiny_model
from ros import ROOT, Process
from ruamel.yaml import YAML

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from mail_ros.nodes.parameters import FleetParameters, LocalizerParameters, RecorderParameters
from mail_ros.nodes.replay import ReplayOptions, replay

LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))
PARAMETER_FILES = sorted((ROOT / "config").glob("*.yaml"))
PARAMETERS = {
    name: {field.name for field in dataclasses.fields(kind)} | {"use_sim_time", "qos_overrides"}
    for name, kind in (
        ("mail_localizer", LocalizerParameters),
        ("mail_fleet", FleetParameters),
        ("mail_recorder", RecorderParameters),
    )
}
OF_LAUNCH = {"namespace", "params_file", "log_level"}  # arguments that are no parameter of a node


def calls(path: Path, function: str) -> list[ast.Call]:
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [call for call in found if isinstance(call.func, ast.Name) and call.func.id == function]


def keywords(call: ast.Call) -> dict[str, Any]:
    """Keyword arguments that are written out."""
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return {name: value.value for name, value in given.items() if isinstance(value, ast.Constant)}


def first_arguments(path: Path, function: str) -> list[str]:
    written = [call.args[0] for call in calls(path, function)]
    return [str(argument.value) for argument in written if isinstance(argument, ast.Constant)]


def declared(path: Path) -> list[str]:
    return first_arguments(path, "DeclareLaunchArgument")


def nodes(path: Path) -> set[str]:
    return {keywords(call)["executable"] for call in calls(path, "Node")}


def test_there_are_files_to_look_at() -> None:
    assert {path.name for path in LAUNCH_FILES} >= {
        "fleet.launch.py",
        "localize.launch.py",
        "mail.launch.py",
        "record.launch.py",
    }
    assert PARAMETER_FILES


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_node_that_is_launched_is_an_executable_of_the_package(path: Path) -> None:
    for call in calls(path, "Node"):
        given = keywords(call)
        assert given["package"] == "mail_ros"
        assert given["name"] == given["executable"], "parameter files name the node"
        assert os.access(ROOT / "scripts" / given["executable"], os.X_OK)


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_is_declared_once_with_a_default_and_a_description(path: Path) -> None:
    assert len(set(declared(path))) == len(declared(path)) > 0
    for call in calls(path, "DeclareLaunchArgument"):
        given = keywords(call)
        assert isinstance(given["default_value"], str)
        assert given["description"].endswith(".")


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_that_is_used_is_declared_and_every_one_declared_is_used(path: Path) -> None:
    """Names stand in the calls themselves, or in the strings that a loop goes over."""
    strings = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    assert set(first_arguments(path, "LaunchConfiguration")) <= set(declared(path))
    for name in declared(path):
        text = path.read_text()
        assert name in strings
        assert len(re.findall(rf"[\"']{name}[\"']", text)) > 1, f"{name} is declared only"


@pytest.mark.parametrize("path", [path for path in LAUNCH_FILES if nodes(path)], ids=lambda path: path.name)
def test_every_argument_is_a_parameter_of_the_node_or_of_launch_itself(path: Path) -> None:
    (node,) = nodes(path)
    assert set(declared(path)) - OF_LAUNCH <= PARAMETERS[node]


def test_the_front_door_hands_on_every_argument_of_the_files_that_it_includes() -> None:
    front = ROOT / "launch" / "mail.launch.py"
    text = front.read_text()
    included = [ROOT / "launch" / name for name in re.findall(r"/([a-z_]+\.launch\.py)\"", text)]
    assert len(included) == len(calls(front, "IncludeLaunchDescription")) == 2
    assert set(declared(front)) == {"record"}.union(*map(declared, included))


def sections(path: Path) -> dict[str, Any]:
    """What a parameter file sets, also where the example is commented out."""
    text = re.sub(r"^# ?(?=/\*\*|  )", "", path.read_text(), flags=re.MULTILINE)
    return YAML(typ="safe").load(text) or {}


@pytest.mark.parametrize("path", PARAMETER_FILES, ids=lambda path: path.name)
def test_every_parameter_in_a_file_is_one_of_the_node(path: Path) -> None:
    assert sections(path)
    for pattern, content in sections(path).items():
        node = pattern.removeprefix("/**/")
        assert set(content) == {"ros__parameters"}
        assert set(content["ros__parameters"]) <= PARAMETERS[node]


LAUNCH = """
import sys
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [argument.split(":=") for argument in sys.argv[2:]]
included = IncludeLaunchDescription(PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments)
service = LaunchService()
service.include_launch_description(LaunchDescription([included]))
sys.exit(service.run())
"""


@pytest.fixture
def prefix(ros_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package where `launch` looks for it, as an installation would put it there."""
    pytest.importorskip("launch_ros.actions", reason="needs launch and launch_ros: a ROS 2 installation has them")
    index = tmp_path / "prefix" / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    (index / "mail_ros").touch()
    (tmp_path / "prefix" / "lib").mkdir()
    (tmp_path / "prefix" / "lib" / "mail_ros").symlink_to(ROOT / "scripts")
    before = os.environ.get("AMENT_PREFIX_PATH", "")
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join(filter(None, [str(tmp_path / "prefix"), before])))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


def launch(folder: Path, file: str, *arguments: str) -> Process:
    command = [sys.executable, "-c", LAUNCH, str(ROOT / "launch" / file), *arguments]
    return Process(command, dict(os.environ), folder / "launch.log")


@pytest.mark.usefixtures("prefix")
def test_the_front_door_starts_and_stops_localizer_and_recorder(tmp_path: Path) -> None:
    model = tiny_model(tmp_path / "site.safetensors")
    started = launch(
        tmp_path,
        "mail.launch.py",
        *(f"model:={model}", "namespace:=robot", f"params_file:={ROOT / 'config' / 'mail.yaml'}"),
        *("record:=true", f"out:={tmp_path / 'bags'}", "topics:=imu/mag,landmark", "prefix:=12"),
    )
    try:
        started.wait_for("on /robot/mail_localizer/pose from /robot/imu/mag")
        started.wait_for("recording /robot/imu/mag, /robot/landmark into")
        walk = synthetic_walk(3.0).write(tmp_path / "walk")
        replay(walk, ReplayOptions(rate=0.0, namespace="robot", subscriptions=3))
    finally:
        code = started.stop(signal.SIGINT)
    assert code == 0, started.output
    assert started.output.count("process has finished cleanly") == 2
    (bag,) = (tmp_path / "bags").glob("12_*")
    assert (bag / "metadata.yaml").exists()
    assert "recorded /robot/imu/mag 300, /robot/landmark 3" in started.output


@pytest.mark.usefixtures("prefix")
def test_nothing_is_recorded_unless_asked_for_and_a_wrong_model_ends_it_all(tmp_path: Path) -> None:
    started = launch(tmp_path, "mail.launch.py", "model:=/nowhere.safetensors", "use_sim_time:=true")
    started.exit_code()
    assert "mail_localizer: /nowhere.safetensors: wanted a model file, found nothing" in started.output
    assert "exit code 1" in started.output
    assert "mail_recorder" not in started.output
    assert "Traceback" not in started.output
