"""The sensors on a body: magnetometer, wheels and inertial unit, each with its errors.

The magnetometer's errors include the field of the motors, whose currents come from the wheels.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.simulator.body_motion import BodyMotion, attitude, to_body
from mail_ros.data.simulator.simulation_config import DriveConfig

MAX_JITTER = 0.4  # fraction of the sampling period: stamps keep their order
SLIP_S = 1.0  # correlation time
FRICTION_A, FRICTION_M_S = 0.4, 0.02  # friction of a rotating wheel, which fades below this speed
DRAG_A_S_M, INERTIA_A_S2_M = 0.6, 0.8  # with speed and with acceleration: 1 A at a steady 1 m/s
RIPPLE = 0.05  # standard deviation of the current, as a fraction
GRAVITY_M_S2 = np.array([0.0, 0.0, 9.81])  # as an accelerometer at rest measures it: upwards
ATTITUDE_NOISE_S = 5.0  # correlation time of roll and pitch errors


def measured_ut(
    field_ut: FloatArray,
    current_a: FloatArray | None,
    config: DriveConfig,
    device: np.random.Generator,
    rng: np.random.Generator,
) -> FloatArray:
    """The readings of a magnetometer.

    Args:
        field_ut: (n, 3) in the sensor's axes.
        current_a: (n, 2) of the motors, if any.
        config: the size of each error.
        device: draws the errors that stay the same from drive to drive.
        rng: draws the noise.

    Returns:
        (n, 3) µT.
    """
    offset_ut = config.offset_ut * _direction(device)
    drawn = device.normal(scale=config.soft_iron, size=(3, 3))
    soft = np.eye(3) + (drawn + drawn.T) / 2.0
    left = _direction(device)
    motors = np.array([left, left + 0.5 * _direction(device)])
    motors /= np.linalg.norm(motors.sum(axis=0))  # the field of both at 1 A has length one
    reading_ut: FloatArray = field_ut @ soft.T + offset_ut + rng.normal(scale=config.noise_ut, size=field_ut.shape)
    if current_a is not None:
        reading_ut += config.motor_ut * current_a @ motors
    if config.resolution_ut:
        reading_ut = np.round(reading_ut / config.resolution_ut) * config.resolution_ut
    return reading_ut


def stamps_ns(time_s: FloatArray, start_ns: int, config: DriveConfig, rng: np.random.Generator) -> IntArray:
    """(n,) increasing stamps, with jitter, of samples taken at `time_s`."""
    max_s = MAX_JITTER / config.rate_hz
    jitter_s = np.clip(rng.normal(scale=config.jitter_s, size=len(time_s)), -max_s, max_s)
    since_ns: IntArray = np.round((time_s + jitter_s) * NS_PER_S).astype(np.int64)
    return start_ns + since_ns


def received(time_s: FloatArray, config: DriveConfig, rng: np.random.Generator) -> BoolArray:
    """(n,) whether a sample lies outside all gaps; gaps are anywhere but at both ends."""
    starts_s = rng.uniform(0.02, 0.98, config.gaps) * time_s[-1]
    since_s = time_s[:, None] - starts_s
    outside: BoolArray = ~((since_s >= 0.0) & (since_s < config.gap_s)).any(axis=1)
    return outside


def _direction(rng: np.random.Generator) -> FloatArray:
    vector = rng.normal(size=3)
    unit: FloatArray = vector / np.linalg.norm(vector)
    return unit


class Wheels(NamedTuple):
    """Left and right wheel, and their odometry."""

    velocity_rad_s: FloatArray  # (n, 2)
    current_a: FloatArray  # (n, 2) negative backwards
    twist: FloatArray  # (n, 2) forward speed, m/s, and yaw rate, rad/s
    odometry: FloatArray  # (n, 3) x, y and heading in a frame with its origin at the start, x forward


def wheels(motion: BodyMotion, config: DriveConfig, rng: np.random.Generator) -> Wheels:
    """Wheels that slip, whose sizes odometry has only roughly."""
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


def interpolated_noise(at: FloatArray, interval: float, rng: np.random.Generator) -> FloatArray:
    """(n,) a curve of variance one over `at` (n,) >= 0, uncorrelated after `interval`; its sum is a random walk."""
    drawn = rng.normal(scale=np.sqrt(1.5), size=int(at[-1] / interval) + 2)  # a straight line between two has 2/3 of it
    return np.interp(at, np.arange(len(drawn)) * interval, drawn)
