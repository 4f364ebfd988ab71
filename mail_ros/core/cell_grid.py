"""Cells as entries of one flat array, in which a displacement is an offset: fast for many cells and many yaws.

Each floor is a block of rows along x and columns along y, wide enough that no displacement up to `reach` cells from a
cell leaves the block. Entries without a cell are empty.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.neighbourhood import grid_m
from mail_ros.core.types import Cells, FloatArray, IntArray


class CellGrid:
    """The cells of a map, by the flat index of their place."""

    def __init__(self, cells: Cells, reach_m: float) -> None:
        """Lay out the cells.

        Args:
            cells: all on one grid.
            reach_m: longest displacement that is looked up from a cell.

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        self.cells, self.size_m = cells, grid_m(cells)
        reach = int(np.ceil(reach_m / self.size_m)) + 1
        key = np.round(cells.position_m / self.size_m).astype(np.int64)
        key = key - key.min(axis=0) + reach
        self.columns = int(key[:, 1].max()) + reach + 1
        rows = int(key[:, 0].max()) + reach + 1
        floor = np.unique(cells.floor, return_inverse=True)[1]
        self.flat: IntArray = (floor * rows + key[:, 0]) * self.columns + key[:, 1]  # (m,) place of each cell
        self.size = (int(floor.max()) + 1) * rows * self.columns
        self.number = np.full(self.size, -1)  # (size,) the cell of each place, -1 where there is none
        self.number[self.flat] = np.arange(len(cells))

    def offset(self, displacement_m: FloatArray) -> IntArray:
        """Flat offsets of displacements (..., 2), rounded to whole cells."""
        steps = np.round(displacement_m / self.size_m).astype(np.int64)
        offset: IntArray = steps[..., 0] * self.columns + steps[..., 1]
        return offset

    def spread(self, values: FloatArray) -> FloatArray:
        """Values of the cells (m, ...) at their places (size, ...); zero elsewhere."""
        full = np.zeros((self.size, *values.shape[1:]), values.dtype)
        full[self.flat] = values
        return full
