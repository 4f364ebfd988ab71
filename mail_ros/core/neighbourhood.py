"""The cells as a grid with holes: which cells are neighbours at which offset, and how a belief spreads over them.

Cells exist only where a survey went, so most neighbours are missing; what spreads to a missing one is lost.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from mail_ros.core.errors import ModelError
from mail_ros.core.types import BeliefImage, Cells, Float32Array, FloatArray, IntArray

ON_GRID = 1e-3  # fraction of a cell's size by which a centre may lie off the grid
NEGLIGIBLE = 1e-3  # kernel weights below this are left out
LABEL_REACH = 4.0  # standard deviations of a label that are considered
IDLE = 1e-8  # cells with less belief than this keep it, which saves most of the work once the position is known
Belief = TypeVar("Belief", FloatArray, Float32Array)
FULL_ROTATION = 2.0 * np.pi


class CellNeighbourhood:
    """Neighbours of every cell, by offset."""

    def __init__(self, cells: Cells, reach_m: float) -> None:
        """Find the neighbours.

        Args:
            cells: all on one grid.
            reach_m: distance of the farthest neighbours.

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        self.cells = cells
        self.size_m = grid_m(cells)
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

    def convolve(self, belief: FloatArray, kernel: FloatArray, gain: FloatArray | None = None) -> FloatArray:
        """Move a belief by kernels: each column by its own weights of the offsets.

        Args:
            belief: (m, k).
            kernel: (o, k).
            gain: (m, k) factor on the belief where it moves; None for 1.

        Returns:
            (m, k); cells with less than `IDLE` of the belief keep it.
        """
        moving = belief if gain is None else belief * gain
        active = np.append(belief.sum(axis=1) > IDLE, False)  # the last entry stands for missing cells
        kept = np.where(active[:-1, None] | (moving == 0.0), 0.0, belief)
        from_cell = np.zeros((belief.shape[1], len(belief) + 1))  # (k, m + 1)
        np.multiply(moving.T, active[:-1], out=from_cell[:, :-1])
        reached = np.flatnonzero(active[self._source].any(axis=0))
        source = self._source.take(reached, axis=1)  # contiguous, unlike fancy indexing
        used, arriving = np.empty_like(source), np.empty(source.shape)  # reused by every column: allocation is slow
        for column, (weight, moved) in enumerate(zip(kernel.T, from_cell, strict=True)):
            offsets = np.flatnonzero(weight)
            n = len(offsets)
            source.take(offsets, axis=0, out=used[:n], mode="clip")
            moved.take(used[:n], out=arriving[:n], mode="clip")
            kept[reached, column] += weight[offsets] @ arriving[:n]
        return kept

    def kept(self, kernel: FloatArray) -> FloatArray:
        """The fraction (m, k) of kernels (o, k) that falls on cells, from every cell."""
        fraction: FloatArray = (self.neighbour < len(self.cells)).T @ kernel
        return fraction

    def kernel(self, moved_m: FloatArray, along_m: float, across_m: float, heading_rad: FloatArray) -> FloatArray:
        """Weights (o, k) of the offsets for k displacements (k, 2): Gaussians, longer along the headings (k,).

        Weights below `NEGLIGIBLE` are zero; those of a displacement sum to one.
        """
        # A narrower kernel than half a cell would snap to the grid.
        along_m, across_m = max(along_m, self.size_m / 2), max(across_m, self.size_m / 2)
        rest_m = self.offset_m[:, None] - moved_m
        cos, sin = np.cos(heading_rad), np.sin(heading_rad)
        along = rest_m[..., 0] * cos + rest_m[..., 1] * sin
        across = rest_m[..., 1] * cos - rest_m[..., 0] * sin
        weight = np.exp(-0.5 * (np.square(along / along_m) + np.square(across / across_m)))
        weight = weight / weight.sum(axis=0)
        kernel: FloatArray = np.where(weight < NEGLIGIBLE, 0.0, weight)
        kernel /= kernel.sum(axis=0)
        return kernel


def diffuse_headings(belief: Belief, noise_rad: float, any_heading: float = 0.0, axis: int = 1) -> Belief:
    """Diffuse a belief over the headings along an axis: to neighbouring ones by noise, a fraction to any heading."""
    weight = 0.5 * (noise_rad * belief.shape[axis] / FULL_ROTATION) ** 2  # to either side
    passes = max(1, int(np.ceil(weight / 0.25)))
    for _ in range(passes):
        sides = np.roll(belief, 1, axis=axis) + np.roll(belief, -1, axis=axis)
        belief = belief + weight / passes * (sides - 2.0 * belief)
    diffused: Belief = (1.0 - any_heading) * belief + any_heading * belief.mean(axis=axis, keepdims=True)
    return diffused


def label_neighbours(cells: Cells, label_sigma_m: float) -> tuple[IntArray, FloatArray]:
    """Which cells (m, k) a window that ends in each cell may be labelled with, and with which probability (m, k).

    A Gaussian, on surveyed cells of the same floor only; the probabilities of a cell sum to one.

    Raises:
        ModelError: cells that do not lie on one grid.
    """
    neighbourhood = CellNeighbourhood(cells, LABEL_REACH * label_sigma_m)
    weight = np.exp(-0.5 * np.square(neighbourhood.offset_m / label_sigma_m).sum(axis=1))
    there = np.where(neighbourhood.neighbour < len(cells), weight[:, None], 0.0)
    return np.minimum(neighbourhood.neighbour, len(cells) - 1).T.copy(), (there / there.sum(axis=0)).T.copy()


def belief_image(cells: Cells, probability: FloatArray, floor: int) -> BeliefImage | None:
    """A belief, (m,), on one floor; None where the map has no cell on it.

    Raises:
        ModelError: cells that do not lie on one grid.
    """
    size_m, here = grid_m(cells), cells.floor == floor
    if not here.any():
        return None
    column, row = np.round(cells.position_m[here] / size_m).astype(np.int64).T
    percent = np.full((np.ptp(row) + 1, np.ptp(column) + 1), -1, dtype=np.int8)
    highest = max(float(probability[here].max()), 1e-300)
    percent[row - row.min(), column - column.min()] = np.round(100.0 * probability[here] / highest)
    return BeliefImage((np.array([column.min(), row.min()]) - 0.5) * size_m, size_m, percent)


def grid_m(cells: Cells) -> float:
    """Distance between neighbouring cells; one metre where there is one cell."""
    steps_m = np.concatenate([np.diff(np.unique(cells.position_m[:, axis])) for axis in (0, 1)])
    size_m = float(steps_m[steps_m > 1e-6].min(initial=np.inf))
    if not np.isfinite(size_m):
        return 1.0
    off_grid = np.abs(cells.position_m / size_m - np.round(cells.position_m / size_m)).max()
    if off_grid > ON_GRID:
        raise ModelError(
            "the cells",
            wanted=f"centres at whole multiples of {size_m:g} m",
            found=f"one that is {off_grid * size_m:.3f} m off",
            fix="make them with survey_cells",
        )
    return size_m
