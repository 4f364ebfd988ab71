"""The inertial unit of a body: attitude against a north of its own, angular rates, and acceleration."""

from __future__ import annotations

import numpy as np

from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.body_motion import BodyMotion
from mail_ros.data.simulator.noise import interpolated_noise
from mail_ros.data.simulator.rotation import attitude, to_body
from mail_ros.data.simulator.simulation_config import DriveConfig

GRAVITY_M_S2 = np.array([0.0, 0.0, 9.81])  # as an accelerometer at rest measures it: upwards
ATTITUDE_NOISE_S = 5.0  # correlation time of roll and pitch errors


def true_attitude(motion: BodyMotion) -> FloatArray:
    """(n, 4) quaternions x, y, z, w of the body in the map."""
    return attitude(motion.roll_rad, motion.pitch_rad, motion.heading_rad)


def imu(motion: BodyMotion, config: DriveConfig, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Orientation (n, 4), angular velocity (n, 3) and acceleration (n, 3), as in `ImuSeries`.

    The unit's frame points up, and north by an unknown, drifting yaw.
    """
    time_s, count = motion.time_s, len(motion.time_s)
    offset_rad = rng.uniform(-config.imu_yaw_offset_rad, config.imu_yaw_offset_rad)
    yaw_error_rad = offset_rad + rng.normal(scale=config.imu_yaw_drift_rad_s) * time_s
    roll_rad, pitch_rad = (
        angle + config.attitude_noise_rad * interpolated_noise(time_s, ATTITUDE_NOISE_S, rng)
        for angle in (motion.roll_rad, motion.pitch_rad)
    )
    acceleration_m_s2 = to_body(rotation(true_attitude(motion)), motion.acceleration_m_s2 + GRAVITY_M_S2)
    return (
        attitude(roll_rad, pitch_rad, motion.heading_rad + yaw_error_rad),
        _rates(motion, config.rate_hz) + rng.normal(scale=config.rate_noise_rad_s, size=(count, 3)),
        acceleration_m_s2 + rng.normal(scale=config.acceleration_noise_m_s2, size=(count, 3)),
    )


def _rates(motion: BodyMotion, rate_hz: float) -> FloatArray:
    """(n, 3) angular velocity about the body's own axes, rad/s."""
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
