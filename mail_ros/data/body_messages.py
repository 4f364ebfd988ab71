"""What a robot says of itself, to the CDR bytes that a bag stores: odometry, joints, poses, mounts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.messages import JOINTS_TYPE, ODOMETRY_TYPE, POSE_TYPES, TF_TYPE, typestore

UNKNOWN = np.zeros(36)  # a covariance


def encode_odometry(
    stamp_ns: int, pose: FloatArray, speed_m_s: float, turn_rad_s: float, frame_id: str, child_frame_id: str
) -> bytes:
    """Odometry with a pose (3,) of x, y and heading; covariances unknown."""
    types = typestore().types
    with_pose = types["geometry_msgs/msg/PoseWithCovariance"](_pose(pose), UNKNOWN)
    twist = types["geometry_msgs/msg/Twist"](_vector([speed_m_s, 0.0, 0.0]), _vector([0.0, 0.0, turn_rad_s]))
    with_twist = types["geometry_msgs/msg/TwistWithCovariance"](twist, UNKNOWN)
    return _cdr(types[ODOMETRY_TYPE](_header(stamp_ns, frame_id), child_frame_id, with_pose, with_twist), ODOMETRY_TYPE)


def encode_pose(stamp_ns: int, pose: FloatArray, frame_id: str) -> bytes:
    """PoseStamped of x, y and heading, (3,)."""
    return _cdr(typestore().types[POSE_TYPES[0]](_header(stamp_ns, frame_id), _pose(pose)), POSE_TYPES[0])


def encode_joints(stamp_ns: int, names: Sequence[str], velocity: FloatArray, effort: FloatArray) -> bytes:
    """JointState of as many joints as there are names: rad/s and N m, no position."""
    message = typestore().types[JOINTS_TYPE](
        _header(stamp_ns, ""), list(names), np.zeros(0), np.asarray(velocity), np.asarray(effort)
    )
    return _cdr(message, JOINTS_TYPE)


def encode_mounts(stamp_ns: int, base: str, mounts: Mapping[str, tuple[FloatArray, float]]) -> bytes:
    """TFMessage of frames on a base: how each is shifted, (3,) m, and turned about z."""
    types = typestore().types
    transforms = [
        types["geometry_msgs/msg/TransformStamped"](
            _header(stamp_ns, base), frame, types["geometry_msgs/msg/Transform"](_vector(shift_m), _about_z(turn_rad))
        )
        for frame, (shift_m, turn_rad) in mounts.items()
    ]
    return _cdr(types[TF_TYPE](transforms), TF_TYPE)


def _pose(pose: FloatArray) -> Any:
    types = typestore().types
    return types["geometry_msgs/msg/Pose"](
        types["geometry_msgs/msg/Point"](float(pose[0]), float(pose[1]), 0.0), _about_z(float(pose[2]))
    )


def _about_z(angle_rad: float) -> Any:
    half_rad = angle_rad / 2.0
    return typestore().types["geometry_msgs/msg/Quaternion"](0.0, 0.0, float(np.sin(half_rad)), float(np.cos(half_rad)))


def _vector(xyz: Sequence[float] | FloatArray) -> Any:
    return typestore().types["geometry_msgs/msg/Vector3"](*(float(value) for value in xyz))


def _header(stamp_ns: int, frame_id: str) -> Any:
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](*divmod(int(stamp_ns), NS_PER_S))
    return types["std_msgs/msg/Header"](time, frame_id)


def _cdr(message: Any, msgtype: str) -> bytes:
    return bytes(typestore().serialize_cdr(message, msgtype))
