"""A bag with several robots is labelled by the robot that carries its sensor, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, synthetic_walk
from truth_bags import transform

from mail_ros.core.errors import BagError
from mail_ros.data.bag import read_track
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.frame_tree import Transform
from mail_ros.data.messages import FIELD_TYPE, Message, encode_field, frame_of
from mail_ros.data.robot_base import SensorNames, base_frames

WALK = synthetic_walk(4.0, 20.0)
OFFSET_M = {"robot1": 0.0, "robot2": 100.0, "": 200.0}


def robots_bag(path: Path, names: list[str], topic: str, frame: str, mounts: tuple[Message, ...] = ()) -> Path:
    """Each robot stands at its own x; the field is on a topic, in a frame."""
    messages = list(mounts)
    for stamp_ns, field_ut in zip(WALK.stamp_ns.tolist(), WALK.field_ut, strict=True):
        messages.append(Message(topic, FIELD_TYPE, stamp_ns, encode_field(stamp_ns, field_ut, frame)))
        for name in names:
            base = f"{name}/base_link" if name else "base_link"
            messages.append(transform("/tf", stamp_ns, "map", base, (OFFSET_M[name], 0, 0)))
    with BagWriter(path, {}) as writer:
        for message in messages:
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    return path


def mount(base: str, frame: str) -> Message:
    return transform("/tf_static", START_NS, base, frame, (0, 0, 0.2))


def labels_m(bag: Path, topic: str) -> list[float]:
    track = read_track(bag, BagTopics(topic, "/tf"))
    assert track.valid.any()
    return sorted(set(track.position_m[track.valid, 0].tolist()))


@pytest.mark.parametrize(
    ("names", "topic", "frame", "mounts", "robot"),
    [
        (["robot1", "robot2"], "/imu/mag", "robot2/imu", (), "robot2"),
        (["robot1", "robot2"], "/imu/mag", "/robot1/imu", (), "robot1"),
        (["robot2", "robot1"], "/robot1/imu/mag", "imu", (), "robot1"),
        (["robot1", "robot2"], "/robot2/mag", "", (), "robot2"),
        (["robot1", "robot2"], "/imu/mag", "xsens", (mount("robot2/base_link", "xsens"),), "robot2"),
        (["", "robot1"], "/imu/mag", "imu", (), ""),
        (["", "robot1"], "/imu/mag", "robot1/imu", (), "robot1"),
        (["robot2"], "/imu/mag", "imu", (), "robot2"),
        ([""], "/imu/mag", "xsens/imu", (), ""),
    ],
)
def test_the_base_is_that_of_the_sensors_robot(
    tmp_path: Path, names: list[str], topic: str, frame: str, mounts: tuple[Message, ...], robot: str
) -> None:
    bag = robots_bag(tmp_path / "walk", names, topic, frame, mounts)
    assert labels_m(bag, topic) == [OFFSET_M[robot]]


@pytest.mark.parametrize(
    ("names", "topic", "frame"),
    [
        (["robot1", "robot2"], "/imu/mag", "imu"),
        (["robot1", "robot2"], "/imu/mag", ""),
        (["robot1", "robot2"], "/robot1/imu/mag", "robot2/imu"),
        (["robot1", "robot2"], "/imu/mag", "robot3/imu"),
        (["", "robot1"], "/imu/mag", "robot2/imu"),
        (["robot2"], "/imu/mag", "robot1/imu"),
        (["robot2"], "/robot1/imu/mag", "imu"),
    ],
)
def test_an_unknown_robot_is_refused_and_the_candidates_listed(
    tmp_path: Path, names: list[str], topic: str, frame: str
) -> None:
    bag = robots_bag(tmp_path / "walk", names, topic, frame)
    bases = ", ".join(sorted(f"{name}/base_link" if name else "base_link" for name in names))
    with pytest.raises(BagError, match=f"robot whose field is on {topic} in frame '{frame}', found {bases}; record"):
        read_track(bag, BagTopics(topic, "/tf"))


def test_a_base_below_another_is_a_part_of_the_robot() -> None:
    """An arm on a robot has a base_link too, and the sensor may be mounted on the arm."""

    def link(parent: str, child: str) -> Transform:
        return Transform(0, parent, child, np.zeros(3), np.eye(3), static=True)

    links = [link("arm/base_link", "imu"), link("base_footprint", "base_link"), link("base_link", "arm/base_link")]
    links.append(link("odom", "base_footprint"))
    assert base_frames(links, SensorNames("/imu/mag", ("imu",)), "") == ["base_link", "base_footprint"]
    assert base_frames(links, SensorNames(), "") == ["base_link", "base_footprint"]
    assert base_frames([link("map", "odom")], SensorNames(), "") == []


@pytest.mark.parametrize("frame", ["", "imu", "robot1/imu_ä"])
def test_the_frame_of_a_message_is_read_without_decoding_it(frame: str) -> None:
    assert frame_of(encode_field(START_NS, np.zeros(3), frame)) == frame
