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
from mail_ros.core.types import Float32Array, FloatArray, IntArray, Prediction

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
        mean_ut, variance_ut2 = state["mean_ut"].astype(np.float32), state["variance_ut2"].astype(np.float32)
        vertical_ut = np.where(self.grid.scatter(np.ones(len(mean_ut), np.bool_)), np.float32(0.0), np.float32(np.nan))
        self._horizontal = self.grid.scatter(mean_ut[:, 0] + np.complex64(1j) * mean_ut[:, 1])
        self._vertical = vertical_ut + self.grid.scatter(mean_ut[:, 2])  # NaN where there is no cell
        across = 1.0 + variance_ut2[:, :2].mean(axis=1) / self.statistics.noise_ut2
        along = 1.0 + variance_ut2[:, 2] / self.statistics.noise_ut2
        self._precision = self.grid.scatter(np.column_stack([0.5 / across, 0.5 / along]))  # halves, for the exponent
        self._log_width = self.grid.scatter(np.log(across) + 0.5 * np.log(along))
        self._exponent = min(1.0, config.field_map.likelihood_exponent_per_m / config.sampling.per_unit)

    def window(self, stride: int) -> Window:
        """See `Model`; it is full as soon as there is a difference."""
        return Window(self.config.samples, ROW_WIDTH, 1, enough=MIN_ROWS)

    def predict(self, window: Window, query: Query) -> Prediction:
        """See `Model`; log ratios (yaws, cells) of the queried poses, NaN where their path leaves the map."""
        poses = query.poses
        assert poses is not None  # `compose` gives this model a filter of poses
        rows = window.newest(self.samples)
        return Prediction(self._compare(rows, min(poses.new_rows, len(rows) - 1), poses.cells, poses.yaw_rad))

    def __call__(self, rows: Float32Array) -> ModelOutput:
        """See `BatchModel`; log ratios (B, cells) of all rows but the first, over yaws (the mean of ratios)."""
        yaws = self.config.field_map.yaws
        yaw_rad, cells = np.arange(yaws) * FULL_ROTATION / yaws, np.arange(self.grid.mapped)
        found = [self._compare(path.astype(np.float64), len(path) - 1, cells, yaw_rad) for path in rows]
        beyond = self.config.sampling.length * math.log(self.config.field_map.beyond_per_m)
        known = [np.nan_to_num(each, nan=beyond) for each in found]
        raw = np.array([np.logaddexp.reduce(each, axis=0) - math.log(yaws) for each in known], np.float32)
        return ModelOutput(raw, np.zeros((len(rows), 0), np.float32))

    def _compare(self, path: FloatArray, new: int, cells: IntArray, yaw_rad: FloatArray) -> Float32Array:
        """(yaws, cells) log ratios of the `new` last rows of a path (L, 7); NaN where the path leaves the map."""
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
        rotation = np.exp(1j * yaw_rad)[:, None].astype(np.complex64)
        ratio = self._row_ratio(rows, likelihood, 0, indices, rotation)
        for number in range(1, new):
            ratio += self._row_ratio(rows, likelihood, number, indices, rotation)
        tempered: Float32Array = np.float32(self._exponent) * ratio
        return tempered

    def _row_ratio(
        self,
        rows: FloatArray,
        likelihood: PathLikelihood,
        number: int,
        indices: list[IntArray],
        rotation: npt.NDArray[np.complex64],
    ) -> Float32Array:
        """(yaws, cells) log ratios of one new row; NaN where its path leaves the map."""
        across = likelihood.horizontal[number].astype(np.complex64)
        along = likelihood.vertical[number].astype(np.float32)
        fields = rows[:, 2] + 1j * rows[:, 3]
        horizontal = rotation * np.complex64(likelihood.horizontal[number] @ fields)
        vertical = np.float32(likelihood.vertical[number] @ rows[:, 4])
        last = len(rows) - len(likelihood.background) + number
        for at in range(last + 1):
            horizontal = horizontal - across[at] * self._horizontal[indices[at]]
            vertical = vertical - along[at] * self._vertical[indices[at]]
        squared_across = np.square(horizontal.real) + np.square(horizontal.imag)
        squared_along = np.square(vertical)
        precision = self._precision[indices[last]]
        usual = -precision[..., 0] * squared_across - precision[..., 1] * squared_along - self._log_width[indices[last]]
        broad, fraction = likelihood.outlier[number], self.config.field_map.outlier
        outlying = np.float32(-0.5 / broad) * (squared_across + squared_along)
        outlying += np.float32(math.log(fraction / (1.0 - fraction)) - 1.5 * math.log(broad))
        constant = np.float32(math.log1p(-fraction) - likelihood.background[number])
        ratio: Float32Array = outlying + np.log(1.0 + np.exp(usual - outlying)) + constant
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
