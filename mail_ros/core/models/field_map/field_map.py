"""A map of the field: how likely the newest rows of a path end in each cell, with each yaw of odometry's frame.

    rows of the path (L, 7) --> whitening weights -----------------+
    map's mean, deviation at the cells where each row was taken -----+--> log ratios (yaws, cells)

A cell and a yaw determine the whole path on the map. The rows before the newest ones take out what they have in common
with them, above all the constant field of the device. The method is ours; closest to it are the particle filters of
Solin et al., IEEE Transactions on Robotics 34(4), 2018, on a map of the same kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.models.field_map.path_likelihood import FieldStatistics, PathLikelihood
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.model import ModelOutput, Query
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.neighbourhood import FULL_ROTATION
from mail_ros.core.signal.path_resampling import ROW_WIDTH
from mail_ros.core.signal.window import Window
from mail_ros.core.types import BoolArray, Float32Array, FloatArray, IntArray, Prediction

CHUNK = 60_000  # cells times yaws that are compared at a time: what stays in a processor's cache
MIN_ROWS = 2  # the first row of a path has nothing to be compared with: the device's offset is unknown


class FieldMap:
    """Mean and variance of the field in every cell."""

    def __init__(self, config: ModelConfig, state: State) -> None:
        """Lay out the map.

        Args:
            config: of the model; `config.field_map` is its own part.
            state: arrays of the map: `head.cell_position_m` and the others of `heads.SiteMap`, `mean_ut` (m, 3),
                `variance_ut2` (m, 3), `position_noise_m` of the survey's odometry, and `statistics` (6,), the fields of
                `FieldStatistics`.

        Raises:
            ModelError: cells that do not lie on one grid.
            KeyError: an array is missing.
        """
        self.config, self.samples = config, config.samples
        self.head = SiteMap.of(state)
        self.site_map: SiteMap | None = self.head
        self.position_noise_m = float(state["position_noise_m"])
        self.statistics = FieldStatistics(*state["statistics"].astype(np.float64).tolist())
        reach_m = config.sampling.length + 1.0 / config.sampling.per_unit
        self.grid = CellGrid(self.head.cells, reach_m, config.field_map.beyond_m)
        mean_ut = state["mean_ut"].astype(np.float32)
        self._horizontal = self.grid.scatter(mean_ut[:, 0] + np.complex64(1j) * mean_ut[:, 1])
        self._vertical = self.grid.scatter(mean_ut[:, 2])
        noise_ut2 = self.statistics.noise_ut2
        self._widening = self.grid.scatter(1.0 + state["variance_ut2"].mean(axis=1).astype(np.float32) / noise_ut2)
        self._there = self._widening > 0.0
        self._exponent = min(1.0, config.field_map.likelihood_exponent_per_m / config.sampling.per_unit)

    def window(self, stride: int) -> Window:
        """See `Model`; it is full as soon as there is a difference."""
        return Window(self.config.samples, ROW_WIDTH, 1, enough=MIN_ROWS)

    def predict(self, window: Window, query: Query) -> Prediction:
        """See `Model`; log ratios (yaws, cells) of the queried poses."""
        poses = query.poses
        assert poses is not None  # `compose` gives this model a filter of poses
        rows = window.newest(self.samples)
        return Prediction(self._compare(rows, min(poses.new_rows, len(rows) - 1), poses.cells, poses.yaw_rad))

    def __call__(self, rows: Float32Array) -> ModelOutput:
        """See `BatchModel`; log ratios (B, cells) of all rows but the first, over yaws (the mean of ratios)."""
        yaws = self.config.field_map.yaws
        yaw_rad, cells = np.arange(yaws) * FULL_ROTATION / yaws, np.arange(self.grid.mapped)
        found = [self._compare(path.astype(np.float64), len(path) - 1, cells, yaw_rad) for path in rows]
        raw = np.array([np.logaddexp.reduce(each, axis=0) - math.log(yaws) for each in found], np.float32)
        return ModelOutput(raw, np.zeros((len(rows), 0), np.float32))

    def _compare(self, path: FloatArray, new: int, cells: IntArray, yaw_rad: FloatArray) -> Float32Array:
        """(yaws, cells) log ratios of the `new` last rows of a path (L, 7)."""
        rows = path.copy()
        rotated = (rows[:, 2] + 1j * rows[:, 3]) * np.exp(1j * self.statistics.yaw_rad)
        rows[:, 2], rows[:, 3] = rotated.real, rotated.imag
        likelihood = PathLikelihood.of(rows, new, self.statistics, self.config.field_map.offset_ut, self.grid.size_m)
        parts = [
            self._ratios(rows, new, likelihood, cells, yaw_rad[chosen]) for chosen in _chunks(len(yaw_rad), len(cells))
        ]
        return np.concatenate(parts)

    def _ratios(
        self, rows: FloatArray, new: int, likelihood: PathLikelihood, cells: IntArray, yaw_rad: FloatArray
    ) -> Float32Array:
        """(yaws, cells) log ratios, tempered, with outliers."""
        indices = self._indices(rows, cells, yaw_rad)
        inside = np.logical_and.reduce([self._there[index] for index in indices])
        rotation = np.exp(1j * yaw_rad)[:, None].astype(np.complex64)
        ratio = np.zeros(inside.shape, np.float32)
        for number in range(new):
            ratio += self._row_ratio(rows, likelihood, number, indices, rotation, inside, len(rows) - new)
        beyond = new * math.log(self.config.field_map.beyond_per_m) / self.config.sampling.per_unit
        tempered: Float32Array = np.where(inside, np.float32(self._exponent) * ratio, np.float32(beyond))
        return tempered

    def _row_ratio(
        self,
        rows: FloatArray,
        likelihood: PathLikelihood,
        number: int,
        indices: list[IntArray],
        rotation: npt.NDArray[np.complex64],
        inside: BoolArray,
        before: int,
    ) -> Float32Array:
        """(yaws, cells) log ratio of one new row; of no meaning where its path leaves the map."""
        across = likelihood.horizontal[number].astype(np.complex64)
        along = likelihood.vertical[number].astype(np.float32)
        fields = rows[:, 2] + 1j * rows[:, 3]
        horizontal = rotation * np.complex64(likelihood.horizontal[number] @ fields)
        vertical = np.float32(likelihood.vertical[number] @ rows[:, 4])
        for at in range(before + number + 1):
            horizontal = horizontal - across[at] * self._horizontal[indices[at]]
            vertical = vertical - along[at] * self._vertical[indices[at]]
        widening = np.where(inside, self._widening[indices[before + number]], np.float32(1.0))
        squared = np.square(horizontal.real) + np.square(horizontal.imag) + np.square(vertical)
        broad = likelihood.outlier[number]
        fraction = self.config.field_map.outlier
        usual = -0.5 * squared / widening - 1.5 * np.log(widening) + np.float32(math.log1p(-fraction))
        outlying = np.float32(-0.5 / broad) * squared - np.float32(1.5 * math.log(broad) - math.log(fraction))
        ratio: Float32Array = np.logaddexp(usual, outlying) - np.float32(likelihood.background[number])
        return ratio

    def _indices(self, rows: FloatArray, cells: IntArray, yaw_rad: FloatArray) -> list[IntArray]:
        """For each row (yaws, cells) the flat index of where it was taken, if the path ends in a cell with a yaw."""
        back = (rows[-1, 0] - rows[:, 0]) + 1j * (rows[-1, 1] - rows[:, 1])
        rotated = back[:, None] * np.exp(1j * yaw_rad)
        offset = self.grid.offset(np.stack([rotated.real, rotated.imag], axis=-1))  # (L, yaws)
        flat = self.grid.flat[cells]
        return [flat - each[:, None] for each in offset]


def _chunks(yaws: int, cells: int) -> Iterator[slice]:
    step = max(1, CHUNK // max(cells, 1))
    for first in range(0, yaws, step):
        yield slice(first, first + step)
