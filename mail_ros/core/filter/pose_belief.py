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
from mail_ros.core.neighbourhood import FULL_ROTATION, diffuse_headings
from mail_ros.core.types import Float32Array, FloatArray, IntArray, RealArray

SAMPLES = 8  # cells, at every yaw, that stand for all that are not followed
NEGLIGIBLE = 1e-7  # cells with less belief are no longer followed
MIN_VARIANCE = 0.02  # smallest variance of a move, cells²: odometry is never exact
MAX_VARIANCE = 0.5  # largest variance of one piece of a move, cells²
FEW = 500  # cells up to which each is moved by itself instead of the whole grid


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
        self._shuffled = np.random.default_rng(0).permutation(grid.mapped)
        self._slot = np.full(grid.size, -1)  # number among the active cells by flat index, -1: not active
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
        kept = probability > NEGLIGIBLE * total
        if not (kept.any() and np.isfinite(total)):  # nothing is left to follow
            self.start_anywhere()
            return
        self.cells: IntArray = cells[kept]  # (a,) numbers of the active cells
        weight = weight if kept.all() else weight[:, kept]
        self.weight: Float32Array = (weight / total).astype(np.float32)  # (k, a)
        self.background = max(0.0, 1.0 - float(self.weight.sum()))

    @property
    def probability(self) -> FloatArray:
        """(a,) of each active cell."""
        total: FloatArray = self.weight.sum(axis=0)
        return total

    def weigh(self, log_ratio: RealArray, log_beyond: float) -> MeanLogRatios:
        """Multiply by likelihood ratios.

        Args:
            log_ratio: (k, a + s) of the active cells, and of `samples`, which stand for all others; NaN off the map.
            log_beyond: that of a pose off the map.
        """
        off = np.isnan(log_ratio)
        highest = max(float(np.nanmax(log_ratio, initial=log_beyond)), log_beyond)
        ratio = np.exp((np.where(off, np.float32(log_beyond), log_ratio) - highest).astype(np.float32))
        count = len(self.cells)
        weight = self.weight * ratio[:, :count]
        on = ~off[:, :count]
        mapped, others = float(self.weight[on].sum()), float(ratio[:, count:].mean())
        means = float(weight.sum()) / float(self.weight.sum()), float(weight[on].sum()) / max(mapped, 1e-30), others
        self.set(weight, self.cells, self.background * others)
        self._sampled += SAMPLES
        followed, on_map, random = (highest + math.log(max(mean, 1e-300)) for mean in means)
        return MeanLogRatios(followed, on_map, random, mapped)

    @property
    def samples(self) -> IntArray:
        """(s,) numbers of cells from all over the map, others for every measurement."""
        at = np.arange(self._sampled, self._sampled + SAMPLES) % len(self._shuffled)
        cells: IntArray = self._shuffled[at]
        return cells

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
        self.weight = diffuse_headings(self.weight.T, yaw_noise_rad, 0.0).T

    def _shift(self, moved_m: FloatArray, variance: float) -> None:
        """Interpolate linearly, which keeps the mean, and diffuse to the neighbours by a variance in cells²."""
        moved = self._rotation * complex(*moved_m) / self.grid.size_m  # (k,) in cells
        moved_cells = np.stack([moved.real, moved.imag], axis=1)
        base = np.floor(moved_cells)
        rest = moved_cells - base  # (k, 2)
        zero = np.zeros_like(rest)
        padded = np.stack([zero, zero, 1.0 - rest, rest, zero, zero], axis=2)  # (k, 2, s + 2)
        behind, between, ahead = padded[..., 2:], padded[..., 1:-1], padded[..., :-2]  # (k, 2, s), at the steps
        along = (1.0 - variance) * between + 0.5 * variance * (ahead + behind)
        first = (base.astype(np.int64) - 1) @ [self.grid.columns, 1]  # (k,) flat offset of the first step
        self._carry(along[:, 0], along[:, 1], first)

    def _carry(self, along_x: FloatArray, along_y: FloatArray, first: IntArray) -> None:
        """Convolve each yaw with its kernel, the product of weights (k, s) along x and y, from flat offsets (k,) on."""
        steps = np.arange(along_x.shape[1])
        box = (steps[:, None] * self.grid.columns + steps).ravel()
        source = self.grid.flat[self.cells]
        carry = self._carry_few if len(source) <= FEW else self._carry_many
        target, weight = carry(source, along_x, along_y, first[:, None] + box)
        self.set(weight, target, max(0.0, 1.0 - float(weight.sum())))

    def _carry_few(
        self, source: IntArray, along_x: FloatArray, along_y: FloatArray, offset: IntArray
    ) -> tuple[IntArray, RealArray]:
        """Only the cells that the active ones reach; their numbers, and the weights (k, cells)."""
        kernel = (along_x[:, :, None] * along_y[:, None, :]).reshape(offset.shape)
        used = np.flatnonzero(self.weight.sum(axis=1) > NEGLIGIBLE)
        number = self.grid.number[np.unique(source[:, None] + np.unique(offset[used]))]
        target = number[number >= 0]
        self._slot[source] = np.arange(len(source))
        slots = self._slot[self.grid.flat[target] - offset[used][..., None]]  # (used, s², cells)
        self._slot[source] = -1
        padded = np.append(self.weight[used], np.zeros((len(used), 1)), axis=1)  # the last entry stands for no cell
        weight = np.zeros((len(offset), len(target)))
        arriving = padded[np.arange(len(used))[:, None, None], slots]
        weight[used] = np.einsum("ks,ksc->kc", kernel[used], arriving)
        return target, weight

    def _carry_many(
        self, source: IntArray, along_x: FloatArray, along_y: FloatArray, offset: IntArray
    ) -> tuple[IntArray, RealArray]:
        """All cells, by shifts of the whole flat grid, first along y, then along x."""
        margin = int(np.abs(offset).max())
        full = np.zeros(self.grid.size + 2 * margin, np.float32)
        weight = np.empty((len(offset), len(self.grid.cells)), np.float32)
        for yaw, start in enumerate(offset[:, 0]):
            full[margin + source] = self.weight[yaw]
            shifted = full
            for kernel, step in ((along_y[yaw], 1), (along_x[yaw], self.grid.columns)):
                shifted = _convolved(shifted, kernel, step)
            at = margin + self.grid.flat - start
            weight[yaw] = shifted[at]
            full[margin + source] = 0.0
        return np.arange(len(self.grid.cells)), weight


def _convolved(values: Float32Array, kernel: FloatArray, step: int) -> Float32Array:
    """Each value plus those `step`, 2 `step`, ... before it, weighted by a kernel; none before the first."""
    total: Float32Array = values * np.float32(kernel[0])
    for number, weight in enumerate(kernel[1:], 1):
        total[number * step :] += values[: -number * step] * np.float32(weight)
    return total
