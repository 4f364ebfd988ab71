"""Messages to the core's nouns and back: units, frames, stamps, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Pose, PoseArray, PoseStamped, PoseWithCovarianceStamped
from sensor_msgs.msg import MagneticField
from std_msgs.msg import Float32MultiArray, Header, MultiArrayDimension, MultiArrayLayout

from mail_ros.core.errors import MailError
from mail_ros.core.frames import frame_of_floor, split_frame
from mail_ros.core.seam import Estimate, Sample
from mail_ros.core.signals import NS_PER_S, UT_PER_T, FloatArray
from mail_ros.core.tracker import Hypothesis

HEIGHT_M2 = 1.0  # of a device that is somewhere between the floor and a head
ANY_ANGLE_RAD2 = np.pi**2 / 3.0  # of an angle that may be any


def to_stamp_ns(time: Time) -> int:
    """A message's stamp, ns.

    Raises:
        MailError: nanoseconds that are a second or more, which no clock gives.
    """
    if time.nanosec >= NS_PER_S:
        raise MailError(
            "header.stamp",
            wanted=f"less than {NS_PER_S} ns beside the seconds",
            found=str(time.nanosec),
            fix="mend the driver",
        )
    return int(time.sec) * NS_PER_S + int(time.nanosec)


def to_time(stamp_ns: int) -> Time:
    """A stamp, ns, as a message has it."""
    sec, nanosec = divmod(stamp_ns, NS_PER_S)
    return Time(sec=sec, nanosec=nanosec)


def to_sample(msg: MagneticField) -> Sample:
    """Tesla to µT, by the same arithmetic as `data.messages.decode_field`: poses are equal to the last bit.

    Raises:
        MailError: an impossible stamp.
    """
    vector = msg.magnetic_field
    with np.errstate(over="ignore"):  # infinity is a reading that push refuses
        field_ut = np.array([vector.x, vector.y, vector.z]) * UT_PER_T
    return Sample(to_stamp_ns(msg.header.stamp), field_ut)


def to_pose(estimate: Estimate, map_frame: str) -> PoseStamped:
    """The position in the frame of its floor. A magnetometer alone gives no heading: the rotation is none."""
    return PoseStamped(header=_header(estimate, map_frame), pose=_pose(estimate.position_m))


def to_pose_with_covariance(estimate: Estimate, map_frame: str) -> PoseWithCovarianceStamped:
    """The same with its covariance, rows x, y, z, roll, pitch, yaw (REP-103); nothing is known of the angles."""
    covariance = np.diag([0.0, 0.0, HEIGHT_M2, ANY_ANGLE_RAD2, ANY_ANGLE_RAD2, ANY_ANGLE_RAD2])
    covariance[:2, :2] = estimate.covariance_m2
    msg = PoseWithCovarianceStamped(header=_header(estimate, map_frame))
    msg.pose.pose, msg.pose.covariance = _pose(estimate.position_m), covariance.ravel()
    return msg


def to_pose_array(hypotheses: Sequence[Hypothesis], estimate: Estimate, map_frame: str) -> PoseArray:
    """Those on the floor of the estimate, heaviest first: a PoseArray has one frame, and a frame is one floor."""
    here = [_pose(hypothesis.position_m) for hypothesis in hypotheses if hypothesis.floor == estimate.floor]
    return PoseArray(header=_header(estimate, map_frame), poses=here)


def to_attention(estimate: Estimate) -> Float32MultiArray:
    """One weight per scale, in the order of the model's card; they sum to one."""
    size = len(estimate.attention)
    layout = MultiArrayLayout(dim=[MultiArrayDimension(label="scale", size=size, stride=size)])
    return Float32MultiArray(layout=layout, data=estimate.attention)


def to_place(msg: PoseWithCovarianceStamped, map_frame: str) -> tuple[FloatArray, FloatArray, int]:
    """Position (2,) m, covariance (2, 2) m², and the floor whose frame they are in; the heading is not used.

    Raises:
        MailError: a frame that is of no floor of this map.
    """
    base, floor = split_frame(msg.header.frame_id)
    if base != map_frame:
        raise MailError(
            "header.frame_id",
            wanted=f"{map_frame}, or {frame_of_floor(map_frame, 1)} and so on",
            found=msg.header.frame_id or "nothing",
            fix="send it in the frame of its floor",
        )
    position, rows = msg.pose.pose.position, np.array(msg.pose.covariance).reshape(6, 6)
    return np.array([position.x, position.y]), 0.5 * (rows + rows.T)[:2, :2], floor


def _header(estimate: Estimate, map_frame: str) -> Header:
    return Header(stamp=to_time(estimate.stamp_ns), frame_id=frame_of_floor(map_frame, estimate.floor))


def _pose(position_m: FloatArray) -> Pose:
    pose = Pose()
    pose.position.x, pose.position.y = map(float, position_m)
    pose.orientation.w = 1.0
    return pose


def message_class(msgtype: str) -> Any:
    """The Python class of a message type, as in sensor_msgs/msg/MagneticField.

    Raises:
        MailError: its package is not installed, or knows no such message.
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
