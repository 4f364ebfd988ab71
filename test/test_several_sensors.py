"""Two sensors on one topic are named in check, in the recorder and in a localizer's diagnostics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk, tiny_mail

from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.diagnostics import Diagnostics, Level
from mail_ros.core.localizer.sensor_watch import SensorWatch, several_sensors
from mail_ros.core.types import Sample
from mail_ros.data.bag import Bag
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.field_sensors import offered_profiles
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, encode_field, encode_landmark
from mail_ros.data.recording_quality import QualityMonitor

NONE = {"sec": 0, "nsec": 0}
PROFILE = {
    **{"history": "keep_last", "depth": 5, "reliability": "best_effort", "durability": "volatile"},
    **{"deadline": NONE, "lifespan": NONE, "liveliness": "automatic", "liveliness_lease_duration": NONE},
    "avoid_ros_namespace_conventions": False,
}
TWO_FRAMES = "/imu/mag has samples of 2 sensors, in frames 'left' and 'right': they are read as one"
TWO_PUBLISHERS = "/imu/mag has 2 publishers, in frame 'imu': they are read as one sensor"


def bag(path: Path, frames: list[str], publishers: int = 1) -> Path:
    """A walk whose samples have each frame by turns."""
    walk = synthetic_walk()
    with BagWriter(path, {}) as writer:
        writer.add_topic("/imu/mag", FIELD_TYPE, [PROFILE] * publishers)
        writer.add_topic("/landmark", LANDMARK_TYPE)
        for number, (stamp_ns, field_ut) in enumerate(zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True)):
            writer.write("/imu/mag", stamp_ns, encode_field(stamp_ns, field_ut, frames[number % len(frames)]))
        for mark in walk.landmarks:
            writer.write("/landmark", mark.stamp_ns, encode_landmark(mark, "map"))
    return path


@pytest.mark.parametrize(
    ("frames", "publishers", "found"),
    [(["left", "right"], 1, TWO_FRAMES), (["imu"], 2, TWO_PUBLISHERS), (["imu"], 1, ""), (["imu"], 0, "")],
)
def test_check_warns_of_both(tmp_path: Path, frames: list[str], publishers: int, found: str) -> None:
    report = check_bag(bag(tmp_path / "walk", frames, publishers))
    findings = [finding for finding in report.findings if finding.name == "sensors"]
    assert [finding.message for finding in findings] == (
        [f"{found}; record each sensor on a topic of its own"] if found else []
    )
    assert all(finding.level is Level.WARN for finding in findings)


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_alone_has_its_publishers(tmp_path: Path, whole: bool) -> None:
    """Without metadata.yaml, and also cut off: each channel has the profiles that its publishers offered."""
    content = Bag(bag(tmp_path / "walk", ["imu"], 2)).files[0].read_bytes()
    alone = tmp_path / "alone.mcap"
    alone.write_bytes(content if whole else content[: len(content) * 3 // 4])
    findings = [finding.message for finding in check_bag(alone).findings if finding.name == "sensors"]
    assert findings == [f"{TWO_PUBLISHERS}; record each sensor on a topic of its own"]


def test_the_recorder_warns_while_both_publish() -> None:
    now_s = [0.0]
    monitor = QualityMonitor(lambda: now_s[0])
    monitor.add_topic("/imu/mag", FIELD_TYPE)

    def faults(*frames: str, publishers: int = 1) -> list[str]:
        for number in range(50):
            stamp_ns = START_NS + round((now_s[0] + number / 50) * 1e9)
            cdr = encode_field(stamp_ns, np.array([20.0, 5.0, -43.0]), frames[number % len(frames)])
            monitor.on_message("/imu/mag", cdr, stamp_ns, written=True)
        now_s[0] += 1.0
        monitor.topics["/imu/mag"].publishers = publishers
        assessment = monitor.assess("recording", {}, planned=True)
        assert all(fault.what in assessment.message for fault in monitor.faults)
        return [fault.what for fault in monitor.faults]

    assert faults("left", "right") == [TWO_FRAMES]
    assert faults("left") == []
    assert faults("imu", publishers=2) == [TWO_PUBLISHERS]


def test_a_localizers_diagnostics_name_both_until_one_is_gone() -> None:
    diagnostics = Diagnostics(compose(tiny_mail(), "none"), lambda: 0, {})
    walk = synthetic_walk(1.1)
    for stamp_ns, field_ut in zip(walk.stamp_ns.tolist(), walk.field_ut, strict=True):
        sample = Sample(stamp_ns, field_ut)
        diagnostics.observe(sample, diagnostics.localizer.push(sample))
    assessment = diagnostics.assess()
    for frame in ("left", "right", "left"):
        diagnostics.sensors.add(frame)
    warned = assessment.warned(diagnostics.sensors.warning("/imu/mag"))
    assert (warned.level, warned.message) == (Level.WARN, f"{assessment.message}; {TWO_FRAMES}")
    diagnostics.sensors.add("right")
    assert assessment.warned(diagnostics.sensors.warning("/imu/mag", 1)) is assessment


def test_publishers_are_named_where_frames_are_the_same() -> None:
    watch = SensorWatch()
    watch.add("imu")
    assert watch.warning("/imu/mag", 2) == TWO_PUBLISHERS
    assert watch.warning("/imu/mag", 2) == "/imu/mag has 2 publishers: they are read as one sensor"
    assert several_sensors("/imu/mag", ["", "imu"]).endswith("in frames '' and 'imu': they are read as one")


@pytest.mark.parametrize(
    ("profiles", "count"), [([{}, {}], 2), ("- depth: 5\n- depth: 5\n", 2), ("", 0), (None, 0), ("{a", 0), (3, 0)]
)
def test_publishers_are_counted_in_any_version_of_the_metadata(profiles: Any, count: int) -> None:
    topic = {"topic_metadata": {"name": "/imu/mag", "offered_qos_profiles": profiles}}
    assert offered_profiles({"topics_with_message_count": [7, topic]}, "/imu/mag") == count
    assert offered_profiles({}, "/imu/mag") == 0
