"""`dtw`: subsequence dynamic time warping against every training walk, in the manner of LocateMe.

Source: Subbu, Gozick and Dantu, "LocateMe: Magnetic-fields-based indoor localization using smartphones",
ACM TIST 4(4), 2013. Faithful: the window is warped onto stored walks, any start and end, and answers where
the best match ends. Ours: three axes; differences over `lag_s` inside the window, since they cancel a
phone's offset wherever a match begins, which a removed mean does not; and a penalty per step off the
diagonal in place of a slope limit. The cost is per sample of the window. DTW is dtaidistance's, in C.

Chosen by fitting repetition 1 and answering repetition 2 of the IPIN 2023 walks, from lags of 0.5 to 4 s and
penalties of 1 to 10 µT: means of 1.19 m and 2.65 m on its two floors, where a removed running mean had 4.8 m
and 13.9 m.

For the tracker, each cell counts with the best match that ends in it, see `peers.evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from dtaidistance import dtw_ndim

from mail_ros.core.belief import normal
from mail_ros.core.errors import TrackError
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.window import gradient
from mail_ros.core.types import FloatArray, Prediction
from mail_ros.data.dataset import resample
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.search_likelihood import CellEvidence, EvidenceSettings


@dataclass(frozen=True)
class DtwSettings:
    """What may be chosen."""

    lag_s: float = 2.0  # of the difference that cancels offsets
    penalty_ut: float = 5.0  # of one step off the diagonal
    doubt: float = 1.2  # matches up to this many times the best cost give the covariance
    evidence: EvidenceSettings = field(default_factory=EvidenceSettings)


class SubsequenceDtw:
    """The training walks, as differences."""

    def __init__(self, tracks: Sequence[Track], config: ModelConfig, settings: DtwSettings) -> None:
        self.settings = settings
        self.lag = round(settings.lag_s * config.sampling.per_unit)
        self.walks: list[FloatArray] = []
        positions, floors = [], []
        for track in tracks:
            for part in unbroken(resample(track, config.sampling, config.axes).labelled_span()):
                if len(part) >= config.samples:
                    self.walks.append(gradient(part.field_ut, "lag", self.lag))
                    positions.append(part.position_m[self.lag :])
                    floors.append(part.floor[self.lag :])
        if not self.walks:
            raise TrackError(
                ", ".join(track.source for track in tracks),
                wanted=f"a labelled walk of {config.sampling.length:g} {config.sampling.unit} without a hole",
                found="none",
                fix="give longer walks",
            )
        self.position_m = np.concatenate(positions)
        self.floor = np.concatenate(floors)
        self.evidence = CellEvidence(self.position_m, self.floor, settings.evidence)

    def locate(self, window_ut: FloatArray) -> Prediction:
        """(n, 3) µT -> where the best match ends."""
        query = gradient(window_ut, "lag", self.lag)
        cost = np.concatenate([self._cost(query, walk) for walk in self.walks])  # (positions,)
        best = int(cost.argmin())
        doubt = cost <= self.settings.doubt * cost[best]
        offset_m = self.position_m[doubt] - self.position_m[best]
        covariance_m2 = offset_m.T @ offset_m / max(int(doubt.sum()), 1)
        evidence = self.evidence.likelihood_ratio(np.square(cost), float(np.square(query).sum() / len(query)))
        return Prediction(evidence, normal(self.position_m[best], covariance_m2, int(self.floor[best])))

    def _cost(self, query: FloatArray, walk: FloatArray) -> FloatArray:
        """Cost of the best match that ends at each sample of a walk, µT root mean square over the query."""
        free = [0, 0, len(walk), len(walk)]  # the walk's start and end are free, the query's are not
        _, paths = dtw_ndim.warping_paths_fast(query, walk, psi=free, penalty=self.settings.penalty_ut, psi_neg=False)
        cost: FloatArray = np.asarray(paths)[-1, 1:] / np.sqrt(len(query))
        return cost


def dtw(tracks: Sequence[Track], config: ModelConfig, settings: DtwSettings | None = None) -> FunctionModel:
    """Subsequence DTW against `tracks`."""
    method = SubsequenceDtw(tracks, config, settings or DtwSettings())
    return FunctionModel(config, config.samples, method.locate, SiteMap(method.evidence.cells))


def unbroken(track: Track) -> list[Track]:
    """The stretches of a resampled walk in which every sample is labelled and there is no hole."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], track.valid, [False]]).astype(np.int8)))
    return [track[int(a) : int(b)] for a, b in zip(edges[::2], edges[1::2], strict=True)]
