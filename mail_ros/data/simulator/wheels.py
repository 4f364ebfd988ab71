"""What a robot's wheels tell: how fast they turn, what current their motors take, and odometry that slips."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.noise import knots
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.speed_profile import Motion

SLIP_S = 1.0  # for which a slip lasts
FRICTION_A, FRICTION_M_S = 0.4, 0.02  # of a wheel that turns, whichever way; below this speed it fades
DRAG_A_S_M, INERTIA_A_S2_M = 0.6, 0.8  # with speed and with acceleration: 1 A at a steady 1 m/s
RIPPLE = 0.05  # standard deviation of the current, as a share


class Wheels(NamedTuple):
    """Left and right wheel, and where they believe to have gone."""

    turn_rad_s: FloatArray  # (n, 2)
    current_a: FloatArray  # (n, 2) negative backwards
    twist: FloatArray  # (n, 2) speed ahead, m/s, and turn, rad/s, by both
    odometry: FloatArray  # (n, 3) x, y and heading in a frame that begins where the robot does, x ahead


def wheels(motion: Motion, config: DriveConfig, rng: np.random.Generator) -> Wheels:
    """Wheels of sizes that odometry does not quite know, which slip."""
    half_m = config.track_m / 2.0 * np.array([-1.0, 1.0])
    ground_m_s = motion.speed_m_s[:, None] + motion.turn_rad_s[:, None] * half_m
    size = 1.0 + rng.normal(scale=config.wheel_share, size=2)
    slip = 1.0 + config.slip * np.column_stack([knots(motion.time_s, SLIP_S, rng) for _ in size])
    turn_rad_s = ground_m_s * slip / (config.radius_m * size)
    ripple = 1.0 + rng.normal(scale=RIPPLE, size=ground_m_s.shape)
    friction_a = FRICTION_A * np.tanh(ground_m_s / FRICTION_M_S)
    inertia_a = INERTIA_A_S2_M * np.gradient(ground_m_s, axis=0) * config.rate_hz
    current_a = (friction_a + DRAG_A_S_M * ground_m_s + inertia_a) * ripple
    return Wheels(turn_rad_s, current_a, *_reckoned(turn_rad_s, config))


def _reckoned(turn_rad_s: FloatArray, config: DriveConfig) -> tuple[FloatArray, FloatArray]:
    """Speed and turn (n, 2), and x, y and heading (n, 3) by dead reckoning, of both wheels' turning (n, 2)."""
    left_m_s, right_m_s = turn_rad_s.T * config.radius_m
    twist = np.column_stack([(right_m_s + left_m_s) / 2.0, (right_m_s - left_m_s) / config.track_m])
    way_m, turn_rad = (twist[1:] + twist[:-1]).T / 2.0 / config.rate_hz
    heading_rad = np.concatenate([[0.0], np.cumsum(turn_rad)])
    half_way_rad = heading_rad[:-1] + turn_rad / 2.0
    step_m = way_m[:, None] * np.column_stack([np.cos(half_way_rad), np.sin(half_way_rad)])
    return twist, np.column_stack([np.vstack([np.zeros(2), np.cumsum(step_m, axis=0)]), heading_rad])
