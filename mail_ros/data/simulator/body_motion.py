"""The pose of a body at each sample of its sensors: position, lean, speed and acceleration; and rotations of axes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.path import sum_of_sines
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.trajectory import DriveTrajectory

STEP_M = 0.62  # length of a step
BOB_M, SWING_M = 0.02, 0.02  # up and down with every step, sideways with every other step
NOD_RAD, ROLL_RAD, YAW_RAD = 0.012, 0.015, 0.02  # likewise
SWAY_S = (0.7, 6.0)  # periods
SLOW_M_S = 0.3  # below this, sway and gait fade out


@dataclass(frozen=True)
class BodyMotion:
    """A body at each sample; the map's axes are x, y and up."""

    time_s: FloatArray  # (n,)
    position_m: FloatArray  # (n, 3) on the floor, up to a person's bobbing
    roll_rad: FloatArray  # (n,) of the body: x forward, y to the left
    pitch_rad: FloatArray  # (n,)
    heading_rad: FloatArray  # (n,) from x to y, without jumps
    speed_m_s: FloatArray  # (n,) forward, negative backwards
    yaw_rate_rad_s: FloatArray  # (n,)
    acceleration_m_s2: FloatArray  # (n, 3) in the map's axes, without gravity


def body_motion(trajectory: DriveTrajectory, config: DriveConfig, rng: np.random.Generator) -> BodyMotion:
    """A trajectory at `config.rate_hz`, with the body's sway and tilt, and a person's gait."""
    time_s = np.arange(int(trajectory.time_s[-1] * config.rate_hz) + 1) / config.rate_hz
    ground_m, heading_rad, speed_m_s = _interpolated(trajectory, time_s)
    yaw_rate_rad_s = np.gradient(heading_rad) * config.rate_hz
    moving = np.minimum(np.abs(speed_m_s) / SLOW_M_S, 1.0)
    tilt_direction_rad = rng.uniform(0.0, 2.0 * np.pi)
    roll_rad, pitch_rad = (
        component * config.tilt_rad + config.sway_rad * moving * sum_of_sines(time_s, *SWAY_S, rng)
        for component in (np.cos(tilt_direction_rad), np.sin(tilt_direction_rad))
    )
    forward, left = _axes(heading_rad)
    acceleration_m_s2 = np.zeros((len(time_s), 3))
    acceleration_m_s2[:, :2] = (
        np.gradient(speed_m_s)[:, None] * config.rate_hz * forward + (speed_m_s * yaw_rate_rad_s)[:, None] * left
    )
    position_m = np.column_stack([ground_m, np.zeros(len(time_s))])
    if config.platform == "person":
        phase = 2.0 * np.pi * np.cumsum(np.abs(speed_m_s)) / config.rate_hz / STEP_M
        cadence_rad_s = 2.0 * np.pi * np.abs(speed_m_s) / STEP_M
        position_m[:, 2] = BOB_M * moving * np.sin(phase)
        position_m[:, :2] += (SWING_M * moving * np.sin(phase / 2.0))[:, None] * left
        acceleration_m_s2[:, 2] = -np.square(cadence_rad_s) * position_m[:, 2]
        roll_rad = roll_rad + ROLL_RAD * moving * np.sin(phase / 2.0)
        pitch_rad = pitch_rad + NOD_RAD * moving * np.sin(phase)
        heading_rad = heading_rad + YAW_RAD * moving * np.cos(phase / 2.0)
    return BodyMotion(
        time_s, position_m, roll_rad, pitch_rad, heading_rad, speed_m_s, yaw_rate_rad_s, acceleration_m_s2
    )


def sensor_position_m(motion: BodyMotion, config: DriveConfig) -> FloatArray:
    """(n, 3) of the magnetometer over the floor; a leaning body rotates about it."""
    forward, left = _axes(motion.heading_rad)
    position_m: FloatArray = motion.position_m + np.array([0.0, 0.0, config.height_m])
    position_m[:, :2] += config.forward_m * forward + config.left_m * left
    return position_m


def _interpolated(trajectory: DriveTrajectory, time_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Position (n, 2), heading and speed (n,) at any time, by constant acceleration between two of its points."""
    point = np.clip(np.searchsorted(trajectory.time_s, time_s, side="right") - 1, 0, len(trajectory.time_s) - 2)
    fraction = (time_s - trajectory.time_s[point]) / np.diff(trajectory.time_s)[
        point
    ]  # fraction of the time between two points
    before_m_s, after_m_s = trajectory.speed_m_s[point], trajectory.speed_m_s[point + 1]
    speed_m_s = before_m_s + fraction * (after_m_s - before_m_s)
    travelled = (before_m_s + speed_m_s) * fraction  # and of the distance between, if there is one
    done = np.divide(travelled, before_m_s + after_m_s, out=fraction.copy(), where=before_m_s + after_m_s != 0.0)
    position_m = trajectory.position_m[point] + done[:, None] * np.diff(trajectory.position_m, axis=0)[point]
    heading_rad = trajectory.heading_rad[point] + done * np.diff(trajectory.heading_rad)[point]
    return position_m, heading_rad, speed_m_s


def _axes(heading_rad: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n, 2) forward and to the left."""
    cosine, sine = np.cos(heading_rad), np.sin(heading_rad)
    return np.column_stack([cosine, sine]), np.column_stack([-sine, cosine])


def attitude(roll_rad: FloatArray, pitch_rad: FloatArray, yaw_rad: FloatArray) -> FloatArray:
    """(n, 4) quaternions x, y, z, w of rotations about z, then the new y, then the new x (REP-103)."""
    (cos_r, sin_r), (cos_p, sin_p), (cos_y, sin_y) = (
        (np.cos(angle / 2.0), np.sin(angle / 2.0)) for angle in (roll_rad, pitch_rad, yaw_rad)
    )
    return np.column_stack(
        [
            sin_r * cos_p * cos_y - cos_r * sin_p * sin_y,
            cos_r * sin_p * cos_y + sin_r * cos_p * sin_y,
            cos_r * cos_p * sin_y - sin_r * sin_p * cos_y,
            cos_r * cos_p * cos_y + sin_r * sin_p * sin_y,
        ]
    )


def to_body(matrix: FloatArray, vector: FloatArray) -> FloatArray:
    """Vectors (n, 3) of the outer axes in the axes of bodies with attitudes `matrix` (n, 3, 3)."""
    rotated: FloatArray = np.einsum("nij,ni->nj", matrix, vector)
    return rotated


def about_z(angle_rad: float) -> FloatArray:
    """(3, 3) from axes rotated by this angle about z to the outer axes."""
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
