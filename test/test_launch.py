"""Launch files name only what is there. How they run is in test_launched.py, which needs `launch`."""

from __future__ import annotations

import ast
import os
import re
import runpy
import sys
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from ros import ROOT

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from declared import OF_EVERY_NODE, PARAMETERS

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


def first_arguments(path: Path, function: str) -> list[str]:
    written = [call.args[0] for call in calls(path, function)]
    return [str(argument.value) for argument in written if isinstance(argument, ast.Constant)]


def declared(path: Path) -> list[str]:
    return first_arguments(path, "DeclareLaunchArgument")


def nodes(path: Path) -> set[str]:
    return {keywords(call)["executable"] for call in calls(path, "Node")}


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
    imports = [node.module for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ImportFrom)]
    others = {name: MagicMock() for name in imports if name and name.startswith("launch")}
    with patch.dict(sys.modules, others):
        return runpy.run_path(str(path))


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_node_that_is_launched_is_an_executable_of_the_package_or_rviz(path: Path) -> None:
    for call in calls(path, "Node"):
        given = keywords(call)
        if given["package"] == "rviz2":
            assert given["executable"] == "rviz2"
            continue
        assert given["package"] == "mail_ros"
        assert given["name"] == given["executable"], "parameter files name the node"
        assert os.access(ROOT / "scripts" / given["executable"], os.X_OK)


@pytest.mark.parametrize("path", LAUNCH_FILES, ids=lambda path: path.name)
def test_every_argument_is_declared_once_with_a_default_and_a_description(path: Path) -> None:
    assert len(set(declared(path))) == len(declared(path)) > 0
    for call in calls(path, "DeclareLaunchArgument"):
        assert {keyword.arg for keyword in call.keywords} == {"default_value", "description"}
        assert keywords(call)["description"].endswith(".")


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
    of_front_door = set(declared(FRONT_DOOR)) if "FRONT_DOOR" in path.read_text() else set()
    assert set(declared(path)) - OF_LAUNCH <= PARAMETERS_OF[node] | of_front_door


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
