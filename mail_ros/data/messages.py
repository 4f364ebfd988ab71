"""ROS messages to and from the CDR bytes that a bag stores. No ROS installation needed."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import frame_of_floor
from mail_ros.core.platform.compensation import JointReading, joint_reading
from mail_ros.core.platform.odometry import ImuReading
from mail_ros.core.platform.odometry_buffer import OdometryPose, odometry_pose
from mail_ros.core.types import NS_PER_S, UT_PER_T, FloatArray
from mail_ros.data.track import Landmark

FIELD_TYPE = "sensor_msgs/msg/MagneticField"
IMU_TYPE = "sensor_msgs/msg/Imu"
ODOMETRY_TYPE = "nav_msgs/msg/Odometry"
JOINTS_TYPE = "sensor_msgs/msg/JointState"
LANDMARK_TYPE = "geometry_msgs/msg/PointStamped"
POSE_TYPES = ("geometry_msgs/msg/PoseStamped", "geometry_msgs/msg/PoseWithCovarianceStamped")
WAYPOINT_EVENT_TYPE = "std_msgs/msg/Header"
TF_TYPE = "tf2_msgs/msg/TFMessage"

FRAME_AT = 12  # the length of frame_id, after four bytes about the encoding and eight of the stamp
UNKNOWN_3X3, UNKNOWN_6X6 = np.zeros(9), np.zeros(36)  # a covariance of zeros means unknown
NOT_MEASURED = np.array([-1.0, *[0.0] * 8])  # as sensor_msgs/Imu defines it


class Message(NamedTuple):
    """One stored message."""

    topic: str
    msgtype: str
    log_time_ns: int
    cdr: bytes


@cache
def typestore() -> Typestore:
    """The message types of ROS 2 Jazzy."""
    return get_typestore(Stores.ROS2_JAZZY)


def definition(msgtype: str) -> tuple[str, str]:
    """The text of a message's definition as rosbag2 stores it, and its type description hash (RIHS01).

    Raises:
        BagError: the type is not among the standard messages of Jazzy.
    """
    if msgtype not in typestore().types:
        raise BagError(
            msgtype, wanted="a standard ROS 2 message type", found="an unknown one", fix="record other topics"
        )
    text, _ = typestore().generate_msgdef(msgtype, ros_version=2)
    return text, typestore().hash_rihs01(msgtype)


def decode(cdr: bytes, msgtype: str) -> Any:
    """A message from its CDR bytes.

    Raises:
        BagError: the bytes are not a message of this type.
    """
    try:
        return typestore().deserialize_cdr(cdr, msgtype)
    except Exception as error:  # the code that rosbags generates raises exceptions of any type
        raise BagError(
            f"a message of {len(cdr)} bytes", wanted=msgtype, found=f"other bytes ({error})", fix="record the bag again"
        ) from None


def time_ns(time: Any) -> int:
    """A stamp, ns."""
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def stamp_of(message: Any) -> int:
    """Header stamp, ns."""
    return time_ns(message.header.stamp)


def encode_field(stamp_ns: int, field_ut: FloatArray, frame_id: str) -> bytes:
    """MagneticField in tesla from (3,) µT, covariance unknown."""
    return _encode(FIELD_TYPE, _header(stamp_ns, frame_id), _vector(np.asarray(field_ut) / UT_PER_T), UNKNOWN_3X3)


def decode_field(cdr: bytes) -> tuple[int, FloatArray]:
    """Stamp, ns, and field, (3,) µT."""
    message = decode(cdr, FIELD_TYPE)
    vector = message.magnetic_field
    return stamp_of(message), np.array([vector.x, vector.y, vector.z]) * UT_PER_T


def frame_of(cdr: bytes) -> str:
    """The frame_id of a message that begins with a header, without decoding the rest; for CDR of either byte order."""
    (length,) = struct.unpack_from("<I" if cdr[1] & 1 else ">I", cdr, FRAME_AT)
    return cdr[FRAME_AT + 4 : FRAME_AT + 3 + length].decode(errors="replace")


def encode_imu(
    stamp_ns: int, orientation_xyzw: FloatArray, rate_rad_s: FloatArray, acceleration_m_s2: FloatArray, frame_id: str
) -> bytes:
    """Imu, covariances unknown; what is NaN is not measured, and has a covariance of -1."""
    measured = (*_measured(orientation_xyzw), *_measured(rate_rad_s), *_measured(acceleration_m_s2))
    return _encode(IMU_TYPE, _header(stamp_ns, frame_id), *measured)


def _measured(values: FloatArray) -> tuple[Any, FloatArray]:
    """A quaternion (4,) or a vector (3,) with its covariance."""
    is_known = bool(np.isfinite(values).all())
    numbers = values if is_known else (0.0, 0.0, 0.0, 1.0)[: len(values)]
    msgtype = "geometry_msgs/msg/Quaternion" if len(values) == 4 else "geometry_msgs/msg/Vector3"
    return _new(msgtype, *(float(value) for value in numbers)), UNKNOWN_3X3 if is_known else NOT_MEASURED


def decode_imu(cdr: bytes) -> ImuReading | None:
    """Attitude and acceleration; None where the sensor does not measure one of them (its covariance is -1)."""
    message = decode(cdr, IMU_TYPE)
    if message.orientation_covariance[0] == -1 or message.linear_acceleration_covariance[0] == -1:
        return None
    attitude, acceleration = message.orientation, message.linear_acceleration
    return ImuReading(
        stamp_of(message),
        np.array([attitude.x, attitude.y, attitude.z, attitude.w]),
        np.array([acceleration.x, acceleration.y, acceleration.z]),
    )


def encode_odometry(
    stamp_ns: int, pose: FloatArray, speed_m_s: float, yaw_rate_rad_s: float, frame_id: str, child_frame_id: str
) -> bytes:
    """Odometry with pose (3,): x, y and yaw; covariances unknown."""
    twist = _new("geometry_msgs/msg/Twist", _vector([speed_m_s, 0.0, 0.0]), _vector([0.0, 0.0, yaw_rate_rad_s]))
    return _encode(
        ODOMETRY_TYPE,
        _header(stamp_ns, frame_id),
        child_frame_id,
        _new("geometry_msgs/msg/PoseWithCovariance", _pose(pose), UNKNOWN_6X6),
        _new("geometry_msgs/msg/TwistWithCovariance", twist, UNKNOWN_6X6),
    )


def decode_odometry(cdr: bytes) -> OdometryPose:
    """The device's pose in odometry's own frame.

    Raises:
        OdometryError: its quaternion is not a rotation.
    """
    message = decode(cdr, ODOMETRY_TYPE)
    position, attitude = message.pose.pose.position, message.pose.pose.orientation
    xyzw = np.array([attitude.x, attitude.y, attitude.z, attitude.w])
    return odometry_pose(stamp_of(message), np.array([position.x, position.y]), xyzw)


def encode_joints(stamp_ns: int, names: Sequence[str], velocity: FloatArray, effort: FloatArray) -> bytes:
    """JointState without positions: velocity in rad/s and effort in N m, one of each per name."""
    return _encode(
        JOINTS_TYPE, _header(stamp_ns, ""), list(names), np.zeros(0), np.asarray(velocity), np.asarray(effort)
    )


def decode_joints(cdr: bytes) -> JointReading:
    """Velocities and efforts of the joints."""
    message = decode(cdr, JOINTS_TYPE)
    return joint_reading(stamp_of(message), message.name, message.velocity.tolist(), message.effort.tolist())


def encode_landmark(landmark: Landmark, map_frame: str) -> bytes:
    """PointStamped in the frame of the landmark's floor."""
    point = _new("geometry_msgs/msg/Point", float(landmark.position_m[0]), float(landmark.position_m[1]), 0.0)
    return _encode(LANDMARK_TYPE, _header(landmark.stamp_ns, frame_of_floor(map_frame, landmark.floor)), point)


def encode_waypoint_event(stamp_ns: int, number: int) -> bytes:
    """Header: the surveyor passes a waypoint. Its position comes from a planned route, or is added later.

    Args:
        stamp_ns: time of the event.
        number: counts events from 1; a negative number cancels the event of that number.
    """
    return _cdr(_header(stamp_ns, str(number)), WAYPOINT_EVENT_TYPE)


def decode_waypoint_event(cdr: bytes) -> tuple[int, int]:
    """Stamp, ns, and number, see `encode_waypoint_event`.

    Raises:
        BagError: frame_id is not a number.
    """
    message = decode(cdr, WAYPOINT_EVENT_TYPE)
    number = message.frame_id
    if not number.lstrip("-").isdigit():
        raise BagError(
            "a mark",
            wanted="its number as frame_id, as mail_recorder writes it",
            found=repr(number),
            fix="name the topic that has the truth with --truth",
        )
    return time_ns(message.stamp), int(number)


def encode_pose(stamp_ns: int, pose: FloatArray, frame_id: str) -> bytes:
    """PoseStamped from (3,): x, y and yaw."""
    return _encode(POSE_TYPES[0], _header(stamp_ns, frame_id), _pose(pose))


def decode_position(cdr: bytes, msgtype: str) -> tuple[int, FloatArray, str]:
    """Stamp, ns, position, (3,) m, and frame of a point, an odometry, or a pose with or without covariance."""
    message = decode(cdr, msgtype)
    if msgtype == LANDMARK_TYPE:
        at = message.point
    else:
        at = (message.pose if msgtype == POSE_TYPES[0] else message.pose.pose).position
    return stamp_of(message), np.array([at.x, at.y, at.z]), message.header.frame_id


def encode_mounts(stamp_ns: int, base: str, mounts: Mapping[str, tuple[FloatArray, float]]) -> bytes:
    """TFMessage of frames on a base: the translation of each, (3,) m, and its yaw, rad."""
    transforms = [
        _new(
            "geometry_msgs/msg/TransformStamped",
            _header(stamp_ns, base),
            frame,
            _new("geometry_msgs/msg/Transform", _vector(translation_m), _yaw(yaw_rad)),
        )
        for frame, (translation_m, yaw_rad) in mounts.items()
    ]
    return _encode(TF_TYPE, transforms)


def _new(msgtype: str, *values: Any) -> Any:
    return typestore().types[msgtype](*values)


def _header(stamp_ns: int, frame_id: str) -> Any:
    return _new("std_msgs/msg/Header", _new("builtin_interfaces/msg/Time", *divmod(int(stamp_ns), NS_PER_S)), frame_id)


def _vector(xyz: Sequence[float] | FloatArray) -> Any:
    return _new("geometry_msgs/msg/Vector3", *(float(value) for value in xyz))


def _pose(pose: FloatArray) -> Any:
    point = _new("geometry_msgs/msg/Point", float(pose[0]), float(pose[1]), 0.0)
    return _new("geometry_msgs/msg/Pose", point, _yaw(float(pose[2])))


def _yaw(yaw_rad: float) -> Any:
    return _new("geometry_msgs/msg/Quaternion", 0.0, 0.0, float(np.sin(yaw_rad / 2.0)), float(np.cos(yaw_rad / 2.0)))


def _encode(msgtype: str, *values: Any) -> bytes:
    return _cdr(_new(msgtype, *values), msgtype)


def _cdr(message: Any, msgtype: str) -> bytes:
    return bytes(typestore().serialize_cdr(message, msgtype))
