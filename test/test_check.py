"""Each fault that was put into a simulated recording is found under its name, and a clean one passes."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers import synthetic_walk
from simulated_tracks import steady_drive

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.bag import FIELD_TOPIC, Recording, read_track
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.check.bag_report import BagReport, check, check_bag
from mail_ros.data.check.limits import CheckLimits
from mail_ros.data.check.model_needs import judged_for
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, Message, encode_field, encode_landmark
from mail_ros.data.simulator.corridor_plan import drive_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.simulator.drive_bag import write_bag
from mail_ros.data.track import Landmark, Track
from mail_ros.data.truth import LANDMARK_TOPIC, Truth, TruthSource
from mail_ros.data.walk_writer import write_walk

BUILDING = demo_building()
WALK = steady_drive(BUILDING, drive_route(BUILDING.plan, 40.0, 3), 3)
LIMITS = CheckLimits()


def marked(landmarks: tuple[Landmark, ...]) -> Truth:
    return Truth(TruthSource.LANDMARKS, landmarks, landmarks)


def recorded(
    stamp_ns: IntArray = WALK.stamp_ns,
    field_ut: FloatArray = WALK.field_ut,
    landmarks: tuple[Landmark, ...] = WALK.landmarks,
    keep: "slice | np.ndarray" = slice(None),
    odometry: bool = True,
) -> Recording:
    """The walk as it would be read from a bag; `keep` selects the samples that arrived."""
    stamp_ns, field_ut, true_m = stamp_ns[keep], field_ut[keep], WALK.position_m[keep]
    labels = labels_from_landmarks(stamp_ns, landmarks)
    moved_m = np.diff(true_m, axis=0, prepend=true_m[:1]) if odometry else None
    track = Track("walk", stamp_ns, field_ut, labels.position_m, labels.floor, labels.valid, labels.paused, moved_m)
    return Recording(track, marked(landmarks))


def found(report: BagReport) -> dict[str, Level]:
    return {finding.name: finding.level for finding in report.findings}


def text_of(report: BagReport, name: str) -> str:
    return next(finding.message for finding in report.findings if finding.name == name)


TIME_S = (WALK.stamp_ns - WALK.stamp_ns[0]) / NS_PER_S
RANDOM = np.random.default_rng(0)


def shifted(by_s: float) -> tuple[Landmark, ...]:
    return tuple(dataclasses.replace(mark, stamp_ns=mark.stamp_ns + round(by_s * NS_PER_S)) for mark in WALK.landmarks)


def with_nan(fraction: float) -> FloatArray:
    field_ut: FloatArray = WALK.field_ut.copy()
    field_ut[RANDOM.random(len(field_ut)) < fraction, 1] = np.nan
    return field_ut


def held(start_s: float, stop_s: float) -> FloatArray:
    """The sensor repeats one reading."""
    field_ut: FloatArray = WALK.field_ut.copy()
    stuck = (start_s <= TIME_S) & (stop_s > TIME_S)
    field_ut[stuck] = field_ut[np.flatnonzero(stuck)[0]]
    return field_ut


def set_back() -> IntArray:
    return np.where(TIME_S > 20.0, WALK.stamp_ns - 8 * NS_PER_S, WALK.stamp_ns)


def walk_with_stop() -> Recording:
    """A stop of two minutes at the second landmark, marked at its start and end."""
    first, second, *rest = WALK.landmarks
    later = [dataclasses.replace(mark, stamp_ns=mark.stamp_ns + 120 * NS_PER_S) for mark in (second, *rest)]
    before = WALK.stamp_ns <= second.stamp_ns
    stop_ns = np.arange(second.stamp_ns + 20_000_000, later[0].stamp_ns, 20_000_000)
    stamp_ns = np.concatenate([WALK.stamp_ns[before], stop_ns, WALK.stamp_ns[~before] + 120 * NS_PER_S])
    at = np.flatnonzero(before)[-1]
    stop_ut = WALK.field_ut[at] + RANDOM.normal(scale=0.3, size=(len(stop_ns), 3))
    field_ut = np.concatenate([WALK.field_ut[before], stop_ut, WALK.field_ut[~before]])
    marks = (first, second, *later)
    labels = labels_from_landmarks(stamp_ns, marks)
    return Recording(
        Track("walk", stamp_ns, field_ut, labels.position_m, labels.floor, labels.valid, labels.paused), marked(marks)
    )


def misplaced(by_m: float) -> tuple[Landmark, ...]:
    marks = list(WALK.landmarks)
    x_m, y_m = marks[2].position_m
    marks[2] = dataclasses.replace(marks[2], position_m=(x_m + by_m, y_m))
    return tuple(marks)


def test_a_clean_walk_is_usable_without_a_finding() -> None:
    report = check(recorded(), LIMITS)
    assert report.usable
    assert report.findings == ()
    assert report.numbers["rate_hz"] == pytest.approx(50.0)
    assert report.numbers["speed_m_s"] == pytest.approx(1.0, abs=0.15)
    assert report.numbers["path_m"] == pytest.approx(
        np.linalg.norm(np.diff([m.position_m for m in WALK.landmarks], axis=0), axis=1).sum(), abs=0.1
    )
    assert judged_for(report, ModelConfig()).numbers["windows"] > 200
    assert report.as_json()["usable"] is True


def test_what_is_a_finding_is_no_warning_as_well(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Over hundreds of bags the log would repeat what the table counts."""
    write_walk(tmp_path / "walk", WALK.stamp_ns, WALK.field_ut, WALK.landmarks)
    with next((tmp_path / "walk").glob("*.mcap")).open("r+b") as file:
        file.truncate(file.seek(0, 2) - 2000)
    assert "cut_off" in {finding.name for finding in check_bag(tmp_path / "walk").findings}
    assert not caplog.records
    read_track(tmp_path / "walk")
    assert "was cut off" in caplog.text


def test_without_odometry_nothing_is_missed() -> None:
    assert check(recorded(odometry=False), LIMITS).findings == ()


FAULTS: list[tuple[str, Level, str, Callable[[], Recording]]] = [
    ("gaps", Level.WARN, "1 gaps, 1.0 s in all", lambda: recorded(keep=(TIME_S < 18) | (TIME_S > 19))),
    ("gaps", Level.ERROR, "the longest 6.0 s at 15.0 s", lambda: recorded(keep=(TIME_S <= 15) | (TIME_S >= 21))),
    ("drops", Level.WARN, "are missing between others", lambda: recorded(keep=RANDOM.random(len(TIME_S)) > 0.05)),
    ("drops", Level.ERROR, "check the driver's load", lambda: recorded(keep=RANDOM.random(len(TIME_S)) > 0.35)),
    ("rate", Level.WARN, "12.5 Hz, wanted 25 Hz or more", lambda: recorded(keep=slice(None, None, 4))),
    ("rate", Level.ERROR, "5.0 Hz, wanted 8 Hz or more", lambda: recorded(keep=slice(None, None, 10))),
    (
        "rate",
        Level.WARN,
        "10.0 Hz of readings, each in 5 samples, wanted 25 Hz or more",
        lambda: recorded(field_ut=np.repeat(WALK.field_ut[::5], 5, axis=0)[: len(TIME_S)]),
    ),
    (
        "jitter",
        Level.WARN,
        "from the median",
        lambda: recorded(WALK.stamp_ns + np.where(np.arange(len(TIME_S)) % 4 == 1, 12_000_000, 0)),
    ),
    ("order", Level.ERROR, "the clock was set back by 8.0 s at 20.0 s", lambda: recorded(set_back())),
    (
        "order",
        Level.WARN,
        "are not after the one before",
        lambda: recorded(WALK.stamp_ns - np.where(np.arange(len(TIME_S)) % 10 == 1, 30_000_000, 0)),
    ),
    ("not_finite", Level.WARN, "an axis that is not finite", lambda: recorded(field_ut=with_nan(0.01))),
    ("not_finite", Level.ERROR, "check the driver", lambda: recorded(field_ut=with_nan(0.2))),
    ("units", Level.ERROR, "the driver seems to send gauss", lambda: recorded(field_ut=WALK.field_ut * 1e4)),
    ("units", Level.ERROR, "seems to send microtesla", lambda: recorded(field_ut=WALK.field_ut * 1e6)),
    ("units", Level.ERROR, "no magnetic field of a building", lambda: recorded(field_ut=WALK.field_ut * 1e-3)),
    ("frozen", Level.WARN, "stays the same for 8.0 s in all", lambda: recorded(field_ut=held(10, 18))),
    ("frozen", Level.ERROR, "from 10.0 s on", lambda: recorded(field_ut=held(10, 30))),
    (
        "frozen",
        Level.ERROR,
        "changes by less than 0.5 µT over the whole",
        lambda: recorded(field_ut=WALK.field_ut[:1] + RANDOM.normal(scale=0.1, size=WALK.field_ut.shape)),
    ),
    ("labels", Level.ERROR, "found 1 landmarks, wanted two", lambda: recorded(landmarks=WALK.landmarks[:1])),
    (
        "labels",
        Level.ERROR,
        "1 of 5 landmarks have a position that is not",
        lambda: recorded(landmarks=misplaced(np.nan)),
    ),
    ("labels", Level.ERROR, "are not inside the recording, by 36", lambda: recorded(landmarks=shifted(3600.0))),
    ("labels", Level.WARN, "1 of 5 landmarks are not inside", lambda: recorded(landmarks=shifted(-1.5))),
    ("clock", Level.WARN, "0.5 s ahead of the field's", lambda: recorded()._replace(clock_offset_s=0.5)),
    ("clock", Level.ERROR, "7.0 s behind the field's", lambda: recorded()._replace(clock_offset_s=-7.0)),
    ("speed", Level.ERROR, "faster than walking", lambda: recorded(landmarks=misplaced(60.0))),
    ("speed", Level.ERROR, "at 8 to 8 s (9.0 m, ", lambda: recorded(landmarks=at_once())),
    ("way", Level.WARN, "a landmark is missing or misplaced", lambda: recorded(landmarks=misplaced(14.0))),
    ("legs", Level.WARN, "mark more landmarks between", lambda: recorded(landmarks=WALK.landmarks[:1] + far_end())),
    ("speed", Level.WARN, "stopped on the leg", lambda: unmarked_stop()),
    ("pauses", Level.WARN, "are stationary and add nothing", walk_with_stop),
    ("unlabelled", Level.WARN, "begin and end with one", lambda: recorded(landmarks=WALK.landmarks[:3])),
]


def at_once() -> tuple[Landmark, ...]:
    """The third landmark with the stamp of the second."""
    marks = list(WALK.landmarks)
    marks[2] = dataclasses.replace(marks[2], stamp_ns=marks[1].stamp_ns)
    return tuple(marks)


def far_end() -> tuple[Landmark, ...]:
    """One landmark, 41 m away, at the end."""
    x_m, y_m = WALK.landmarks[0].position_m
    return (dataclasses.replace(WALK.landmarks[-1], position_m=(x_m + 41.0, y_m)),)


def unmarked_stop() -> Recording:
    recording = walk_with_stop()
    first, _, *rest = recording.truth.landmarks
    return recording._replace(truth=marked((first, *rest)))


@pytest.mark.parametrize(
    ("name", "level", "message", "make"), FAULTS, ids=[f"{f[0]}-{f[1].name}-{f[2]}" for f in FAULTS]
)
def test_a_fault_is_found_under_its_name(name: str, level: Level, message: str, make: Callable[[], Recording]) -> None:
    report = check(make(), LIMITS)
    assert found(report).get(name) == level, report.findings
    assert message in text_of(report, name)
    assert report.usable or level is Level.ERROR or Level.ERROR in found(report).values()
    if level is Level.ERROR:
        assert not report.usable


@pytest.mark.slow
def test_a_whole_bag_is_judged_with_its_notes(tmp_path: Path) -> None:
    write_bag(tmp_path / "walk", WALK, {"site": "museum"})
    report = check_bag(tmp_path / "walk")
    assert (report.bag, report.findings, report.notes["site"]) == ("walk", (), "museum")


def test_a_cut_off_bag_is_judged_up_to_its_end(tmp_path: Path) -> None:
    write_bag(tmp_path / "walk", WALK)
    file = next((tmp_path / "walk").glob("*.mcap"))
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 3 // 4])
    report = check_bag(tmp_path / "walk")
    assert found(report) == {"cut_off": Level.WARN}
    assert 100 < report.numbers["samples"] < len(WALK.stamp_ns)


def test_what_is_no_bag_is_not_usable_and_the_reason_is_reported(tmp_path: Path) -> None:
    report = check_bag(tmp_path / "nothing")
    assert not report.usable
    assert text_of(report, "unreadable").endswith("wanted a bag, found nothing; correct the path")
    other = check_bag(synthetic_walk().write(tmp_path / "walk"), BagTopics("/mag"))
    assert "wanted messages on /mag" in text_of(other, "unreadable")


def test_a_landmarks_clock_is_inferred_from_the_times_of_receipt(tmp_path: Path) -> None:
    """A laptop two seconds ahead of the robot, which logs both topics when they arrive, 10 ms later."""
    late_ns, ahead_ns = 10_000_000, 2 * NS_PER_S
    messages = [
        Message(FIELD_TOPIC, FIELD_TYPE, int(stamp_ns) + late_ns, encode_field(int(stamp_ns), field_ut, "imu"))
        for stamp_ns, field_ut in zip(WALK.stamp_ns, WALK.field_ut, strict=True)
    ] + [
        Message(LANDMARK_TOPIC, LANDMARK_TYPE, mark.stamp_ns - ahead_ns + late_ns, encode_landmark(mark, "map"))
        for mark in WALK.landmarks
    ]
    with BagWriter(tmp_path / "walk", None) as writer:
        for message in sorted(messages, key=lambda message: message.log_time_ns):
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    assert text_of(check_bag(tmp_path / "walk"), "clock").startswith(
        "the landmarks' clock is 2.0 s ahead of the field's"
    )
