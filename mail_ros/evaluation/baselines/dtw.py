"""`dtw`: subsequence dynamic time warping against every training walk, in the manner of LocateMe.

Source: Subbu, Gozick and Dantu, "LocateMe: Magnetic-fields-based indoor localization using smartphones",
ACM TIST 4(4), 2013. Faithful: the window is warped onto stored walks, any start and end, and the prediction is the end
of the best match. Ours: three axes; differences over `LAG_S` inside the window, since they cancel a phone's offset
wherever a match begins, which a removed mean does not; and a penalty per step off the diagonal in place of a slope
limit. The cost is per sample of the window. DTW is dtaidistance's, in C.

Chosen by fitting repetition 1 and predicting repetition 2 of the IPIN 2023 walks, from lags of 0.5 to 4 s and
penalties of 1 to 10 µT: means of 1.19 m and 2.65 m on its two floors, where a removed running mean had 4.8 m
and 13.9 m.

For the tracker, the best match that ends in a cell gives the cell's likelihood, see `cell_likelihood`.

`subsequence` is the same search for a piece of a walk as long as one scale of MAIL, for the paper's table 2: the
fraction of local anomalies that DTW finds at each scale. How the paper cut, matched and judged them is not known; all
of this is ours. A walk is cut into pieces as long as the scale, one after the other; each is the difference over
`mail.lag_s` that the network reads. The study `anomalies` counts a piece as found within a metre.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from mail_ros.evaluation.baselines.cell_likelihood import CellLikelihood

LAG_S = 2.0  # the difference over this time cancels offsets
PENALTY_UT = 5.0  # per step off the diagonal
AMBIGUITY = 1.2  # matches up to this multiple of the best cost give the covariance


class SubsequenceDtw:
    """The training walks, as differences."""

    def __init__(self, tracks: Sequence[Track], config: ModelConfig, lag_s: float) -> None:
        self.lag = round(lag_s * config.sampling.per_unit)
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
        self.likelihood = CellLikelihood(self.position_m, self.floor)

    def locate(self, window_ut: FloatArray) -> Prediction:
        """(n, 3) µT -> end position of the best match."""
        query = gradient(window_ut, "lag", self.lag)
        cost = np.concatenate([_cost(query, walk) for walk in self.walks])  # (positions,)
        best = int(cost.argmin())
        similar = cost <= AMBIGUITY * cost[best]
        offset_m = self.position_m[similar] - self.position_m[best]
        covariance_m2 = offset_m.T @ offset_m / max(int(similar.sum()), 1)
        ratio = self.likelihood.ratio(np.square(cost), float(np.square(query).sum() / len(query)))
        return Prediction(ratio, normal(self.position_m[best], covariance_m2, int(self.floor[best])))


def _cost(query: FloatArray, walk: FloatArray) -> FloatArray:
    """Cost of the best match that ends at each sample of a walk, µT root mean square over the query."""
    free = [0, 0, len(walk), len(walk)]  # the walk's start and end are free, the query's are not
    _, paths = dtw_ndim.warping_paths_fast(query, walk, psi=free, penalty=PENALTY_UT, psi_neg=False)
    cost: FloatArray = np.asarray(paths)[-1, 1:] / np.sqrt(len(query))
    return cost


def dtw(tracks: Sequence[Track], config: ModelConfig) -> FunctionModel:
    """Subsequence DTW against `tracks`."""
    method = SubsequenceDtw(tracks, config, LAG_S)
    return FunctionModel(config, config.samples, method.locate, SiteMap(method.likelihood.cells))


def subsequence(tracks: Sequence[Track], config: ModelConfig, lag_s: float) -> FunctionModel:
    """DTW of the newest `sampling.length_s` seconds of the difference over `lag_s`."""
    method = SubsequenceDtw(tracks, config, lag_s)
    return FunctionModel(config, config.sampling.rows + method.lag, method.locate)


def unbroken(track: Track) -> list[Track]:
    """The stretches of a resampled walk in which every sample is labelled and there is no hole."""
    edges = np.flatnonzero(np.diff(track.valid.astype(np.int8), prepend=0, append=0))
    return [track[start:end] for start, end in edges.reshape(-1, 2).tolist()]
