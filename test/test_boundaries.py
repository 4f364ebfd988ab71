"""Who may import what: cli → evaluation → training → data → core; nodes → view, data, core; view → data, core."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mail_ros

PACKAGE = Path(mail_ros.__file__).parent
MESSAGES = {
    *("builtin_interfaces", "diagnostic_msgs", "geometry_msgs", "nav_msgs", "rcl_interfaces"),
    *("rosgraph_msgs", "sensor_msgs", "std_msgs", "std_srvs"),
}
ROS = MESSAGES | {"rclpy", "ament_index_python"}

# Layer: layers of this package that it may import, and other people's packages that it may import.
LAYERS: dict[str, tuple[set[str], set[str]]] = {
    "core": ({"core"}, {"numpy", "safetensors"}),
    "data": ({"core", "data"}, {"numpy", "lz4", "mcap", "rosbags", "ruamel", "zstandard"}),
    "training": ({"core", "data", "training"}, {"numpy", "scipy", "torch", "safetensors"}),
    "evaluation": (
        {"core", "data", "training", "evaluation"},
        {"numpy", "torch", "matplotlib", "plotly", "dtaidistance"},
    ),
    "view": ({"core", "data", "view"}, {"numpy"}),
    "nodes": ({"core", "data", "view", "nodes"}, {"numpy"} | ROS),
    "cli": (
        {"core", "data", "training", "evaluation", "view", "nodes", "cli"},
        {"numpy", "torch", "typer", "rich", "click"},
    ),
}

ONLY_IN = {  # packages of a single module
    "data/floor_plan.py": {"PIL"},
    "data/importers/estimated_attitude.py": {"vqf"},
    "data/importers/phone_imu.py": {"scipy"},
    "data/importers/ulog.py": {"pyulog"},
    "data/plan_image.py": {"PIL"},
    "data/simulator/bodies.py": {"magpylib"},
    "evaluation/drive_animation.py": {"PIL"},
    "nodes/launching.py": {"launch", "launch_ros"},
    "nodes/outputs.py": {"tf2_ros"},
    "view/rerun_canvas.py": {"rerun", "rerun_cli"},
}


def imports(path: Path) -> Iterator[str]:
    """Absolute names of all modules that a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it points"
            yield f"{node.module}.{node.names[0].name}" if node.module == "mail_ros" else str(node.module)


def modules_after(code: str) -> set[str]:
    """Names of the modules that are loaded in a new interpreter once it ran `code`."""
    script = f"import sys\n{code}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.rpartition("\n\n")[2].split())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_imports_only_what_lies_below_it(layer: str) -> None:
    own, others = LAYERS[layer]
    allowed = others | set(sys.stdlib_module_names) | {"mail_ros"}
    files = sorted((PACKAGE / layer).rglob("*.py"))
    assert files
    for path in files:
        for name in imports(path):
            top, _, rest = name.partition(".")
            assert top in allowed | ONLY_IN.get(str(path.relative_to(PACKAGE)), set()), (
                f"{path.relative_to(PACKAGE)} imports {name}"
            )
            inner = rest.partition(".")[0]
            if top == "mail_ros" and inner not in ("", "__version__"):
                assert inner in own, f"{path.relative_to(PACKAGE)} imports {name}"


def test_every_module_lies_in_a_layer() -> None:
    assert {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))} == set(LAYERS)
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.slow
def test_the_package_does_not_import_the_benchmarks() -> None:
    """They are run from a checkout, and are not installed."""
    for path in sorted(PACKAGE.rglob("*.py")):
        assert not [name for name in imports(path) if name.partition(".")[0] == "benchmarks"], path


@pytest.mark.process
def test_importing_the_package_loads_nothing_else() -> None:
    """So that it takes no time: it takes none of its own."""
    assert modules_after("import mail_ros") - modules_after("") == {"mail_ros"}


@pytest.mark.process
def test_the_core_needs_neither_torch_nor_ros_nor_bags_nor_pictures() -> None:
    paths = (path.relative_to(PACKAGE.parent).with_suffix("") for path in (PACKAGE / "core").rglob("[a-z]*.py"))
    names = [".".join(path.parts) for path in paths]
    loaded = modules_after(f"import {', '.join(names)}")
    assert "numpy" in loaded
    assert not loaded & (ROS | {"torch", "rosbags", "mcap", "ruamel", "matplotlib", "plotly", "typer", "rich"})


@pytest.mark.process
def test_nodes_that_neither_record_nor_replay_need_no_bags() -> None:
    pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")
    names = [f"mail_ros.nodes.{name}" for name in ("localizer_node", "fleet_node", "demo_laps")]
    loaded = modules_after(f"import {', '.join(names)}")
    assert "rclpy" in loaded
    assert not loaded & {"torch", "rosbags", "mcap", "ruamel", "matplotlib", "rerun", "typer", "rich"}


@pytest.mark.slow
@pytest.mark.process
def test_the_view_of_topics_needs_no_tools() -> None:
    for name in ("rclpy", "rerun"):
        pytest.importorskip(name, reason="needs rclpy, and rerun-sdk: pip install 'mail_ros[view]'")
    loaded = modules_after("import mail_ros.nodes.view_node\nprint('\\n')")
    assert "rerun" in loaded
    assert not loaded & {"torch", "rosbags", "mcap", "matplotlib", "plotly", "typer", "rich"}


@pytest.mark.process
def test_help_does_not_wait_for_torch() -> None:
    loaded = modules_after("from mail_ros.cli.main import app\napp(['--help'], standalone_mode=False)\nprint('\\n')")
    assert "mail_ros.cli.train" in loaded
    assert not loaded & {"torch", "rclpy", "rosbags", "mcap", "matplotlib", "rerun"}
