"""ROS 1 bags are read as they are, and what they lack is named."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag1 import Writer
from small_bags import START_NS, STEP_NS, field_cdr
from test_bag_fuzz import damaged

from mail_ros.core.errors import BagError, MailError
from mail_ros.data.bag import FIELD_TOPIC, Bag, read_recording
from mail_ros.data.bag_repair import repair
from mail_ros.data.frame_tree import decode_transforms
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, TF_TYPE
from mail_ros.data.ros1_bag import ros1_typestore
from mail_ros.data.truth import TruthSource

COUNT = 40


def made(kind: str, *values: Any) -> Any:
    return ros1_typestore().types[kind](*values)


def header(number: int, frame: str) -> Any:
    time = made("builtin_interfaces/msg/Time", *divmod(START_NS + number * STEP_NS, 10**9))
    return made("std_msgs/msg/Header", number, time, frame)


def vector(*xyz: float, kind: str = "Vector3") -> Any:
    return made(f"geometry_msgs/msg/{kind}", *xyz)


def transform() -> Any:
    """From map to odom, 1 m along x."""
    pose = made("geometry_msgs/msg/Transform", vector(1.0, 0.0, 0.0), vector(0.0, 0.0, 0.0, 1.0, kind="Quaternion"))
    return made("geometry_msgs/msg/TransformStamped", header(0, "map"), "odom", pose)


def ros1_bag(path: Path, compression: Writer.CompressionFormat | None = None) -> Path:
    """Field and landmarks of a walk, a transform, and a type that ROS 2 has not."""
    messages: list[tuple[int, str, str, tuple[Any, ...]]] = [(0, "/tf", TF_TYPE, ([transform()],))]
    for number in range(COUNT):
        field = vector(2e-5, -5e-6, (43.0 + number % 7) / 1e6)
        messages.append((number, FIELD_TOPIC, FIELD_TYPE, (header(number, "imu_link"), field, np.zeros(9))))
    for number in (0, COUNT - 1):
        point = vector(0.1 * number, 2.0, 0.0, kind="Point")
        messages.append((number, "/landmark", LANDMARK_TYPE, (header(number, "map"), point)))
    writer = Writer(path)
    if compression is not None:
        writer.set_compression(compression)
    with writer:
        kinds = {topic: kind for _, topic, kind, _ in messages if topic != "/tf"}
        topics = {name: writer.add_connection(name, kind, typestore=ros1_typestore()) for name, kind in kinds.items()}
        topics["/tf"] = writer.add_connection("/tf", "tf/msg/tfMessage", msgdef="int32 x", md5sum="0" * 32)
        for number, topic, kind, fields in messages:
            content = ros1_typestore().serialize_ros1(made(kind, *fields), kind)
            writer.write(topics[topic], START_NS + number * STEP_NS, content)
        own = writer.add_connection("/own", "own_msgs/msg/Own", msgdef="int32 x", md5sum="0" * 32)
        writer.write(own, START_NS, bytes(4))
    return path


@pytest.mark.parametrize("compression", [None, Writer.CompressionFormat.BZ2, Writer.CompressionFormat.LZ4])
def test_a_ros_1_bag_is_a_walk(tmp_path: Path, compression: Writer.CompressionFormat | None) -> None:
    path = ros1_bag(tmp_path / "walk.bag", compression)
    recording = read_recording(path)
    assert recording.track.source == "walk"
    assert recording.truth.source is TruthSource.LANDMARKS
    assert recording.track.position_m[0] == pytest.approx([0.0, 2.0])
    assert recording.track.valid.all()
    bag = Bag(path)
    assert [message.cdr for message in bag.messages([FIELD_TOPIC])] == [field_cdr(number) for number in range(COUNT)]
    (tf,) = bag.messages(["/tf"])
    assert tf.msgtype == TF_TYPE
    (link,) = decode_transforms(tf.cdr, static=False)
    assert (link.parent, link.child, link.translation_m[0]) == ("map", "odom", 1.0)
    assert bag.left_out.foreign == {"/own (own_msgs/msg/Own of ROS 1)"}
    assert bag.notes() == {}
    assert repair(path) is None


def test_what_cannot_be_read_is_one_error(tmp_path: Path) -> None:
    path = ros1_bag(tmp_path / "walk.bag")
    with pytest.raises(BagError, match="found a folder of ROS 1 bags; give its files"):
        Bag(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BagError, match=r"walk.bag: wanted a readable bag, found .*; repair it with `rosbag reindex`"):
        read_recording(path)
    for number in range(100):
        path.write_bytes(damaged(whole, random.Random(number)))
        for read in (read_recording, repair):
            try:
                read(path)
            except MailError as error:
                assert str(error).count("\n") == 0
