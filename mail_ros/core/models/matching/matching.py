"""Matching: a window against the windows of the survey, whatever the pitch of the device.

    window (B, n, 3) µT ------+
                              v
    survey's windows (T, n, 3) --> squared distances (B, T) --> nearest of each cell --> log likelihoods (B, cells)
    every walk at several speeds   pitch and offset solved for  against the background     labels are uncertain

Two passes of one place, on real walks with two phones, differ by a pitch of up to 30°, constant over the walk, which
mixes the field along the device with the field across its face; by an offset of a few µT left over by the device's own
calibration, or a large one, of another device; and by speed. Nearest-neighbour search pays for all of them. Here the
pitch is solved for in closed form in every comparison, the offset has a small weight and a bounded cost
(`offset_max_ut2`), and speeds are stored.

Nothing is learned; the method is ours. In the paper's terms it is a feature extraction with one scale, the whole
window, under the heat map's softmax.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.matching.alignment import PitchAlignment, YawAlignment
from mail_ros.core.models.model import ModelOutput, Query
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.neighbourhood import label_neighbours
from mail_ros.core.signal.axes import AXES
from mail_ros.core.signal.window import Window, cut_windows
from mail_ros.core.types import Float32Array, IntArray, Prediction

BLOCK = 64  # windows compared at a time: bounds the memory of a pass
Real = TypeVar("Real", np.float32, np.float64)


class NearestOfCells:
    """The smallest distance among the windows that end in each cell."""

    def __init__(self, cell: IntArray, cells: int) -> None:
        """Take the cell (T,) in which each stored window ends, and the number of cells."""
        self._order = np.argsort(cell, kind="stable")
        self._there, self._begin = np.unique(cell[self._order], return_index=True)
        self.cells = cells

    def __call__(self, distance: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """Distances (B, T) to the stored windows -> (B, cells).

        A cell in which no window ends, or none with a finite distance, is as far as the farthest of the others.
        """
        smallest = np.full((len(distance), self.cells), np.inf, distance.dtype)
        smallest[:, self._there] = np.minimum.reduceat(distance[:, self._order], self._begin, axis=1)
        farthest = np.where(np.isinf(smallest), 0.0, smallest).max(axis=1, keepdims=True)
        nearest: npt.NDArray[Real] = np.minimum(smallest, farthest)
        return nearest


def likelihood_ratio(
    squared_ut2: npt.NDArray[Real], flat_ut2: npt.NDArray[Real], noise_ut2: float, background_ut2: float
) -> npt.NDArray[Real]:
    """Gaussian log likelihood ratios of cells against the background model.

    A window from outside the survey matches nothing, and one of a stop matches a flat field better than any walk: a
    cell is compared with the more likely of the two. Where all are below 0, the map does not explain the window.

    Args:
        squared_ut2: (B, cells) mean squared distance to the nearest window of each cell.
        flat_ut2: (B, 1) to a constant field.
        noise_ut2: variance of a difference.
        background_ut2: distance of a window from outside the survey.

    Returns:
        (B, cells); above 0 where the cell explains the window better.
    """
    ratio: npt.NDArray[Real] = (np.minimum(flat_ut2, background_ut2) - squared_ut2) / (2.0 * noise_ut2)
    return ratio


class Matching:
    """The survey's windows, and how likely a new window ends in each cell of the map."""

    def __init__(self, config: ModelConfig, state: State) -> None:
        """Cut the survey's windows.

        Args:
            config: of the model; `config.matching` is its own part.
            state: arrays of the map, and the survey (see `training.site_state`): `field_ut` (m, w) all resampled walks,
                `end` (T,) rows where a window ends, `reach` (T,) rows without a hole up to there, `speed` (T,) at
                which it is walked, `cell` (T,) index of the cell where it ends.

        Raises:
            ModelError: cells that do not lie on one grid.
            KeyError: an array is missing.
        """
        self.config, self.samples = config, config.samples
        self.head = SiteMap.of(state, config.matching.covariance_scale)
        self.site_map: SiteMap | None = self.head
        speed = state["speed"].astype(np.float64)
        stored_ut = cut_windows(state["field_ut"], state["end"], state["reach"], speed, config.samples)
        self.nearest = NearestOfCells(state["cell"], len(self.head.cells))
        self._neighbour, weight = label_neighbours(self.head.cells, self.head.label_sigma_m)  # (cells, k)
        with np.errstate(divide="ignore"):  # weights of missing neighbours are zero
            self._log_weight = np.log(weight).astype(np.float32)
        aligned = PitchAlignment if config.axes == "device" else YawAlignment
        self.alignment: PitchAlignment | YawAlignment = aligned(config.matching, stored_ut)
        self._axes = AXES[config.axes]

    def window(self, stride: int) -> Window:
        """See `Model`."""
        return Window(self.config.samples, self._axes.width, stride)

    def predict(self, window: Window, query: Query) -> Prediction:
        """See `Model`."""
        rows = self._axes.without(window.values, query.device_offset_ut)[None].astype(np.float32)
        log_likelihood, offset_ut = self._compare(rows)
        return Prediction(log_likelihood[0].astype(np.float64), device_offset_ut=offset_ut[0].astype(np.float64))

    def __call__(self, rows: Float32Array) -> ModelOutput:
        """Windows (B, samples, w), oldest row first -> log likelihoods (B, cells), attention (B, 0), device offsets."""
        blocks = [self._compare(rows[at : at + BLOCK]) for at in range(0, len(rows), BLOCK)]
        log_likelihood, offset_ut = (np.concatenate(part) for part in zip(*blocks, strict=True))
        return ModelOutput(log_likelihood, np.zeros((len(rows), 0), np.float32), offset_ut)

    def _compare(self, rows: Float32Array) -> tuple[Float32Array, Float32Array]:
        """Windows (B, n, w) -> log likelihoods (B, cells), device offsets (B, 3)."""
        matching = self.config.matching
        distance = self.alignment.compare(rows)
        flat_ut2 = rows[..., :3].var(axis=1).sum(axis=1, keepdims=True)  # a constant field equals the window's mean
        ratio = likelihood_ratio(self.nearest(distance), flat_ut2, matching.noise_ut2, matching.background_ut2)
        return self._over_labels(ratio), self.alignment.offset(rows, distance.argmin(axis=1))

    def _over_labels(self, ratio: Float32Array) -> Float32Array:
        """Likelihood ratios (B, cells) where the survey's labels are uncertain: means over the neighbours."""
        terms = ratio[:, self._neighbour] + self._log_weight
        largest = terms.max(axis=-1)
        mean: Float32Array = largest + np.log(np.exp(terms - largest[..., None]).sum(axis=-1))
        return mean
