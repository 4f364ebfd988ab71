"""The way over a route's corners: where the body goes, and how fast it may.

    corners --> smooth() --> Way: places 2 cm apart, heading, speed limit
                pieces between two turnings about

A way is cut where the route turns about: there the body stops and turns in place.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.simulator.noise import waves
from mail_ros.data.simulator.plan import lengths_m
from mail_ros.data.simulator.simulation_config import DriveConfig

STEP_M = 0.02
WANDER_M = (3.0, 15.0)  # lengths of its waves
MOST_M = 0.6  # farthest beside the middle
CALM_M = 1.0  # without wander, beside a place where the way begins or ends


@dataclass(frozen=True)
class Way:
    """A way without turning about."""

    place_m: FloatArray  # (p, 2)
    heading_rad: FloatArray  # (p,) without jumps
    limit_m_s: FloatArray  # (p,)
    corner: IntArray  # (c,) which of its places is nearest to each of its corners
    corner_m: FloatArray  # (c, 2)


def ways(corner_m: FloatArray, route: Sequence[int], config: DriveConfig, rng: np.random.Generator) -> list[Way]:
    """The ways over a route's corners, one behind the other."""
    about = [at for at in range(1, len(route) - 1) if route[at - 1] == route[at + 1]]
    ends = [0, *about, len(route) - 1]
    return [smooth(corner_m[list(route[first : last + 1])], config, rng) for first, last in itertools.pairwise(ends)]


def smooth(corner_m: FloatArray, config: DriveConfig, rng: np.random.Generator) -> Way:
    """A way over corners (c, 2) that bends around them and wanders beside the middle of the corridor."""
    passed_m = np.concatenate([[0.0], np.cumsum(lengths_m(corner_m))])
    at_m = np.linspace(0.0, passed_m[-1], round(passed_m[-1] / STEP_M) + 1)
    place_m = _bent(np.column_stack([np.interp(at_m, passed_m, axis) for axis in corner_m.T]), config.bend_m)
    step_m = np.gradient(place_m, axis=0)
    left = np.column_stack([-step_m[:, 1], step_m[:, 0]]) / np.linalg.norm(step_m, axis=1, keepdims=True)
    calm = np.clip(np.minimum(at_m, passed_m[-1] - at_m) / CALM_M, 0.0, 1.0)
    middle = np.arctanh(config.beside_m / MOST_M)
    wander = np.tanh(middle + config.wander_m / MOST_M * waves(at_m, *WANDER_M, rng))
    beside_m = MOST_M * wander * calm**2 * (3.0 - 2.0 * calm)
    place_m = place_m + beside_m[:, None] * left
    step_m = np.gradient(place_m, axis=0)
    heading_rad = np.unwrap(np.arctan2(step_m[:, 1], step_m[:, 0]))
    leg = np.clip(np.searchsorted(passed_m, at_m, side="right") - 1, 0, len(corner_m) - 2)
    fastest_m_s = config.speed_m_s * rng.uniform(1 - config.speed_spread, 1 + config.speed_spread, len(corner_m) - 1)
    bend_1_m = np.abs(np.gradient(heading_rad)) / np.linalg.norm(step_m, axis=1)
    limit_m_s = np.minimum(fastest_m_s[leg], config.turn_rad_s / np.maximum(bend_1_m, 1e-9))
    return Way(place_m, heading_rad, limit_m_s, np.round(passed_m / STEP_M).astype(np.int64), corner_m)


def _bent(line_m: FloatArray, bend_m: float) -> FloatArray:
    """A line (p, 2) of straight legs, as a running mean over `bend_m` of it: corners are rounded, ends stay."""
    half = min(round(bend_m / 2.0 / STEP_M), len(line_m) - 1)
    weight = np.hanning(2 * half + 3)[1:-1]
    padded_m = np.pad(line_m, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    return np.column_stack([np.convolve(axis, weight / weight.sum(), mode="valid") for axis in padded_m.T])
