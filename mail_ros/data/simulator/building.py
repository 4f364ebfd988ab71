"""A simulated building: floors of corridors that look alike, and the field in them.

The field of a floor is computed once for each height, and interpolated between the nodes of a grid. The map's x axis
points in a direction that the building's seed draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.simulator.bodies import Block, Fitting, Wire, bodies_ut, fittings, lift, mixed
from mail_ros.data.simulator.body_motion import about_z
from mail_ros.data.simulator.corridor_plan import CorridorPlan, distance_m
from mail_ros.data.simulator.simulation_config import BuildingConfig

GRID_M = 0.1
HALF_M = 1.0  # from a corridor's centre line to the last node
DIPOLE_UT = np.array([-1.4509, 4.6525, -29.4048])  # g11, h11, g10 of IGRF-13, 2020 (Alken et al. 2021)
CEILING_M = 2.6
STRAY_A = 2.0  # standard deviation of the net direct current in a corridor's cables and pipes
CLEARANCE_M = 1.05  # from the centre line of every corridor to fittings beside it
LIFT_M = 2.6  # from the centre line of the corridor to the middle of the shaft


class FieldGrid:
    """The field in a plan's corridors, NaN outside; linear between nodes `GRID_M` apart in all three directions."""

    def __init__(self, plan: CorridorPlan, exact_ut: Callable[[FloatArray], FloatArray]) -> None:
        """Lay out the nodes.

        Args:
            plan: of the floor.
            exact_ut: (n, 3) at positions (n, 3); may be slow.
        """
        self.exact_ut = exact_ut
        self._low = np.floor((plan.corner_m.min(axis=0) - HALF_M) / GRID_M).astype(np.int64) - 1
        high = np.ceil((plan.corner_m.max(axis=0) + HALF_M) / GRID_M).astype(np.int64) + 1
        self._shape = (high - self._low + 1).tolist()
        x, y = (each.ravel() for each in np.meshgrid(*(np.arange(size) for size in self._shape), indexing="ij"))
        node_m = (np.column_stack([x, y]) + self._low) * GRID_M
        self._inside = np.flatnonzero(distance_m(plan, node_m) <= HALF_M + GRID_M)
        self._node_m = node_m[self._inside]
        self._levels: dict[int, FloatArray] = {}

    def field_ut(self, position_m: FloatArray) -> FloatArray:
        """(n, 3) at positions (n, 3) over the floor."""
        scaled = np.round(position_m / GRID_M, 9)  # a height on a node needs one level
        node = np.floor(scaled).astype(np.int64)
        fraction = scaled - node
        field_ut = np.zeros_like(position_m)
        for dz in (0, 1):
            weight = fraction[:, 2] if dz else 1.0 - fraction[:, 2]
            for level in np.unique((node[:, 2] + dz)[weight > 0.0]).tolist():
                at = np.flatnonzero((node[:, 2] + dz == level) & (weight > 0.0))
                field_ut[at] += weight[at, None] * self._on_level(level, node[at, :2] - self._low, fraction[at, :2])
        return field_ut

    def _on_level(self, level: int, node: IntArray, fraction: FloatArray) -> FloatArray:
        level_ut = self._level(level)
        width, total = self._shape[1], len(level_ut)
        inside = ((node >= 0) & (node < np.array(self._shape) - 1)).all(axis=1)
        first = np.where(inside, node[:, 0] * width + node[:, 1], total - width - 2)  # outside: a corner, which is NaN
        field_ut = np.zeros((len(node), 3))
        for dx in (0, 1):
            for dy in (0, 1):
                weight = (fraction[:, 0] if dx else 1.0 - fraction[:, 0]) * (
                    fraction[:, 1] if dy else 1.0 - fraction[:, 1]
                )
                field_ut += weight[:, None] * level_ut[first + dx * width + dy]
        return field_ut

    def _level(self, level: int) -> FloatArray:
        """(nodes, 3) at a height of `level` times `GRID_M`."""
        if level not in self._levels:
            level_ut = np.full((self._shape[0] * self._shape[1], 3), np.nan)
            height_m = np.full((len(self._node_m), 1), level * GRID_M)
            level_ut[self._inside] = self.exact_ut(np.hstack([self._node_m, height_m]))
            self._levels[level] = level_ut
        return self._levels[level]


@dataclass(frozen=True)
class Building:
    """Floors with the same plan, numbered from 0."""

    plan: CorridorPlan
    earth_ut: FloatArray  # (3,) in the map's axes
    floors: tuple[FieldGrid, ...]

    def field_ut(self, floor: int, position_m: FloatArray) -> FloatArray:
        """The field (n, 3) in the map's axes, at positions (n, 3) over a floor; NaN outside its corridors."""
        return self.floors[floor].field_ut(position_m)


def make_building(seed: int = 0, config: BuildingConfig | None = None) -> Building:
    """The building whose bodies `seed` draws. Its field takes seconds for the first drive at each height."""
    config = config or BuildingConfig()
    rng = np.random.default_rng([seed, 11])
    plan = _corridor_plan(config)
    earth_ut = about_z(rng.uniform(-np.pi, np.pi)) @ earth_field_ut(config.latitude_deg, config.longitude_deg)
    aisle, across = (fittings(length_m, rng) for length_m in (config.length_m, config.spacing_m * (config.aisles - 1)))
    shaft = lift(-LIFT_M, rng).block(plan.corner_m[config.crossings // 2], np.array([1.0, 0.0]))
    floors = []
    for _ in range(config.floors):
        blocks, wires = _bodies(plan, config, aisle, across, rng)
        blocks.append(shaft)
        floors.append(FieldGrid(plan, partial(_exact_ut, earth_ut, blocks, wires)))
    return Building(plan, earth_ut, tuple(floors))


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
    """Aisles along x, from the origin, joined by crossings along y; each intersection is a corner."""
    x_m = np.linspace(0.0, config.length_m, config.crossings)
    y_m = np.arange(config.aisles) * config.spacing_m
    corner_m = np.array([[x, y] for y in y_m for x in x_m])
    number = np.arange(len(corner_m)).reshape(config.aisles, config.crossings)
    along = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    across = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    return CorridorPlan(corner_m, np.concatenate([along, across]))


def _bodies(
    plan: CorridorPlan,
    config: BuildingConfig,
    aisle: Sequence[Fitting],
    across: Sequence[Fitting],
    rng: np.random.Generator,
) -> tuple[list[Block], list[Wire]]:
    """The blocks and wires of one floor."""
    x_m, y_m = np.unique(plan.corner_m[:, 0]), np.unique(plan.corner_m[:, 1])
    lines = [
        *((np.array([0.0, y]), np.array([1.0, 0.0]), config.length_m, aisle) for y in y_m),
        *((np.array([x, 0.0]), np.array([0.0, 1.0]), float(y_m[-1]), across) for x in x_m),
    ]
    blocks, wires = [], []
    for start_m, ahead, length_m, pattern in lines:
        own = mixed(pattern, fittings(length_m, rng), config.similarity, rng)
        blocks += [each.block(start_m, ahead) for each in own]
        end_m = start_m + length_m * ahead
        lateral_m = rng.uniform(-0.5, 0.5) * np.array([-ahead[1], ahead[0]])
        first, last = ((float(x), float(y), CEILING_M) for x, y in (start_m + lateral_m, end_m + lateral_m))
        wires.append(Wire(first, last, float(rng.normal(scale=STRAY_A))))
    clear = _clear(plan, blocks)
    return [block for block, kept in zip(blocks, clear, strict=True) if kept], wires


def _clear(plan: CorridorPlan, blocks: Sequence[Block]) -> list[bool]:
    """Whether each block lies outside all corridors, or under the floor."""
    centre_m = np.array([block.centre_m for block in blocks])
    half_m = np.array([block.size_m for block in blocks])[:, :2] / 2.0
    corners = [np.array([x, y]) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)]
    lateral_m = np.min([distance_m(plan, centre_m[:, :2] + corner * half_m) for corner in corners], axis=0)
    clear: list[bool] = ((lateral_m > CLEARANCE_M) | (centre_m[:, 2] < 0.0)).tolist()
    return clear
