"""A belief over x, y and yaw that is kept only where it is not negligible, so that its cost follows its uncertainty.

    (yaws, active cells) --> move: shifted by odometry turned by each yaw, blurred --> new active cells
                         --> weigh: by likelihood ratios against an unmapped place --> fewer active cells
    elsewhere: the probability of being in any other cell, in total

A few cells from all over the map stand for those that are not followed. Once these outweigh the followed ones, the
whole map becomes active again.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.neighbourhood import FULL_ROTATION, diffuse_headings
from mail_ros.core.types import FloatArray, IntArray

SAMPLES = 8  # cells, at every yaw, that stand for all that are not followed
NEGLIGIBLE = 1e-7  # cells with less belief are no longer followed
MIN_VARIANCE = 0.02  # of one move, cells²: odometry is never exact
MAX_VARIANCE = 0.5  # of one piece of a move, cells²
FEW = 2_000  # cells up to which neighbours are found one by one instead of on the whole grid


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
        self._shuffled, self._sampled = np.random.default_rng(0).permutation(grid.mapped), 0
        self._slot = np.full(grid.size, -1)  # the active cell at each place
        self.spread()

    def spread(self) -> None:
        """Start from anywhere."""
        count = self.grid.mapped
        self.set(np.full((len(self.yaw_rad), count), 1.0 / (count * len(self.yaw_rad))), np.arange(count), 0.0)

    def set(self, weight: FloatArray, cells: IntArray, elsewhere: float) -> None:
        """Adopt weights of yaws and cells (k, a), and of all other cells; they are normalized."""
        probability = weight.sum(axis=0)
        total = float(probability.sum()) + elsewhere
        if not (total > 0.0 and np.isfinite(total)):
            self.spread()
            return
        kept = probability > NEGLIGIBLE * total
        self.cells: IntArray = cells[kept]  # (a,) numbers of the active cells
        self.weight: FloatArray = weight[:, kept] / total  # (k, a)
        self.elsewhere = max(0.0, 1.0 - float(self.weight.sum()))

    @property
    def probability(self) -> FloatArray:
        """(a,) of each active cell."""
        total: FloatArray = self.weight.sum(axis=0)
        return total

    def weigh(self, log_ratio: FloatArray) -> float:
        """Multiply by likelihood ratios; the log of their mean over what is followed, against all other poses.

        Args:
            log_ratio: (k, a + s) of the active cells, and of `samples`, which stand for all others.
        """
        highest = float(log_ratio.max())
        ratio = np.exp(log_ratio - highest)
        count = len(self.cells)
        weight = self.weight * ratio[:, :count]
        followed = float(self.weight.sum())
        others = float(ratio[:, count:].mean())
        evidence = float(np.log(max(weight.sum(), 1e-300) / max(followed * others, 1e-300)))
        self.set(weight, self.cells, self.elsewhere * others)
        self._sampled += SAMPLES
        return evidence

    @property
    def samples(self) -> IntArray:
        """(s,) numbers of cells from all over the map, others for every measurement."""
        at = np.arange(self._sampled, self._sampled + SAMPLES) % len(self._shuffled)
        cells: IntArray = self._shuffled[at]
        return cells

    def lose(self, probability: float) -> None:
        """The device may have been carried elsewhere."""
        self.weight = self.weight * (1.0 - probability)
        self.elsewhere += probability * (1.0 - self.elsewhere)

    def search(self) -> None:
        """Follow the whole map: `elsewhere` becomes any cell and yaw."""
        count = self.grid.mapped
        weight = np.zeros((len(self.yaw_rad), len(self.grid.cells)))
        weight[:, :count] = self.elsewhere / (count * len(self.yaw_rad))
        weight[:, self.cells] += self.weight
        self.set(weight, np.arange(len(self.grid.cells)), 0.0)

    def move(self, moved_m: FloatArray, position_noise_m: float, yaw_noise_rad: float) -> None:
        """Shift by a displacement (2,) in odometry's frame, with deviations; what leaves the map is elsewhere."""
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
        between = np.stack([zero, 1.0 - rest, rest, zero], axis=2)  # (k, 2, s), at the steps
        ahead, behind = np.roll(between, 1, axis=2), np.roll(between, -1, axis=2)  # the ends are zero
        along = (1.0 - variance) * between + 0.5 * variance * (ahead + behind)
        kernel = (along[:, 0, :, None] * along[:, 1, None, :]).reshape(len(base), -1)  # (k, s²)
        steps = np.arange(-1, 3)
        box = (steps[:, None] * self.grid.columns + steps).ravel()
        offset = (base[:, 0] * self.grid.columns + base[:, 1]).astype(np.int64)[:, None] + box  # (k, s²)
        source = self.grid.flat[self.cells]
        target = self._reached(source, np.unique(offset))
        self._slot[source] = np.arange(len(source))
        place = self.grid.flat[target]
        moved_weight = np.zeros((len(offset), len(target)))
        padded = np.append(self.weight, np.zeros((len(offset), 1)), axis=1)  # the last entry stands for no cell
        for yaw in np.flatnonzero(self.weight.any(axis=1)):
            slots = self._slot[place - offset[yaw][:, None]]
            moved_weight[yaw] = kernel[yaw] @ padded[yaw][slots]
        self._slot[source] = -1
        self.set(moved_weight, target, max(0.0, 1.0 - float(moved_weight.sum())))

    def _reached(self, source: IntArray, offset: IntArray) -> IntArray:
        """Numbers of the cells at offsets from places."""
        grid = self.grid
        if len(source) <= FEW:
            number = grid.number[np.unique(source[:, None] + offset)]
        else:
            reached = np.zeros(grid.size, np.bool_)
            for step in offset:
                reached[source + step] = True
            number = grid.number[np.flatnonzero(reached)]
        return number[number >= 0]
