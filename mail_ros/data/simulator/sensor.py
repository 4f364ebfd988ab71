"""A magnetometer on a body: its readings of the field, and its stamps."""

from __future__ import annotations

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.simulator.simulation_config import DriveConfig

MAX_JITTER = 0.4  # fraction of the sampling period: stamps keep their order


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
