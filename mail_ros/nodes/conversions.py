"""Messages to the types of the core and back: units, frames, stamps, and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus, KeyValue
from geometry_msgs.msg import Pose, PoseArray, PoseStamped, PoseWithCovarianceStamped, Quaternion, TransformStamped
from nav_msgs.msg import OccupancyGrid, Odometry
from sensor_msgs.msg import Imu, JointState, MagneticField
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension, MultiArrayLayout

from mail_ros.core.errors import MailError
from mail_ros.core.filter.odometry_motion import ANY_YAW_RAD2
from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.core.map_frames import floor_of_frame, frame_of_floor, map_frames_text, split_frame
from mail_ros.core.platform.compensation import JointReading, joint_reading
from mail_ros.core.platform.odometry import ImuReading
from mail_ros.core.platform.odometry_buffer import OdometryPose, odometry_pose
from mail_ros.core.types import NS_PER_S, UT_PER_T, BeliefImage, Estimate, FloatArray, Hypothesis, Status, YawEstimate

HEIGHT_M2 = 1.0  # variance of a device between the floor and head height


def to_stamp_ns(time: Time) -> int:
    """A message's stamp, ns.

    Raises:
        MailError: nanoseconds of a second or more, which no clock gives.
    """
    if time.nanosec >= NS_PER_S:
        raise MailError(
            "header.stamp",
            wanted=f"less than {NS_PER_S} ns beside the seconds",
            found=str(time.nanosec),
            fix="correct the driver",
        )
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def to_time(stamp_ns: int) -> Time:
    """A stamp, ns, as a message."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def to_reading(msg: MagneticField, field_scale: float = 1.0) -> tuple[int, FloatArray]:
    """Stamp, ns, and field (3,), tesla to µT, by the arithmetic of `data.messages.decode_field`: to the last bit.

    Args:
        msg: the magnetometer's message.
        field_scale: tesla per unit of its driver.

    Raises:
        MailError: an impossible stamp.
    """
    vector = msg.magnetic_field
    with np.errstate(over="ignore"):  # the preprocessor rejects infinity
        field_ut = np.array([vector.x, vector.y, vector.z]) * UT_PER_T * field_scale
    return to_stamp_ns(msg.header.stamp), field_ut


def to_odometry_pose(msg: Odometry) -> OdometryPose:
    """The pose of a robot's odometry, on the floor.

    Raises:
        MailError: an impossible stamp, or a quaternion that is not a rotation.
    """
    position, xyzw = msg.pose.pose.position, _xyzw(msg.pose.pose.orientation)
    return odometry_pose(to_stamp_ns(msg.header.stamp), np.array([position.x, position.y]), xyzw)


def to_imu_reading(msg: Imu) -> ImuReading | None:
    """Attitude and acceleration; None where the sensor reports that one of them is unknown (covariance -1).

    Raises:
        MailError: an impossible stamp.
    """
    if msg.orientation_covariance[0] == -1 or msg.linear_acceleration_covariance[0] == -1:
        return None
    acceleration = msg.linear_acceleration
    acceleration_m_s2 = np.array([acceleration.x, acceleration.y, acceleration.z])
    return ImuReading(to_stamp_ns(msg.header.stamp), _xyzw(msg.orientation), acceleration_m_s2)


def to_joint_reading(msg: JointState) -> JointReading:
    """Velocities and efforts of the joints.

    Raises:
        MailError: an impossible stamp.
    """
    return joint_reading(to_stamp_ns(msg.header.stamp), msg.name, msg.velocity, msg.effort)


def to_pose(estimate: Estimate, map_frame: str, heading: YawEstimate | None = None) -> PoseStamped:
    """The position in the frame of its floor; without a heading the rotation is the identity."""
    return PoseStamped(header=_header(estimate, map_frame), pose=_pose(estimate.position_m, heading))


def to_pose_with_covariance(
    estimate: Estimate, map_frame: str, heading: YawEstimate | None = None
) -> PoseWithCovarianceStamped:
    """`to_pose` with its covariance, rows x, y, z, roll, pitch, yaw (REP-103); roll and pitch are unknown."""
    yaw_rad2 = ANY_YAW_RAD2 if heading is None else heading.variance_rad2
    covariance = np.diag([0.0, 0.0, HEIGHT_M2, ANY_YAW_RAD2, ANY_YAW_RAD2, yaw_rad2])
    covariance[:2, :2] = estimate.covariance_m2
    msg = PoseWithCovarianceStamped(header=_header(estimate, map_frame))
    msg.pose.pose, msg.pose.covariance = _pose(estimate.position_m, heading), covariance.ravel()
    return msg


def to_pose_array(hypotheses: Sequence[Hypothesis], estimate: Estimate, map_frame: str) -> PoseArray:
    """Hypotheses on the floor of the estimate, heaviest first: a PoseArray has one frame, and a frame is one floor."""
    here = [_pose(hypothesis.position_m) for hypothesis in hypotheses if hypothesis.floor == estimate.floor]
    return PoseArray(header=_header(estimate, map_frame), poses=here)


def to_attention(estimate: Estimate) -> Float32MultiArray:
    """One weight per scale, in the order of the model card; they sum to one."""
    size = len(estimate.attention)
    layout = MultiArrayLayout(dim=[MultiArrayDimension(label="scale", size=size, stride=size)])
    return Float32MultiArray(layout=layout, data=estimate.attention)


def from_initial_pose(msg: PoseWithCovarianceStamped, map_frame: str) -> tuple[FloatArray, FloatArray, int]:
    """Position (2,) m, covariance (2, 2) m², and the floor of their frame; the heading is not used.

    Raises:
        MailError: a frame that belongs to no floor of this map.
    """
    if (floor := floor_of_frame(msg.header.frame_id, map_frame)) is None:
        raise MailError(
            "header.frame_id",
            wanted=map_frames_text(map_frame),
            found=msg.header.frame_id or "nothing",
            fix="send it in the frame of its floor",
        )
    position, rows = msg.pose.pose.position, np.array(msg.pose.covariance).reshape(6, 6)
    return np.array([position.x, position.y]), 0.5 * (rows + rows.T)[:2, :2], floor


def to_occupancy_grid(grid: BeliefImage, estimate: Estimate, map_frame: str) -> OccupancyGrid:
    """A belief, in percent of its most probable cell; -1 outside the survey."""
    rows, columns = grid.percent.shape
    msg = OccupancyGrid(header=_header(estimate, map_frame), data=grid.percent.ravel().tolist())
    msg.info.map_load_time, msg.info.resolution = msg.header.stamp, grid.size_m
    msg.info.width, msg.info.height = columns, rows
    msg.info.origin = _pose(grid.corner_m)
    return msg


def to_transform(map_from_odom: OdometryPose, ahead_ns: int, frame_id: str, child_frame_id: str) -> TransformStamped:
    """The pose of odometry's frame in the map's, valid for some time ahead, as AMCL sends it."""
    msg = TransformStamped(header=Header(stamp=to_time(map_from_odom.stamp_ns + ahead_ns), frame_id=frame_id))
    msg.child_frame_id = child_frame_id
    msg.transform.translation.x, msg.transform.translation.y = map(float, map_from_odom.position_m)
    msg.transform.rotation = to_quaternion(map_from_odom.yaw_rad)
    return msg


def _header(estimate: Estimate, map_frame: str) -> Header:
    return Header(stamp=to_time(estimate.stamp_ns), frame_id=frame_of_floor(map_frame, estimate.floor))


def _pose(position_m: FloatArray, heading: YawEstimate | None = None) -> Pose:
    pose = Pose()
    pose.position.x, pose.position.y = map(float, position_m)
    pose.orientation = to_quaternion(0.0 if heading is None else heading.angle_rad)
    return pose


def _xyzw(quaternion: Quaternion) -> FloatArray:
    return np.array([quaternion.x, quaternion.y, quaternion.z, quaternion.w])


def to_quaternion(yaw_rad: float) -> Quaternion:
    """A rotation about the vertical."""
    return Quaternion(z=math.sin(0.5 * yaw_rad), w=math.cos(0.5 * yaw_rad))


def from_pose(msg: PoseWithCovarianceStamped, status: Status) -> Estimate:
    """A pose as an estimate, without what the message lacks.

    Args:
        msg: from ~/pose_with_covariance.
        status: the last one on ~/status.

    Raises:
        MailError: an impossible stamp.
    """
    position, (_, floor) = msg.pose.pose.position, split_frame(msg.header.frame_id)
    covariance_m2 = np.array(msg.pose.covariance).reshape(6, 6)[:2, :2]
    return Estimate(
        to_stamp_ns(msg.header.stamp), np.array([position.x, position.y]), covariance_m2, floor, status, attention=()
    )


def from_pose_array(msg: PoseArray) -> list[Hypothesis]:
    """Hypotheses, most probable first; the message has no weights."""
    _, floor = split_frame(msg.header.frame_id)
    return [Hypothesis(np.array([pose.position.x, pose.position.y]), floor, math.nan) for pose in msg.poses]


def from_occupancy_grid(msg: OccupancyGrid) -> BeliefImage:
    """A belief as an image."""
    corner, shape = msg.info.origin.position, (msg.info.height, msg.info.width)
    percent = np.array(msg.data, np.int8).reshape(shape)
    return BeliefImage(np.array([corner.x, corner.y]), float(msg.info.resolution), percent)


def from_diagnostic_status(msg: DiagnosticStatus) -> Assessment:
    """An assessment; STALE becomes an error."""
    level = int.from_bytes(msg.level, "little")
    values = {value.key: value.value for value in msg.values}
    return Assessment(Level(min(level, Level.ERROR)), msg.message, values)


def to_diagnostic_status(name: str, level: Level, message: str, values: Mapping[str, str]) -> DiagnosticStatus:
    """A status of this package's sensor, as on /diagnostics and ~/status."""
    pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
    return DiagnosticStatus(name=name, level=bytes([level]), message=message, hardware_id="magnetometer", values=pairs)


def message_class(msgtype: str) -> Any:
    """The Python class of a message type, as in sensor_msgs/msg/MagneticField.

    Raises:
        MailError: its package is not installed, or has no such message.
    """
    package, _, name = msgtype.partition("/msg/")
    try:
        return getattr(import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError, TypeError, ValueError):
        raise MailError(
            msgtype,
            wanted="its ROS package to be installed",
            found="nothing",
            fix=f"install {package}, or leave such topics out",
        ) from None
