"""A map of the field: how likely the newest rows of a path end in each cell, with each yaw of odometry's frame.

    rows of the path (L, 7) --> whitening weights -----------------+
    map's mean, deviation at the cells where each row was taken -----+--> log ratios of poses

A cell and a yaw determine the whole path on the map. The rows before the newest ones take out what they have in common
with them, above all the constant field of the device. The method is ours; closest to it are the particle filters of
Solin et al., IEEE Transactions on Robotics 34(4), 2018, on a map of the same kind.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.models.field_map.path_likelihood import FieldStatistics, PathLikelihood
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.model import ModelOutput, PoseQuery, Query
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.neighbourhood import FULL_ROTATION
from mail_ros.core.signal.path_resampling import ROW_WIDTH
from mail_ros.core.signal.window import Window
from mail_ros.core.types import Complex64Array, ComplexArray, Float32Array, FloatArray, IntArray, Prediction

CHUNK = 40_000  # poses that are compared at a time: what stays in a processor's cache
INTERPOLATED = 5_000  # poses up to which the map is read between cells
LAGS = np.array([1, 2, 4, 8, 11])  # rows before the new ones on which these are conditioned
MIN_ROWS = 2  # the first row of a path has nothing to be compared with: the device's offset is unknown


class Fields(NamedTuple):
    """Mean field of the map, µT."""

    horizontal: Complex64Array
    vertical: Float32Array


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
        self._mapped = self.grid.scatter(np.ones(len(mean_ut), np.bool_))
        field_ut = self.grid.with_border(mean_ut)
        self._horizontal: Complex64Array = field_ut[:, 0] + np.complex64(1j) * field_ut[:, 1]
        self._vertical = field_ut[:, 2].copy()
        across = 1.0 + variance_ut2[:, :2].mean(axis=1) / self.statistics.noise_ut2
        along = 1.0 + variance_ut2[:, 2] / self.statistics.noise_ut2
        half_precisions = 0.5 / across, 0.5 / along
        self._horizontal_weight, self._vertical_weight = (self.grid.scatter(each) for each in half_precisions)
        self._log_width = self.grid.scatter(np.log(across) + 0.5 * np.log(along))
        self._exponent = min(1.0, config.field_map.likelihood_exponent_per_m / config.sampling.per_unit)

    def window(self, stride: int) -> Window:
        """See `Model`; it is full as soon as there is a difference."""
        return Window(self.config.samples, ROW_WIDTH, 1, enough=MIN_ROWS)

    def predict(self, window: Window, query: Query) -> Prediction:
        """See `Model`; log ratios (p,) of the queried poses, NaN where their path leaves the map."""
        poses = query.poses
        assert poses is not None  # `compose` gives this model a filter of poses
        rows = window.newest(self.samples)
        return Prediction(self._compare(rows, min(poses.new_rows, len(rows) - 1), poses))

    def __call__(self, rows: Float32Array) -> ModelOutput:
        """See `BatchModel`; log ratios (B, cells) of all rows but the first, over yaws (the mean of ratios)."""
        yaws, cells = self.config.field_map.yaws, self.grid.mapped
        yaw_rad = np.arange(yaws) * FULL_ROTATION / yaws
        new = rows.shape[1] - 1
        poses = PoseQuery(np.tile(np.arange(cells), yaws), np.repeat(np.arange(yaws), cells), yaw_rad, new, np.zeros(2))
        found = [self._compare(path.astype(np.float64), new, poses).reshape(yaws, cells) for path in rows]
        beyond = self.config.sampling.length * math.log(self.config.field_map.beyond_per_m)
        known = [np.nan_to_num(each, nan=beyond) for each in found]
        raw = np.array([np.logaddexp.reduce(each, axis=0) - math.log(yaws) for each in known], np.float32)
        return ModelOutput(raw, np.zeros((len(rows), 0), np.float32))

    def _compare(self, path: FloatArray, new: int, poses: PoseQuery) -> Float32Array:
        """(p,) log ratios of the `new` last rows of a path (L, 7), tempered; NaN where the path leaves the map."""
        rows = path[_conditioned(len(path), new)]
        rotated = (rows[:, 2] + 1j * rows[:, 3]) * np.exp(1j * self.statistics.yaw_rad)
        rows[:, 2], rows[:, 3] = rotated.real, rotated.imag
        likelihood = PathLikelihood.of(rows, new, self.statistics, self.config.field_map.offset_ut, self.grid.size_m)
        away_m = rows[:, :2] - rows[-1, :2] + poses.ahead_m
        away = (away_m[:, 0] + 1j * away_m[:, 1]) / self.grid.size_m
        steps = away[:, None] * np.exp(1j * poses.yaw_rad)  # (L, k)
        rotation = np.exp(1j * poses.yaw_rad).astype(np.complex64)
        ratio = np.empty(len(poses.cells), np.float32)
        for first in range(0, len(ratio), CHUNK):
            chosen = slice(first, first + CHUNK)
            yaw, flat = poses.yaw[chosen], self.grid.flat[poses.cells[chosen]]
            nearest = flat + self.grid.offset(steps).take(yaw, axis=1)  # (L, p)
            fields = self._between(flat, yaw, steps) if len(ratio) <= INTERPOLATED else self._at(nearest)
            ratio[chosen] = self._ratios(rows, likelihood, rotation[yaw], nearest, fields)
            ratio[chosen][~self._mapped.take(nearest).all(axis=0)] = np.nan
        ratio *= np.float32(self._exponent)
        return ratio

    def _at(self, index: IntArray) -> Fields:
        """Mean field of the cells at flat indices."""
        return Fields(self._horizontal.take(index), self._vertical.take(index))

    def _between(self, flat: IntArray, yaw: IntArray, steps: ComplexArray) -> Fields:
        """Mean field (L, p) at displacements (L, k) from cells (p,): bilinear, with the same weights for all cells."""
        corner, weight = self.grid.corners(steps)  # (4, L, k)
        fields, weight = self._at(flat + corner.take(yaw, axis=2)), weight.take(yaw, axis=2)
        return Fields((weight * fields.horizontal).sum(axis=0), (weight * fields.vertical).sum(axis=0))

    def _ratios(
        self,
        rows: FloatArray,
        likelihood: PathLikelihood,
        rotation: Complex64Array,
        nearest: IntArray,
        fields: Fields,
    ) -> Float32Array:
        """(p,) log ratios of the new rows of poses, whose path crosses cells (L, p) with these mean fields."""
        measured = rows[:, 2] + 1j * rows[:, 3]
        across = rotation * (likelihood.horizontal @ measured).astype(np.complex64)[:, None]
        across -= likelihood.horizontal.astype(np.complex64) @ fields.horizontal
        along = (likelihood.vertical @ rows[:, 4]).astype(np.float32)[:, None]
        along = along - likelihood.vertical.astype(np.float32) @ fields.vertical
        squared_across, squared_along = np.square(across.real) + np.square(across.imag), np.square(along)  # (n, p)
        at = nearest[-len(across) :]
        usual = self._horizontal_weight.take(at) * squared_across + self._vertical_weight.take(at) * squared_along
        usual = -usual - self._log_width.take(at)
        broad, fraction = likelihood.outlier.astype(np.float32)[:, None], self.config.field_map.outlier
        outlying = np.float32(-0.5) / broad * (squared_across + squared_along)
        outlying += np.float32(math.log(fraction / (1.0 - fraction))) - np.float32(1.5) * np.log(broad)
        constant = len(at) * math.log1p(-fraction) - likelihood.background.sum()
        either = np.maximum(usual, outlying) + np.log1p(np.exp(-np.abs(usual - outlying)))
        ratio: Float32Array = either.sum(axis=0) + np.float32(constant)
        return ratio


def _conditioned(rows: int, new: int) -> IntArray:
    """Numbers of the new rows and of those at `LAGS` before them (Vecchia, J. R. Statist. Soc. B 50, 1988)."""
    before = new + LAGS[rows - new >= LAGS] - 1
    return (rows - 1 - np.concatenate([np.arange(new), before]))[::-1]
