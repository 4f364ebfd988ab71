"""Writing a walk as a bag: field, landmarks and inertial readings. The log time of a message is its stamp."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.bag import FIELD_TOPIC, IMU_TOPIC
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import (
    FIELD_TYPE,
    IMU_TYPE,
    LANDMARK_TYPE,
    Message,
    encode_field,
    encode_imu,
    encode_landmark,
)
from mail_ros.data.track import ImuSeries, Landmark
from mail_ros.data.truth import LANDMARK_TOPIC


def write_walk(
    path: Path,
    stamp_ns: IntArray,
    field_ut: FloatArray,
    landmarks: Sequence[Landmark],
    *,
    imu: ImuSeries | None = None,
    before: Sequence[Message] = (),
    frame_id: str = "imu_link",
    map_frame: str = "map",
    custom: dict[str, str] | None = None,
) -> None:
    """Write one walk as a bag, atomically.

    Args:
        path: path of the bag.
        stamp_ns: (n,) stamps of the field.
        field_ut: (n, 3) µT.
        landmarks: landmarks with their stamps.
        imu: inertial readings in the frame of the field.
        before: other messages; at equal stamps they precede the field.
        frame_id: frame of the field.
        map_frame: map frame of floor 0.
        custom: notes for the bag's metadata.

    Raises:
        BagError: the bag exists.
    """
    if path.exists():
        raise BagError(
            path, wanted="a name that is free", found="a bag or another file", fix="choose another or move it away"
        )
    messages = [*before]
    messages += [
        Message(FIELD_TOPIC, FIELD_TYPE, stamp, encode_field(stamp, row, frame_id))
        for stamp, row in zip(stamp_ns.tolist(), field_ut, strict=True)
    ]
    messages += [
        Message(LANDMARK_TOPIC, LANDMARK_TYPE, mark.stamp_ns, encode_landmark(mark, map_frame)) for mark in landmarks
    ]
    messages += imu_messages(imu, frame_id) if imu is not None else []
    messages.sort(key=lambda message: message.log_time_ns)
    partial = path.with_name(path.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with BagWriter(partial, custom, file_stem=path.name) as writer:
        for message in messages:
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    partial.rename(path)


def imu_messages(imu: ImuSeries, frame_id: str) -> Iterator[Message]:
    """The readings of an inertial unit as messages."""
    rows = zip(imu.stamp_ns.tolist(), imu.orientation_xyzw, imu.rate_rad_s, imu.acceleration_m_s2, strict=True)
    for stamp_ns, quaternion, rate, acceleration in rows:
        yield Message(IMU_TOPIC, IMU_TYPE, stamp_ns, encode_imu(stamp_ns, quaternion, rate, acceleration, frame_id))
