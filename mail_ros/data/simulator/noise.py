"""Random curves: what sways, wanders and drifts."""

from __future__ import annotations

import numpy as np

from mail_ros.core.types import FloatArray

WAVES = 6


def waves(at: FloatArray, shortest: float, longest: float, rng: np.random.Generator) -> FloatArray:
    """(n,) a smooth curve of variance one over `at` (n,), a sum of sines of so long periods; it goes nowhere."""
    period = np.geomspace(shortest, longest, WAVES)
    amplitude = rng.normal(scale=np.sqrt(2.0 / WAVES), size=WAVES)
    phase = rng.uniform(0.0, 2.0 * np.pi, WAVES)
    curve: FloatArray = np.sin(2.0 * np.pi * at[:, None] / period + phase) @ amplitude
    return curve


def knots(at: FloatArray, every: float, rng: np.random.Generator) -> FloatArray:
    """(n,) a curve of variance one over `at` (n,) >= 0 that forgets itself after `every`: its sum walks at random."""
    drawn = rng.normal(scale=np.sqrt(1.5), size=int(at[-1] / every) + 2)  # a straight line between two has 2/3 of it
    curve: FloatArray = np.interp(at, np.arange(len(drawn)) * every, drawn)
    return curve
