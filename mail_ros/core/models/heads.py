"""What the numbers at the end of a model mean: a position, or a belief over map cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mail_ros.core.belief import Cells, Float32Array, FloatArray, Posterior, decode, normal, ratio


class Head(Protocol):
    """From a model's numbers of one window (out,) to a position."""

    @property
    def cells(self) -> Cells | None:
        """The map that it tells apart; None where it has none."""

    def posterior(self, raw: Float32Array) -> Posterior:
        """What they say of the position."""

    def log_ratio(self, raw: Float32Array) -> FloatArray | None:
        """The likelihoods in each of the cells (m,), see `belief.ratio`; None where it has no cells."""


@dataclass(frozen=True)
class RegressionHead:
    """The position itself (equation 14), on one floor; the covariance does not depend on the window."""

    covariance_m2: FloatArray  # (2, 2), of the validation walks
    floor: int

    @property
    def cells(self) -> None:
        """It has none."""

    def posterior(self, raw: Float32Array) -> Posterior:
        """See `Head`."""
        return normal(raw.astype(np.float64), self.covariance_m2, self.floor)

    def log_ratio(self, raw: Float32Array) -> None:
        """Its posterior says all there is."""


@dataclass(frozen=True)
class MapHead:
    """A belief over the map's cells.

    Where the paper answers the point between two look-alike corridors, this keeps both.
    """

    cells: Cells
    label_sigma_m: float  # the survey's own error
    radius_m: float  # of the mode's neighbourhood
    spread: float = 1.0  # see `belief.decode`

    def posterior(self, raw: Float32Array) -> Posterior:
        """The mode's neighbourhood, see `belief.decode`."""
        weight = np.exp((raw - raw.max()).astype(np.float64))
        return decode(weight / weight.sum(), self.cells, self.radius_m, self.spread)

    def log_ratio(self, raw: Float32Array) -> FloatArray:
        """The numbers themselves: whoever feeds this head compares with a window from elsewhere (see `Matching`)."""
        return raw.astype(np.float64)


@dataclass(frozen=True)
class HeatmapHead(MapHead):
    """The same, where the numbers are a network's logits."""

    def log_ratio(self, raw: Float32Array) -> FloatArray:
        """Against no knowledge: a softmax cannot say "none of them". Training saw every stretch about as often."""
        return ratio(raw.astype(np.float64))
