"""The messages of a survey, to and from the CDR bytes that a bag stores. No ROS install needed."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import frame_of_floor, split_frame
from mail_ros.core.platform.compensation import JointReading, joint_reading
from mail_ros.core.platform.odometry import ImuReading
from mail_ros.core.platform.odometry_buffer import OdometryPose
from mail_ros.core.signal.attitude import heading_rad
from mail_ros.core.signal.resampling import NS_PER_S, UT_PER_T, FloatArray
from mail_ros.data.track import Landmark

FIELD_TYPE = "sensor_msgs/msg/MagneticField"
IMU_TYPE = "sensor_msgs/msg/Imu"
ODOMETRY_TYPE = "nav_msgs/msg/Odometry"
JOINTS_TYPE = "sensor_msgs/msg/JointState"
LANDMARK_TYPE = "geometry_msgs/msg/PointStamped"
POSE_TYPES = ("geometry_msgs/msg/PoseStamped", "geometry_msgs/msg/PoseWithCovarianceStamped")
WAYPOINT_EVENT_TYPE = "std_msgs/msg/Header"
TF_TYPE = "tf2_msgs/msg/TFMessage"


@cache
def typestore() -> Typestore:
    """The message types of ROS 2 Jazzy."""
    return get_typestore(Stores.ROS2_JAZZY)


def definition(msgtype: str) -> tuple[str, str]:
    """The text of a message's definition as rosbag2 stores it, and its type description hash (RIHS01).

    Raises:
        BagError: a type that is not among the standard messages of Jazzy.
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
        BagError: the bytes are not such a message.
    """
    try:
        return typestore().deserialize_cdr(cdr, msgtype)
    except Exception as error:  # rosbags raises whatever its generated code runs into
        raise BagError(
            f"a message of {len(cdr)} bytes", wanted=msgtype, found=f"other bytes ({error})", fix="record the bag again"
        ) from None


def stamp_of(message: Any) -> int:
    """Header stamp, ns."""
    return int(message.header.stamp.sec) * NS_PER_S + int(message.header.stamp.nanosec)


def encode_field(stamp_ns: int, field_ut: FloatArray, frame_id: str) -> bytes:
    """MagneticField, tesla, covariance unknown."""
    types = typestore().types
    vector = _vector(np.asarray(field_ut) / UT_PER_T)
    return _cdr(types[FIELD_TYPE](_header(stamp_ns, frame_id), vector, np.zeros(9)), FIELD_TYPE)


def decode_field(cdr: bytes) -> tuple[int, FloatArray]:
    """Stamp, ns, and field, (3,) µT."""
    message = decode(cdr, FIELD_TYPE)
    vector = message.magnetic_field
    return stamp_of(message), np.array([vector.x, vector.y, vector.z]) * UT_PER_T


def encode_imu(
    stamp_ns: int, orientation_xyzw: FloatArray, rate_rad_s: FloatArray, acceleration_m_s2: FloatArray, frame_id: str
) -> bytes:
    """Imu, covariances unknown."""
    types = typestore().types
    quaternion = types["geometry_msgs/msg/Quaternion"](*(float(value) for value in orientation_xyzw))
    unknown = np.zeros(9)
    message = types[IMU_TYPE](
        _header(stamp_ns, frame_id),
        quaternion,
        unknown,
        _vector(rate_rad_s),
        unknown,
        _vector(acceleration_m_s2),
        unknown,
    )
    return _cdr(message, IMU_TYPE)


def decode_imu(cdr: bytes) -> ImuReading | None:
    """Attitude and acceleration; None where the sensor says that it does not know one of them (covariance -1)."""
    message = decode(cdr, IMU_TYPE)
    if message.orientation_covariance[0] == -1 or message.linear_acceleration_covariance[0] == -1:
        return None
    turn, acceleration = message.orientation, message.linear_acceleration
    return ImuReading(
        stamp_of(message),
        np.array([turn.x, turn.y, turn.z, turn.w]),
        np.array([acceleration.x, acceleration.y, acceleration.z]),
    )


def decode_odometry(cdr: bytes) -> OdometryPose:
    """Where odometry says that the device is, in its own frame."""
    message = decode(cdr, ODOMETRY_TYPE)
    position, turn = message.pose.pose.position, message.pose.pose.orientation
    yaw_rad = heading_rad(np.array([turn.x, turn.y, turn.z, turn.w]))
    return OdometryPose(stamp_of(message), np.array([position.x, position.y]), yaw_rad)


def decode_joints(cdr: bytes) -> JointReading:
    """What the joints do."""
    message = decode(cdr, JOINTS_TYPE)
    return joint_reading(stamp_of(message), message.name, message.velocity.tolist(), message.effort.tolist())


def encode_landmark(landmark: Landmark, map_frame: str) -> bytes:
    """PointStamped in the frame of the landmark's floor."""
    types = typestore().types
    point = types["geometry_msgs/msg/Point"](float(landmark.position_m[0]), float(landmark.position_m[1]), 0.0)
    header = _header(landmark.stamp_ns, frame_of_floor(map_frame, landmark.floor))
    return _cdr(types[LANDMARK_TYPE](header, point), LANDMARK_TYPE)


def decode_landmark(cdr: bytes) -> tuple[Landmark, str]:
    """The landmark, and the map frame."""
    message = decode(cdr, LANDMARK_TYPE)
    map_frame, floor = split_frame(message.header.frame_id)
    return Landmark(stamp_of(message), (float(message.point.x), float(message.point.y)), floor), map_frame


def encode_waypoint_event(stamp_ns: int, number: int) -> bytes:
    """A mark of the surveyor: something is passed now. Which place that is, a planned route or a later look tells.

    Args:
        stamp_ns: now.
        number: of the mark, from 1 on; negative: the mark of that number is taken back.
    """
    return _cdr(_header(stamp_ns, str(number)), WAYPOINT_EVENT_TYPE)


def decode_waypoint_event(cdr: bytes) -> tuple[int, int]:
    """Stamp, ns, and number, as of `encode_waypoint_event`.

    Raises:
        BagError: its frame_id is no number.
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
    return int(message.stamp.sec) * NS_PER_S + int(message.stamp.nanosec), int(number)


def decode_pose(cdr: bytes, msgtype: str) -> tuple[int, FloatArray, str]:
    """Stamp, ns, position on the floor, (2,) m, and frame of an odometry or a pose with or without covariance."""
    message = decode(cdr, msgtype)
    pose = message.pose if msgtype == POSE_TYPES[0] else message.pose.pose
    return stamp_of(message), np.array([pose.position.x, pose.position.y]), message.header.frame_id


def _header(stamp_ns: int, frame_id: str) -> Any:
    types = typestore().types
    time = types["builtin_interfaces/msg/Time"](*divmod(int(stamp_ns), NS_PER_S))
    return types["std_msgs/msg/Header"](time, frame_id)


def _vector(xyz: FloatArray) -> Any:
    return typestore().types["geometry_msgs/msg/Vector3"](*(float(value) for value in xyz))


def _cdr(message: Any, msgtype: str) -> bytes:
    return bytes(typestore().serialize_cdr(message, msgtype))
