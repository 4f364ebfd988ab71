"""The cells as a grid with holes: which cell lies how many cells from which, and beliefs spread along that.

Cells exist only where a survey went, so that most neighbours are missing; what is spread to a missing one is lost.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mail_ros.core.belief import Cells, FloatArray, IntArray
from mail_ros.core.errors import ModelError

ON_GRID = 1e-3  # of a cell's size: how far a centre may lie beside the grid
NEGLIGIBLE = 1e-3  # kernel weights below this are left out
LABEL_REACH = 4.0  # deviations of a label that are considered
IDLE = 1e-8  # of the belief: cells with less stay as they are, which saves most of the work once one knows the place


@dataclass(frozen=True)
class Grid:
    """A belief on one floor, as a picture."""

    corner_m: FloatArray  # (2,) outer corner of percent[0, 0]
    size_m: float  # of a cell
    percent: npt.NDArray[np.int8]  # (rows along y, columns along x) of the likeliest cell; -1 where there is no cell


class Lattice:
    """Neighbours of every cell, by offset."""

    def __init__(self, cells: Cells, reach_m: float) -> None:
        """Find the neighbours.

        Args:
            cells: all of one grid.
            reach_m: the farthest neighbours.

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        self.cells = cells
        self.size_m = _grid_m(cells)
        keys = np.column_stack([cells.floor, np.round(cells.position_m / self.size_m).astype(np.int64)])
        index = {key: number for number, key in enumerate(map(tuple, keys.tolist()))}
        n = int(reach_m / self.size_m)
        grid = np.stack(np.meshgrid(np.arange(-n, n + 1), np.arange(-n, n + 1), indexing="ij"), -1).reshape(-1, 2)
        self.offset_m = grid[np.linalg.norm(grid, axis=1) <= n] * self.size_m  # (o, 2)
        steps = np.round(self.offset_m / self.size_m).astype(np.int64)
        self.neighbour: IntArray = np.array(  # (o, m), m where there is none
            [[index.get((f, x + dx, y + dy), len(cells)) for f, x, y in keys.tolist()] for dx, dy in steps.tolist()]
        )
        self._source = self.neighbour[[np.flatnonzero((steps == -step).all(axis=1))[0] for step in steps]]

    def spread(self, belief: FloatArray, kernel: FloatArray, gain: FloatArray | None = None) -> FloatArray:
        """Move a belief by kernels: each column by its own weights of the offsets.

        Args:
            belief: (m, k).
            kernel: (o, k).
            gain: (m, k) the belief is multiplied by this where it moves; None for 1.

        Returns:
            (m, k); cells with less than `IDLE` of the belief keep it.
        """
        moving = belief if gain is None else belief * gain
        active = np.append(belief.sum(axis=1) > IDLE, False)  # the last is where no cell is
        kept = np.where(active[:-1, None] | (moving == 0.0), 0.0, belief)
        from_cell = np.zeros((belief.shape[1], len(belief) + 1))  # (k, m + 1)
        np.multiply(moving.T, active[:-1], out=from_cell[:, :-1])
        reached = np.flatnonzero(active[self._source].any(axis=0))
        source = self._source.take(reached, axis=1)  # contiguous, as indexing would not make it
        used, arriving = (
            np.empty_like(source),
            np.empty(source.shape),
        )  # written anew for every column: a new array is slow
        for column, (weight, moved) in enumerate(zip(kernel.T, from_cell, strict=True)):
            offsets = np.flatnonzero(weight)
            n = len(offsets)
            source.take(offsets, axis=0, out=used[:n], mode="clip")
            moved.take(used[:n], out=arriving[:n], mode="clip")
            kept[reached, column] += weight[offsets] @ arriving[:n]
        return kept

    def kept(self, kernel: FloatArray) -> FloatArray:
        """The share (m, k) of kernels (o, k) that falls on cells, from every cell."""
        share: FloatArray = (self.neighbour < len(self.cells)).T @ kernel
        return share

    def kernel(self, way_m: FloatArray, along_m: float, across_m: float, heading_rad: FloatArray) -> FloatArray:
        """Weights (o, k) of the offsets for k ways (k, 2): Gaussians, longer along the headings (k,).

        Weights below `NEGLIGIBLE` are zero; those of a way sum to one.
        """
        along_m, across_m = max(along_m, self.size_m / 2), max(across_m, self.size_m / 2)  # or the grid pulls them in
        rest_m = self.offset_m[:, None] - way_m
        cos, sin = np.cos(heading_rad), np.sin(heading_rad)
        along = rest_m[..., 0] * cos + rest_m[..., 1] * sin
        across = rest_m[..., 1] * cos - rest_m[..., 0] * sin
        weight = np.exp(-0.5 * (np.square(along / along_m) + np.square(across / across_m)))
        weight = weight / weight.sum(axis=0)
        kernel: FloatArray = np.where(weight < NEGLIGIBLE, 0.0, weight)
        kernel /= kernel.sum(axis=0)
        return kernel


def label_neighbours(cells: Cells, label_sigma_m: float) -> tuple[IntArray, FloatArray]:
    """Which cells (m, k) a place of each cell may be labelled as, and how likely (m, k) that is.

    A Gaussian, on surveyed cells of the same floor only; the likelihoods of a cell sum to one.

    Raises:
        ModelError: cells that do not lie on one grid.
    """
    lattice = Lattice(cells, LABEL_REACH * label_sigma_m)
    weight = np.exp(-0.5 * np.square(lattice.offset_m / label_sigma_m).sum(axis=1))
    there = np.where(lattice.neighbour < len(cells), weight[:, None], 0.0)
    return np.minimum(lattice.neighbour, len(cells) - 1).T.copy(), (there / there.sum(axis=0)).T.copy()


def grid_of(cells: Cells, probability: FloatArray, floor: int) -> Grid:
    """A belief, (m,), on one floor that has cells.

    Raises:
        ModelError: cells that do not lie on one grid.
    """
    size_m, here = _grid_m(cells), cells.floor == floor
    column, row = np.round(cells.position_m[here] / size_m).astype(np.int64).T
    percent = np.full((np.ptp(row) + 1, np.ptp(column) + 1), -1, dtype=np.int8)
    likeliest = max(float(probability[here].max()), 1e-300)
    percent[row - row.min(), column - column.min()] = np.round(100.0 * probability[here] / likeliest)
    return Grid((np.array([column.min(), row.min()]) - 0.5) * size_m, size_m, percent)


def _grid_m(cells: Cells) -> float:
    """Distance between neighbouring cells; one metre where there is one cell."""
    steps_m = np.concatenate([np.diff(np.unique(cells.position_m[:, axis])) for axis in (0, 1)])
    size_m = float(steps_m[steps_m > 1e-6].min(initial=np.inf))
    if not np.isfinite(size_m):
        return 1.0
    beside = cells.position_m / size_m - np.round(cells.position_m / size_m)
    if np.abs(beside).max() > ON_GRID:
        raise ModelError(
            "the cells",
            wanted=f"centres at whole multiples of {size_m:g} m",
            found=f"one that is {np.abs(beside).max() * size_m:.3f} m beside",
            fix="make them with survey_cells",
        )
    return size_m
