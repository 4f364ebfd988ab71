"""Map of one floor's field with its uncertainty: one Gaussian process per tile, all with the same covariance.

positions, fields of a survey --> sampled regions --> covariance and noise, fitted once
                 +--------------> tiles, on first use --> mean, standard deviation at any position
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, WhiteKernel

from benchmarks.field_map.kernel import PotentialKernel
from mail_ros.core.types import FloatArray, IntArray

TILE_M = 2.0  # side of the square that one process predicts
MARGIN_M = 1.5  # around a tile; its process is fitted to the margin as well
MAX_POSITIONS = 250  # per process: the cost is cubic in their number
REGIONS, REGION_M, REGION_POSITIONS = 8, 1.5, 30  # the covariance is fitted to regions: number, radius, positions
FAR_M = 1e3  # distance between regions while the covariance is fitted: they are independent
VARIANCE_UT2, NOISE_UT2 = (1.0, 1e4), (1e-2, 1e2)  # bounds


@dataclass(frozen=True)
class Covariance:
    """Fitted covariance of a floor's field."""

    deviation_ut: float  # standard deviation of each axis over the floor
    length_m: float  # correlation length
    noise_ut: float  # standard deviation of readings about the map, errors of labels included


@dataclass
class _Tile:
    mean_ut: FloatArray  # (3,)
    process: GaussianProcessRegressor


@dataclass
class FieldMap:
    """The field (3,) µT at each position of a floor, in the map's axes."""

    position_m: FloatArray  # (n, 2) positions of the survey
    field_ut: FloatArray  # (n, 3)
    covariance: Covariance
    seed: int
    _tiles: dict[tuple[int, int], _Tile] = field(default_factory=dict)

    def at(self, position_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation, both (k, 3) µT, of the field at positions (k, 2), without noise."""
        mean_ut, deviation_ut = np.empty((2, len(position_m), 3))
        numbers = np.floor(position_m / TILE_M).astype(np.int64)
        for number in np.unique(numbers, axis=0):
            in_tile = np.flatnonzero((numbers == number).all(axis=1))
            tile = self._tile(number)
            mean, deviation = tile.process.predict(_rows(position_m[in_tile]), return_std=True)
            known = np.square(deviation) - self.covariance.noise_ut**2
            mean_ut[in_tile] = mean.reshape(-1, 3) + tile.mean_ut
            deviation_ut[in_tile] = np.sqrt(np.maximum(known, 0.0)).reshape(-1, 3)
        return mean_ut, deviation_ut

    def _tile(self, number: IntArray) -> _Tile:
        key = (int(number[0]), int(number[1]))
        if key not in self._tiles:
            distance_m = np.abs(self.position_m - (number + 0.5) * TILE_M).max(axis=1)
            reach_m = max(TILE_M / 2.0 + MARGIN_M, float(distance_m.min()) + MARGIN_M)  # never empty
            near = _some(
                np.flatnonzero(distance_m <= reach_m), MAX_POSITIONS, np.random.default_rng([self.seed, *np.abs(key)])
            )
            mean_ut = self.field_ut[near].mean(axis=0)
            process = GaussianProcessRegressor(_kernel(self.covariance), optimizer=None)
            process.fit(_rows(self.position_m[near]), (self.field_ut[near] - mean_ut).ravel())
            self._tiles[key] = _Tile(mean_ut, process)
        return self._tiles[key]


def fit_field_map(position_m: FloatArray, field_ut: FloatArray, seed: int = 0) -> FieldMap:
    """Fit a floor's map.

    Args:
        position_m: (n, 2) finite positions of a survey.
        field_ut: (n, 3) finite readings there, in the map's axes.
        seed: seed of the choice among more positions than the maximum.
    """
    return FieldMap(
        position_m, field_ut, _fitted_covariance(position_m, field_ut, np.random.default_rng([seed, 31])), seed
    )


def _fitted_covariance(position_m: FloatArray, field_ut: FloatArray, rng: np.random.Generator) -> Covariance:
    """Maximum-likelihood covariance of regions across the floor."""
    rows, values = [], []
    for number, centre in enumerate(_some(np.arange(len(position_m)), REGIONS, rng)):
        distance_m = np.linalg.norm(position_m - position_m[centre], axis=1)
        near = _some(np.flatnonzero(distance_m <= REGION_M), REGION_POSITIONS, rng)
        rows.append(_rows(position_m[near] + [number * FAR_M, 0.0]))
        values.append((field_ut[near] - field_ut[near].mean(axis=0)).ravel())
    process = GaussianProcessRegressor(_kernel(Covariance(5.0, 1.0, 1.0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at a bound: a uniform field has no correlation length
        process.fit(np.concatenate(rows), np.concatenate(values))
    variance_ut2, length_m, noise_ut2 = np.exp(process.kernel_.theta).tolist()
    return Covariance(variance_ut2**0.5, length_m, noise_ut2**0.5)


def _kernel(known: Covariance) -> ConstantKernel:
    field_kernel = ConstantKernel(known.deviation_ut**2, VARIANCE_UT2) * PotentialKernel(known.length_m)
    return field_kernel + WhiteKernel(known.noise_ut**2, NOISE_UT2)


def _rows(position_m: FloatArray) -> FloatArray:
    """Positions (k, 2), each three times, with the number of each axis (3 k, 3)."""
    return np.column_stack([np.repeat(position_m, 3, axis=0), np.tile(np.arange(3.0), len(position_m))])


def _some(index: IntArray, max_count: int, rng: np.random.Generator) -> IntArray:
    """At most `max_count` indices, drawn at random, in their order."""
    if len(index) <= max_count:
        return index
    drawn: IntArray = np.sort(rng.choice(index, max_count, replace=False))
    return drawn
