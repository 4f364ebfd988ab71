"""Whatever frames, robots and units a bag names: its labels are those of its own robot in the map, or it is refused."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_bags import START_NS
from truth_bags import points, poses, transform

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray
from mail_ros.data.bag import FIELD_TOPIC, read_recording
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.messages import FIELD_TYPE, POSE_TYPES, Message, encode_field
from mail_ros.data.track import Landmark

STAMPS_NS = [START_NS + number * 100_000_000 for number in range(20)]
ODOM_M = np.array([100.0, 50.0])  # the origin of every odometry in the map
ROBOTS = ("robot1", "robot2", "robot12")
TESLA, UNITS = 1.0, {"gauss": 1e4, "mT": 1e3, "µT": 1e6, "nT": 1e9, "mG": 1e7}
FRAMES = {  # the frame of positions, their origin in the map, and the floor that it names; None: not known in the map
    "map": (np.zeros(2), 0),
    "/map": (np.zeros(2), 0),
    "{}/map": (np.zeros(2), 0),
    "map_floor_2": (np.zeros(2), 2),
    "{}/map_floor_-1": (np.zeros(2), -1),
    "odom": (ODOM_M, 0),
    "{}/odom": (ODOM_M, 0),
    "": None,
    "utm": None,
    "mapped": None,
}


def position_m(robot: str) -> FloatArray:
    """(20, 2) path of a robot in the map; no two robots are within 10 m."""
    return np.array([10.0 * ROBOTS.index(robot), 30.0]) + np.outer(np.arange(20) * 0.1, [0.6, 0.8])


def field(topic: str, frame: str, scale: float = TESLA) -> list[Message]:
    noise = np.random.default_rng(0).normal(0.0, 3.0, (20, 3))
    return [
        Message(topic, FIELD_TYPE, at, encode_field(at, (np.array([20.0, 0.0, -43.0]) + more) * scale, frame))
        for at, more in zip(STAMPS_NS, noise, strict=True)
    ]


def truth(kind: str, topic: str, at_m: FloatArray, frame: str) -> list[Message]:
    """Positions as landmarks, or as poses."""
    if kind == "landmark":
        marks = [Landmark(stamp_ns, (x, y), 0) for stamp_ns, (x, y) in zip(STAMPS_NS, at_m.tolist(), strict=True)]
        return points(topic, marks, frame)
    return poses(topic, STAMPS_NS, at_m, POSE_TYPES[0], frame)


def tree(robot: str, prefixed: bool) -> list[Message]:
    """A robot's transforms, from the map to its base."""
    odom, base = (f"{robot}/{frame}" if prefixed else frame for frame in ("odom", "base_link"))
    local_m = position_m(robot) - ODOM_M
    found = [transform("/tf", STAMPS_NS[0] - 1, "map", odom, (*ODOM_M, 0.0))]
    for stamp_ns, at_m in zip(STAMPS_NS, local_m.tolist(), strict=True):
        found.append(transform("/tf", stamp_ns, "map", odom, (*ODOM_M, 0.0)))
        found.append(transform("/tf", stamp_ns, odom, base, (*at_m, 0.0)))
    return found


def write(path: Path, messages: list[Message]) -> Path:
    with BagWriter(path) as writer:
        for message in sorted(messages, key=lambda message: message.log_time_ns):
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    return path


def labels_are_of(robot: str, path: Path, topics: BagTopics, floor: int | None = None) -> bool:
    """Whether a bag has labels; they are checked to be those of a robot, and None of a floor to be refused."""
    try:
        track = read_recording(path, topics).track
    except BagError:
        return False
    if track.valid.any():
        assert floor is not None, "the frame is not known in the map"
        assert track.position_m[track.valid] == pytest.approx(position_m(robot)[track.valid], abs=1e-6)
        assert set(track.floor[track.valid].tolist()) == {floor}
    return bool(track.valid.any())


@pytest.mark.slow
@given(
    frame=st.sampled_from(list(FRAMES)),
    kind=st.sampled_from(["landmark", "reference_pose"]),
    robots=st.lists(st.sampled_from(ROBOTS), min_size=1, max_size=3, unique=True),
    by_namespace=st.booleans(),
    transforms=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_positions_are_those_of_the_robot_in_the_map_or_refused(
    frame: str, kind: str, robots: list[str], by_namespace: bool, transforms: bool
) -> None:
    """Every robot publishes under its own namespace, all in frames of one kind."""
    messages, known = list[Message](), FRAMES[frame]
    for robot in robots:
        own = frame.format(robot)
        origin_m = known[0] if known else ODOM_M
        messages += field(f"/{robot}/imu/mag", f"{robot}/imu")
        messages += truth(kind, f"/{robot}/{kind}", position_m(robot) - origin_m, own)
        messages += tree(robot, prefixed="{}" in frame) if transforms and (len(robots) == 1 or "{}" in frame) else []
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "bag", messages)
        for robot in robots:
            topics = BagTopics(namespace=robot) if by_namespace else BagTopics(f"/{robot}/imu/mag")
            labelled = labels_are_of(robot, path, topics, known[1] if known else None)
            assert labelled or known is None or "odom" in frame, "a frame of the map is not refused"


@pytest.mark.slow
@given(
    robots=st.lists(st.sampled_from(ROBOTS), min_size=1, max_size=3, unique=True),
    names=st.sampled_from(["frame", "topic", "none"]),
)
@settings(max_examples=30, deadline=None)
def test_transforms_are_those_of_the_robot_or_refused(robots: list[str], names: str) -> None:
    """One /tf with all robots; the sensor names its robot by frame, by topic, or not at all."""
    robot = robots[0]
    topic = f"/{robot}/imu/mag" if names == "topic" else FIELD_TOPIC
    messages = field(topic, f"{robot}/imu" if names == "frame" else "imu")
    messages += [message for each in robots for message in tree(each, prefixed=True)]
    with TemporaryDirectory() as folder:
        path = write(Path(folder) / "bag", messages)
        labelled = labels_are_of(robot, path, BagTopics(topic, "/tf"), 0)
    assert labelled == (names != "none" or len(robots) == 1)


@pytest.mark.slow
@given(unit=st.sampled_from([*UNITS, "T"]), factor=st.floats(0.6, 1.6))
@settings(max_examples=25, deadline=None)
def test_a_field_of_another_unit_is_never_usable(unit: str, factor: float) -> None:
    """Fields of 25 to 75 µT, as in buildings, in units that drivers send."""
    messages = field(FIELD_TOPIC, "imu", factor * UNITS.get(unit, TESLA))
    messages += truth("landmark", "/landmark", position_m("robot1"), "map")
    with TemporaryDirectory() as folder:
        report = check_bag(write(Path(folder) / "bag", messages))
    assert ("units" in [finding.name for finding in report.findings]) == (unit != "T")
    assert report.usable == (unit == "T")
