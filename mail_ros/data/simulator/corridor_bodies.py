"""The bodies of a building's corridors: parallel ones and floors share a part of their fittings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.data.simulator.bodies import Block, Fitting, Wire, fittings, lift, mixed
from mail_ros.data.simulator.corridor_plan import CorridorPlan, distance_m
from mail_ros.data.simulator.hall import Hall
from mail_ros.data.simulator.simulation_config import BuildingConfig

CEILING_M = 2.6
STRAY_A = 2.0  # standard deviation of the net direct current in a corridor's cables and pipes
CLEARANCE_M = 1.05  # from the centre line of every corridor to fittings beside it
LIFT_M = 2.6  # from the centre line of the corridor to the middle of the shaft
Bodies = tuple[list[Block], list[Wire]]


def corridor_bodies(
    plan: CorridorPlan, hall: Hall | None, config: BuildingConfig, rng: np.random.Generator
) -> list[Bodies]:
    """The blocks and wires of each floor; none stands in a corridor or in the hall."""
    aisle, across = (fittings(length_m, rng) for length_m in (config.length_m, config.spacing_m * (config.aisles - 1)))
    shaft = lift(-LIFT_M, rng).block(plan.corner_m[config.crossings // 2], np.array([1.0, 0.0]))
    floors = []
    for _ in range(config.floors):
        blocks, wires = _bodies(plan, hall, config, aisle, across, rng)
        floors.append(([*blocks, shaft], wires))
    return floors


def _bodies(
    plan: CorridorPlan,
    hall: Hall | None,
    config: BuildingConfig,
    aisle: Sequence[Fitting],
    across: Sequence[Fitting],
    rng: np.random.Generator,
) -> Bodies:
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
    clear = _clear(plan, hall, blocks)
    return [block for block, kept in zip(blocks, clear, strict=True) if kept], wires


def _clear(plan: CorridorPlan, hall: Hall | None, blocks: Sequence[Block]) -> list[bool]:
    """Whether each block lies outside all corridors and the hall, or under the floor."""
    centre_m = np.array([block.centre_m for block in blocks])
    half_m = np.array([block.size_m for block in blocks])[:, :2] / 2.0
    corners = [np.array([x, y]) for x in (-1.0, 0.0, 1.0) for y in (-1.0, 0.0, 1.0)]
    outline_m = [centre_m[:, :2] + corner * half_m for corner in corners]
    clear = np.all([distance_m(plan, each_m) > CLEARANCE_M for each_m in outline_m], axis=0)
    if hall is not None and hall.doorway is not None:
        clear &= np.all([distance_m(hall.doorway, each_m) > CLEARANCE_M for each_m in outline_m], axis=0)
        clear &= ~np.any([hall.contains(each_m, 0.0) for each_m in outline_m], axis=0)
    kept: list[bool] = (clear | (centre_m[:, 2] < 0.0)).tolist()
    return kept
