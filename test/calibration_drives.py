"""Made-up calibration drives of a robot with two wheels, each with a motor beside the magnetometer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from helpers import START_NS, field_at
from truth_bags import transform

from mail_ros.core.platform.robot_file import MotorField, Robot
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.bag import FIELD_TOPIC, JOINTS_TOPIC, ODOMETRY_TOPIC
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import (
    FIELD_TYPE,
    JOINTS_TYPE,
    ODOMETRY_TYPE,
    TF_TYPE,
    Message,
    decode,
    encode_field,
    typestore,
)

WHEELS = ("left_wheel_joint", "right_wheel_joint")
RADIUS_M, AXLE_M, FASTEST_RAD_S = 0.1, 0.4, 10.0  # 1 m/s
RATE_HZ = 50.0
TILTED = (0.5, 0.5, 0.5, 0.5)  # the sensor's x is the body's y, its y the body's z
# Both motors at full speed: 10 µT.
MOTOR = MotorField(tuple(f"velocity:{wheel}" for wheel in WHEELS), ((0.62, 0.2, -0.1), (0.338, -0.14, 0.38)), 0.0)
ROBOT = Robot(TILTED, (12.0, -25.0, 8.0), MOTOR)
FORTH_AND_BACK = (0.3, 0.8, 0.5, 1.0, 0.2, 0.9)  # m/s


@dataclass(frozen=True)
class MadeUpDrive:
    """What a robot did and measured."""

    stamp_ns: IntArray  # (n,)
    pose: FloatArray  # (n, 3)
    wheels: FloatArray  # (n, 2) rad/s
    field_ut: FloatArray  # (n, 3)
    motor_ut: FloatArray  # (n, 3) of which the motors

    def write(self, path: Path, *, odometry: bool = True, joints: bool = True, tf: bool = True) -> Path:
        """As a bag; returns its path."""
        messages = []
        for row, stamp_ns in enumerate(self.stamp_ns.tolist()):
            if joints:
                messages.append(Message(JOINTS_TOPIC, JOINTS_TYPE, stamp_ns, joint_state(stamp_ns, self.wheels[row])))
            if odometry:
                messages.append(Message(ODOMETRY_TOPIC, ODOMETRY_TYPE, stamp_ns, odometry_of(stamp_ns, self.pose[row])))
            field = encode_field(stamp_ns, self.field_ut[row], "mag_link")
            messages.append(Message(FIELD_TOPIC, FIELD_TYPE, stamp_ns, field))
        with BagWriter(path) as writer:
            for message in [*([mounted(self.stamp_ns[0])] if tf else []), *messages]:
                writer.add_topic(message.topic, message.msgtype)
                writer.write(message.topic, message.log_time_ns, message.cdr)
        return path


def made_up(
    wheels: FloatArray,
    robot: Robot = ROBOT,
    *,
    lifted: bool = False,
    wander_m: float = 0.01,
    slip: float = 0.0,
    seed: int = 0,
) -> MadeUpDrive:
    """A drive by the speeds of its wheels, (n, 2) rad/s at `RATE_HZ`.

    Args:
        wheels: left and right.
        robot: what it carries.
        lifted: the wheels turn, the robot does not move.
        wander_m: lateral and longitudinal standard deviation of the position from odometry.
        slip: standard deviation of each wheel between two stops, as a fraction of its distance travelled.
        seed: of noise, wander and slip.
    """
    random = np.random.default_rng(seed)
    leg = np.cumsum(np.diff(np.sign(wheels.sum(axis=1)), prepend=0.0) != 0.0)
    pose = _driven(wheels)
    true = _driven(wheels * (1.0 + slip * random.normal(size=(leg.max() + 1, 2)))[leg])
    slow = np.cumsum(random.normal(size=(len(pose), 2)), axis=0)
    true[:, :2] += wander_m * slow / slow.std(axis=0)
    true *= 0.0 if lifted else 1.0
    map_ut = field_at(true[:, :2])
    cos, sin = np.cos(true[:, 2]), np.sin(true[:, 2])
    body_ut = np.column_stack(
        [cos * map_ut[:, 0] + sin * map_ut[:, 1], -sin * map_ut[:, 0] + cos * map_ut[:, 1], map_ut[:, 2]]
    )
    motor_ut = wheels @ np.array(robot.motor.ut_per_unit).reshape(-1, 3) if robot.motor.inputs else 0.0 * body_ut
    field_ut = body_ut @ robot.mount + np.array(robot.hard_iron_ut) + motor_ut
    stamp_ns = START_NS + np.round(np.arange(len(pose)) * 1e9 / RATE_HZ).astype(np.int64)
    noise_ut = random.normal(scale=0.3, size=field_ut.shape)
    return MadeUpDrive(stamp_ns, pose, wheels, field_ut + noise_ut, motor_ut)


def forth_and_back(speeds_m_s: Sequence[float] = FORTH_AND_BACK, length_m: float = 3.0) -> FloatArray:
    """Over the same straight metres, forwards and backwards, at each speed; a stop at both ends. (n, 2) rad/s."""
    legs = []
    for speed_m_s in speeds_m_s:
        for sign in (1.0, -1.0):
            legs += [_smooth(sign * speed_m_s, length_m / speed_m_s), np.zeros(round(0.5 * RATE_HZ))]
    speed = np.concatenate(legs) / RADIUS_M
    return np.column_stack([speed, speed])


def spins(rates_rad_s: Sequence[float] = (0.6, -1.2, 0.9, -1.5)) -> FloatArray:
    """Somewhat more than a full turn on the spot at each rate. (n, 2) rad/s."""
    rate = np.concatenate([_smooth(rate, 6.8 / abs(rate)) for rate in rates_rad_s])
    wheel = 0.5 * AXLE_M * rate / RADIUS_M
    return np.column_stack([-wheel, wheel])


def each_and_both(seed: int = 0) -> FloatArray:
    """(n, 2) rad/s of a lifted robot: each wheel by itself and both, at some speeds."""
    random = np.random.default_rng(seed)
    pieces = [_smooth(1.0, 2.0)[:, None] * random.uniform(-FASTEST_RAD_S, FASTEST_RAD_S, 2) for _ in range(12)]
    pieces += [_smooth(1.0, 2.0)[:, None] * np.array(pair) for pair in ((8.0, 0.0), (0.0, -8.0), (9.0, 9.0))]
    return np.concatenate(pieces)


def joint_state(stamp_ns: int, velocity: Sequence[float] | FloatArray, names: Sequence[str] = WHEELS) -> bytes:
    """JointState, with the effort that a driver does not know."""
    message = _made(
        JOINTS_TYPE,
        _header(stamp_ns, ""),
        list(names),
        np.zeros(len(names)),
        np.array(velocity, np.float64),
        np.full(len(names), np.nan),
    )
    return bytes(typestore().serialize_cdr(message, JOINTS_TYPE))


def odometry_of(stamp_ns: int, pose: FloatArray) -> bytes:
    """Odometry at x, y m and yaw rad."""
    x, y, yaw = pose.tolist()
    turn = _made("geometry_msgs/msg/Quaternion", 0.0, 0.0, float(np.sin(yaw / 2)), float(np.cos(yaw / 2)))
    pose = _made("geometry_msgs/msg/Pose", _made("geometry_msgs/msg/Point", x, y, 0.0), turn)
    zero = _made("geometry_msgs/msg/Vector3", 0.0, 0.0, 0.0)
    message = _made(
        ODOMETRY_TYPE,
        _header(stamp_ns, "odom"),
        "base_link",
        _made("geometry_msgs/msg/PoseWithCovariance", pose, np.zeros(36)),
        _made("geometry_msgs/msg/TwistWithCovariance", _made("geometry_msgs/msg/Twist", zero, zero), np.zeros(36)),
    )
    return bytes(typestore().serialize_cdr(message, ODOMETRY_TYPE))


def mounted(stamp_ns: int) -> Message:
    """The sensor of `ROBOT` on its mast, in two links, of which the second turns by 120° about (1, 1, 1)."""
    link = _made(
        "geometry_msgs/msg/TransformStamped",
        _header(stamp_ns, "mast"),
        "mag_link",
        _made(
            "geometry_msgs/msg/Transform",
            _made("geometry_msgs/msg/Vector3", 0.0, 0.0, 0.1),
            _made("geometry_msgs/msg/Quaternion", *TILTED),
        ),
    )
    base = decode(transform("/tf_static", stamp_ns, "base_link", "mast", (0, 0, 0.5)).cdr, TF_TYPE)
    both = _made(TF_TYPE, [*base.transforms, link])
    return Message("/tf_static", TF_TYPE, int(stamp_ns), bytes(typestore().serialize_cdr(both, TF_TYPE)))


def _driven(wheels: FloatArray) -> FloatArray:
    """Where wheels, (n, 2) rad/s, roll to: (n, 3) x, y m and yaw rad."""
    forward_m_s = RADIUS_M * wheels.mean(axis=1)
    yaw = np.cumsum(RADIUS_M * (wheels[:, 1] - wheels[:, 0]) / AXLE_M) / RATE_HZ
    xy = np.cumsum(forward_m_s[:, None] * np.column_stack([np.cos(yaw), np.sin(yaw)]), axis=0) / RATE_HZ
    return np.column_stack([xy, yaw])


def _smooth(height: float, duration_s: float) -> FloatArray:
    """A speed that rises for half a second, holds, and falls; the distance is about as long as at constant speed."""
    time_s = np.arange(round((duration_s + 0.5) * RATE_HZ)) / RATE_HZ
    ramp = np.minimum(1.0, np.minimum(time_s, duration_s + 0.5 - time_s) / 0.5)
    return np.asarray(height * ramp)


def _made(msgtype: str, *fields: Any) -> Any:
    return typestore().types[msgtype](*fields)


def _header(stamp_ns: int, frame: str) -> Any:
    time = _made("builtin_interfaces/msg/Time", *divmod(int(stamp_ns), 10**9))
    return _made("std_msgs/msg/Header", time, frame)
