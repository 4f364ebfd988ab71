"""The wheels of a robot: their rotation, the current of their motors, and odometry that slips."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.body_motion import BodyMotion
from mail_ros.data.simulator.noise import interpolated_noise
from mail_ros.data.simulator.simulation_config import DriveConfig

SLIP_S = 1.0  # correlation time
FRICTION_A, FRICTION_M_S = 0.4, 0.02  # friction of a rotating wheel, which fades below this speed
DRAG_A_S_M, INERTIA_A_S2_M = 0.6, 0.8  # with speed and with acceleration: 1 A at a steady 1 m/s
RIPPLE = 0.05  # standard deviation of the current, as a fraction


class Wheels(NamedTuple):
    """Left and right wheel, and their odometry."""

    velocity_rad_s: FloatArray  # (n, 2)
    current_a: FloatArray  # (n, 2) negative backwards
    twist: FloatArray  # (n, 2) forward speed, m/s, and yaw rate, rad/s
    odometry: FloatArray  # (n, 3) x, y and heading in a frame with its origin at the start, x forward


def wheels(motion: BodyMotion, config: DriveConfig, rng: np.random.Generator) -> Wheels:
    """Wheels that slip, with sizes that odometry knows only roughly."""
    half_m = config.track_width_m / 2.0 * np.array([-1.0, 1.0])
    ground_m_s = motion.speed_m_s[:, None] + motion.yaw_rate_rad_s[:, None] * half_m
    size = 1.0 + rng.normal(scale=config.wheel_size_error, size=2)
    slip = 1.0 + config.slip * np.column_stack([interpolated_noise(motion.time_s, SLIP_S, rng) for _ in size])
    velocity_rad_s = ground_m_s * slip / (config.wheel_radius_m * size)
    ripple = 1.0 + rng.normal(scale=RIPPLE, size=ground_m_s.shape)
    friction_a = FRICTION_A * np.tanh(ground_m_s / FRICTION_M_S)
    inertia_a = INERTIA_A_S2_M * np.gradient(ground_m_s, axis=0) * config.rate_hz
    current_a = (friction_a + DRAG_A_S_M * ground_m_s + inertia_a) * ripple
    return Wheels(velocity_rad_s, current_a, *_dead_reckoning(velocity_rad_s, config))


def _dead_reckoning(velocity_rad_s: FloatArray, config: DriveConfig) -> tuple[FloatArray, FloatArray]:
    """Speed and yaw rate (n, 2), and x, y and heading (n, 3), from both wheels' velocities (n, 2)."""
    left_m_s, right_m_s = velocity_rad_s.T * config.wheel_radius_m
    twist = np.column_stack([(right_m_s + left_m_s) / 2.0, (right_m_s - left_m_s) / config.track_width_m])
    distance_m, yaw_rad = (twist[1:] + twist[:-1]).T / 2.0 / config.rate_hz
    heading_rad = np.concatenate([[0.0], np.cumsum(yaw_rad)])
    middle_rad = heading_rad[:-1] + yaw_rad / 2.0
    step_m = distance_m[:, None] * np.column_stack([np.cos(middle_rad), np.sin(middle_rad)])
    return twist, np.column_stack([np.vstack([np.zeros(2), np.cumsum(step_m, axis=0)]), heading_rad])
