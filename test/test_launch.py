"""Launch files name only what is there. How they run is in test_launched.py, which needs `launch`."""

from __future__ import annotations

import ast
import os
import re
import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from ros import ROOT

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from declared import OF_EVERY_NODE, PARAMETERS

from mail_ros.core.errors import ConfigError

LAUNCH_FILES = sorted((ROOT / "launch").glob("*.launch.py"))
FRONT_DOOR = ROOT / "launch" / "mail.launch.py"
PARAMETERS_OF = {**PARAMETERS, "rviz2": OF_EVERY_NODE}
OF_LAUNCH = {"namespace", "params_file", "log_level", "fixed_frame"}  # arguments that are no parameter of a node


def calls(path: Path, function: str) -> list[ast.Call]:
    found = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [call for call in found if isinstance(call.func, ast.Name) and call.func.id == function]


def keywords(call: ast.Call) -> dict[str, Any]:
    """Keyword arguments that are written out."""
    given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    return {name: value.value for name, value in given.items() if isinstance(value, ast.Constant)}


def calls_in_order(path: Path) -> list[ast.Call]:
    """Of what is in the group, in the order in which launch visits it."""
    (group,) = calls(path, "scoped")
    assert isinstance(group.args[0], ast.List)
    return [entity for entity in group.args[0].elts if isinstance(entity, ast.Call)]


def first_arguments(path: Path, function: str) -> list[str]:
    written = [call.args[0] for call in calls(path, function)]
    return [str(argument.value) for argument in written if isinstance(argument, ast.Constant)]


def declared(path: Path) -> list[str]:
    return first_arguments(path, "DeclareLaunchArgument")


def nodes(path: Path) -> set[str]:
    """Executables of this package, and RViz."""
    own = [ast.literal_eval(call.args[1]) for call in calls(path, "package_node")]
    return {*own, *(keywords(call)["executable"] for call in calls(path, "Node"))}


def handed_on(path: Path) -> dict[str, set[str]]:
    """The launch files that the front door includes, and the arguments that it hands on to each."""
    there = constants(path)
    own = [{*elements(call.args[1], there), *keywords(call)} for call in calls(path, "include")]
    return {name: names | {*there["SHARED"]} for name, names in zip(first_arguments(path, "include"), own, strict=True)}


def elements(written: ast.expr, there: dict[str, Any]) -> list[str]:
    """Of a tuple of strings and of constants that are unpacked into it."""
    assert isinstance(written, ast.Tuple)
    names: list[str] = []
    for one in written.elts:
        names += there[ast.unparse(one.value)] if isinstance(one, ast.Starred) else [ast.literal_eval(one)]
    return names


def constants(path: Path) -> dict[str, Any]:
    """What is in a launch file once it was run, with something else in place of `launch`, which may not be there."""
    with patch.dict(sys.modules, in_place_of_launch(path, ROOT / "mail_ros" / "nodes" / "launching.py")):
        return runpy.run_path(str(path))


def in_place_of_launch(*paths: Path) -> dict[str, Any]:
    """Mocks of the modules of `launch` that files import."""
    statements = [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]
    imports = [node.module for node in statements if isinstance(node, ast.ImportFrom) and node.module]
    return {name: MagicMock() for name in imports if name.partition(".")[0] in ("launch", "launch_ros")}


class Arguments(dict[str, str]):
    """A launch context: the arguments."""


class Configuration:
    """In place of `LaunchConfiguration`."""

    def __init__(self, name: str) -> None:
        self.name = name

    def perform(self, context: Arguments) -> str:
        return context[self.name]


@pytest.fixture(scope="module")
def launching() -> Any:
    """The module that launch files share, without `launch`; a parameter's value stands for its ParameterValue."""
    others = in_place_of_launch(ROOT / "mail_ros" / "nodes" / "launching.py")
    others["launch.substitutions"].LaunchConfiguration = Configuration
    others["launch_ros.parameter_descriptions"].ParameterValue = lambda value, value_type: value
    with patch.dict(sys.modules, others):
        return SimpleNamespace(**runpy.run_module("mail_ros.nodes.launching"))


def given(launching: Any, executable: str, **arguments: str) -> Arguments:
    """All arguments of a node: these, and the others empty as by default."""
    names = [*launching.TYPES[executable], *launching.LISTS.get(executable, ()), "params_file"]
    return Arguments(dict.fromkeys(names, "") | {"use_sim_time": "false"} | arguments)


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_node_that_is_launched_is_an_executable_of_the_package_or_rviz(path: Path) -> None:
    for executable in nodes(path) - {"rviz2"}:
        assert os.access(ROOT / "scripts" / executable, os.X_OK)


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_is_declared_once_with_a_default_and_a_description(path: Path) -> None:
    assert len(set(declared(path))) == len(declared(path)) > 0
    for call in calls(path, "DeclareLaunchArgument"):
        assert {keyword.arg for keyword in call.keywords} == {"default_value", "description"}
        assert keywords(call)["description"].endswith(".")


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_that_is_used_is_declared_and_every_one_declared_is_used(path: Path, launching: Any) -> None:
    """Names stand in the calls themselves, in the strings that a loop goes over, or in what launch files share."""
    assert set(first_arguments(path, "LaunchConfiguration")) <= set(declared(path))
    shared = {"log_level"} if calls(path, "package_node") else set()
    for node in nodes(path):
        shared |= {*launching.TYPES[node], *launching.LISTS.get(node, ())}
        shared |= {"params_file"} if node in launching.WITH_FILE else set()
    for name in set(declared(path)) - shared:
        assert len(re.findall(rf"[\"']{name}[\"']", path.read_text())) > 1, f"{name} is declared only"


@pytest.mark.parametrize("path", [path for path in LAUNCH_FILES if nodes(path)], ids=lambda path: path.name)
def test_every_argument_sets_a_parameter_of_the_node_or_is_of_launch_itself(path: Path, launching: Any) -> None:
    (node,) = nodes(path)
    of_front_door = set(declared(FRONT_DOOR)) if "FRONT_DOOR" in path.read_text() else set()
    setting = {*launching.TYPES[node], *launching.LISTS.get(node, ())}
    assert setting <= PARAMETERS_OF[node]
    assert setting <= set(declared(path)) <= setting | OF_LAUNCH | of_front_door
    assert ("params_file" in declared(path)) == (node in launching.WITH_FILE)


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_arguments_are_unknown_to_a_launch_file_that_includes_this_one(path: Path) -> None:
    """All that declares or includes is in a group, which launch leaves with the arguments as they were."""
    (returned,) = calls(path, "scoped")
    inside = [ast.unparse(call) for call in ast.walk(returned) if isinstance(call, ast.Call)]
    assert len([text for text in inside if text.startswith("DeclareLaunchArgument(")]) == len(declared(path))
    assert not calls(path, "LaunchDescription")


def test_an_empty_argument_sets_nothing_and_simulated_time_is_set_only_where_it_is_true(launching: Any) -> None:
    for executable in launching.TYPES:
        assert launching.parameters(given(launching, executable), executable) == [{}]
    assert launching.parameters(given(launching, "mail_view", use_sim_time="True"), "mail_view") == [
        {"use_sim_time": True}
    ]


def test_arguments_have_the_type_of_their_parameter_and_lists_may_have_spaces(launching: Any) -> None:
    texts = {"topics": "imu/mag, odom ,/tf", "route": "12", "split_s": "600", "min_free_space_mb": "2"}
    (parameters,) = launching.parameters(given(launching, "mail_recorder", autostart="false", **texts), "mail_recorder")
    assert parameters == {
        "topics": ["imu/mag", "odom", "/tf"],
        "route": "12",
        "split_s": 600.0,
        "min_free_space_mb": 2,
        "autostart": False,
    }


@pytest.mark.parametrize("executable", ["mail_localizer", "mail_fleet", "mail_recorder", "mail_view", "rviz2"])
def test_an_argument_of_another_type_is_refused_by_its_name(launching: Any, executable: str) -> None:
    for name, kind in launching.TYPES[executable].items():
        if kind is not str:
            with pytest.raises(ConfigError, match=f"^argument {name}: wanted {launching.WANTED[kind]}, found 'much'; "):
                launching.check(given(launching, executable, **{name: "much"}), executable)


@pytest.mark.parametrize("text", [",", "imu/mag,,odom", "imu/mag, ", " "])
def test_a_list_with_nothing_between_two_commas_is_refused(launching: Any, text: str) -> None:
    with pytest.raises(ConfigError, match="argument topics: wanted names with commas between"):
        launching.check(given(launching, "mail_recorder", topics=text), "mail_recorder")


def test_a_missing_parameter_file_is_refused_and_a_tilde_is_the_home_folder(
    launching: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    arguments = given(launching, "mail_localizer", params_file="~/robot.yaml")
    with pytest.raises(ConfigError, match=f"argument params_file: .* found no file {tmp_path / 'robot.yaml'}; give"):
        launching.check(arguments, "mail_localizer")
    (tmp_path / "robot.yaml").write_text("/**:\n  ros__parameters: {}\n")
    assert launching.parameters(arguments, "mail_localizer") == [str(tmp_path / "robot.yaml"), {}]


def test_the_front_door_checks_every_argument_before_it_starts_a_node(launching: Any) -> None:
    """A node that started before an error would be left behind."""
    entities = [ast.unparse(call.func) for call in calls_in_order(FRONT_DOOR)]
    assert "include" not in entities[: entities.index("OpaqueFunction")]
    (checked,) = calls(FRONT_DOOR, "check")
    launched = {node for name in handed_on(FRONT_DOOR) for node in nodes(ROOT / "launch" / f"{name}.launch.py")}
    assert {ast.literal_eval(argument) for argument in checked.args[1:]} == launched


def test_the_front_door_hands_on_every_argument_of_the_files_that_it_includes() -> None:
    given = handed_on(FRONT_DOOR)
    assert set(given) == {"localize", "record", "rviz", "view"}
    for name, arguments in given.items():
        assert arguments == set(declared(ROOT / "launch" / f"{name}.launch.py"))
    assert set(declared(FRONT_DOOR)) == {"record", "rviz", "view"}.union(*given.values())


def test_the_demo_goes_through_the_front_door() -> None:
    """What it declares itself has another default, or is the robot's as well; the seed is the robot's alone."""
    demo = ROOT / "launch" / "demo.launch.py"
    there = constants(demo)
    assert there["FRONT_DOOR"] == str(FRONT_DOOR)
    assert Path(there["MODEL"]).is_file()
    assert set(declared(demo)) - set(declared(FRONT_DOOR)) == {"seed"}
