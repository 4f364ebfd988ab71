"""A calibration drive, read from its bag: field, joint states, odometry's pose at each reading, mount of the sensor."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError, ConfigError, OdometryError
from mail_ros.core.platform.compensation import SILENT_S, JointReading
from mail_ros.core.platform.robot_file import motor_input, quaternion, rotation
from mail_ros.core.signal.preprocessor import PLAUSIBLE_UT, plausible
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.bag import MOUNTS_TOPIC, Bag
from mail_ros.data.bag_topics import ANY_TOPICS, BagTopics, require_named
from mail_ros.data.frame_tree import Transform, decode_transforms
from mail_ros.data.messages import (
    FIELD_TYPE,
    JOINTS_TYPE,
    ODOMETRY_TYPE,
    TF_TYPE,
    decode,
    decode_field,
    decode_joints,
    decode_odometry,
)
from mail_ros.data.robot_base import BASE_FRAMES

_NO_STAMP_NS, _NO_VALUE = np.zeros(1, np.int64), np.zeros(1)


@dataclass(frozen=True)
class CalibrationDrive:
    """Measurements of a calibration drive."""

    source: str  # name of the bag
    stamp_ns: IntArray  # (n,) increasing
    field_ut: FloatArray  # (n, 3) in the sensor's axes
    joints: Mapping[str, tuple[IntArray, FloatArray]]  # `velocity:JOINT` or `effort:JOINT` to stamps and values (k,)
    pose: FloatArray | None  # (n, 3) odometry: x, y m and yaw rad, unwrapped; None without odometry
    mount_xyzw: tuple[float, ...] | None  # rotation of the sensor by TF; None if TF does not have it

    @property
    def duration_s(self) -> float:
        """Time from the first sample to the last."""
        return float(self.stamp_ns[-1] - self.stamp_ns[0]) / NS_PER_S

    def input_values(self, name: str, lag_s: float) -> FloatArray:
        """(n,) values of a motor field's input, as `Compensation` uses them; NaN where it has none."""
        kind = motor_input(name)
        known_ns, value = self.joints.get(kind.source, (_NO_STAMP_NS, _NO_VALUE))
        wanted_ns = self.stamp_ns - round(lag_s * NS_PER_S)
        newest = np.searchsorted(known_ns, wanted_ns, side="right") - 1
        missing = (newest < 0) | (wanted_ns - known_ns[newest] > SILENT_S * NS_PER_S)
        return np.where(missing, np.nan, kind.apply(value[newest]))


def read_drive(path: Path, topics: BagTopics = ANY_TOPICS) -> CalibrationDrive:
    """Read a calibration drive.

    Raises:
        BagError: not a bag, or a bag without plausible readings.
    """
    bag = Bag(path)
    fields: dict[int, FloatArray] = {}
    joints: list[JointReading] = []
    poses: dict[int, tuple[float, float, float]] = {}
    links: list[Transform] = []
    frame_id = ""
    kinds = {(message.topic, message.msgtype) for message in bag.messages()}
    named, topics = topics, topics.resolved(lambda: {topic for topic, _ in kinds})
    mounts = topics.nearest(MOUNTS_TOPIC, {topic for topic, msgtype in kinds if msgtype == TF_TYPE})
    for message in bag.messages(list(filter(None, (topics.field, topics.joints, topics.odometry, mounts)))):
        kind = (message.topic, message.msgtype)
        if kind == (topics.field, FIELD_TYPE):
            stamp_ns, field_ut = decode_field(message.cdr)
            fields[stamp_ns] = field_ut
            frame_id = frame_id or decode(message.cdr, FIELD_TYPE).header.frame_id
        elif kind == (topics.joints, JOINTS_TYPE):
            joints.append(decode_joints(message.cdr))
        elif kind == (topics.odometry, ODOMETRY_TYPE):
            with suppress(OdometryError):  # a message without an orientation
                pose = decode_odometry(message.cdr)
                poses[pose.stamp_ns] = (*pose.position_m.tolist(), pose.yaw_rad)
        elif kind == (mounts, TF_TYPE):
            links += decode_transforms(message.cdr, static=True)
    require_named(path, named, sorted(kinds))
    stamps, readings = _plausible(path, topics.field, fields)
    pose_array = _interpolated(stamps, poses) if len(poses) > 1 else None
    mount = _mount(frame_id.lstrip("/"), links)
    return CalibrationDrive(bag.name, stamps, readings, _series(joints), pose_array, mount)


def _plausible(path: Path, topic: str, fields: Mapping[int, FloatArray]) -> tuple[IntArray, FloatArray]:
    """Stamps and plausible fields, in the order of the stamps."""
    stamps = sorted(stamp_ns for stamp_ns, field_ut in fields.items() if plausible(field_ut.tolist()))
    if not stamps:
        low, high = PLAUSIBLE_UT
        raise BagError(
            path,
            wanted=f"a field of {low:g} to {high:g} µT on {topic}",
            found=f"{len(fields)} readings, none of them such" if fields else "none",
            fix="name the topic with --topic, and see with mail_ros check what the sensor sends",
        )
    return np.array(stamps, dtype=np.int64), np.array([fields[stamp_ns] for stamp_ns in stamps])


def _series(joints: Sequence[JointReading]) -> dict[str, tuple[IntArray, FloatArray]]:
    values: dict[str, dict[int, float]] = {}
    for reading in joints:
        for name, value in reading.values.items():
            values.setdefault(name, {})[reading.stamp_ns] = value
    return {
        name: (np.array(sorted(known), dtype=np.int64), np.array([known[stamp_ns] for stamp_ns in sorted(known)]))
        for name, known in sorted(values.items())
    }


def _interpolated(stamp_ns: IntArray, poses: Mapping[int, tuple[float, float, float]]) -> FloatArray:
    """Odometry's poses at the field's stamps, (n, 3)."""
    known_ns = np.array(sorted(poses), dtype=np.int64)
    known = np.array([poses[stamp] for stamp in known_ns.tolist()])
    known[:, 2] = np.unwrap(known[:, 2])
    since, at = known_ns - known_ns[0], stamp_ns - known_ns[0]
    return np.column_stack([np.interp(at, since, column) for column in known.T])


def _mount(frame_id: str, links: Sequence[Transform]) -> tuple[float, ...] | None:
    """Rotation x, y, z, w from a sensor's frame to its robot's base; None if static transforms do not connect them."""
    parents = {link.child: link for link in links}
    to_base, frame = np.eye(3), frame_id
    for _ in range(len(parents) + 1):
        if frame.rpartition("/")[2] in BASE_FRAMES:
            return quaternion(to_base)
        if frame not in parents:
            return None
        to_base, frame = parents[frame].rotation @ to_base, parents[frame].parent
    return None  # a cycle of transforms


def parse_mount(text: str) -> tuple[float, ...]:
    """Rotation x, y, z, w from `x,y,z,w`, or from `roll,pitch,yaw` in degrees.

    Raises:
        ConfigError: the text is neither.
    """
    try:
        numbers = [float(word) for word in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 4 and 0.0 < math.hypot(*numbers) < math.inf:
        return tuple(number / math.hypot(*numbers) for number in numbers)
    if len(numbers) == 3 and all(map(math.isfinite, numbers)):
        roll, pitch, yaw = np.radians(numbers)
        return quaternion(_about(2, yaw) @ _about(1, pitch) @ _about(0, roll))
    raise ConfigError(
        "--mount", wanted="x,y,z,w or roll,pitch,yaw in degrees", found=repr(text), fix="correct it, as in 180,0,90"
    )


def _about(axis: int, angle_rad: float) -> FloatArray:
    """The rotation (3, 3) about an axis."""
    return rotation((*(math.sin(angle_rad / 2.0) * np.eye(3)[axis]).tolist(), math.cos(angle_rad / 2.0)))
