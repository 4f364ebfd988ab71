"""`knn`: the nearest training window in Euclidean distance. The peer that nobody may skip.

Window means are removed, so that a phone's constant offset cancels; every training window is there at
several speeds. The answer is where the nearest one ended. Source: the textbook; speeds and mean removal
are ours.

For the tracker, each cell counts with the nearest window that ended in it, see `peers.evidence`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from mail_ros.core.belief import normal
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import FloatArray, Prediction
from mail_ros.data.dataset import WindowSet
from mail_ros.evaluation.baselines.search_likelihood import CellEvidence, EvidenceSettings


@dataclass(frozen=True)
class KnnSettings:
    """What may be chosen."""

    speeds: tuple[float, ...] = (0.8, 0.9, 1.0, 1.1, 1.2)
    doubt: int = 20  # so many nearest windows give the covariance
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)


class Knn:
    """All training windows in one matrix."""

    def __init__(self, windows: WindowSet, settings: KnnSettings) -> None:
        rows = [centered(windows.fields(windows.ends, np.full(len(windows), s))) for s in settings.speeds]
        self.rows = np.concatenate(rows)  # (speeds * w, 3 n)
        self.squared = np.square(self.rows).sum(axis=1)
        self.position_m = np.tile(windows.position_m[windows.ends], (len(settings.speeds), 1))
        self.floor = np.tile(windows.floor[windows.ends], len(settings.speeds))
        self.doubt = min(settings.doubt, len(self.rows))
        self.evidence = CellEvidence(self.position_m, self.floor, settings.evidence)

    def locate(self, window_ut: FloatArray) -> Prediction:
        """(n, 3) µT -> where the nearest window ended; the spread of the next nearest about it."""
        query = centered(window_ut[None].astype(np.float32))[0]
        distance = self.squared - 2.0 * (self.rows @ query)  # squared, up to a constant
        nearest = np.argpartition(distance, self.doubt - 1)[: self.doubt]
        best = nearest[distance[nearest].argmin()]
        offset_m = self.position_m[nearest] - self.position_m[best]
        covariance_m2 = offset_m.T @ offset_m / len(nearest)
        flat = float(query @ query)  # what the constant is, too
        squared_ut2 = (distance.astype(np.float64) + flat) / len(window_ut)
        evidence = self.evidence.likelihood_ratio(squared_ut2, flat / len(window_ut))
        return Prediction(evidence, normal(self.position_m[best], covariance_m2, int(self.floor[best])))


def knn(windows: WindowSet, config: ModelConfig, settings: KnnSettings | None = None) -> FunctionModel:
    """Nearest neighbour among `windows`, which must hold no lag (see `config`: kind "matching")."""
    method = Knn(windows, settings or KnnSettings())
    return FunctionModel(config, config.samples, method.locate, SiteMap(method.evidence.cells))


def centered(windows_ut: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(w, n, 3) -> (w, 3 n), each window without its mean."""
    flat: npt.NDArray[np.float32] = (windows_ut - windows_ut.mean(axis=1, keepdims=True)).reshape(len(windows_ut), -1)
    return flat
