"""`knn`: the nearest training window in Euclidean distance, the simplest baseline that uses the field.

Window means are removed, so that a phone's constant offset cancels; every training window that is sampled by time is
stored at several speeds. The prediction is the end position of the nearest one. Source: the textbook; speeds and mean
removal are ours.

For the tracker, the nearest window that ends in a cell gives the cell's likelihood, see `cell_likelihood`.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import normal
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.axes import AxesKind
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import Float32Array, FloatArray, IntArray, Prediction
from mail_ros.data.dataset import WindowSet
from mail_ros.evaluation.baselines.cell_likelihood import CellLikelihood

SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.2)
NEIGHBOURS = 20  # nearest windows whose positions give the covariance


class Knn:
    """All stored windows in one matrix."""

    def __init__(self, stored_ut: Float32Array, position_m: FloatArray, floor: IntArray, axes: AxesKind) -> None:
        """Store windows (T, n, w), with the positions (T, 2) and the floors (T,) of their ends."""
        self.axes = axes
        self.rows = features(stored_ut, axes)
        self.squared = np.square(self.rows).sum(axis=1)
        self.position_m, self.floor = position_m, floor
        self.neighbours = min(NEIGHBOURS, len(self.rows))
        self.likelihood = CellLikelihood(self.position_m, self.floor)

    def locate(self, window_ut: FloatArray) -> Prediction:
        """(n, w) -> end position of the nearest window; the covariance is that of the next nearest about it."""
        query = features(window_ut[None].astype(np.float32), self.axes)[0]
        distance = self.squared - 2.0 * (self.rows @ query)  # squared, up to a constant
        nearest = np.argpartition(distance, self.neighbours - 1)[: self.neighbours]
        best = nearest[distance[nearest].argmin()]
        offset_m = self.position_m[nearest] - self.position_m[best]
        covariance_m2 = offset_m.T @ offset_m / len(nearest)
        flat = float(query @ query)  # the constant is the same number
        squared_ut2 = (distance.astype(np.float64) + flat) / len(window_ut)
        ratio = self.likelihood.ratio(squared_ut2, flat / len(window_ut))
        return Prediction(ratio, normal(self.position_m[best], covariance_m2, int(self.floor[best])))


def knn(windows: WindowSet, config: ModelConfig) -> FunctionModel:
    """Nearest neighbour among `windows`, which must hold no lag (see `config`: kind "matching")."""
    speeds = SPEEDS if isinstance(config.sampling, TimeSampling) else (1.0,)
    stored_ut = np.concatenate([windows.fields(windows.ends, np.full(len(windows), speed)) for speed in speeds])
    ends = np.tile(windows.ends, len(speeds))
    return nearest_neighbour(stored_ut, windows.position_m[ends], windows.floor[ends], config)


def nearest_neighbour(
    stored_ut: Float32Array, position_m: FloatArray, floor: IntArray, config: ModelConfig
) -> FunctionModel:
    """A model of stored windows, see `Knn`."""
    method = Knn(stored_ut, position_m, floor, config.axes)
    return FunctionModel(config, config.samples, method.locate, SiteMap(method.likelihood.cells))


def features(windows_ut: Float32Array, axes: AxesKind) -> Float32Array:
    """(T, n, w) -> (T, k), each window without its mean.

    In a gravity-aligned frame the yaw against the map is unknown: the horizontal field counts by its strength.
    """
    if axes == "gravity":
        windows_ut = np.stack([np.hypot(windows_ut[..., 0], windows_ut[..., 1]), windows_ut[..., 2]], axis=-1)
    flat: Float32Array = (windows_ut - windows_ut.mean(axis=1, keepdims=True)).reshape(len(windows_ut), -1)
    return flat
