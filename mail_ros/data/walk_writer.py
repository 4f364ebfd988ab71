"""Writing a walk as a bag: field, landmarks and inertial readings. The log time of a message is its stamp."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.bag import FIELD_TOPIC, IMU_TOPIC, ODOMETRY_TOPIC
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import (
    FIELD_TYPE,
    IMU_TYPE,
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    Message,
    encode_field,
    encode_imu,
    encode_landmark,
    encode_odometry,
)
from mail_ros.data.track import ImuSeries, Landmark, OdometrySeries
from mail_ros.data.truth import LANDMARK_TOPIC

BASE_FRAME, ODOMETRY_FRAME = "base_link", "odom"


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


def odometry_messages(odometry: OdometrySeries) -> Iterator[Message]:
    """Poses of a robot as odometry messages; speeds are differences of poses."""
    step_s = np.diff(odometry.stamp_ns) / NS_PER_S
    step = np.diff(odometry.pose, axis=0)
    yaw_rad = odometry.pose[1:, 2]
    along_m = step[:, 0] * np.cos(yaw_rad) + step[:, 1] * np.sin(yaw_rad)
    rotation_rad = (step[:, 2] + np.pi) % (2 * np.pi) - np.pi
    moved = np.column_stack([along_m, rotation_rad])
    twist = np.divide(moved, step_s[:, None], out=np.zeros_like(moved), where=step_s[:, None] > 0)
    rows = zip(odometry.stamp_ns.tolist(), odometry.pose, np.vstack([np.zeros((1, 2)), twist]).tolist(), strict=True)
    for stamp_ns, pose, (speed_m_s, yaw_rate_rad_s) in rows:
        cdr = encode_odometry(stamp_ns, pose, speed_m_s, yaw_rate_rad_s, ODOMETRY_FRAME, BASE_FRAME)
        yield Message(ODOMETRY_TOPIC, ODOMETRY_TYPE, stamp_ns, cdr)


def imu_messages(imu: ImuSeries, frame_id: str) -> Iterator[Message]:
    """The readings of an inertial unit as messages."""
    rows = zip(imu.stamp_ns.tolist(), imu.orientation_xyzw, imu.rate_rad_s, imu.acceleration_m_s2, strict=True)
    for stamp_ns, quaternion, rate, acceleration in rows:
        yield Message(IMU_TOPIC, IMU_TYPE, stamp_ns, encode_imu(stamp_ns, quaternion, rate, acceleration, frame_id))
