"""The path over the corners of a line: its positions, headings and speed limits.

A path ends at a U-turn of the line: there the body stops and rotates in place.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.simulator.corridor_plan import lengths_m
from mail_ros.data.simulator.simulation_config import DriveConfig

STEP_M = 0.02
MAX_BEND_RAD = np.radians(115.0)  # a larger change of direction is not rounded
WANDER_M = (3.0, 15.0)  # wavelengths
MAX_LATERAL_M = 0.6  # from the centre line
TAPER_M = 1.0  # at both ends of a path, where lateral offset and wander fade to zero
WAVES = 6  # sines in a random curve


@dataclass(frozen=True)
class DrivePath:
    """A path without U-turns."""

    position_m: FloatArray  # (p, 2)
    heading_rad: FloatArray  # (p,) without jumps
    limit_m_s: FloatArray  # (p,)
    corner: IntArray  # (c,) index of the position nearest to each corner
    corner_m: FloatArray  # (c, 2)

    def without_corners(self) -> DrivePath:
        """The same over open floor, where a waypoint is a position like any other; both ends stay corners."""
        return dataclasses.replace(self, corner=self.corner[[0, -1]], corner_m=self.corner_m[[0, -1]])


def drive_paths(line_m: FloatArray, config: DriveConfig, rng: np.random.Generator) -> list[DrivePath]:
    """The paths over the corners (c, 2) of a line, in order."""
    legs = np.diff(line_m, axis=0) @ np.array([1.0, 1j])
    sharp = np.abs(np.angle(legs[1:] / legs[:-1])) > MAX_BEND_RAD
    ends = [0, *(1 + np.flatnonzero(sharp)).tolist(), len(line_m) - 1]
    return [smooth_path(line_m[first : last + 1], config, rng) for first, last in itertools.pairwise(ends)]


def smooth_path(corner_m: FloatArray, config: DriveConfig, rng: np.random.Generator) -> DrivePath:
    """A path over corners (c, 2), rounded at each and wandering around the corridor's centre line."""
    passed_m = np.concatenate([[0.0], np.cumsum(lengths_m(corner_m))])
    along_m = np.linspace(0.0, passed_m[-1], round(passed_m[-1] / STEP_M) + 1)
    line_m = np.column_stack([np.interp(along_m, passed_m, axis) for axis in corner_m.T])
    position_m = _rounded(line_m, config.corner_length_m)
    step_m = np.gradient(position_m, axis=0)
    left = np.column_stack([-step_m[:, 1], step_m[:, 0]]) / np.linalg.norm(step_m, axis=1, keepdims=True)
    taper = np.clip(np.minimum(along_m, passed_m[-1] - along_m) / TAPER_M, 0.0, 1.0)
    mean = np.arctanh(config.lateral_offset_m / MAX_LATERAL_M)
    wander = np.tanh(mean + config.wander_m / MAX_LATERAL_M * sum_of_sines(along_m, *WANDER_M, rng))
    lateral_m = MAX_LATERAL_M * wander * taper**2 * (3.0 - 2.0 * taper)
    position_m = position_m + lateral_m[:, None] * left
    step_m = np.gradient(position_m, axis=0)
    heading_rad = np.unwrap(np.arctan2(step_m[:, 1], step_m[:, 0]))
    leg = np.clip(np.searchsorted(passed_m, along_m, side="right") - 1, 0, len(corner_m) - 2)
    speed_m_s = config.speed_m_s * rng.uniform(
        1 - config.speed_variation, 1 + config.speed_variation, len(corner_m) - 1
    )
    curvature_1_m = np.abs(np.gradient(heading_rad)) / np.linalg.norm(step_m, axis=1)
    limit_m_s = np.minimum(speed_m_s[leg], config.max_yaw_rate_rad_s / np.maximum(curvature_1_m, 1e-9))
    return DrivePath(position_m, heading_rad, limit_m_s, np.round(passed_m / STEP_M).astype(np.int64), corner_m)


def _rounded(line_m: FloatArray, length_m: float) -> FloatArray:
    """A line (p, 2) of straight legs as a weighted running mean over `length_m`: rounds corners, keeps both ends."""
    half = min(round(length_m / 2.0 / STEP_M), len(line_m) - 1)
    weight = np.hanning(2 * half + 3)[1:-1]
    padded_m = np.pad(line_m, ((half, half), (0, 0)), mode="reflect", reflect_type="odd")
    return np.column_stack([np.convolve(axis, weight / weight.sum(), mode="valid") for axis in padded_m.T])


def sum_of_sines(at: FloatArray, shortest: float, longest: float, rng: np.random.Generator) -> FloatArray:
    """(n,) a smooth curve of variance one over `at` (n,): a sum of sines with periods in this range, without drift."""
    period = np.geomspace(shortest, longest, WAVES)
    amplitude = rng.normal(scale=np.sqrt(2.0 / WAVES), size=WAVES)
    phase = rng.uniform(0.0, 2.0 * np.pi, WAVES)
    return np.sin(2.0 * np.pi * at[:, None] / period + phase) @ amplitude
