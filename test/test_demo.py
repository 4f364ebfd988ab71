"""The demo does the package's job for real: a robot process here, the localizer node there, DDS between."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mail_ros.core.errors import MailError
from mail_ros.data.simulator.demo import CALM, demo_building, demo_hall, drive_hall
from mail_ros.data.simulator.drive import drive
from mail_ros.evaluation.drive_animation import PERIOD_S, animate_drive
from mail_ros.evaluation.drive_picture import DrivePoses, draw_drive

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")
pytestmark = pytest.mark.real_time

SHIPPED_LIMIT_BYTES = 1_000_000
PNG = b"\x89PNG\r\n\x1a\n"


def test_a_simulated_robot_is_localized_over_dds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shipped model, the real node in its own process, poses within the accuracy that the table claims."""
    from mail_ros.cli.demo import demo

    demo(out=tmp_path / "pictures" / "demo.png", length_m=15.0, seed=6)
    printed = capsys.readouterr().out.splitlines()
    poses, mean_m, median_m, p90_m, max_m, over_5m, localized = row_of("all", printed)
    latency_ms, latency_p99_ms = (float(number) for number in re.findall(r"([\d.]+) ms", printed[-2]))
    assert poses > 30
    assert median_m < 0.5
    assert median_m <= p90_m <= max_m
    assert mean_m < 3.0
    assert over_5m < 20.0
    assert localized > 20.0
    assert 0.0 < latency_ms <= latency_p99_ms
    assert printed[-1] == f"picture: {tmp_path / 'pictures' / 'demo.png'}"
    assert (tmp_path / "pictures" / "demo.png").read_bytes().startswith(PNG)


def test_a_robot_that_drives_freely_is_localized_on_a_map_of_another_ones_survey(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Survey, training and drive; the node knows the mount of the sensor, by its robot file, and nothing else."""
    from mail_ros.cli.demo import demo

    demo(out=tmp_path / "robot.png", length_m=1.0, seed=1, wheels=True)
    printed = capsys.readouterr().out.splitlines()
    poses, mean_m, median_m, p90_m, max_m, *_ = row_of("LOCALIZED", printed)
    assert poses > 30
    assert median_m <= p90_m <= max_m < 1.5
    assert mean_m < 0.5
    assert printed[-1] == f"picture: {tmp_path / 'robot.png'}"
    assert (tmp_path / "robot.png").read_bytes().startswith(PNG)


def row_of(name: str, printed: list[str]) -> list[float]:
    """The numbers of a row of the table."""
    row = next(line for line in printed if line.lstrip().startswith(name))
    return [float(number) for number in re.findall(r"[\d.]+", row.replace(",", ""))]


def test_the_reason_why_the_node_ended_is_reported(tmp_path: Path) -> None:
    from mail_ros.cli.demo import demo

    with pytest.raises(
        MailError, match=r"the localizer node: .*nothing\.safetensors: wanted a model file, found nothing"
    ):
        demo(model=tmp_path / "nothing.safetensors", out=tmp_path / "demo.png")
    assert not (tmp_path / "demo.png").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_too(number: signal.Signals, tmp_path: Path) -> None:
    heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # not in a background job
    script = f"{heed}; from pathlib import Path; from mail_ros.cli.demo import demo; demo(out=Path('demo.png'))"
    robot = subprocess.Popen([sys.executable, "-c", script], cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        node = _child(robot.pid)
        robot.send_signal(number)
        assert robot.wait(30) != 0
        assert not Path(f"/proc/{node}").exists()
    finally:
        robot.kill()


@pytest.mark.parametrize("wheels", [False, True])
def test_a_picture_needs_one_estimate(tmp_path: Path, wheels: bool) -> None:
    building = demo_hall() if wheels else demo_building()
    building.floors[0].field_ut = lambda position_m: np.ones_like(position_m)  # type: ignore[method-assign]
    walk = drive_hall(building, 1.0, 0) if wheels else drive(building, CALM, length_m=5.0)
    last, trusted, survey_m = np.array([len(walk.stamp_ns) - 1]), np.array([wheels]), [walk.position_m] * wheels
    poses = DrivePoses(building, walk, last, np.array([[100.0, -100.0]]), trusted, survey_m)
    draw_drive(tmp_path / "one.png", poses)
    assert (tmp_path / "one.png").read_bytes().startswith(PNG)
    animate_drive(tmp_path / "new" / "one.webp", poses)
    with Image.open(tmp_path / "new" / "one.webp") as animation:
        assert animation.n_frames == 2 + (walk.duration_s - 1e-6) // PERIOD_S


def test_an_animation_is_a_webp(tmp_path: Path) -> None:
    from mail_ros.cli.demo import demo

    with pytest.raises(MailError, match=r"one\.gif: wanted a \.webp file, found \.gif"):
        demo(out=tmp_path / "demo.png", animation=tmp_path / "one.gif")


def test_the_shipped_model_is_small() -> None:
    from mail_ros.cli.demo import shipped_model

    assert shipped_model().stat().st_size < SHIPPED_LIMIT_BYTES


def _child(pid: int) -> int:
    """The first child process of a process, at the moment it has one."""
    deadline_s = time.monotonic() + 30.0
    while time.monotonic() < deadline_s:
        children = Path(f"/proc/{pid}/task/{pid}/children")
        if children.exists() and (found := children.read_text().split()):
            return int(found[0])
    raise AssertionError(f"process {pid} of {os.getpid()} started none")
