"""A drive in time: along its paths, with stops, rotations in place and reversals in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.path import STEP_M, DrivePath
from mail_ros.data.simulator.simulation_config import DriveConfig

CLEARANCE_M = 1.5  # from each event to the next corner
SPACING_M = 1.0  # length of path per event
SPIN = np.linspace(0.0, 1.0, 33)  # fractions of a spin's duration


class DriveTrajectory(NamedTuple):
    """The pose of a body over time, at points of any spacing."""

    time_s: FloatArray  # (p,)
    position_m: FloatArray  # (p, 2)
    heading_rad: FloatArray  # (p,) without jumps
    speed_m_s: FloatArray  # (p,) negative backwards
    passed_s: FloatArray  # (c,) time at each corner; both ends of a U-turn
    passed_m: FloatArray  # (c, 2)


@dataclass
class _Builder:
    """The trajectory so far."""

    config: DriveConfig
    points: list[tuple[FloatArray, FloatArray, FloatArray, FloatArray]] = field(default_factory=list)
    passed: list[tuple[float, FloatArray]] = field(default_factory=list)
    now_s: float = 0.0
    yaw_rad: float = 0.0  # rotations in place since the start

    def follow(self, path: DrivePath, start: int, end: int) -> None:
        """Go from one position of a path to another, from rest to rest; backwards if `end` lies behind."""
        index = np.arange(start, end + 1) if end > start else np.arange(start, end - 1, -1)
        position_m, sign = path.position_m[index], 1.0 if end > start else -1.0
        step_m = np.linalg.norm(np.diff(position_m, axis=0), axis=1)
        speed_m_s = _profile(step_m, path.limit_m_s[index], self.config.acceleration_m_s2)
        time_s = self.now_s + np.concatenate([[0.0], np.cumsum(2.0 * step_m / (speed_m_s[1:] + speed_m_s[:-1]))])
        if end > start:
            for corner, corner_m in zip(path.corner.tolist(), path.corner_m, strict=True):
                if start <= corner <= end and (corner > start or start == 0):
                    self.passed.append((float(time_s[corner - start]), corner_m))
        self._add(time_s, position_m, path.heading_rad[index] + self.yaw_rad, sign * speed_m_s)

    def stop(self, duration_s: float) -> None:
        """Stay at rest."""
        self._rest(np.array([0.0, duration_s]), np.zeros(2))

    def spin(self, angle_rad: float) -> None:
        """Rotate in place, smoothly."""
        duration_s = abs(angle_rad) * np.pi / 2.0 / self.config.max_yaw_rate_rad_s
        self._rest(SPIN * duration_s, angle_rad * (1.0 - np.cos(np.pi * SPIN)) / 2.0)

    def face(self, path: DrivePath) -> None:
        """Rotate in place towards the start of a path, by half a rotation at most."""
        now_rad = float(self.points[-1][2][-1])
        angle_rad = (float(path.heading_rad[0]) - now_rad + np.pi) % (2.0 * np.pi) - np.pi
        self.spin(angle_rad)
        self.yaw_rad = now_rad + angle_rad - float(path.heading_rad[0])

    def trajectory(self) -> DriveTrajectory:
        """All of it."""
        times_s, corners_m = zip(*self.passed, strict=True)
        time_s, position_m, heading_rad, speed_m_s = map(np.concatenate, zip(*self.points, strict=True))
        return DriveTrajectory(time_s, position_m, heading_rad, speed_m_s, np.array(times_s), np.array(corners_m))

    def _rest(self, since_s: FloatArray, yaw_rad: FloatArray) -> None:
        _, position_m, heading_rad, _ = self.points[-1]
        at_m = np.tile(position_m[-1], (len(since_s), 1))
        self._add(self.now_s + since_s, at_m, heading_rad[-1] + yaw_rad, np.zeros(len(since_s)))

    def _add(self, time_s: FloatArray, position_m: FloatArray, heading_rad: FloatArray, speed_m_s: FloatArray) -> None:
        first = 1 if self.points else 0  # the last point of the part before
        self.points.append((time_s[first:], position_m[first:], heading_rad[first:], speed_m_s[first:]))
        self.now_s = float(time_s[-1])


def trajectory(
    paths: Sequence[DrivePath], config: DriveConfig, rng: np.random.Generator, *, closed: bool = False
) -> DriveTrajectory:
    """Follow paths one after the other, with events at positions that `rng` draws.

    A `closed` one ends with a rotation in place to the heading of its start.

    Raises:
        ConfigError: the paths are too short for all events.
    """
    builder, events = _Builder(config), _events(paths, config, rng)
    for number, path in enumerate(paths):
        if number:
            builder.face(path)
        start = 0
        for at, kind in events[number]:
            builder.follow(path, start, at)
            start = at
            if kind == "stop":
                builder.stop(config.stop_s)
            elif kind == "spin":
                yaw_rad = 2.0 * np.pi * (1.0 if rng.random() < 0.5 else -1.0)
                builder.spin(yaw_rad)
                builder.yaw_rad += yaw_rad
            else:
                start = at - round(config.reversal_m / STEP_M)
                builder.follow(path, at, start)
        builder.follow(path, start, len(path.position_m) - 1)
    if closed:
        builder.face(paths[0])
    return builder.trajectory()


def _events(
    paths: Sequence[DrivePath], config: DriveConfig, rng: np.random.Generator
) -> dict[int, list[tuple[int, str]]]:
    """The events of each path, with the index of their position: spread over all paths, away from corners."""
    kinds = ["stop"] * config.stops + ["spin"] * config.spins + ["reversal"] * config.reversals
    clearance_m = CLEARANCE_M + (config.reversal_m if config.reversals else 0.0)
    free: list[tuple[int, int]] = []
    for number, path in enumerate(paths):
        to_corner = np.abs(np.arange(len(path.position_m))[:, None] - path.corner).min(axis=1)  # steps along the path
        free += [(number, int(at)) for at in np.flatnonzero(to_corner * STEP_M > clearance_m)]
    if len(free) * STEP_M < SPACING_M * len(kinds):
        raise ConfigError(
            "drive.stops, spins and reversals",
            wanted=f"at most {int(len(free) * STEP_M / SPACING_M)} on this path",
            found=str(len(kinds)),
            fix="lengthen the drive, or lower their numbers",
        )
    events: dict[int, list[tuple[int, str]]] = {number: [] for number in range(len(paths))}
    parts = np.array_split(np.arange(len(free)), len(kinds)) if kinds else []
    for part, kind in zip(parts, rng.permutation(kinds).tolist(), strict=True):
        number, at = free[int(rng.choice(part[len(part) // 4 : -(len(part) // 4)]))]  # apart from its neighbours
        events[number].append((at, kind))
    return events


def _profile(step_m: FloatArray, limit_m_s: FloatArray, acceleration_m_s2: float) -> FloatArray:
    """(p,) the greatest speeds from rest to rest over p - 1 steps within limit and acceleration, in both directions."""
    twice_m2_s2 = 2.0 * acceleration_m_s2 * np.concatenate([[0.0], np.cumsum(step_m)])
    square = np.square(limit_m_s)
    square[[0, -1]] = 0.0
    square = np.minimum.accumulate(square - twice_m2_s2) + twice_m2_s2
    square = np.minimum.accumulate((square + twice_m2_s2)[::-1])[::-1] - twice_m2_s2
    return np.sqrt(np.maximum(square, 0.0))
