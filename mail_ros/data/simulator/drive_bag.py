"""A simulated drive as a bag, with the topics that a robot or phone records.

/imu/mag          field, in mag_link          /odom          wheel odometry of a robot
/imu/data         inertial unit, imu_link     /joint_states  wheels: velocity, and effort from the motors' current
/landmark         corners passed              /tf_static     mounts of both sensors on base_link
/reference_pose   ground truth, 10 Hz
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mail_ros.core.map_frames import frame_of_floor
from mail_ros.core.types import IntArray
from mail_ros.data.bag import JOINTS_TOPIC, MOUNTS_TOPIC, ODOMETRY_TOPIC
from mail_ros.data.messages import (
    JOINTS_TYPE,
    ODOMETRY_TYPE,
    POSE_TYPES,
    TF_TYPE,
    Message,
    encode_joints,
    encode_mounts,
    encode_odometry,
    encode_pose,
)
from mail_ros.data.simulator.sensors import Wheels
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.truth import REFERENCE_TOPIC
from mail_ros.data.walk_writer import BASE_FRAME, ODOMETRY_FRAME, imu_messages, write_walk

IMU_FRAME, FIELD_FRAME = "imu_link", "mag_link"
JOINTS = ("left_wheel_joint", "right_wheel_joint")
TORQUE_NM_A = 0.5  # at the wheel
NOTES = {"source": "simulator", "device": "simulator"}
TRUTH_EVERY = 5  # samples


def write_bag(path: Path, drive: SimulatedDrive, notes: dict[str, str] | None = None) -> None:
    """Write all readings of a drive and its ground truth as a bag.

    Raises:
        BagError: the bag exists.
    """
    messages = [*_mounts(drive), *imu_messages(drive.imu, IMU_FRAME), *_truth(drive)]
    if drive.wheels is not None:
        messages += _wheels(drive.stamp_ns, drive.wheels)
    write_walk(
        path,
        drive.stamp_ns,
        drive.field_ut,
        drive.landmarks,
        before=messages,
        frame_id=FIELD_FRAME,
        custom={**NOTES, **(notes or {})},
    )


def _mounts(drive: SimulatedDrive) -> Iterator[Message]:
    first_ns = int(drive.stamp_ns[0])
    mounts = {IMU_FRAME: (np.zeros(3), 0.0), FIELD_FRAME: (drive.sensor_m, drive.sensor_yaw_rad)}
    yield Message(MOUNTS_TOPIC, TF_TYPE, first_ns, encode_mounts(first_ns, BASE_FRAME, mounts))


def _truth(drive: SimulatedDrive) -> Iterator[Message]:
    pose = np.column_stack([drive.position_m, drive.heading_rad])
    frame = frame_of_floor("map", drive.floor)
    for at in sorted({*range(0, len(pose), TRUTH_EVERY), len(pose) - 1}):
        stamp_ns = int(drive.stamp_ns[at])
        yield Message(REFERENCE_TOPIC, POSE_TYPES[0], stamp_ns, encode_pose(stamp_ns, pose[at], frame))


def _wheels(all_stamps_ns: IntArray, wheels: Wheels) -> Iterator[Message]:
    rows = zip(
        all_stamps_ns.tolist(),
        wheels.odometry,
        wheels.twist.tolist(),
        wheels.velocity_rad_s,
        wheels.current_a,
        strict=True,
    )
    for stamp_ns, pose, (speed_m_s, yaw_rate_rad_s), velocity, current_a in rows:
        odometry = encode_odometry(stamp_ns, pose, speed_m_s, yaw_rate_rad_s, ODOMETRY_FRAME, BASE_FRAME)
        joints = encode_joints(stamp_ns, JOINTS, velocity, TORQUE_NM_A * current_a)
        yield Message(ODOMETRY_TOPIC, ODOMETRY_TYPE, stamp_ns, odometry)
        yield Message(JOINTS_TOPIC, JOINTS_TYPE, stamp_ns, joints)
