"""Cells as entries of one flat array, in which a displacement is an offset: fast for many cells and many yaws.

Each floor is a block of rows along x and columns along y, wide enough that no displacement up to `reach` cells from a
cell leaves the block. Entries without a cell are empty.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mail_ros.core.neighbourhood import grid_m
from mail_ros.core.types import Cells, ComplexArray, Float32Array, IntArray

Number = TypeVar("Number", bound=np.generic)
MARGIN = 4  # cells by which a kernel or the rounding of a displacement may exceed the reach


class CellGrid:
    """The cells of a map, by the flat index of their place."""

    def __init__(self, mapped: Cells, reach_m: float, beyond_m: float = 0.0) -> None:
        """Lay out the cells.

        Args:
            mapped: cells of the map, all on one grid.
            reach_m: longest displacement that is looked up from a cell.
            beyond_m: cells up to this far beyond the mapped ones are added, after them.

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        self.size_m, self.mapped = grid_m(mapped), len(mapped)
        cells = with_cells_beyond(mapped, self.size_m, beyond_m)
        self.cells = cells
        self.reach_m = reach_m
        reach = int(np.ceil(reach_m / self.size_m)) + MARGIN
        key = np.round(cells.position_m / self.size_m).astype(np.int64)
        key = key - key.min(axis=0) + reach
        self.columns = int(key[:, 1].max()) + reach + 1
        rows = int(key[:, 0].max()) + reach + 1
        floor = np.unique(cells.floor, return_inverse=True)[1]
        self.flat: IntArray = (floor * rows + key[:, 0]) * self.columns + key[:, 1]  # (m,) place of each cell
        self.size = (int(floor.max()) + 1) * rows * self.columns
        self.number = np.full(self.size, -1)  # (size,) the cell of each place, -1 where there is none
        self.number[self.flat] = np.arange(len(cells))

    def offset(self, steps: ComplexArray) -> IntArray:
        """Flat offsets of displacements in cells, x + iy, rounded to whole ones."""
        offset: IntArray = np.round(steps.real).astype(np.int64) * self.columns + np.round(steps.imag).astype(np.int64)
        return offset

    def corners(self, steps: ComplexArray) -> tuple[IntArray, Float32Array]:
        """Flat offsets (4, ...) of the cells around displacements, and their weights in a linear interpolation."""
        along_x, along_y = np.floor(steps.real), np.floor(steps.imag)
        ahead_x, ahead_y = steps.real - along_x, steps.imag - along_y
        first = along_x.astype(np.int64) * self.columns + along_y.astype(np.int64)
        offset = np.stack([first, first + 1, first + self.columns, first + self.columns + 1])
        weight_x, weight_y = np.stack([1.0 - ahead_x, ahead_x]), np.stack([1.0 - ahead_y, ahead_y])
        weight = weight_x[:, None] * weight_y[None]
        return offset, weight.reshape(offset.shape).astype(np.float32)

    def scatter(self, values: npt.NDArray[Number]) -> npt.NDArray[Number]:
        """Values of the mapped cells (m, ...) at their places (size, ...); zero elsewhere."""
        full = np.zeros((self.size, *values.shape[1:]), values.dtype)
        full[self.flat[: len(values)]] = values
        return full

    def with_border(self, values: Float32Array) -> Float32Array:
        """As `scatter`, of (m, d); an empty cell next to mapped ones has their mean, to interpolate at the border."""
        full, there = self.scatter(values), self.scatter(np.ones(len(values), np.float32))
        around = [along_x * self.columns + along_y for along_x in (-1, 0, 1) for along_y in (-1, 0, 1)]
        count = np.sum([np.roll(there, each) for each in around], axis=0)
        border = (there == 0.0) & (count > 0.0)
        full[border] = np.sum([np.roll(full, each, axis=0)[border] for each in around], axis=0) / count[border][:, None]
        return full


def with_cells_beyond(mapped: Cells, size_m: float, beyond_m: float) -> Cells:
    """The mapped cells, and after them those within a square of `beyond_m` around any of them."""
    reach = round(beyond_m / size_m)
    positions, floors = [mapped.position_m], [mapped.floor]
    for floor in np.unique(mapped.floor) if reach else ():
        key = np.round(mapped.position_m[mapped.floor == floor] / size_m).astype(np.int64)
        low = key.min(axis=0) - reach
        there = np.zeros(key.max(axis=0) + reach + 1 - low, np.bool_)
        there[tuple((key - low).T)] = True
        near = there.copy()
        for axis in (0, 1):
            counted = np.cumsum(
                np.pad(near, [(reach + 1, reach) if axis == each else (0, 0) for each in (0, 1)]), axis=axis
            )
            ahead, behind = (
                np.take(counted, np.arange(there.shape[axis]) + by, axis=axis) for by in (2 * reach + 1, 0)
            )
            near = ahead > behind
        added = (np.argwhere(near & ~there) + low) * size_m
        positions.append(added)
        floors.append(np.full(len(added), floor))
    return Cells(np.concatenate(positions), np.concatenate(floors))
