"""What the numbers at the end of a model mean: a position, or a belief over map cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mail_ros.core.belief import decode, normal, softmax
from mail_ros.core.types import Cells, Float32Array, FloatArray, Posterior

State = Mapping[str, np.ndarray]  # arrays of a model file by their names


@dataclass(frozen=True)
class RegressionHead:
    """The position itself (equation 14), on one floor; the covariance does not depend on the window."""

    covariance_m2: FloatArray  # (2, 2), of the validation walks
    floor: int
    center_m: FloatArray  # (2,) mean surveyed position

    def middle_m(self, floor: int) -> FloatArray:
        """See `SiteMap`; there is one floor."""
        return self.center_m

    def posterior(self, raw: Float32Array) -> Posterior:
        """The position by one window alone, from the model's numbers (out,)."""
        return normal(raw.astype(np.float64), self.covariance_m2, self.floor)


@dataclass(frozen=True)
class SiteMap:
    """The cells of a site, and how a belief over them becomes a position.

    Where the regression head answers the point between two similar corridors, a belief keeps both.
    """

    cells: Cells
    label_sigma_m: float = 0.0  # standard deviation of the survey's labels
    radius_m: float = 2.0  # neighbourhood of the mode that is averaged into a position
    covariance_scale: float = 1.0  # see `belief.decode`

    @classmethod
    def of(cls, state: State, covariance_scale: float = 1.0) -> SiteMap:
        """Read the map of a model file; KeyError where an array is missing."""
        cells = Cells(state["head.cell_position_m"], state["head.cell_floor"])
        sigma_m, radius_m = float(state["head.label_sigma_m"]), float(state["head.radius_m"])
        return cls(cells, sigma_m, radius_m, covariance_scale)

    def arrays(self) -> State:
        """The map as arrays of a model file: the inverse of `of`."""
        return {
            "head.cell_position_m": self.cells.position_m,
            "head.cell_floor": self.cells.floor,
            "head.label_sigma_m": np.array(self.label_sigma_m),
            "head.radius_m": np.array(self.radius_m),
        }

    def middle_m(self, floor: int) -> FloatArray:
        """(2,) the mean of a floor's cells; without a cell on it, that of the floor with the most cells."""
        floors, counts = np.unique(self.cells.floor, return_counts=True)
        here = self.cells.floor == (floor if floor in floors else floors[counts.argmax()])
        middle_m: FloatArray = self.cells.position_m[here].mean(axis=0)
        return middle_m

    def posterior(self, raw: Float32Array | FloatArray) -> Posterior:
        """See `RegressionHead`; of logits or log likelihoods (m,), under a uniform prior."""
        return decode(softmax(raw.astype(np.float64)), self.cells, self.radius_m, self.covariance_scale)


Head = RegressionHead | SiteMap
