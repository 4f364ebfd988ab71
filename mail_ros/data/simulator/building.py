"""A simulated building: floors of corridors that look alike, a hall, or both joined by a door; and the field in them.

The map's x axis points in a direction that the building's seed draws. A hall has a random stream of its own: with and
without one, the same seed has the same corridors, but for what would stand in the hall.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.bodies import Block, Wire, bodies_ut
from mail_ros.data.simulator.body_motion import about_z
from mail_ros.data.simulator.corridor_bodies import corridor_bodies
from mail_ros.data.simulator.corridor_plan import CorridorPlan
from mail_ros.data.simulator.field_grid import FieldGrid, WalkableArea
from mail_ros.data.simulator.hall import Hall, adjoining_hall
from mail_ros.data.simulator.hall_bodies import hall_bodies
from mail_ros.data.simulator.simulation_config import BuildingConfig

DIPOLE_UT = np.array([-1.4509, 4.6525, -29.4048])  # g11, h11, g10 of IGRF-13, 2020 (Alken et al. 2021)


@dataclass(frozen=True)
class Building:
    """Floors with the same plan, numbered from 0."""

    plan: CorridorPlan
    earth_ut: FloatArray  # (3,) in the map's axes
    floors: tuple[FieldGrid, ...]
    hall: Hall | None = None  # on every floor

    def field_ut(self, floor: int, position_m: FloatArray) -> FloatArray:
        """The field (n, 3) in the map's axes, at positions (n, 3) over a floor; NaN outside its walkable areas."""
        return self.floors[floor].field_ut(position_m)


def make_building(seed: int = 0, config: BuildingConfig | None = None) -> Building:
    """The building whose bodies `seed` draws. Its field takes seconds for the first drive at each height."""
    config = config or BuildingConfig()
    rng = np.random.default_rng([seed, 11])
    plan = _corridor_plan(config)
    hall_rng = np.random.default_rng([seed, 12])
    hall = adjoining_hall(plan, config, hall_rng) if config.hall_length_m else None
    earth_ut = about_z(rng.uniform(-np.pi, np.pi)) @ earth_field_ut(config.latitude_deg, config.longitude_deg)
    bodies = corridor_bodies(plan, hall, config, rng) if config.aisles else [([], []) for _ in range(config.floors)]
    if hall is not None:
        here = (hall_bodies(hall, hall_rng) for _ in range(config.floors))
        bodies = [(blocks + more, wires + cables) for (blocks, wires), (more, cables) in zip(bodies, here, strict=True)]
    areas: list[WalkableArea] = [plan] if config.aisles else []
    if hall is not None:
        areas += [hall, *([hall.doorway] if hall.doorway else [])]
    floors = tuple(FieldGrid(areas, partial(_exact_ut, earth_ut, blocks, wires)) for blocks, wires in bodies)
    return Building(plan, earth_ut, floors, hall)


def _exact_ut(
    earth_ut: FloatArray, blocks: Sequence[Block], wires: Sequence[Wire], position_m: FloatArray
) -> FloatArray:
    return earth_ut + bodies_ut(blocks, wires, position_m)


def earth_field_ut(latitude_deg: float, longitude_deg: float) -> FloatArray:
    """The Earth's field (3,), east, north and up, of its dipole alone: within about a fifth."""
    lat, lon = np.radians([latitude_deg, longitude_deg])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    # Potential a (a/r)² (dipole · up): minus its gradient at r = a.
    return np.array([-DIPOLE_UT @ east, -DIPOLE_UT @ north, 2.0 * DIPOLE_UT @ up])


def _corridor_plan(config: BuildingConfig) -> CorridorPlan:
    """Aisles along x, from the origin, joined by crossings along y; each intersection is a corner. Empty: no aisles."""
    x_m = np.linspace(0.0, config.length_m, config.crossings)
    y_m = np.arange(config.aisles) * config.spacing_m
    corner_m = np.array([[x, y] for y in y_m for x in x_m]).reshape(-1, 2)
    number = np.arange(len(corner_m)).reshape(config.aisles, config.crossings)
    along = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    across = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    return CorridorPlan(corner_m, np.concatenate([along, across]))
