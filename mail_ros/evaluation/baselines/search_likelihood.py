"""What the searches among the peers say of every cell of their own map (see `core.models.matching.cell_likelihood`)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.belief import survey_cells
from mail_ros.core.models.matching.matching import NearestOfCells, likelihood_ratio
from mail_ros.core.types import Cells, FloatArray, IntArray

CELL_M = 0.5


@dataclass(frozen=True)
class EvidenceSettings:
    """What a squared distance says, as means over the samples of a window.

    Chosen for `knn`, of two values each, over several splits of the repetitions of IPIN 2023 Track 3.
    """

    noise_ut2: float = 1.5  # variance by which a distance counts
    elsewhere_ut2: float = 25.0  # squared distance of a window from outside the survey


class CellEvidence:
    """A map of stored positions, and what distances to them say of its cells."""

    def __init__(self, position_m: FloatArray, floor: IntArray, settings: EvidenceSettings) -> None:
        """Take stored positions (n, 2) and their floors (n,)."""
        self.settings = settings
        self.cells: Cells = survey_cells(position_m, floor, CELL_M)
        keys = np.column_stack([floor, np.round(position_m / CELL_M).astype(np.int64)])
        _, cell = np.unique(keys, axis=0, return_inverse=True)
        self._nearest = NearestOfCells(cell.ravel(), len(self.cells))

    def likelihood_ratio(self, squared_ut2: FloatArray, flat_ut2: float) -> FloatArray:
        """Evidence (m,) for the tracker.

        Args:
            squared_ut2: (n,) squared distances to what is stored.
            flat_ut2: squared distance to a field that does not change.
        """
        flat, settings = np.array([[flat_ut2]]), self.settings
        nearest_ut2 = self._nearest(squared_ut2[None])
        evidence: FloatArray = likelihood_ratio(nearest_ut2, flat, settings.noise_ut2, settings.elsewhere_ut2)[0]
        return evidence
