"""A hall: a rectangle of free floor with columns and machines on it, and a door to a corridor.

corridors |  gap  | free floor, racks along its edge
----------+       +--------------------
 aisle  -> corner -> door -> inside       o column   # machine
----------+       +--------------------
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import BoolArray, FloatArray
from mail_ros.data.simulator.corridor_plan import CorridorPlan
from mail_ros.data.simulator.simulation_config import BuildingConfig

GAP_M = 2.5  # from the last crossing's centre line to the free floor
MARGIN_M = 1.0  # from the edge of the free floor to every path
CLEARANCE_M = 0.7  # from the surface of a column or machine to every path
COLUMN_M, MACHINE_M = 0.3, (1.2, 0.8)  # sides
AISLE_M = 0.4  # left between the clearances of two obstacles
ATTEMPTS = 200  # positions that are tried for all machines


@dataclass(frozen=True)
class Hall:
    """A hall, the same on every floor."""

    low_m: FloatArray  # (2,) corners of the free floor
    high_m: FloatArray  # (2,)
    column_m: FloatArray  # (c, 2) centres
    machine_m: FloatArray  # (k, 2) centres
    racks: float  # fraction of its edge with racks
    doorway: CorridorPlan | None  # from a corridor's corner to a position inside; None: no corridors

    @property
    def extent_m(self) -> FloatArray:
        """See `WalkableArea`."""
        return np.array([self.low_m, self.high_m])

    def contains(self, position_m: FloatArray, margin_m: float) -> BoolArray:
        """See `WalkableArea`."""
        inside: BoolArray = np.all(
            [position_m >= self.low_m - margin_m - 1e-9, position_m <= self.high_m + margin_m + 1e-9], axis=(0, 2)
        )
        return inside

    @property
    def obstacles(self) -> tuple[FloatArray, FloatArray]:
        """Centres (o, 2) and radii (o,) of columns and machines."""
        radius_m = [COLUMN_M / 2.0**0.5] * len(self.column_m) + [np.hypot(*MACHINE_M) / 2.0] * len(self.machine_m)
        return np.concatenate([self.column_m, self.machine_m]), np.array(radius_m)


def adjoining_hall(plan: CorridorPlan, config: BuildingConfig, rng: np.random.Generator) -> Hall:
    """The hall at the end of the middle aisle of a plan, or at the origin of an empty one."""
    size_m = np.array([config.hall_length_m, config.hall_width_m])
    low_m, doorway = np.zeros(2), None
    if config.aisles:
        corner_m = plan.corner_m[(config.aisles // 2 + 1) * config.crossings - 1]
        low_m = corner_m + np.array([GAP_M, -0.5 * config.hall_width_m])
        inside_m = corner_m + np.array([GAP_M + MARGIN_M, 0.0])
        doorway = CorridorPlan(np.array([corner_m, inside_m]), np.array([[0, 1]]))
    columns = np.maximum(size_m // config.hall_column_spacing_m, 1.0).astype(int)
    x_m, y_m = (
        low + (np.arange(count) + 0.5) * side / count for low, side, count in zip(low_m, size_m, columns, strict=True)
    )
    empty = Hall(
        low_m,
        low_m + size_m,
        np.array([[x, y] for x in x_m for y in y_m]),
        np.zeros((0, 2)),
        config.hall_racks,
        doorway,
    )
    return _furnished(empty, round(config.hall_machines * float(size_m.prod()) / 100.0), rng)


def _furnished(hall: Hall, machines: int, rng: np.random.Generator) -> Hall:
    """A hall with as many machines as leave paths on all sides of each obstacle, at most `machines`."""
    radius_m = np.hypot(*MACHINE_M) / 2.0
    edge_m = MARGIN_M + AISLE_M + CLEARANCE_M + radius_m
    if (hall.high_m - hall.low_m < 2.0 * edge_m).any():
        return hall
    found: list[FloatArray] = []
    blocked_m, reach_m = hall.obstacles
    for at_m in rng.uniform(hall.low_m + edge_m, hall.high_m - edge_m, (ATTEMPTS, 2)):
        if len(found) == machines:
            break
        needed_m = reach_m + radius_m + 2.0 * CLEARANCE_M + AISLE_M
        if (np.linalg.norm(blocked_m - at_m, axis=1) > needed_m).all():
            found.append(at_m)
            blocked_m, reach_m = np.vstack([blocked_m, at_m]), np.append(reach_m, radius_m)
    return Hall(hall.low_m, hall.high_m, hall.column_m, np.array(found).reshape(-1, 2), hall.racks, hall.doorway)
