"""The site of the demo: one floor, and dipoles that stand for the columns, doors and cables near its corridors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.plan import Plan, distance_m

EARTH_UT = (1.0, 19.5, -44.0)  # east, north, up: middle Europe
CORRIDOR_M = 1.8  # width

# A loop of 26 by 14 metres, cut by two corridors, which another one joins: look-alikes at every corner.
_CORNER_M = ((2, 2), (11, 2), (20, 2), (28, 2), (28, 16), (20, 16), (11, 16), (2, 16), (11, 9), (20, 9))
_CORRIDOR = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 0), (1, 8), (8, 6), (2, 9), (9, 5), (8, 9))


@dataclass(frozen=True)
class Site(Plan):
    """A plan, and the magnets near its corridors."""

    earth_ut: FloatArray  # (3,) east, north, up
    source_m: FloatArray  # (k, 3) dipoles; z from the height of the sensor
    moment_am2: FloatArray  # (k, 3) their moments, A·m²

    def field_ut(self, position_m: FloatArray) -> FloatArray:
        """The field (n, 3) at places (n, 2) on the floor, at the sensor's height."""
        return self.field_at_ut(np.column_stack([position_m, np.zeros(len(position_m))]))

    def field_at_ut(self, place_m: FloatArray) -> FloatArray:
        """The field (n, 3) at places (n, 3); z from the height of the sensor."""
        field_ut = np.tile(self.earth_ut, (len(place_m), 1))
        for source_m, moment_am2 in zip(self.source_m, self.moment_am2, strict=True):
            field_ut += dipole_ut(place_m - source_m, moment_am2)
        return field_ut


@dataclass(frozen=True)
class SiteFloor:
    """A site as premises of one floor, for drives whose sensor may be at any height."""

    site: Site
    height_m: float  # of the site's sensor over the floor

    @property
    def plan(self) -> Plan:
        """See `Premises`."""
        return self.site

    @property
    def floors(self) -> tuple[Site]:
        """See `Premises`."""
        return (self.site,)

    def field_ut(self, floor: int, place_m: FloatArray) -> FloatArray:
        """See `Premises`."""
        return self.site.field_at_ut(place_m - np.array([0.0, 0.0, self.height_m]))


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
    reach_m = np.hypot(distance_m(Plan(corner_m, corridor), source_m[:, :2]), source_m[:, 2])
    source_m, reach_m = source_m[reach_m > 0.7], reach_m[reach_m > 0.7]
    direction = rng.normal(size=source_m.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    peak_ut = np.exp(rng.uniform(np.log(3.0), np.log(25.0), len(source_m)))  # about, at the nearest point driven
    moment_am2 = direction * (peak_ut * reach_m**3 / 0.15)[:, None]
    return Site(corner_m, corridor, np.array(EARTH_UT), source_m, moment_am2)
