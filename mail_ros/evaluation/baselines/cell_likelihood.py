"""Log-likelihood ratios over map cells, for the baselines that search (see `core.models.matching.matching`)."""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import numbered_cells
from mail_ros.core.models.matching.matching import NearestOfCells, likelihood_ratio
from mail_ros.core.types import FloatArray, IntArray

CELL_M = 0.5
# Both were chosen for `knn`, of two values each, over several splits of the repetitions of IPIN 2023 Track 3.
NOISE_UT2 = 1.5  # variance of the field between two passes of one position, mean over a window's samples
BACKGROUND_UT2 = 25.0  # squared distance, mean over a window's samples, of a window from outside the survey


class CellLikelihood:
    """Map cells around stored positions; the nearest stored window of a cell gives the cell's likelihood."""

    def __init__(
        self,
        position_m: FloatArray,
        floor: IntArray,
        noise_ut2: float = NOISE_UT2,
        background_ut2: float = BACKGROUND_UT2,
    ) -> None:
        """Make the cells of stored positions (n, 2) and their floors (n,)."""
        self.noise_ut2, self.background_ut2 = noise_ut2, background_ut2
        self.cells, cell = numbered_cells(position_m, floor, CELL_M)
        self._nearest = NearestOfCells(cell, len(self.cells))

    def ratio(self, squared_ut2: FloatArray, flat_ut2: float) -> FloatArray:
        """Log-likelihood ratio (m,) of every cell against the background model.

        Args:
            squared_ut2: (n,) squared distances to the stored windows.
            flat_ut2: squared distance to a constant field.
        """
        nearest_ut2, flat = self._nearest(squared_ut2[None]), np.array([[flat_ut2]])
        ratio: FloatArray = likelihood_ratio(nearest_ut2, flat, self.noise_ut2, self.background_ut2)[0]
        return ratio
