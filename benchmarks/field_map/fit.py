"""A map of one floor's field, with its uncertainty: a Gaussian process for each tile, all of one covariance.

places, fields of a survey --> some places --> covariance and noise, learned once
                 +-----------> tile by tile, where it is asked for --> mean, deviation at any place
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

TILE_M = 2.0  # side of what one process answers for
MARGIN_M = 1.5  # beyond it, from where it learns as well
MOST = 250  # places that one process learns from: the cost grows with their cube
REGIONS, REGION_M, REGION_MOST = 8, 1.5, 30  # from which the covariance is learned, and how many places of each
FAR_M = 1e3  # between regions, as the covariance is learned: they tell nothing of one another
VARIANCE_UT2, NOISE_UT2 = (1.0, 1e4), (1e-2, 1e2)  # bounds


@dataclass(frozen=True)
class Covariance:
    """What was learned of a floor's field."""

    deviation_ut: float  # of each axis, over the floor
    length_m: float  # over which it changes
    noise_ut: float  # standard deviation of what readings differ from the map, labels being not quite right


@dataclass
class _Tile:
    mean_ut: FloatArray  # (3,)
    process: GaussianProcessRegressor


@dataclass
class FieldMap:
    """The field (3,) µT at each place of a floor, in the map's axes."""

    place_m: FloatArray  # (n, 2) of the survey
    field_ut: FloatArray  # (n, 3)
    covariance: Covariance
    seed: int
    _tiles: dict[tuple[int, int], _Tile] = field(default_factory=dict)

    def at(self, place_m: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation, both (k, 3) µT, of the field at places (k, 2); noise is not counted."""
        mean_ut, deviation_ut = np.empty((2, len(place_m), 3))
        numbers = np.floor(place_m / TILE_M).astype(np.int64)
        for number in np.unique(numbers, axis=0):
            of_tile = np.flatnonzero((numbers == number).all(axis=1))
            tile = self._tile(number)
            mean, deviation = tile.process.predict(_rows(place_m[of_tile]), return_std=True)
            known = np.square(deviation) - self.covariance.noise_ut**2
            mean_ut[of_tile] = mean.reshape(-1, 3) + tile.mean_ut
            deviation_ut[of_tile] = np.sqrt(np.maximum(known, 0.0)).reshape(-1, 3)
        return mean_ut, deviation_ut

    def _tile(self, number: IntArray) -> _Tile:
        key = (int(number[0]), int(number[1]))
        if key not in self._tiles:
            beside_m = np.abs(self.place_m - (number + 0.5) * TILE_M).max(axis=1)
            reach_m = max(TILE_M / 2.0 + MARGIN_M, float(beside_m.min()) + MARGIN_M)  # never without a place
            near = _some(np.flatnonzero(beside_m <= reach_m), MOST, np.random.default_rng([self.seed, *np.abs(key)]))
            mean_ut = self.field_ut[near].mean(axis=0)
            process = GaussianProcessRegressor(_kernel(self.covariance), optimizer=None)
            process.fit(_rows(self.place_m[near]), (self.field_ut[near] - mean_ut).ravel())
            self._tiles[key] = _Tile(mean_ut, process)
        return self._tiles[key]


def fit_field_map(place_m: FloatArray, field_ut: FloatArray, seed: int = 0) -> FieldMap:
    """Fit a floor's map.

    Args:
        place_m: (n, 2) finite, where a survey was.
        field_ut: (n, 3) finite, what it read there, in the map's axes.
        seed: of which places are taken where there are more than are needed.
    """
    return FieldMap(place_m, field_ut, _learned(place_m, field_ut, np.random.default_rng([seed, 31])), seed)


def _learned(place_m: FloatArray, field_ut: FloatArray, rng: np.random.Generator) -> Covariance:
    """The likeliest covariance, of regions spread over the floor."""
    rows, values = [], []
    for number, centre in enumerate(_some(np.arange(len(place_m)), REGIONS, rng)):
        distance_m = np.linalg.norm(place_m - place_m[centre], axis=1)
        near = _some(np.flatnonzero(distance_m <= REGION_M), REGION_MOST, rng)
        rows.append(_rows(place_m[near] + [number * FAR_M, 0.0]))
        values.append((field_ut[near] - field_ut[near].mean(axis=0)).ravel())
    process = GaussianProcessRegressor(_kernel(Covariance(5.0, 1.0, 1.0)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # at a bound: an even field has no length
        process.fit(np.concatenate(rows), np.concatenate(values))
    variance_ut2, length_m, noise_ut2 = np.exp(process.kernel_.theta).tolist()
    return Covariance(variance_ut2**0.5, length_m, noise_ut2**0.5)


def _kernel(known: Covariance) -> ConstantKernel:
    field_kernel = ConstantKernel(known.deviation_ut**2, VARIANCE_UT2) * PotentialKernel(known.length_m)
    return field_kernel + WhiteKernel(known.noise_ut**2, NOISE_UT2)


def _rows(place_m: FloatArray) -> FloatArray:
    """Places (k, 2), each three times, with the number of each axis (3 k, 3)."""
    return np.column_stack([np.repeat(place_m, 3, axis=0), np.tile(np.arange(3.0), len(place_m))])


def _some(index: IntArray, most: int, rng: np.random.Generator) -> IntArray:
    """So many of them at most, drawn at random, in their order."""
    if len(index) <= most:
        return index
    drawn: IntArray = np.sort(rng.choice(index, most, replace=False))
    return drawn
