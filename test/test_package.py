"""What pip, colcon and rosdep read agrees with what the code needs."""

from __future__ import annotations

import ast
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import setuptools  # type: ignore[import-untyped]
from catkin_pkg.package import Package, parse_package  # type: ignore[import-untyped]

import mail_ros

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = {"rcl_interfaces"}  # comes with rclpy, as the types of its own parameters
PYTHON_KEYS = {
    "catkin_pkg": "python3-catkin-pkg-modules",
    "pillow": "python3-pil",
    "torch": "python3-torch",
}
NO_KEY = {
    "safetensors",
    "rosbags",
    "mcap",
    "lz4",
    "zstandard",
    "dtaidistance",
    "magpylib",
    "plotly",
    "pyulog",
    "rerun-sdk",
    "vqf",
}  # docs/install.md has the commands to install them
GATE_ONLY = {"filterpy", "mypy", "ruff"}  # for `make test`, not for `colcon test`


@pytest.fixture(scope="module")
def package() -> Package:
    return parse_package(str(ROOT / "package.xml"))


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py passes to setuptools."""
    return run_setup(ROOT, monkeypatch)


def run_setup(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    monkeypatch.chdir(folder)
    monkeypatch.setattr(setuptools, "setup", lambda **given: arguments.update(given))
    runpy.run_path("setup.py")
    return arguments


def requirement_names(requirements: list[str]) -> set[str]:
    return {requirement.partition(">=")[0] for requirement in requirements}


def ros_imports(*folders: str) -> set[str]:
    """ROS packages that the files of some folders import."""
    found: set[str] = set()
    for folder in folders:
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(), str(path))):
                modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom):
                    modules = [str(node.module)]
                found |= {module.partition(".")[0] for module in modules}
    messages = {name for name in found if name.endswith(("_msgs", "_srvs", "_interfaces"))}
    return messages | (found & {"rclpy", "launch", "launch_ros", "ament_index_python", "tf2_ros"})


def test_package_xml_and_setup_py_agree(package: Package, setup_arguments: dict[str, Any]) -> None:
    assert package.name == setup_arguments["name"] == "mail_ros"
    assert package.version == setup_arguments["version"] == mail_ros.__version__
    assert package.licenses[0] == setup_arguments["license"]
    assert package.get_build_type() == "ament_python"


def test_every_ros_package_that_is_imported_is_declared(package: Package) -> None:
    declared = {depend.name for depend in package.exec_depends}
    assert ros_imports("mail_ros", "launch") - BUNDLED <= declared


def test_every_python_package_that_is_required_has_a_rosdep_key_or_is_in_the_docs(
    package: Package, setup_arguments: dict[str, Any]
) -> None:
    def keys(requirements: list[str]) -> set[str]:
        names = requirement_names(requirements) - NO_KEY - GATE_ONLY
        return {PYTHON_KEYS.get(name, f"python3-{name}") for name in names}

    run = {depend.name for depend in package.exec_depends}
    test = {depend.name for depend in package.test_depends}
    assert keys(setup_arguments["install_requires"]) <= run
    assert keys(setup_arguments["extras_require"]["test"]) <= test
    page = (ROOT / "docs" / "install.md").read_text()
    assert all(name in page for name in NO_KEY)


def test_a_robot_that_only_localizes_installs_no_tools(package: Package, setup_arguments: dict[str, Any]) -> None:
    assert requirement_names(setup_arguments["install_requires"]) == {"numpy", "safetensors"}
    assert requirement_names(setup_arguments["extras_require"]["view"]) == {"pillow", "rerun-sdk", "ruamel.yaml"}
    python_keys = {depend.name for depend in package.exec_depends if depend.name.startswith("python3-")}
    assert python_keys == {"python3-numpy"}


def test_every_file_that_is_shipped_exists(setup_arguments: dict[str, Any]) -> None:
    shipped = dict(setup_arguments["data_files"])
    assert shipped["share/ament_index/resource_index/packages"] == ["resource/mail_ros"]
    assert shipped["share/mail_ros"] == ["package.xml"]
    for files in shipped.values():
        assert all((ROOT / file).is_file() for file in files)
    for place, folder in (
        ("share/mail_ros/launch", "launch"),
        ("share/mail_ros/config", "config"),
        ("lib/mail_ros", "scripts"),
    ):
        there = {str(path.relative_to(ROOT)) for path in (ROOT / folder).iterdir() if path.is_file()}
        assert set(shipped[place]) == there
    assert all((ROOT / file).stat().st_mode & 0o111 for file in shipped["lib/mail_ros"])


def test_every_subpackage_is_installed(setup_arguments: dict[str, Any]) -> None:
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "mail_ros").rglob("*.py")}
    assert set(setup_arguments["packages"]) == {".".join(folder.parts) for folder in folders}


def test_setup_py_runs_where_colcon_links_only_what_is_installed(
    setup_arguments: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `colcon build --symlink-install` does: no README, no tests."""
    linked = [
        "mail_ros",
        "setup.py",
        "setup.cfg",
        *(file for _, files in setup_arguments["data_files"] for file in files),
    ]
    for name in linked:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(ROOT / name)
    assert run_setup(tmp_path, monkeypatch)["data_files"] == setup_arguments["data_files"]


def test_the_verb_is_where_setup_py_puts_it(setup_arguments: dict[str, Any]) -> None:
    (script,) = setup_arguments["entry_points"]["console_scripts"]
    name, _, target = script.partition(" = ")
    module, _, function = target.partition(":")
    __import__(module)
    assert name == "mail_ros"
    assert callable(getattr(sys.modules[module], function))
