"""What pip, colcon and rosdep read agrees with what the code needs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from catkin_pkg.package import Package, parse_package  # type: ignore[import-untyped]
from packaging.requirements import Requirement
from setup_call import requirement_names, setup_call

import mail_ros
from mail_ros.nodes.spin import EXTRAS, PACKAGES, missing

ROOT = Path(__file__).resolve().parent.parent
BUNDLED = {"rcl_interfaces"}  # comes with rclpy, as the types of its own parameters
PYTHON_KEYS = {
    "catkin_pkg": "python3-catkin-pkg-modules",
    "pillow": "python3-pil",
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
    "torch",
    "typer",
    "vqf",
}  # or the key has too old a version; docs/install.md has the commands to install them
NUMPY_OF_ROS = "1.26.4"  # as Ubuntu 24.04 has it, for which Jazzy and Kilted are built
GATE_ONLY = {"filterpy", "mypy", "ruff"}  # for `make test`, not for `colcon test`


@pytest.fixture(scope="module")
def package() -> Package:
    return parse_package(str(ROOT / "package.xml"))


@pytest.fixture
def setup_arguments(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py passes to setuptools."""
    return setup_call(ROOT, monkeypatch)


def pip_lines(page: str) -> list[list[str]]:
    """The packages of each line `pip install` for the Python that ROS runs on."""
    found = re.findall(r"^pip install ((?!--|\.|'\.)[^#\n]+)", page, re.MULTILINE)
    return [line.split() for line in found]


def numpy_wanted(package: str, seen: set[str]) -> Iterator[Requirement]:
    """What a package and those that it brings want of NumPy."""
    if package in seen:
        return
    seen.add(package)
    for requirement in map(Requirement, requires(package) or []):
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name == "numpy":
            yield requirement
        else:
            with suppress(PackageNotFoundError):  # one for other platforms
                yield from numpy_wanted(requirement.name, seen)


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


@pytest.mark.slow
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
        *(file for _, files in setup_arguments["data_files"] for file in files),
    ]
    for name in linked:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(ROOT / name)
    assert setup_call(tmp_path, monkeypatch)["data_files"] == setup_arguments["data_files"]


def test_the_verb_is_where_setup_py_puts_it(setup_arguments: dict[str, Any]) -> None:
    (script,) = setup_arguments["entry_points"]["console_scripts"]
    name, _, target = script.partition(" = ")
    module, _, function = target.partition(":")
    __import__(module)
    assert name == "mail_ros"
    assert callable(getattr(sys.modules[module], function))


def test_the_executable_of_the_verbs_comes_onto_the_path() -> None:
    """A setup.cfg with `install_scripts = $base/lib/mail_ros`, as usual in ROS, would hide it from the shell."""
    assert not (ROOT / "setup.cfg").exists()


def test_a_missing_module_names_its_package_and_the_smallest_extra(setup_arguments: dict[str, Any]) -> None:
    extras = {name: requirement_names(given) for name, given in setup_arguments["extras_require"].items()}
    distributions = packages_distributions()
    for extra, modules in EXTRAS.items():
        for module in modules:
            package = PACKAGES.get(module, module)
            assert package in extras[extra]
            assert package.replace("_", "-") in {name.lower().replace("_", "-") for name in distributions[module]}
    assert extras["record"] <= extras["tools"]
    expected = (
        "Python module ruamel: wanted it installed, found nothing; pip install ruamel.yaml, or all of the extra record"
    )
    assert str(missing(ModuleNotFoundError(name="ruamel.yaml"))).startswith(expected)
    assert "pip install torch, or all of the extra tools" in str(missing(ModuleNotFoundError(name="torch")))


WITHOUT = """
import sys
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Without())
"""  # an interpreter where some modules are not installed


def python_without(modules: set[str], code: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT.format(modules=modules) + code]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.process
def test_the_command_without_typer_is_one_line() -> None:
    done = python_without({"typer"}, "from mail_ros.cli.entry import main; main()")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith("mail_ros: Python module typer: wanted it installed, found nothing; pip install typer, or")


@pytest.mark.process
def test_the_recorder_needs_no_more_than_the_extra_record() -> None:
    pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")
    others = {"dtaidistance", "magpylib", "matplotlib", "PIL", "plotly", "rich", "scipy", "torch", "typer"}
    done = python_without(others, "import mail_ros.nodes.recorder_node")
    assert not done.returncode, done.stderr


def test_the_lines_of_the_page_bring_all_that_each_purpose_needs(setup_arguments: dict[str, Any]) -> None:
    extras = setup_arguments["extras_require"]
    record, tools = (requirement_names(extras[name]) for name in ("record", "tools"))
    lines = [set(line) for line in pip_lines((ROOT / "docs" / "install.md").read_text())]
    assert record in lines
    assert tools in lines


def test_a_line_that_replaces_the_numpy_of_ros_is_marked() -> None:
    page = (ROOT / "docs" / "install.md").read_text()
    for line in pip_lines(page):
        replacing = {
            name for name in line for wanted in numpy_wanted(name, set()) if NUMPY_OF_ROS not in wanted.specifier
        }
        assert all(f"`{name}` replaces NumPy" in page for name in replacing)
    assert any("rerun-sdk" in line for line in pip_lines(page)), "one that does, so that this test can fail"
