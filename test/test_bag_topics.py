"""Topics of one robot among several: derived from its field's topic or its namespace, or named one by one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS
from truth_bags import transform
from warm_verbs import run_verb

from mail_ros.core.errors import BagError
from mail_ros.data.bag import read_recording
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.calibration.calibration_drive import read_drive
from mail_ros.data.messages import (
    FIELD_TYPE,
    IMU_TYPE,
    JOINTS_TYPE,
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    encode_field,
    encode_imu,
    encode_joints,
    encode_landmark,
    encode_odometry,
)
from mail_ros.data.track import Landmark

STEP_NS, COUNT = 20_000_000, 200
UP = np.array([0.0, 0.0, 9.81])
ROBOTS = {"/robot1": (1.0, 0.0), "/robot2": (0.0, 1.0), "": (-1.0, 0.0), "/wheel": (0.0, -1.0)}  # direction by topic


def bag(path: Path, *topics: str) -> Path:
    """Robots that drive in a direction of their own at 0.5 m/s; landmarks at the ends of a path in the direction."""
    with BagWriter(path) as writer:
        for number in range(COUNT):
            stamp_ns = START_NS + number * STEP_NS
            for topic in topics:
                space, name = next(
                    (each, topic[len(each) :])
                    for each in ("/robot1", "/robot2", "/wheel", "")
                    if topic.startswith(each)
                )
                written = _message(name, stamp_ns, number, np.array(ROBOTS[space]))
                if written is not None:
                    writer.add_topic(topic, written[0])
                    writer.write(topic, stamp_ns, written[1])
    return path


def _message(name: str, stamp_ns: int, number: int, direction: np.ndarray) -> tuple[str, bytes] | None:
    x, y = (0.5 * number * STEP_NS * 1e-9 * direction).tolist()
    if name.endswith("mag"):
        return FIELD_TYPE, encode_field(stamp_ns, np.array([20.0 + number % 5, 0.0, -43.0]), "imu")
    if name == "/odom":
        return ODOMETRY_TYPE, encode_odometry(stamp_ns, np.array([x, y, 0.0]), 0.5, 0.0, "odom", "base_link")
    if name == "/imu/data":
        return IMU_TYPE, encode_imu(stamp_ns, np.array([0.0, 0.0, 0.0, 1.0]), np.zeros(3), UP, "imu")
    if name == "/joint_states":
        return JOINTS_TYPE, encode_joints(stamp_ns, ["wheel"], np.array([direction[0]]), np.zeros(1))
    if number in (0, COUNT - 1):
        return LANDMARK_TYPE, encode_landmark(Landmark(stamp_ns, (x, y), 0), "map")
    return None


BOTH = tuple(space + name for space in ("/robot1", "/robot2") for name in ("/imu/mag", "/odom", "/landmark"))


def moved(path: Path, topics: BagTopics) -> tuple[float, float] | None:
    """Direction of odometry; None without."""
    moved_m = read_recording(path, topics).track.moved_m
    if moved_m is None:
        return None
    x, y = np.nansum(moved_m, axis=0)
    return round(float(x) / 2.0, 1) + 0.0, round(float(y) / 2.0, 1) + 0.0


@pytest.mark.parametrize("robot", ["/robot1", "/robot2"])
@pytest.mark.parametrize("by", ["topic", "namespace"])
def test_a_robot_has_its_own_odometry_and_landmarks(tmp_path: Path, robot: str, by: str) -> None:
    path = bag(tmp_path / "both", "/odom", *BOTH)
    topics = BagTopics(f"{robot}/imu/mag") if by == "topic" else BagTopics(namespace=robot.strip("/"))
    assert moved(path, topics) == ROBOTS[robot]
    recording = read_recording(path, topics)
    assert recording.remarks == ()
    end_m = recording.track.position_m[recording.track.valid][-1]
    assert np.abs(end_m / 2.0 - ROBOTS[robot]).max() < 0.02


def test_a_namespace_has_no_odometry_of_another(tmp_path: Path) -> None:
    path = bag(tmp_path / "one", "/robot1/imu/mag", "/robot2/odom")
    for topics in (BagTopics("/robot1/imu/mag"), BagTopics(namespace="robot1")):
        assert moved(path, topics) is None
        (remark,) = read_recording(path, topics).remarks
        assert "but there is /robot2/odom; name it with --odom or --imu" in str(remark)


def test_a_driver_with_a_namespace_uses_the_robots_odometry(tmp_path: Path) -> None:
    """Such as /mavros/imu/mag beside /odom; with other robots in the bag, a warning says whose it may be."""
    assert (
        moved(alone := bag(tmp_path / "alone", "/robot1/imu/mag", "/odom"), BagTopics("/robot1/imu/mag")) == ROBOTS[""]
    )
    assert read_recording(alone, BagTopics("/robot1/imu/mag")).remarks == ()
    path = bag(tmp_path / "several", "/robot1/imu/mag", "/odom", "/robot2/odom")
    (remark,) = read_recording(path, BagTopics("/robot1/imu/mag")).remarks
    assert "is that of /odom, and there is /robot2/odom; name this robot's with --odom" in str(remark)


def test_any_topic_can_be_named(tmp_path: Path) -> None:
    path = bag(tmp_path / "wheel", "/imu/mag", "/wheel/odom", "/robot1/imu/data", "/wheel/joint_states")
    (remark,) = read_recording(path).remarks
    assert "no odometry on /odom or /imu/data, but there is /robot1/imu/data, /wheel/odom" in remark.found
    assert moved(path, BagTopics(odometry="/wheel/odom")) == ROBOTS["/wheel"]
    assert moved(path, BagTopics(odometry="wheel/odom")) == ROBOTS["/wheel"], "relative to no namespace"
    attitude = read_recording(path, BagTopics(imu="/robot1/imu/data")).track.attitude_xyzw
    assert attitude is not None
    assert attitude[-1].tolist() == [0.0, 0.0, 0.0, 1.0]
    drive = read_drive(path, BagTopics(odometry="/wheel/odom", joints="/wheel/joint_states"))
    assert drive.pose is not None
    assert set(drive.joints) == {"velocity:wheel", "effort:wheel"}


@pytest.mark.parametrize(
    ("mounts", "mount"),
    [
        (["/robot1/tf_static"], 0),
        (["/robot2/tf_static", "/robot1/tf_static", "/tf_static"], 1),
        (["/robot2/tf_static", "/tf_static"], 1),
        (["/fleet/tf_static"], 0),
        (["/robot2/tf_static", "/robot3/tf_static"], None),
    ],
)
def test_the_mount_is_that_of_the_closest_namespace(tmp_path: Path, mounts: list[str], mount: int | None) -> None:
    """The transform of each topic has a yaw of its own, by its number in the list."""
    path = tmp_path / "drive"
    with BagWriter(path) as writer:
        for number, topic in enumerate(mounts):
            link = transform(topic, START_NS, "base_link", "imu", (0, 0, 0), yaw_rad=0.5 + number)
            writer.add_topic(topic, link.msgtype)
            writer.write(topic, START_NS, link.cdr)
        msgtype, cdr = _message("/imu/mag", START_NS, 0, np.zeros(2)) or ("", b"")
        writer.add_topic("/robot1/imu/mag", msgtype)
        writer.write("/robot1/imu/mag", START_NS, cdr)
    found = read_drive(path, BagTopics("/robot1/imu/mag")).mount_xyzw
    if mount is None:
        assert found is None
    else:
        assert found is not None
        assert 2.0 * np.arctan2(found[2], found[3]) == pytest.approx(0.5 + mount)


def test_a_named_topic_that_is_missing_or_of_another_type_is_refused(tmp_path: Path) -> None:
    path = bag(tmp_path / "both", "/imu/mag", "/wheel/odom", "/landmark")
    with pytest.raises(BagError, match=r"wanted messages on /odo \(.*\), found /wheel/odom \(.*\); correct --odom"):
        read_recording(path, BagTopics(odometry="/odo"))
    with pytest.raises(BagError, match=r"wanted messages on /landmark .*Imu\), found /landmark .*; correct --imu"):
        read_recording(path, BagTopics(imu="/landmark"))
    with pytest.raises(BagError, match=r"wanted messages on /j .*, found none of this type; correct --joints"):
        read_drive(path, BagTopics(joints="/j"))


@pytest.mark.slow
def test_the_verbs_name_them(tmp_path: Path) -> None:
    path = bag(tmp_path / "both", *BOTH)
    named = run_verb("check", path, "--namespace", "robot2", "--odom", "/robot1/odom", "--json")
    assert '"truth": "landmarks"' in named.stdout
