"""What `benchmarks recorder` measures: byte by byte, over DDS, with a recorder in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from benchmarks.recorder.runs import compared, record, record_and_kill
from benchmarks.recorder.traffic import Sent

pytestmark = pytest.mark.real_time


def test_a_recorder_at_work_is_compared_with_what_was_sent(tmp_path: Path) -> None:
    """No time is judged here, but that all of it was seen."""
    load = record(tmp_path / "load", "load", {"imu/mag": 50.0, "odom": 20.0}, 1.0)
    assert (load.sent, load.missing, load.altered) == (70, 0, 0)
    assert load.received == load.written == 70
    assert 0.0 < load.core < 1.0
    assert 20.0 < load.memory_mb < 500.0


def test_a_recorder_is_killed_and_its_bag_compared_after_the_repair(tmp_path: Path) -> None:
    kill = record_and_kill(tmp_path / "kill", {"split_s": 0.5}, 1.2)
    assert 0 < kill.kept <= kill.sent
    assert (kill.missing, kill.altered) == (0, 0)


def test_what_is_missing_or_altered_is_counted() -> None:
    one, two, late, wrong = b"one", b"two", b"late", b"wrong"
    sent = Sent({"/a": [one, two, late]}, {one: 1, two: 2, late: 9})
    assert compared(sent, {"/a": [one, two, late]}, 10) == (0, 0)
    assert compared(sent, {"/a": [one]}, 5) == (1, 0)
    assert compared(sent, {"/a": [one, one, wrong]}, 10) == (2, 2)
    assert compared(sent, {}, 10) == (3, 0)
