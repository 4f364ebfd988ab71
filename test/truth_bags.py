"""Simulated walks as bags, with different sources of ground truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mail_ros.core.map_frames import frame_of_floor
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.bag import FIELD_TOPIC
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import (
    FIELD_TYPE,
    LANDMARK_TYPE,
    ODOMETRY_TYPE,
    POSE_TYPES,
    TF_TYPE,
    WAYPOINT_EVENT_TYPE,
    Message,
    encode_field,
    encode_landmark,
    encode_waypoint_event,
    typestore,
)
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.track import Landmark

LATE_NS = 10_000_000  # between a message's stamp and its receipt


def write_bag(
    path: Path, walk: SimulatedDrive, messages: Sequence[Message] = (), notes: Mapping[str, str] | None = None
) -> Path:
    """The walk's field, and messages; returns the bag's path."""
    field = [
        Message(FIELD_TOPIC, FIELD_TYPE, int(stamp_ns) + LATE_NS, encode_field(int(stamp_ns), field_ut, "imu"))
        for stamp_ns, field_ut in zip(walk.stamp_ns, walk.field_ut, strict=True)
    ]
    with BagWriter(path, dict(notes or {})) as writer:
        for message in sorted([*field, *messages], key=lambda message: message.log_time_ns):
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    return path


def points(topic: str, landmarks: Sequence[Landmark], frame: str = "map") -> list[Message]:
    """Landmarks, published or clicked, in the frame of floor 0."""
    return [Message(topic, LANDMARK_TYPE, mark.stamp_ns + LATE_NS, encode_landmark(mark, frame)) for mark in landmarks]


def marks(*stamps: tuple[int, int]) -> list[Message]:
    """Marks of the surveyor, as stamp and number."""
    return [
        Message("/mark", WAYPOINT_EVENT_TYPE, stamp_ns, encode_waypoint_event(stamp_ns, number))
        for stamp_ns, number in stamps
    ]


def poses(
    topic: str,
    stamp_ns: Sequence[int],
    position_m: FloatArray,
    msgtype: str = POSE_TYPES[0],
    frame: str = "map",
    floor: Sequence[int] | None = None,
) -> list[Message]:
    """Poses of another localizer."""
    floors = [0] * len(stamp_ns) if floor is None else floor
    return [
        Message(topic, msgtype, at + LATE_NS, pose(msgtype, at, xy, frame_of_floor(frame, on)))
        for at, xy, on in zip(stamp_ns, position_m.tolist(), floors, strict=True)
    ]


def pose(msgtype: str, stamp_ns: int, xy: Sequence[float], frame: str) -> bytes:
    plain = _made("geometry_msgs/msg/Pose", _made("geometry_msgs/msg/Point", xy[0], xy[1], 0.0), _turn(0.0))
    header = _header(stamp_ns, frame)
    if msgtype == POSE_TYPES[0]:
        return _cdr(_made(msgtype, header, plain), msgtype)
    covered = _made("geometry_msgs/msg/PoseWithCovariance", plain, np.zeros(36))
    if msgtype == POSE_TYPES[1]:
        return _cdr(_made(msgtype, header, covered), msgtype)
    zero = _made("geometry_msgs/msg/Vector3", 0.0, 0.0, 0.0)
    twist = _made("geometry_msgs/msg/TwistWithCovariance", _made("geometry_msgs/msg/Twist", zero, zero), np.zeros(36))
    return _cdr(_made(ODOMETRY_TYPE, header, "base_link", covered, twist), ODOMETRY_TYPE)


def transform(
    topic: str, stamp_ns: int, parent: str, child: str, xyz: Sequence[float], yaw_rad: float = 0.0
) -> Message:
    """A TFMessage with one transform."""
    shift = _made("geometry_msgs/msg/Vector3", *map(float, xyz))
    link = _made(
        "geometry_msgs/msg/TransformStamped",
        _header(stamp_ns, parent),
        child,
        _made("geometry_msgs/msg/Transform", shift, _turn(yaw_rad)),
    )
    return Message(topic, TF_TYPE, stamp_ns + LATE_NS, _cdr(_made(TF_TYPE, [link]), TF_TYPE))


def _made(msgtype: str, *fields: Any) -> Any:
    return typestore().types[msgtype](*fields)


def _header(stamp_ns: int, frame: str) -> Any:
    time = _made("builtin_interfaces/msg/Time", *divmod(int(stamp_ns), NS_PER_S))
    return _made("std_msgs/msg/Header", time, frame)


def _turn(yaw_rad: float) -> Any:
    return _made("geometry_msgs/msg/Quaternion", 0.0, 0.0, float(np.sin(yaw_rad / 2)), float(np.cos(yaw_rad / 2)))


def _cdr(message: Any, msgtype: str) -> bytes:
    return bytes(typestore().serialize_cdr(message, msgtype))
