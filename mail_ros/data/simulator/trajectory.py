"""A drive in time: along its ways, with stops, turns in place and reversals in between.

Way --> drive() from place to place, as fast as limit and acceleration allow --+
        hold() ----------------------------------------------------------------+--> Course
        spin() ----------------------------------------------------------------+
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.path import STEP_M, Way
from mail_ros.data.simulator.simulation_config import DriveConfig

FREE_M = 1.5  # to the next corner, from where something happens
APART_M = 1.0  # of way for each thing that happens
SPIN = np.linspace(0.0, 1.0, 33)  # of its duration


class Course(NamedTuple):
    """Where a body is in the course of time, in steps of its own."""

    time_s: FloatArray  # (p,)
    place_m: FloatArray  # (p, 2)
    heading_rad: FloatArray  # (p,) without jumps
    speed_m_s: FloatArray  # (p,) negative backwards
    passed_s: FloatArray  # (c,) when each corner was passed; both ends of a turning about
    passed_m: FloatArray  # (c, 2)


@dataclass
class _Log:
    """What was driven so far."""

    config: DriveConfig
    time_s: list[FloatArray] = field(default_factory=list)
    place_m: list[FloatArray] = field(default_factory=list)
    heading_rad: list[FloatArray] = field(default_factory=list)
    speed_m_s: list[FloatArray] = field(default_factory=list)
    passed: list[tuple[float, FloatArray]] = field(default_factory=list)
    now_s: float = 0.0
    turned_rad: float = 0.0  # whole turns since the start

    def drive(self, way: Way, start: int, end: int) -> None:
        """Go from one place of a way to another, from rest to rest; backwards where the other lies behind."""
        index = np.arange(start, end + 1) if end > start else np.arange(start, end - 1, -1)
        place_m, sign = way.place_m[index], 1.0 if end > start else -1.0
        step_m = np.linalg.norm(np.diff(place_m, axis=0), axis=1)
        speed_m_s = _profile(step_m, way.limit_m_s[index], self.config.acceleration_m_s2)
        time_s = self.now_s + np.concatenate([[0.0], np.cumsum(2.0 * step_m / (speed_m_s[1:] + speed_m_s[:-1]))])
        if end > start:
            for corner, at_m in zip(way.corner.tolist(), way.corner_m, strict=True):
                if start <= corner <= end and (corner > start or start == 0):
                    self.passed.append((float(time_s[corner - start]), at_m))
        self._add(time_s, place_m, way.heading_rad[index] + self.turned_rad, sign * speed_m_s)

    def hold(self, duration_s: float) -> None:
        """Stand."""
        self._stand(np.array([0.0, duration_s]), np.zeros(2))

    def spin(self, angle_rad: float) -> None:
        """Turn in place, softly."""
        duration_s = abs(angle_rad) * np.pi / 2.0 / self.config.turn_rad_s
        self._stand(SPIN * duration_s, angle_rad * (1.0 - np.cos(np.pi * SPIN)) / 2.0)

    def turn_to(self, way: Way) -> None:
        """Turn in place towards the start of a way, by half a turn at most."""
        now_rad = float(self.heading_rad[-1][-1])
        angle_rad = (float(way.heading_rad[0]) - now_rad + np.pi) % (2.0 * np.pi) - np.pi
        self.spin(angle_rad)
        self.turned_rad = now_rad + angle_rad - float(way.heading_rad[0])

    def course(self) -> Course:
        """All of it."""
        return Course(
            np.concatenate(self.time_s),
            np.concatenate(self.place_m),
            np.concatenate(self.heading_rad),
            np.concatenate(self.speed_m_s),
            np.array([at_s for at_s, _ in self.passed]),
            np.array([at_m for _, at_m in self.passed]),
        )

    def _stand(self, since_s: FloatArray, turn_rad: FloatArray) -> None:
        place_m = np.tile(self.place_m[-1][-1], (len(since_s), 1))
        self._add(self.now_s + since_s, place_m, self.heading_rad[-1][-1] + turn_rad, np.zeros(len(since_s)))

    def _add(self, time_s: FloatArray, place_m: FloatArray, heading_rad: FloatArray, speed_m_s: FloatArray) -> None:
        first = 1 if self.time_s else 0  # the place where the part before ended
        for so_far, more in (
            (self.time_s, time_s),
            (self.place_m, place_m),
            (self.heading_rad, heading_rad),
            (self.speed_m_s, speed_m_s),
        ):
            so_far.append(more[first:])
        self.now_s = float(time_s[-1])


def course(ways: Sequence[Way], config: DriveConfig, rng: np.random.Generator) -> Course:
    """Drive ways one after the other; what happens on them is where `rng` puts it.

    Raises:
        ConfigError: they are too short for all that is to happen.
    """
    log, happens = _Log(config), _happenings(ways, config, rng)
    for number, way in enumerate(ways):
        if number:
            log.turn_to(way)
        start = 0
        for at, kind in happens[number]:
            log.drive(way, start, at)
            start = at
            if kind == "stop":
                log.hold(config.stop_s)
            elif kind == "spin":
                turn_rad = 2.0 * np.pi * (1.0 if rng.random() < 0.5 else -1.0)
                log.spin(turn_rad)
                log.turned_rad += turn_rad
            else:
                start = at - round(config.reversal_m / STEP_M)
                log.drive(way, at, start)
        log.drive(way, start, len(way.place_m) - 1)
    return log.course()


def _happenings(ways: Sequence[Way], config: DriveConfig, rng: np.random.Generator) -> dict[int, list[tuple[int, str]]]:
    """What happens on each way, and at which of its places: spread over all of them, away from corners."""
    kinds = ["stop"] * config.stops + ["spin"] * config.spins + ["reversal"] * config.reversals
    free_m = FREE_M + (config.reversal_m if config.reversals else 0.0)
    places = [(number, int(at)) for number, way in enumerate(ways) for at in np.flatnonzero(_to_corner_m(way) > free_m)]
    if len(places) * STEP_M < APART_M * len(kinds):
        raise ConfigError(
            "drive.stops, spins and reversals",
            wanted=f"{int(len(places) * STEP_M / APART_M)} at most on this way",
            found=str(len(kinds)),
            fix="drive farther, or let less happen",
        )
    happens: dict[int, list[tuple[int, str]]] = {number: [] for number in range(len(ways))}
    parts = np.array_split(np.arange(len(places)), len(kinds)) if kinds else []
    for part, kind in zip(parts, rng.permutation(kinds).tolist(), strict=True):
        number, at = places[int(rng.choice(part[len(part) // 4 : -(len(part) // 4)]))]  # never side by side
        happens[number].append((at, kind))
    return happens


def _to_corner_m(way: Way) -> FloatArray:
    """(p,) along the way, from each place to the nearest corner."""
    nearest_m: FloatArray = np.abs(np.arange(len(way.place_m))[:, None] - way.corner).min(axis=1) * STEP_M
    return nearest_m


def _profile(step_m: FloatArray, limit_m_s: FloatArray, acceleration_m_s2: float) -> FloatArray:
    """(p,) the fastest from rest to rest over p - 1 steps that keeps to limit and acceleration, forwards and back."""
    twice_m2_s2 = 2.0 * acceleration_m_s2 * np.concatenate([[0.0], np.cumsum(step_m)])
    square = np.square(limit_m_s)
    square[[0, -1]] = 0.0
    square = np.minimum.accumulate(square - twice_m2_s2) + twice_m2_s2
    square = np.minimum.accumulate((square + twice_m2_s2)[::-1])[::-1] - twice_m2_s2
    speed_m_s: FloatArray = np.sqrt(np.maximum(square, 0.0))
    return speed_m_s
