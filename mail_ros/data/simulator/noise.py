"""Random curves for sway, wander and drift."""

from __future__ import annotations

import numpy as np

from mail_ros.core.types import FloatArray

WAVES = 6


def sum_of_sines(at: FloatArray, shortest: float, longest: float, rng: np.random.Generator) -> FloatArray:
    """(n,) a smooth curve of variance one over `at` (n,): a sum of sines with periods in this range, without drift."""
    period = np.geomspace(shortest, longest, WAVES)
    amplitude = rng.normal(scale=np.sqrt(2.0 / WAVES), size=WAVES)
    phase = rng.uniform(0.0, 2.0 * np.pi, WAVES)
    return np.sin(2.0 * np.pi * at[:, None] / period + phase) @ amplitude


def interpolated_noise(at: FloatArray, interval: float, rng: np.random.Generator) -> FloatArray:
    """(n,) a curve of variance one over `at` (n,) >= 0, uncorrelated after `interval`; its sum is a random walk."""
    drawn = rng.normal(scale=np.sqrt(1.5), size=int(at[-1] / interval) + 2)  # a straight line between two has 2/3 of it
    return np.interp(at, np.arange(len(drawn)) * interval, drawn)
