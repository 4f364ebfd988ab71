"""`knn`: the nearest training window in Euclidean distance, the simplest baseline that uses the field.

Window means are removed, so that a phone's constant offset cancels; every training window is stored at several
speeds. The prediction is the end position of the nearest one. Source: the textbook; speeds and mean removal are ours.

For the tracker, the nearest window that ends in a cell gives the cell's likelihood, see `cell_likelihood`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mail_ros.core.belief import normal
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import FloatArray, Prediction
from mail_ros.data.dataset import WindowSet
from mail_ros.evaluation.baselines.cell_likelihood import CellLikelihood

SPEEDS = (0.8, 0.9, 1.0, 1.1, 1.2)
NEIGHBOURS = 20  # nearest windows whose positions give the covariance


class Knn:
    """All training windows in one matrix."""

    def __init__(self, windows: WindowSet) -> None:
        self.rows = np.concatenate(  # (speeds * w, 3 n)
            [centered(windows.fields(windows.ends, np.full(len(windows), speed))) for speed in SPEEDS]
        )
        self.squared = np.square(self.rows).sum(axis=1)
        self.position_m = np.tile(windows.position_m[windows.ends], (len(SPEEDS), 1))
        self.floor = np.tile(windows.floor[windows.ends], len(SPEEDS))
        self.neighbours = min(NEIGHBOURS, len(self.rows))
        self.likelihood = CellLikelihood(self.position_m, self.floor)

    def locate(self, window_ut: FloatArray) -> Prediction:
        """(n, 3) µT -> end position of the nearest window; the covariance is that of the next nearest about it."""
        query = centered(window_ut[None].astype(np.float32))[0]
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
    method = Knn(windows)
    return FunctionModel(config, config.samples, method.locate, SiteMap(method.likelihood.cells))


def centered(windows_ut: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(w, n, 3) -> (w, 3 n), each window without its mean."""
    flat: npt.NDArray[np.float32] = (windows_ut - windows_ut.mean(axis=1, keepdims=True)).reshape(len(windows_ut), -1)
    return flat
