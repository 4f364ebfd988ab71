"""A small made-up building, and robots that drive through it: for the demo and the tests.

    Site --> route over corners --> simulate() --> SimulatedWalk --> bag
    field    survey or drive        50 Hz, noise   field, truth

The field is the Earth's and that of magnetic dipoles, which stand for columns, doors and cables near the
corridors. The sensor's axes stay fixed to the map, as those of a phone whose readings are turned by its
attitude: a robot whose sensor turns with it also sees its heading, here it does not. Everything follows
from seeds; a site and a walk are the same wherever they are made again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.config import check_range
from mail_ros.core.signals import NS_PER_S
from mail_ros.data.labels import interpolate
from mail_ros.data.track import FloatArray, IntArray, Landmark, Track

EARTH_UT = (1.0, 19.5, -44.0)  # east, north, up: middle Europe
CORRIDOR_M = 1.8  # width
SURVEY_SPEEDS_M_S = (0.8, 1.1)  # of every other walk
DEMO_SPEED_M_S = 0.95  # not one of the surveys'
START_NS = 1_750_000_000 * NS_PER_S

# A loop of 26 by 14 metres, cut by two corridors, which another one joins: look-alikes at every corner.
_CORNER_M = ((2, 2), (11, 2), (20, 2), (28, 2), (28, 16), (20, 16), (11, 16), (2, 16), (11, 9), (20, 9))
_CORRIDOR = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 0), (1, 8), (8, 6), (2, 9), (9, 5), (8, 9))


@dataclass(frozen=True)
class Site:
    """A floor of straight corridors between corners, and the magnets near them."""

    corner_m: FloatArray  # (c, 2)
    corridor: IntArray  # (e, 2) the corners at both ends
    earth_ut: FloatArray  # (3,) east, north, up
    source_m: FloatArray  # (k, 3) dipoles; z from the height of the sensor
    moment_am2: FloatArray  # (k, 3) their moments, A·m²

    def field_ut(self, position_m: FloatArray) -> FloatArray:
        """The field (n, 3) at places (n, 2) on the floor, at the sensor's height."""
        place_m = np.column_stack([position_m, np.zeros(len(position_m))])
        field_ut = np.tile(self.earth_ut, (len(position_m), 1))
        for source_m, moment_am2 in zip(self.source_m, self.moment_am2, strict=True):
            field_ut += dipole_ut(place_m - source_m, moment_am2)
        return field_ut

    def neighbours(self, corner: int) -> list[int]:
        """The corners at the other ends of a corner's corridors."""
        return [int(a + b - corner) for a, b in self.corridor if corner in (a, b)]


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


@dataclass(frozen=True)
class SimulatedWalk:
    """What a magnetometer measured on a way, and where it truly was."""

    stamp_ns: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3)
    position_m: FloatArray  # (n, 2)
    landmarks: tuple[Landmark, ...]  # one at each corner passed

    @property
    def duration_s(self) -> float:
        """From the first sample to the last."""
        return float(self.stamp_ns[-1] - self.stamp_ns[0]) / NS_PER_S

    def track(self, source: str) -> Track:
        """As a walk that was recorded, without a bag in between."""
        labels = interpolate(self.stamp_ns, self.landmarks)
        return Track(source, self.stamp_ns, self.field_ut, labels.position_m, labels.floor, labels.valid, labels.paused)

    def write(self, path: Path, notes: dict[str, str] | None = None) -> None:
        """Write the field and the landmarks, not the truth, as a bag.

        Raises:
            BagError: the bag exists.
        """
        from mail_ros.data.walk_writer import write_walk  # a robot that is simulated only needs no bag libraries

        write_walk(
            path,
            self.stamp_ns,
            self.field_ut,
            self.landmarks,
            custom={"source": "simulator", "device": "simulator", **(notes or {})},
        )


def dipole_ut(offset_m: FloatArray, moment_am2: FloatArray) -> FloatArray:
    """The field of a magnetic dipole, µ0/4π · (3 r̂ (m·r̂) − m) / r³.

    Args:
        offset_m: (n, 3) from the dipole to where the field is wanted; not zero.
        moment_am2: (3,) A·m².

    Returns:
        (n, 3) µT.
    """
    distance_m = np.linalg.norm(offset_m, axis=1, keepdims=True)
    direction = offset_m / distance_m
    field_ut: FloatArray = 0.1 * (3 * direction * (direction @ moment_am2)[:, None] - moment_am2) / distance_m**3
    return field_ut


def make_site(seed: int = 0) -> Site:
    """The building with its magnets where `seed` puts them: beside the corridors, 1 to 2.5 m apart."""
    rng = np.random.default_rng([seed, 1])
    corner_m, corridor = np.array(_CORNER_M, dtype=np.float64), np.array(_CORRIDOR, dtype=np.int64)
    sources = []
    for a, b in corridor:
        leg_m = corner_m[b] - corner_m[a]
        length_m = float(np.linalg.norm(leg_m))
        along = leg_m / length_m
        at_m = rng.uniform(0.5, 2.0)
        while at_m < length_m:
            beside_m = rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.0) * CORRIDOR_M
            place_m = corner_m[a] + at_m * along + beside_m * np.array([-along[1], along[0]])
            sources.append([*place_m, rng.uniform(-1.0, 1.0)])
            at_m += rng.uniform(1.0, 2.5)
    source_m = np.array(sources)
    reach_m = _distance_to_corridors(source_m, corner_m, corridor)
    source_m, reach_m = source_m[reach_m > 0.7], reach_m[reach_m > 0.7]
    direction = rng.normal(size=source_m.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    peak_ut = np.exp(rng.uniform(np.log(3.0), np.log(25.0), len(source_m)))  # about, at the nearest point driven
    moment_am2 = direction * (peak_ut * reach_m**3 / 0.15)[:, None]
    return Site(corner_m, corridor, np.array(EARTH_UT), source_m, moment_am2)


def survey_route(site: Site, seed: int) -> list[int]:
    """A closed way over corners that takes every corridor once in each direction (Hierholzer)."""
    rng = np.random.default_rng([seed, 2])
    left = {corner: list(rng.permutation(site.neighbours(corner))) for corner in range(len(site.corner_m))}
    stack, route = [int(rng.integers(len(left)))], []
    while stack:
        if left[stack[-1]]:
            stack.append(int(left[stack[-1]].pop()))
        else:
            route.append(stack.pop())
    return route[::-1]


def drive_route(site: Site, length_m: float, seed: int) -> list[int]:
    """A way of at least `length_m` that turns at random and never back."""
    rng = np.random.default_rng([seed, 3])
    route = [int(rng.integers(len(site.corner_m)))]
    while _lengths_m(site.corner_m[route]).sum() < length_m:
        route.append(int(rng.choice([c for c in site.neighbours(route[-1]) if c not in route[-2:]])))
    return route


def simulate(site: Site, route: Sequence[int], seed: int, drive: Drive | None = None) -> SimulatedWalk:
    """Drive over the corners of `route`, at one speed along each corridor.

    Labels by constant speed between the landmarks are therefore right but for the wander.
    """
    drive = drive or Drive()
    rng = np.random.default_rng([seed, 4])
    corner_m = site.corner_m[list(route)]
    spread = rng.uniform(1 - drive.speed_spread, 1 + drive.speed_spread, len(route) - 1)
    passed_s = np.concatenate([[0.0], np.cumsum(_lengths_m(corner_m) / (drive.speed_m_s * spread))])
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


def _lengths_m(corner_m: FloatArray) -> FloatArray:
    lengths_m: FloatArray = np.linalg.norm(np.diff(corner_m, axis=0), axis=1)
    return lengths_m


def _distance_to_corridors(source_m: FloatArray, corner_m: FloatArray, corridor: IntArray) -> FloatArray:
    """(k,) from each source to the nearest point that a sensor may pass."""
    start_m, leg_m = corner_m[corridor[:, 0]], corner_m[corridor[:, 1]] - corner_m[corridor[:, 0]]
    relative_m = source_m[:, None, :2] - start_m  # (k, e, 2)
    share = np.clip((relative_m * leg_m).sum(axis=2) / np.square(leg_m).sum(axis=1), 0.0, 1.0)
    flat_m = np.linalg.norm(relative_m - share[..., None] * leg_m, axis=2).min(axis=1)
    distance_m: FloatArray = np.hypot(flat_m, source_m[:, 2])
    return distance_m
