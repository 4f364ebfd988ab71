"""Walks through the site of the demo.

The sensor's axes stay fixed to the map, as those of a phone whose readings are turned by its attitude: a robot
whose sensor turns with it also sees its heading, here it does not. `drive.py` has robots that do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.config import check_range
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.simulator.dipoles import Site
from mail_ros.data.simulator.plan import lengths_m, survey_route
from mail_ros.data.simulator.walk import START_NS, SimulatedWalk
from mail_ros.data.track import Landmark

SURVEY_SPEEDS_M_S = (0.8, 1.1)  # of every other walk
DEMO_SPEED_M_S = 0.95  # not one of the surveys'


@dataclass(frozen=True)
class Drive:
    """How a robot drives, and what its magnetometer is like."""

    speed_m_s: float = 1.0
    speed_spread: float = 0.1  # from one corridor to the next, as a share
    wander_m: float = 0.1  # standard deviation of the way beside the corridor's middle; none at corners
    rate_hz: float = 50.0
    noise_ut: float = 0.3  # standard deviation of each axis
    offset_ut: float = 30.0  # the robot's own steel: standard deviation of each axis, constant over a walk

    def __post_init__(self) -> None:
        check_range("drive.speed_m_s", self.speed_m_s, 0.05, 10.0)
        check_range("drive.speed_spread", self.speed_spread, 0.0, 0.5)
        check_range("drive.rate_hz", self.rate_hz, 1.0, 10_000.0)
        for name in ("wander_m", "noise_ut", "offset_ut"):
            check_range(f"drive.{name}", getattr(self, name), 0.0, 1e3)


def simulate(site: Site, route: Sequence[int], seed: int, drive: Drive | None = None) -> SimulatedWalk:
    """Drive over the corners of `route`, at one speed along each corridor.

    Labels by constant speed between the landmarks are therefore right but for the wander.
    """
    drive = drive or Drive()
    rng = np.random.default_rng([seed, 4])
    corner_m = site.corner_m[list(route)]
    spread = rng.uniform(1 - drive.speed_spread, 1 + drive.speed_spread, len(route) - 1)
    passed_s = np.concatenate([[0.0], np.cumsum(lengths_m(corner_m) / (drive.speed_m_s * spread))])
    time_s = np.arange(int(passed_s[-1] * drive.rate_hz) + 1) / drive.rate_hz
    leg = np.clip(np.searchsorted(passed_s, time_s, side="right") - 1, 0, len(route) - 2)
    share = (time_s - passed_s[leg]) / np.diff(passed_s)[leg]
    position_m = (
        corner_m[leg] + share[:, None] * np.diff(corner_m, axis=0)[leg] + _wander(corner_m, leg, share, drive, rng)
    )
    offset_ut = rng.normal(scale=drive.offset_ut, size=3)
    field_ut = site.field_ut(position_m) + offset_ut + rng.normal(scale=drive.noise_ut, size=(len(time_s), 3))
    landmarks = [
        Landmark(START_NS + round(at_s * NS_PER_S), (float(x), float(y)), 0)
        for at_s, (x, y) in zip(passed_s, corner_m, strict=True)
    ]
    return SimulatedWalk(
        START_NS + np.round(time_s * NS_PER_S).astype(np.int64), field_ut, position_m, tuple(landmarks)
    )


def survey(site: Site, walks: int, seed: int, part: float = 1.0) -> Iterator[SimulatedWalk]:
    """Walks that each take every corridor in both directions, in another order and at every other speed.

    Args:
        site: that is walked.
        walks: how many.
        seed: another one, other walks.
        part: of its corridors after which each walk is broken off.
    """
    for number in range(walks):
        own_seed = 1000 * seed + number
        speed_m_s = SURVEY_SPEEDS_M_S[number % len(SURVEY_SPEEDS_M_S)]
        route = survey_route(site, own_seed)
        yield simulate(site, route[: 1 + max(1, round(part * (len(route) - 1)))], own_seed, Drive(speed_m_s))


def _wander(
    corner_m: FloatArray, leg: IntArray, share: FloatArray, drive: Drive, rng: np.random.Generator
) -> FloatArray:
    """(n, 2) sideways from the middle: a few slow waves per leg, each zero at both corners."""
    step_m = np.diff(corner_m, axis=0)
    sideways = np.column_stack([-step_m[:, 1], step_m[:, 0]]) / np.linalg.norm(step_m, axis=1, keepdims=True)
    waves = np.arange(1, 6)
    amplitude_m = rng.normal(scale=drive.wander_m * np.sqrt(2 / len(waves)), size=(len(step_m), len(waves)))
    beside_m = (amplitude_m[leg] * np.sin(np.pi * share[:, None] * waves)).sum(axis=1)
    wander_m: FloatArray = beside_m[:, None] * sideways[leg]
    return wander_m
