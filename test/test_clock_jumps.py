"""Clocks that are set while a walk is recorded: the walk is cut there, nothing else is lost, and memory stays small."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, SyntheticWalk, synthetic_walk, tiny_config, tiny_mail

from mail_ros.core.localizer.compose import compose
from mail_ros.core.platform.odometry import WheelOdometry
from mail_ros.core.types import IntArray
from mail_ros.data.bag import FIELD_TOPIC
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.clock_jumps import cuts_ns, reach_into, recorded_s, repeated_ns
from mail_ros.data.coverage import coverage
from mail_ros.data.dataset import WindowSet, resample
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, Message, encode_field, encode_landmark
from mail_ros.data.scored import follow
from mail_ros.data.topic_statistics import TopicStatistics
from mail_ros.data.track import Landmark
from mail_ros.data.truth import LANDMARK_TOPIC
from mail_ros.training.survey_bags import labelled_track
from mail_ros.view.bag_view import reference_paths

S, DAY_S = 10**9, 86400
SET_S = 31  # when the clock is set, in seconds of the walk: between two landmarks
WALK = synthetic_walk(60.0, 50.0)
SINCE_NS = WALK.stamp_ns - START_NS
LAST_NS = int(WALK.stamp_ns[-1])


def moved(stamp_ns: IntArray, by_s: float, from_s: float = SET_S, until_s: float = 1e9) -> IntArray:
    """Stamps with the clock set by some seconds during a part of the walk."""
    inside = (stamp_ns - START_NS >= from_s * S) & (stamp_ns - START_NS < until_s * S)
    return np.where(inside, stamp_ns + round(by_s * S), stamp_ns)


def jumping(by_s: float, from_s: float = SET_S, until_s: float = 1e9) -> SyntheticWalk:
    """The walk by such a clock, landmarks included."""
    marks_ns = moved(np.array([mark.stamp_ns for mark in WALK.landmarks]), by_s, from_s, until_s).tolist()
    marks = tuple(Landmark(at, m.position_m, m.floor) for at, m in zip(marks_ns, WALK.landmarks, strict=True))
    return SyntheticWalk(moved(WALK.stamp_ns, by_s, from_s, until_s), WALK.field_ut, marks)


def write(walk: SyntheticWalk, path: Path) -> Path:
    """As a bag whose log has a steady clock: only the sensor's jumps."""
    messages = [
        Message(FIELD_TOPIC, FIELD_TYPE, log_ns, encode_field(stamp_ns, field_ut, "imu_link"))
        for log_ns, stamp_ns, field_ut in zip(
            WALK.stamp_ns.tolist(), walk.stamp_ns.tolist(), walk.field_ut, strict=True
        )
    ]
    messages += [
        Message(LANDMARK_TOPIC, LANDMARK_TYPE, steady.stamp_ns, encode_landmark(mark, "map"))
        for steady, mark in zip(WALK.landmarks, walk.landmarks, strict=True)
    ]
    with BagWriter(path) as writer:
        for message in sorted(messages, key=lambda message: message.log_time_ns):
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    return path


CLOCKS = {
    "1970 to today": jumping(-(START_NS / S), -1.0, SET_S),
    "a hole of 40 days": jumping(40 * DAY_S),
    "forth and back": jumping(9000.0, 21.0, 41.0),
    "back and forth": jumping(-40 * DAY_S, 21.0, 41.0),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_a_walk_is_cut_where_its_clock_jumps(tmp_path: Path, clock: str, caplog: pytest.LogCaptureFixture) -> None:
    """One leg of 2 s is lost at each jump; all else keeps its position, and check and train name the jump."""
    path = write(CLOCKS[clock], tmp_path / "walk")
    report = check_bag(path)
    assert report.usable, report.findings
    (finding,) = [each for each in report.findings if each.name == "clock_jump"]
    assert "the stamps of the field jump by" in finding.found
    assert report.numbers["duration_s"] == pytest.approx(60.0, abs=1.0)
    assert report.numbers["gaps"] == 0
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        track = labelled_track(path)  # as `train` reads it
    assert "the stamps of the field jump by" in caplog.text
    jumps = 1 if clock in ("1970 to today", "a hole of 40 days") else 2
    assert (~track.valid).sum() <= jumps * 2.2 * 50
    assert np.abs(track.position_m - WALK.track().position_m)[track.valid].max() < 0.02


@pytest.mark.parametrize("clock", CLOCKS)
def test_what_reads_a_walk_uses_memory_by_its_samples(clock: str) -> None:
    track, config = CLOCKS[clock].track(), tiny_config()
    even = resample(track, config.sampling)
    assert len(even) < 1.1 * 60 * config.sampling.per_unit
    assert np.isnan(even.field_ut[:, 0]).sum() <= 3
    windows = WindowSet([track], config, 0.1)
    assert len(windows) > 0.6 * 600
    assert np.isfinite(windows.fields(windows.ends)).all()
    assert sum(floor.length_m() for floor in coverage([track])) == pytest.approx(31.0, abs=3.0)  # the circle
    estimates = list(follow(compose(tiny_mail(config), "none", 0.5), track))
    assert len(estimates) > 60
    paths = [path_m for floor in reference_paths(track).values() for path_m in floor]
    assert max(np.linalg.norm(np.diff(path_m, axis=0), axis=1).max() for path_m in paths if len(path_m) > 1) < 1.0


def test_a_walk_whose_time_repeats_has_no_label_there(tmp_path: Path) -> None:
    """Set back by 10 s: by stamps alone, landmarks of before and after are mixed."""
    walk = jumping(-10.0)
    track = walk.track()
    repeated = (track.stamp_ns - START_NS >= 21 * S) & (track.stamp_ns - START_NS < 31 * S)
    assert not track.valid[repeated].any()
    assert track.valid.sum() > 50 * (60 - 2 * 10 - 2 * 2.5)
    truth_m = WALK.track().position_m
    assert np.abs(track.position_m - truth_m)[track.valid].max() < 0.02
    (order,) = [each for each in check_bag(write(walk, tmp_path / "walk")).findings if each.name == "order"]
    assert "the clock was set back by 10.0 s at 31.0 s" in order.found


def test_cuts_are_holes_and_repeated_time() -> None:
    stamps = np.array([0, 1, 2, 1000, 1001, 1002, 1001, 1003]) * S
    assert repeated_ns(stamps).tolist() == [[1001 * S, 1002 * S]]
    cuts = cuts_ns(stamps)
    assert [2 * S, 1000 * S] in cuts.tolist()
    assert [1001 * S, 1002 * S] in cuts.tolist()
    assert [1002 * S, 1003 * S] in cuts.tolist()  # a landmark there may be of before the jump or after
    start_s, end_s = np.array([0, 1, 2, 1000, 1000, 1002]), np.array([2, 3, 1000, 1001, 1002, 1003])
    assert reach_into(start_s * S, end_s * S, cuts).tolist() == [False, True, True, True, True, True]
    assert recorded_s(stamps) == 2.0 + 2.0 + 2.0


def test_odometry_and_topic_statistics_bridge_no_jump() -> None:
    wheels = WheelOdometry()
    wheels.push(START_NS, np.zeros(2))
    assert wheels.push(START_NS + 40 * DAY_S * S, np.array([30.0, 0.0])).tolist() == [0.0, 0.0]
    assert wheels.push(START_NS + (40 * DAY_S + 1) * S, np.array([31.0, 0.0])).tolist() == [1.0, 0.0]
    topic = TopicStatistics("/imu/mag", "sensor_msgs/msg/Imu", 0.0)
    topic._period.steps_ns = [10**7] * 20 + [40 * DAY_S * S] + [10**7] * 20
    topic.end_period(1.0)
    assert topic.missing == 0
