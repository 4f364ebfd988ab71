"""The field of a floor on a grid: computed once for each height, then interpolated between its nodes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.simulator.corridor_plan import CorridorPlan, distance_m

GRID_M = 0.1
HALF_M = 1.0  # from a corridor's centre line to the last node


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
