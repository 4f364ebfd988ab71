"""Bags: what was written is what is read, whole or cut off, and nothing else passes for a bag."""

from pathlib import Path

import numpy as np
import pytest
from calibration_drives import ROBOT, forth_and_back, made_up
from helpers import synthetic_walk
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader

from mail_ros.core.errors import BagError
from mail_ros.data.bag import FIELD_TOPIC, Bag, read_track
from mail_ros.data.bag_topics import BagTopics
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import FIELD_TYPE, decode_field, encode_field
from mail_ros.data.truth import LANDMARK_TOPIC


def mcap_file(bag: Path) -> Path:
    return next(bag.glob("*.mcap"))


@pytest.mark.parametrize("as_file", [False, True])
def test_a_walk_comes_back_as_it_was_written(tmp_path: Path, as_file: bool) -> None:
    walk = synthetic_walk(floor=-2)
    bag = walk.write(tmp_path / "walk")
    track = read_track(mcap_file(bag) if as_file else bag)
    assert np.array_equal(track.stamp_ns, walk.stamp_ns)
    assert track.field_ut == pytest.approx(walk.field_ut, abs=1e-9)
    assert track.valid[1:-1].all()
    assert set(track.floor.tolist()) == {-2}


def test_the_field_is_tesla_on_the_wire(tmp_path: Path) -> None:
    cdr = encode_field(1, np.array([20.0, -5.0, 43.0]), "imu_link")
    assert np.frombuffer(cdr[-96:-72], dtype="<f8") == pytest.approx([20e-6, -5e-6, 43e-6])  # before the covariance
    assert decode_field(cdr)[1] == pytest.approx([20.0, -5.0, 43.0])


def test_what_a_robot_adds_is_taken_off_and_its_mount_undone(tmp_path: Path) -> None:
    made = made_up(forth_and_back((0.5, 1.0)))
    track = read_track(made.write(tmp_path / "drive"), robot=ROBOT)
    body_ut = (made.field_ut - made.motor_ut - ROBOT.hard_iron_ut) @ ROBOT.mount.T
    np.testing.assert_allclose(track.field_ut, body_ut, atol=1e-9)
    deaf = read_track(made.write(tmp_path / "deaf", joints=False), robot=ROBOT)
    assert np.isnan(deaf.field_ut).all(), "the motors are unknown"


def test_rosbags_and_mcap_alone_can_read_it(tmp_path: Path) -> None:
    walk = synthetic_walk()
    bag = walk.write(tmp_path / "walk")
    with Reader(bag) as reader:
        assert {c.topic: c.msgcount for c in reader.connections} == {
            FIELD_TOPIC: 1000,
            LANDMARK_TOPIC: len(walk.landmarks),
        }
        assert reader.message_count == sum(1 for _ in reader.messages())
        assert reader.start_time == walk.stamp_ns[0]
    with mcap_file(bag).open("rb") as stream:
        plain = make_reader(stream)
        assert plain.get_header().profile == "ros2"
        schemas = {schema.name: schema.data.decode() for schema, _, _ in plain.iter_messages() if schema}
    assert "geometry_msgs/Vector3 magnetic_field" in schemas[FIELD_TYPE]


@pytest.mark.slow
def test_a_bag_without_its_end_gives_all_that_was_flushed(tmp_path: Path) -> None:
    bag = synthetic_walk(60.0).write(tmp_path / "walk")
    whole = read_track(bag)
    content = mcap_file(bag).read_bytes()
    for fraction in (0.2, 0.5, 0.9):
        mcap_file(bag).write_bytes(content[: int(len(content) * fraction)])
        track = read_track(bag)
        assert Bag(bag).cut_off
        assert len(track) > 0.6 * fraction * len(whole)
        assert np.array_equal(track.field_ut, whole.field_ut[: len(track)])
    (bag / "metadata.yaml").unlink()  # a killed recorder writes none
    assert len(read_track(bag)) == len(track)


def test_what_is_no_bag_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.mcap").write_text("dear diary")
    (tmp_path / "empty.mcap").touch()
    (tmp_path / "walk.csv").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "broken.db3").write_text("no database")
    for name, message in {
        "nothing": "wanted a bag, found nothing",
        "notes.mcap": "wanted an MCAP file, found b'dear dia' at its start",
        "empty.mcap": "wanted an MCAP file, found an empty file",
        "walk.csv": "wanted a rosbag2 folder, an .mcap, .db3 or .bag file",
        "folder": "wanted a rosbag2 folder, an .mcap, .db3 or .bag file",
        "broken.db3": "wanted a readable bag",
    }.items():
        with pytest.raises(BagError, match=message):
            read_track(tmp_path / name)


def test_a_bag_without_the_topic_names_those_it_has(tmp_path: Path) -> None:
    bag = synthetic_walk().write(tmp_path / "walk")
    with pytest.raises(
        BagError, match=r"wanted messages on /mag .*found /imu/mag \(sensor_msgs/msg/MagneticField\), /landmark"
    ):
        read_track(bag, BagTopics("/mag"))
    with BagWriter(tmp_path / "empty"):
        pass
    with pytest.raises(BagError, match="found no message at all"):
        read_track(tmp_path / "empty")


def test_a_message_that_is_none_is_refused(tmp_path: Path) -> None:
    with BagWriter(tmp_path / "bad") as writer:
        writer.add_topic(FIELD_TOPIC, FIELD_TYPE)
        writer.write(FIELD_TOPIC, 1, b"\x00\x01\x00\x00short")
    with pytest.raises(BagError, match="a message of 9 bytes: wanted sensor_msgs/msg/MagneticField"):
        read_track(tmp_path / "bad")


def test_an_unknown_message_type_cannot_be_stored(tmp_path: Path) -> None:
    with (
        BagWriter(tmp_path / "bag") as writer,
        pytest.raises(BagError, match="acme_msgs/msg/Rocket: wanted a standard"),
    ):
        writer.add_topic("/rocket", "acme_msgs/msg/Rocket")


def test_a_failed_write_leaves_no_bag_and_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(BagWriter, "write", full)
        synthetic_walk().write(tmp_path / "walk")
    assert not (tmp_path / "walk").exists()
    assert len(read_track(synthetic_walk().write(tmp_path / "walk"))) == 1000


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    one, other = synthetic_walk(seed=1).write(tmp_path / "a"), synthetic_walk(seed=2).write(tmp_path / "b")
    assert Bag(one).identity()["sha256"] != Bag(other).identity()["sha256"]
    assert Bag(one).identity()["sha256"] == Bag(mcap_file(one)).identity()["sha256"]
