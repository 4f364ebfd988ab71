"""Launch files at work: they start the requested nodes, forward arguments, and end cleanly by Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import synthetic_walk, tiny_model
from ros import ROOT, Graph, Process

pytest.importorskip("launch_ros.actions", reason="needs launch and launch_ros: a ROS 2 installation has them")

from geometry_msgs.msg import PoseStamped, PoseWithCovarianceStamped
from launch.launch_description_sources import get_launch_description_from_python_launch_file
from rcl_interfaces.srv import GetParameters

from mail_ros.nodes.replay import ReplayOptions, replay

LAUNCH = """
import os, sys
os.setsid()  # a process group, as a shell gives to what is started from it
from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
arguments = [argument.split(":=") for argument in sys.argv[2:]]
included = IncludeLaunchDescription(PythonLaunchDescriptionSource(sys.argv[1]), launch_arguments=arguments)
service = LaunchService()
service.include_launch_description(LaunchDescription([included]))
sys.exit(service.run())
"""
RVIZ = """#!/bin/sh
echo "rviz2 with $@"
trap 'exit 0' INT TERM
while :; do sleep 0.1; done
"""  # in place of the real one, which needs a screen


@pytest.fixture
def prefix(ros_domain: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The packages where `launch` looks for them, as an installation would put them there."""
    index = tmp_path / "prefix" / "share" / "ament_index" / "resource_index" / "packages"
    index.mkdir(parents=True)
    for name in ("mail_ros", "rviz2"):
        (index / name).touch()
    rviz = tmp_path / "prefix" / "lib" / "rviz2" / "rviz2"
    rviz.parent.mkdir(parents=True)
    rviz.write_text(RVIZ)
    rviz.chmod(0o755)
    (tmp_path / "prefix" / "lib" / "mail_ros").symlink_to(ROOT / "scripts")
    before = os.environ.get("AMENT_PREFIX_PATH", "")
    monkeypatch.setenv("AMENT_PREFIX_PATH", os.pathsep.join(filter(None, [str(tmp_path / "prefix"), before])))
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


@pytest.fixture
def launch(prefix: None, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Launches a file with NAME:=VALUE arguments; whatever happens in the test, its nodes end with it."""
    started: list[Process] = []

    def start(file: str, *arguments: str) -> Process:
        command = [sys.executable, "-c", LAUNCH, str(ROOT / "launch" / file), *arguments]
        started.append(Process(command, dict(os.environ), tmp_path / "launch.log"))
        return started[-1]

    yield start
    for process in started:
        if process.popen.poll() is None:
            ctrl_c(process)


def ctrl_c(started: Process) -> int:
    """What a terminal sends to all processes in the foreground; `launch` relies on that. The exit code."""
    os.killpg(started.popen.pid, signal.SIGINT)
    return started.exit_code()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return tiny_model(tmp_path / "site.safetensors")


def parameter(graph: Graph, node: str, name: str) -> object:
    """What a running node's parameter is, as one that is a truth value or a text."""
    (value,) = graph.call(GetParameters, f"{node}/get_parameters", GetParameters.Request(names=[name])).values
    return value.string_value or value.bool_value


def test_the_front_door_starts_and_stops_localizer_recorder_and_rviz(
    launch: Callable[..., Process], model: Path, tmp_path: Path
) -> None:
    started = launch(
        "mail.launch.py",
        *(f"model:={model}", "namespace:=robot", f"params_file:={ROOT / 'config' / 'mail.yaml'}"),
        *("record:=true", f"out:={tmp_path / 'bags'}", "topics:=imu/mag, landmark", "prefix:=12"),
        *("rviz:=true", "fixed_frame:=map_floor_1"),
    )
    started.wait_for("on /robot/mail_localizer/pose_with_covariance from /robot/imu/mag")
    started.wait_for("recording /robot/imu/mag, /robot/landmark into")
    view = ROOT / "launch" / ".." / "config" / "mail.rviz"
    started.wait_for(f"rviz2 with --display-config {view} --fixed-frame map_floor_1 --ros-args")
    assert "-r __ns:=/robot" in started.output.partition("rviz2 with ")[2].partition("\n")[0]
    walk = synthetic_walk(3.0).write(tmp_path / "walk")
    replay(walk, ReplayOptions(rate=0.0, namespace="robot", subscriptions=3))
    assert ctrl_c(started) == 0, started.output
    assert started.output.count("process has finished cleanly") == 3
    (bag,) = (tmp_path / "bags").glob("12_*")
    assert (bag / "metadata.yaml").exists()
    assert "recorded /robot/imu/mag 300, /robot/landmark 3" in started.output


def test_nothing_is_recorded_unless_asked_for_and_a_wrong_model_ends_it_all(launch: Callable[..., Process]) -> None:
    started = launch("mail.launch.py", "model:=/nowhere.safetensors", "use_sim_time:=true")
    assert started.exit_code() == 0, "docs/ros.md says so: launch has no error of its own"
    assert "mail_localizer: /nowhere.safetensors: wanted a model file, found nothing" in started.output
    assert "exit code 1" in started.output
    assert "mail_recorder" not in started.output
    assert "rviz2" not in started.output
    assert "Traceback" not in started.output


@pytest.mark.parametrize(
    ("file", "argument", "line"),
    [
        (
            "localize",
            "params_file:=~/nowhere.yaml",
            "argument params_file: wanted a YAML file with parameters, found no",
        ),
        ("localize", "autostart:=maybe", "argument autostart: wanted true or false, found 'maybe'"),
        ("localize", "use_sim_time:=maybe", "argument use_sim_time: wanted true or false, found 'maybe'"),
        ("localize", "tracker:=magic", "parameter tracker: wanted "),
        ("localize", "robot_file:=/nowhere.json", "/nowhere.json: wanted "),
        (
            "localize",
            "namespace:=1 2",
            "[launch]: Caught exception in launch (see debug for traceback): Invalid namespace",
        ),
        ("localize", "log_level:=loud", "mail_localizer: ROS arguments: wanted valid ones, found "),
        ("record", "topics:=imu/mag,,odom", "argument topics: wanted names with commas between"),
        ("record", "topics:=1mag", "parameter topics: wanted "),
        ("record", "out:=/proc/nowhere", "/proc/nowhere"),
        ("record", "prefix:=a/b", "parameter prefix: wanted a name without /, found a/b"),
        ("record", "site_file:=/nowhere.yaml", "/nowhere.yaml: wanted "),
        ("record", "platform:=cat", "platform: wanted "),
        ("record", "split_s:=-1", "parameter split_s: wanted "),
        ("record", "split_size_mb:=much", "argument split_size_mb: wanted a number, found 'much'"),
        ("record", "compression:=lzma", "parameter compression: wanted "),
        ("record", "min_free_space_mb:=1.5", "argument min_free_space_mb: wanted a whole number, found '1.5'"),
        ("mail", "record:=maybe", "argument record: wanted true or false, found 'maybe'"),
        ("mail", "rviz:=maybe", "argument rviz: wanted true or false, found 'maybe'"),
        ("mail", "view:=maybe", "argument view: wanted true or false, found 'maybe'"),
        ("mail", "split_s:=long", "argument split_s: wanted a number, found 'long'"),
        ("fleet", "max_robots:=0", "parameter max_robots: wanted "),
        ("demo", "seed:=x", "argument seed: wanted a whole number, found 'x'"),
        ("view", "site_file:=/nowhere.yaml", "/nowhere.yaml: wanted "),
    ],
)
def test_a_wrong_argument_ends_the_launch_with_one_line(
    launch: Callable[..., Process], model: Path, tmp_path: Path, file: str, argument: str, line: str
) -> None:
    if file == "view":
        pytest.importorskip("rerun", reason="needs rerun-sdk: pip install 'mail_ros[view]'")
    given = {"record": f"out:={tmp_path / 'bags'}", "view": "log_level:=info"}.get(file, f"model:={model}")
    started = launch(f"{file}.launch.py", given, argument)
    code = started.exit_code()
    lines = [text for text in started.output.splitlines() if line in text]
    assert len(lines) == 1, started.output
    assert "Traceback" not in started.output
    assert code == (1 if "[ERROR] [launch]" in lines[0] else 0), "a node's own error is none of launch"
    with pytest.raises(ProcessLookupError):
        os.killpg(started.popen.pid, 0)


def test_a_parameter_file_is_found_in_the_home_folder(
    launch: Callable[..., Process], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "robot.yaml").write_text(f"/**/mail_localizer:\n  ros__parameters:\n    model: ~/{model.name}\n")
    started = launch("localize.launch.py", "params_file:=~/robot.yaml", "namespace:=robot")
    started.wait_for("on /robot/mail_localizer/pose_with_covariance")
    assert ctrl_c(started) == 0, started.output


def test_without_a_screen_the_view_ends_and_the_localizer_goes_on(
    launch: Callable[..., Process], model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("rerun", reason="needs rerun-sdk: pip install 'mail_ros[view]'")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    started = launch("mail.launch.py", f"model:={model}", "view:=true")
    started.wait_for("mail_view: the viewer's window: wanted it to open, found ")
    started.wait_for("on /mail_localizer/pose_with_covariance")
    started.wait_for("[mail_view-1]: process has died")
    assert ctrl_c(started) == 0, started.output


@pytest.mark.parametrize("name", ["fleet", "localize", "mail", "record"])
def test_nothing_of_an_included_file_reaches_the_one_that_includes_it(prefix: None, name: str, tmp_path: Path) -> None:
    """Such as an empty `autostart`, which Nav2's launch files would then have instead of their default."""
    script = LAUNCH.replace("included])", "included, after])").replace(
        "service = LaunchService()",
        "after = OpaqueFunction(function=lambda context: print('left:', sorted(context.launch_configurations)))\n"
        "service = LaunchService()",
    )
    script = script.replace("IncludeLaunchDescription\n", "IncludeLaunchDescription, OpaqueFunction\n", 1)
    path = str(ROOT / "launch" / f"{name}.launch.py")
    started = Process(
        [sys.executable, "-c", script, path, "out:=/proc/nowhere"], dict(os.environ), tmp_path / "launch.log"
    )
    assert started.exit_code() == 0  # a node without a model, or with nowhere to write, ends
    assert "left: ['out']" in started.output


def test_where_rviz_is_not_installed_nothing_is_left_behind(
    launch: Callable[..., Process], model: Path, tmp_path: Path
) -> None:
    (tmp_path / "prefix" / "share" / "ament_index" / "resource_index" / "packages" / "rviz2").unlink()
    started = launch("demo.launch.py", f"model:={model}", "rviz:=true", "record:=true")
    assert started.exit_code() == 1
    assert "package 'rviz2' not found" in started.output
    with pytest.raises(ProcessLookupError):
        os.killpg(started.popen.pid, 0)


def test_an_argument_wins_over_the_parameter_file_and_the_file_over_the_default(
    launch: Callable[..., Process], graph: Graph, model: Path, tmp_path: Path
) -> None:
    params = tmp_path / "params.yaml"
    lines = ["model: /nowhere.safetensors", "global_frame_id: cellar", "use_sim_time: false", "autostart: false"]
    params.write_text("\n    ".join(["/**/mail_localizer:\n  ros__parameters:", *lines]))
    started = launch("localize.launch.py", f"model:={model}", f"params_file:={params}", "use_sim_time:=true")
    node = "/mail_localizer"
    assert parameter(graph, node, "model") == str(model)
    assert parameter(graph, node, "use_sim_time") is True
    assert parameter(graph, node, "global_frame_id") == "cellar"
    assert parameter(graph, node, "autostart") is False
    assert parameter(graph, node, "tracker") == "auto"
    assert ctrl_c(started) == 0, started.output


def test_the_robot_of_the_demo_is_localized_in_its_namespace(
    launch: Callable[..., Process], graph: Graph, model: Path
) -> None:
    started = launch("demo.launch.py", f"model:={model}", "tracker:=none", "namespace:=robot", "seed:=1")
    truth = graph.listen(PoseStamped, "/robot/ground_truth/pose")
    poses = graph.listen(PoseWithCovarianceStamped, "/robot/mail_localizer/pose_with_covariance")
    started.wait_for("driving on /robot/imu/mag")
    started.wait_for("on /robot/mail_localizer/pose_with_covariance from /robot/imu/mag")
    graph.wait(lambda: bool(poses and truth))
    assert poses[-1].header.frame_id == truth[-1].header.frame_id == "map"
    assert ctrl_c(started) == 0, started.output
    assert started.output.count("process has finished cleanly") == 2


TWO_ROBOTS = """
import os, sys
os.setsid()
from launch import LaunchDescription, LaunchService
from launch.actions import GroupAction, IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch_ros.actions import SetRemap
demo, folder = sys.argv[1:]
service = LaunchService()
robots = [
    GroupAction([
        SetRemap("/tf", "tf"),
        SetRemap("/tf_static", "tf_static"),
        IncludeLaunchDescription(
            PythonLaunchDescriptionSource(demo),
            launch_arguments={
                "namespace": name, "seed": seed, "record": "true", "out": f"{folder}/{name}",
                "params_file": f"{folder}/params.yaml", "topics": "imu/mag, odom, /tf",
            }.items(),
        ),
    ])
    for name, seed in (("robot1", "1"), ("robot2", "2"))
]
service.include_launch_description(LaunchDescription(robots))
sys.exit(service.run())
"""


def test_two_robots_in_namespaces_have_two_trees(prefix: None, graph: Graph, tmp_path: Path) -> None:
    """Both send map -> odom and record, by the remapping of docs/ros.md; neither receives anything from the other."""
    pytest.importorskip("tf2_ros", reason="needs tf2_ros: a ROS 2 installation has it")
    (tmp_path / "params.yaml").write_text("/**/mail_localizer:\n  ros__parameters:\n    tf_broadcast: true\n")
    command = [sys.executable, "-c", TWO_ROBOTS, str(ROOT / "launch" / "demo.launch.py"), str(tmp_path)]
    started = Process(command, dict(os.environ), tmp_path / "launch.log")
    try:
        for name in ("robot1", "robot2"):
            started.wait_for(f"/{name}/tf: tf2_msgs/msg/TFMessage")
        started.wait_for("FILLING -> LOCALIZED")
        graph.wait(lambda: graph.node.count_publishers("/robot2/tf") == 1)
        assert graph.node.count_publishers("/tf") == 0
    finally:
        code = ctrl_c(started)
    assert code == 0, started.output
    for name in ("robot1", "robot2"):
        (bag,) = (tmp_path / name).iterdir()
        assert (bag / "metadata.yaml").exists()
        (line,) = [line for line in started.output.splitlines() if f"recorded /{name}/imu/mag" in line]
        assert f"/{name}/tf" in line
        assert line.count("/robot") == line.count(f"/{name}/")


def test_a_fleet_is_launched_and_ends(launch: Callable[..., Process], model: Path) -> None:
    started = launch("fleet.launch.py", f"model:={model}", "max_robots:=3")
    started.wait_for("room for 3 robots")
    assert ctrl_c(started) == 0, started.output


@pytest.mark.parametrize("name", ["demo", "fleet", "localize", "mail", "record", "rviz", "view"])
def test_arguments_can_be_asked_for_without_starting_anything(name: str) -> None:
    """As `ros2 launch --show-args` does: those of included files too."""
    description = get_launch_description_from_python_launch_file(str(ROOT / "launch" / f"{name}.launch.py"))
    names = [argument.name for argument in description.get_launch_arguments()]
    assert {"use_sim_time", "log_level"} <= set(names)
