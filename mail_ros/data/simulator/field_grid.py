"""The field on a floor, computed once for each height and interpolated between the nodes of a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from mail_ros.core.types import BoolArray, FloatArray, IntArray

GRID_M = 0.1


class WalkableArea(Protocol):
    """A part of a floor on which a sensor can be."""

    @property
    def extent_m(self) -> FloatArray:
        """(2, 2) lowest and highest x and y."""

    def contains(self, position_m: FloatArray, margin_m: float) -> BoolArray:
        """(n,) whether positions (n, 2) lie in it, or at most `margin_m` beside it."""


class FieldGrid:
    """The field in walkable areas, NaN outside; linear between nodes `GRID_M` apart in all three directions."""

    def __init__(self, areas: Sequence[WalkableArea], exact_ut: Callable[[FloatArray], FloatArray]) -> None:
        """Lay out the nodes.

        Args:
            areas: of the floor; they may overlap.
            exact_ut: (n, 3) at positions (n, 3); may be slow.
        """
        self.exact_ut = exact_ut
        extent_m = np.array([area.extent_m for area in areas])
        self._low = np.floor(extent_m[:, 0].min(axis=0) / GRID_M).astype(np.int64) - 1
        high = np.ceil(extent_m[:, 1].max(axis=0) / GRID_M).astype(np.int64) + 1
        self._shape = (high - self._low + 1).tolist()
        x, y = (each.ravel() for each in np.meshgrid(*(np.arange(size) for size in self._shape), indexing="ij"))
        node_m = (np.column_stack([x, y]) + self._low) * GRID_M
        self._inside = np.flatnonzero(np.any([area.contains(node_m, GRID_M) for area in areas], axis=0))
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
        width = self._shape[1]
        inside = ((node >= 0) & (node < np.array(self._shape) - 1)).all(axis=1)
        first = np.where(inside, node[:, 0] * width + node[:, 1], 0)
        field_ut = np.zeros((len(node), 3))
        for dx in (0, 1):
            for dy in (0, 1):
                weight = (fraction[:, 0] if dx else 1.0 - fraction[:, 0]) * (
                    fraction[:, 1] if dy else 1.0 - fraction[:, 1]
                )
                field_ut += weight[:, None] * level_ut[first + dx * width + dy]
        field_ut[~inside] = np.nan
        return field_ut

    def _level(self, level: int) -> FloatArray:
        """(nodes, 3) at a height of `level` times `GRID_M`."""
        if level not in self._levels:
            level_ut = np.full((self._shape[0] * self._shape[1], 3), np.nan)
            height_m = np.full((len(self._node_m), 1), level * GRID_M)
            level_ut[self._inside] = self.exact_ut(np.hstack([self._node_m, height_m]))
            self._levels[level] = level_ut
        return self._levels[level]
