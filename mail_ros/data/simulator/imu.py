"""What an inertial unit on the body tells: attitude against a north of its own, rates, and acceleration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.noise import knots
from mail_ros.data.simulator.rotation import attitude, into_body
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.speed_profile import Motion

GRAVITY_M_S2 = np.array([0.0, 0.0, 9.81])  # what a body at rest feels: upwards
WRONG_S = 5.0  # for which an error of roll or pitch lasts


def true_attitude(motion: Motion) -> FloatArray:
    """(n, 4) quaternions x, y, z, w of the body in the map."""
    return attitude(motion.roll_rad, motion.pitch_rad, motion.heading_rad)


class Readings(NamedTuple):
    """Of the body's inertial unit, whose north is its own."""

    orientation_xyzw: FloatArray  # (n, 4)
    rate_rad_s: FloatArray  # (n, 3)
    acceleration_m_s2: FloatArray  # (n, 3)


def imu(motion: Motion, config: DriveConfig, rng: np.random.Generator) -> Readings:
    """What the unit says; its frame points up, and somewhere that nobody knows."""
    time_s, count = motion.time_s, len(motion.time_s)
    turned_rad = rng.uniform(-config.yaw_rad, config.yaw_rad) + rng.normal(scale=config.drift_rad_s) * time_s
    roll_rad, pitch_rad = (
        angle + config.attitude_rad * knots(time_s, WRONG_S, rng) for angle in (motion.roll_rad, motion.pitch_rad)
    )
    felt_m_s2 = into_body(rotation(true_attitude(motion)), motion.acceleration_m_s2 + GRAVITY_M_S2)
    return Readings(
        attitude(roll_rad, pitch_rad, motion.heading_rad + turned_rad),
        _rates(motion, config.rate_hz) + rng.normal(scale=config.rate_noise_rad_s, size=(count, 3)),
        felt_m_s2 + rng.normal(scale=config.acceleration_noise_m_s2, size=(count, 3)),
    )


def _rates(motion: Motion, rate_hz: float) -> FloatArray:
    """(n, 3) how fast the body turns about its own axes."""
    roll_rad_s, pitch_rad_s, yaw_rad_s = (
        np.gradient(angle) * rate_hz for angle in (motion.roll_rad, motion.pitch_rad, motion.heading_rad)
    )
    (cos_r, sin_r), (cos_p, sin_p) = ((np.cos(angle), np.sin(angle)) for angle in (motion.roll_rad, motion.pitch_rad))
    return np.column_stack(
        [
            roll_rad_s - sin_p * yaw_rad_s,
            cos_r * pitch_rad_s + sin_r * cos_p * yaw_rad_s,
            cos_r * cos_p * yaw_rad_s - sin_r * pitch_rad_s,
        ]
    )
