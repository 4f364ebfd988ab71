"""A small open floor whose field is known everywhere, lanes through it, and free drives, for tests of field maps."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from mail_ros.core.signal.attitude import about_vertical
from mail_ros.core.types import FloatArray
from mail_ros.data.track import Track

SIZE_M = (9.0, 7.0)
RATE_HZ, SPEED_M_S = 20.0, 0.5
NOISE_UT = 0.3


class Hall:
    """A potential of waves: its gradient is a field that a building could have."""

    def __init__(self, seed: int, waves: int = 40) -> None:
        rng = np.random.default_rng([seed, 1])
        self.wave_per_m = rng.normal(scale=1.7, size=(waves, 2))
        self.phase = rng.uniform(0.0, 2.0 * np.pi, waves)
        self.amplitude_ut = 14.0 / np.sqrt(waves) * rng.normal(size=waves) / np.hypot(1.0, self.wave_per_m).mean(axis=1)

    def field_ut(self, position_m: FloatArray) -> FloatArray:
        """(n, 3) at positions (n, 2)."""
        phase = position_m @ self.wave_per_m.T + self.phase
        along = (np.sin(phase) * self.amplitude_ut) @ self.wave_per_m
        up = np.cos(phase) @ (self.amplitude_ut * np.linalg.norm(self.wave_per_m, axis=1))
        earth_ut = np.array([18.0, -5.0, -42.0])
        field_ut: FloatArray = np.column_stack([along, up]) + earth_ut
        return field_ut


def lane_corners(spacing_m: float) -> FloatArray:
    """A lawn-mower survey of the hall."""
    lanes = np.arange(0.5, SIZE_M[1], spacing_m)
    ends = (0.5, SIZE_M[0] - 0.5)
    return np.array([(x, y) for number, y in enumerate(lanes) for x in (ends if number % 2 == 0 else ends[::-1])])


def free_corners(seed: int, count: int = 8) -> FloatArray:
    """Corners of a drive that follows no lane."""
    return np.random.default_rng([seed, 2]).uniform((1.0, 1.0), (SIZE_M[0] - 1.0, SIZE_M[1] - 1.0), (count, 2))


def drive(
    hall: Hall,
    corners_m: FloatArray,
    seed: int,
    *,
    yaw_rad: float = 0.0,
    sensor_m: tuple[float, float] = (0.0, 0.0),
    offset_ut: FloatArray | None = None,
    name: str = "drive",
) -> Track:
    """A robot from corner to corner, turning in place, with labels at every sample.

    Args:
        hall: where.
        corners_m: (k, 2).
        seed: of odometry's errors and the sensor's noise.
        yaw_rad: from odometry's frame to the map's.
        sensor_m: of the sensor, ahead and left of the axle.
        offset_ut: (3,) constant field of the robot, in its own axes.
        name: of the walk.
    """
    rng = np.random.default_rng([seed, 3])
    position_m, heading = _moves(corners_m)
    arm = np.exp(1j * heading) * complex(*sensor_m)
    at_m = position_m + np.column_stack([arm.real, arm.imag])
    step_m = np.diff(position_m, axis=0, prepend=position_m[:1])
    step_m = step_m * (1.0 + 0.02 * rng.normal()) + 0.03 * np.abs(step_m) * rng.normal(size=step_m.shape)
    moved = (step_m[:, 0] + 1j * step_m[:, 1]) * np.exp(-1j * yaw_rad)
    field_ut = hall.field_ut(at_m) + rng.normal(scale=NOISE_UT, size=(len(at_m), 3))
    turned = (field_ut[:, 0] + 1j * field_ut[:, 1]) * np.exp(-1j * heading)
    own_ut = np.zeros(3) if offset_ut is None else offset_ut
    count = len(position_m)
    return Track(
        source=name,
        stamp_ns=10**18 + np.arange(count) * round(1e9 / RATE_HZ),
        field_ut=np.column_stack([turned.real, turned.imag, field_ut[:, 2]]) + own_ut,
        position_m=position_m,
        floor=np.zeros(count, np.int64),
        valid=np.ones(count, np.bool_),
        paused=np.zeros(count, np.bool_),
        moved_m=np.column_stack([moved.real, moved.imag]),
        attitude_xyzw=np.array([about_vertical(angle - yaw_rad) for angle in heading]),
        odometry="wheels",
        lever_m=sensor_m,
    )


def _moves(corners_m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Positions (n, 2) and headings (n,) at the samples."""
    positions, headings = [], []
    heading = 0.0
    for start_m, end_m in pairwise(corners_m):
        leg = complex(*(end_m - start_m))
        turn = float(np.angle(leg * np.exp(-1j * heading)))
        spin = np.linspace(0.0, turn, max(2, round(abs(turn) * RATE_HZ)))
        positions += [start_m] * len(spin)
        headings += (heading + spin).tolist()
        heading += turn
        steps = np.linspace(0.0, 1.0, max(2, round(abs(leg) / SPEED_M_S * RATE_HZ)))
        positions += list(start_m + steps[:, None] * (end_m - start_m))
        headings += [heading] * len(steps)
    return np.array(positions), np.array(headings)
