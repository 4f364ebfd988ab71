"""A belief over x, y and yaw that is kept only where it is not negligible, so that its cost follows its uncertainty.

    (yaws, active cells) --> move: shifted by odometry turned by each yaw, blurred --> new active cells
                         --> weigh: by likelihood ratios against an unmapped place --> fewer active cells
    background: the probability of being in any other cell, in total

A few cells from all over the map stand for those that are not followed. Once these outweigh the followed ones, the
whole map becomes active again.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.models.model import PoseQuery
from mail_ros.core.neighbourhood import FULL_ROTATION, diffuse_headings
from mail_ros.core.types import Float32Array, FloatArray, IntArray, RealArray

SAMPLES = 8  # cells, at every yaw, that stand for all that are not followed
NEGLIGIBLE = 1e-7  # cells and poses with less belief are no longer followed
MIN_VARIANCE = 0.02  # smallest variance of a move, cells²: odometry is never exact
MAX_VARIANCE = 0.5  # largest variance of one piece of a move, cells²
FEW = 20_000  # poses up to which each is moved by itself, instead of the whole grid


class MeanLogRatios(NamedTuple):
    """Logs of mean likelihood ratios, weighted by the belief before."""

    followed: float  # all followed poses
    on_map: float  # followed poses whose path is on the map
    random: float  # poses from all over the map
    mapped: float  # weight of `on_map` in the belief, 0 to 1


class PoseBelief:
    """Probabilities of cells and yaws."""

    def __init__(self, grid: CellGrid, yaws: int) -> None:
        """Anywhere, at any yaw.

        Args:
            grid: the cells.
            yaws: how many are distinguished.
        """
        self.grid = grid
        self.yaw_rad = np.arange(yaws) * FULL_ROTATION / yaws
        self._rotation = np.exp(1j * self.yaw_rad)
        self._negligible = min(NEGLIGIBLE, 0.1 / (grid.mapped * yaws))  # below a uniform belief, however large the map
        self._shuffled = np.random.default_rng(0).permutation(grid.mapped)
        self.start_anywhere()

    def start_anywhere(self) -> None:
        """Start from anywhere."""
        count = self.grid.mapped
        self._sampled = 0  # cells among the shuffled ones that have stood for others
        self.set(np.full((len(self.yaw_rad), count), 1.0 / (count * len(self.yaw_rad))), np.arange(count), 0.0)

    def set(self, weight: RealArray, cells: IntArray, background: float) -> None:
        """Adopt weights (k, a), and that of all other cells, normalized; anywhere if no cell is left to follow."""
        probability = weight.sum(axis=0)
        total = float(probability.sum()) + background
        kept = np.flatnonzero(probability > self._negligible * total)
        if not (len(kept) and np.isfinite(total)):  # nothing is left to follow
            self.start_anywhere()
            return
        self.cells: IntArray = cells[kept]  # (a,) numbers of the active cells
        weight = weight if len(kept) == len(cells) else weight.take(kept, axis=1)
        self.weight: Float32Array = (weight / total).astype(np.float32)  # (k, a)
        self.background = max(0.0, 1.0 - float(self.weight.sum()))

    @property
    def probability(self) -> FloatArray:
        """(a,) of each active cell."""
        total: FloatArray = self.weight.sum(axis=0)
        return total

    def _followed(self) -> IntArray:
        """(p,) indices of the poses that are not negligible, in the flattened weights."""
        return np.flatnonzero(self.weight > self._negligible)

    def query(self, new_rows: int, ahead_m: FloatArray) -> PoseQuery:
        """The followed poses, and `SAMPLES` cells from all over the map, at every yaw, that stand for all others."""
        yaw, slot = np.divmod(self._followed(), len(self.cells))
        yaws = np.arange(len(self.yaw_rad))
        at = np.arange(self._sampled, self._sampled + SAMPLES) % len(self._shuffled)
        cells = np.concatenate([self.cells[slot], np.tile(self._shuffled[at], len(yaws))])
        return PoseQuery(cells, np.concatenate([yaw, np.repeat(yaws, SAMPLES)]), self.yaw_rad, new_rows, ahead_m)

    def weigh(self, log_ratio: RealArray, log_beyond: float) -> MeanLogRatios:
        """Multiply by likelihood ratios.

        Args:
            log_ratio: (p + s,) of the poses of `query`, with the same belief; NaN off the map.
            log_beyond: that of a pose off the map.
        """
        off = np.isnan(log_ratio)
        highest = max(float(np.nanmax(log_ratio, initial=log_beyond)), log_beyond)
        ratio = np.exp((np.where(off, np.float32(log_beyond), log_ratio) - highest).astype(np.float32))
        poses = self._followed()
        count = len(poses)
        before = self.weight.ravel()[poses]
        after, on = before * ratio[:count], ~off[:count]
        followed, mapped, others = float(before.sum()), float(before @ on), float(ratio[count:].mean())
        means = float(after.sum()) / followed, float(after @ on) / max(mapped, 1e-30), others
        weight = np.zeros(self.weight.size, np.float32)
        weight[poses] = after
        self.set(weight.reshape(self.weight.shape), self.cells, (1.0 - followed) * others)
        self._sampled += SAMPLES
        log_followed, log_on_map, log_random = (highest + math.log(max(mean, 1e-300)) for mean in means)
        return MeanLogRatios(log_followed, log_on_map, log_random, mapped)

    def lose(self, probability: float) -> None:
        """The device may have been carried to another cell."""
        self.weight = self.weight * (1.0 - probability)
        self.background += probability * (1.0 - self.background)

    def search(self, probability: float = 0.0) -> None:
        """Follow the whole map: `background`, and a probability of being lost, become any cell and yaw."""
        self.lose(probability)
        count = self.grid.mapped
        weight = np.zeros((len(self.yaw_rad), len(self.grid.cells)))
        weight[:, :count] = self.background / (count * len(self.yaw_rad))
        weight[:, self.cells] += self.weight
        self.set(weight, np.arange(len(self.grid.cells)), 0.0)

    def move(self, moved_m: FloatArray, position_noise_m: float, yaw_noise_rad: float) -> None:
        """Shift by a displacement (2,) in odometry's frame, with deviations; what leaves the map is background."""
        variance = max((position_noise_m / self.grid.size_m) ** 2, MIN_VARIANCE)
        pieces = int(np.ceil(max(variance / MAX_VARIANCE, np.hypot(*moved_m) / self.grid.reach_m)))
        for _ in range(pieces):
            self._shift(moved_m / pieces, variance / pieces)
        self.weight = diffuse_headings(self.weight, yaw_noise_rad, axis=0)

    def _shift(self, moved_m: FloatArray, variance: float) -> None:
        """Move to the nearest cell and its neighbours, with the mean of the move and a variance in cells².

        Where a variance is too small for positive weights, they interpolate linearly, which has the smallest one.
        """
        moved = self._rotation * complex(*moved_m) / self.grid.size_m  # (k,) in cells
        moved_cells = np.stack([moved.real, moved.imag], axis=1)
        base = np.round(moved_cells)
        rest = moved_cells - base  # (k, 2)
        square = np.maximum(variance + np.square(rest), np.abs(rest))  # second moment about the nearest cell
        along = np.stack([0.5 * (square - rest), 1.0 - square, 0.5 * (square + rest)], axis=2)  # (k, 2, s)
        first = (base.astype(np.int64) - 1) @ np.array([self.grid.columns, 1])  # (k,) flat offset of the first step
        self._carry(along[:, 0], along[:, 1], first)

    def _carry(self, along_x: FloatArray, along_y: FloatArray, first: IntArray) -> None:
        """Convolve each yaw with its kernel, the product of weights (k, s) along x and y, from flat offsets (k,) on."""
        steps = np.arange(along_x.shape[1])
        box = (steps[:, None] * self.grid.columns + steps).ravel()
        source = self.grid.flat[self.cells]
        carry = self._carry_few if np.count_nonzero(self.weight) <= FEW else self._carry_many
        target, weight = carry(source, along_x, along_y, first[:, None] + box)
        self.set(weight, target, max(0.0, 1.0 - float(weight.sum())))

    def _carry_few(
        self, source: IntArray, along_x: FloatArray, along_y: FloatArray, offset: IntArray
    ) -> tuple[IntArray, RealArray]:
        """Only the cells that the active ones reach; their numbers, and the weights (k, cells)."""
        kernel = (along_x[:, :, None] * along_y[:, None, :]).reshape(offset.shape)
        yaw, slot = np.nonzero(self.weight)
        reached = source[slot][:, None] + offset[yaw]  # (p, s²)
        lowest = int(reached.min())
        there = np.zeros(int(reached.max()) - lowest + 1, np.bool_)
        there[reached - lowest] = True
        there &= self.grid.number[lowest : lowest + len(there)] >= 0
        column = np.cumsum(there) * there  # number among the cells that are reached, from 1; 0: no cell
        weight = self.weight[yaw, slot][:, None] * kernel[yaw]
        target = self.grid.number[lowest + np.flatnonzero(there)]
        shape = len(offset), len(target) + 1
        key = yaw[:, None] * shape[1] + column[reached - lowest]
        total = np.bincount(key.ravel(), weight.ravel(), minlength=shape[0] * shape[1]).astype(np.float32)
        return target, total.reshape(shape)[:, 1:]

    def _carry_many(
        self, source: IntArray, along_x: FloatArray, along_y: FloatArray, offset: IntArray
    ) -> tuple[IntArray, RealArray]:
        """All cells between the first and the last that can be reached, by shifts of the grid along y, then along x."""
        margin = int(np.abs(offset).max())
        lowest, highest = int(source.min()) - 2 * margin, int(source.max()) + 2 * margin
        target = np.flatnonzero((self.grid.flat >= lowest + margin) & (self.grid.flat <= highest - margin))
        full = np.zeros(highest - lowest + 1, np.float32)
        weight = np.empty((len(offset), len(target)), np.float32)
        source, at = source - lowest, self.grid.flat[target] - lowest - margin
        for yaw, start in enumerate(offset[:, 0]):
            full[source] = self.weight[yaw]
            shifted = full
            for kernel, step in ((along_y[yaw], 1), (along_x[yaw], self.grid.columns)):
                shifted = _convolved(shifted, kernel, step)
            weight[yaw] = shifted[margin - start :].take(at)
            full[source] = 0.0
        return target, weight


def _convolved(values: Float32Array, kernel: FloatArray, step: int) -> Float32Array:
    """Each value plus those `step`, 2 `step`, ... before it, weighted by a kernel; none before the first."""
    total: Float32Array = values * np.float32(kernel[0])
    for number, weight in enumerate(kernel[1:], 1):
        total[number * step :] += values[: -number * step] * np.float32(weight)
    return total
