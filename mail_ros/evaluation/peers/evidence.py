"""What a search says of every cell: how far its best match there is from the window, in units of the noise.

As in matching, a window from elsewhere matches nothing, and one of a stand matches a flat field better than any walk;
each cell counts by its likelihood ratio to whichever of the two is likelier.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.belief import Cells, survey_cells
from mail_ros.data.track import FloatArray, IntArray

CELL_M = 0.5


@dataclass(frozen=True)
class EvidenceSettings:
    """What a squared distance says, as means over the samples of a window.

    Chosen for `knn`, of two values each, over several splits of the repetitions of IPIN 2023 Track 3.
    """

    noise_ut2: float = 1.5  # variance by which a distance counts
    elsewhere_ut2: float = 25.0  # squared distance of a window from outside the survey


class CellCosts:
    """Which stored positions belong to which cell, so that each cell keeps its best match."""

    def __init__(self, position_m: FloatArray, floor: IntArray, settings: EvidenceSettings) -> None:
        """Take stored positions (n, 2) and their floors (n,)."""
        self.settings = settings
        self.cells: Cells = survey_cells(position_m, floor, CELL_M)
        keys = np.column_stack([floor, np.round(position_m / CELL_M).astype(np.int64)])
        _, cell = np.unique(keys, axis=0, return_inverse=True)
        self.order = np.argsort(cell.ravel(), kind="stable")  # stored positions, cell by cell
        self.starts = np.searchsorted(cell.ravel()[self.order], np.arange(len(self.cells)))

    def least(self, cost: FloatArray) -> FloatArray:
        """(..., n) costs of the stored positions -> (..., m), the least of each cell."""
        least: FloatArray = np.minimum.reduceat(cost[..., self.order], self.starts, axis=-1)
        return least

    def log_ratio(self, squared_ut2: FloatArray, flat_ut2: float) -> FloatArray:
        """Evidence for the tracker, see `belief.ratio`.

        Args:
            squared_ut2: (m,) squared distance to the best match of each cell.
            flat_ut2: squared distance to a field that does not change.
        """
        log_ratio: FloatArray = (min(self.settings.elsewhere_ut2, flat_ut2) - squared_ut2) / (
            2.0 * self.settings.noise_ut2
        )
        return log_ratio
