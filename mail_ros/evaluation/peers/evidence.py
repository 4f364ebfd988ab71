"""What a search says of every cell: how far its best match there is from the window, in units of the noise.

The noise is measured on the training walks alone: each is held out once, and found by means of the others.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import Cells, survey_cells
from mail_ros.data.track import FloatArray, IntArray

CELL_M = 0.5
TRUE_M = 0.6  # cells this near a position hold it
VARIANCES_UT2 = np.geomspace(1e-3, 1e4, 71)  # what is tried


class CellCosts:
    """Which stored positions belong to which cell, so that each cell keeps its best match."""

    def __init__(self, position_m: FloatArray, floor: IntArray) -> None:
        """Take stored positions (n, 2) and their floors (n,)."""
        self.cells: Cells = survey_cells(position_m, floor, CELL_M)
        keys = np.column_stack([floor, np.round(position_m / CELL_M).astype(np.int64)])
        _, cell = np.unique(keys, axis=0, return_inverse=True)
        self.order = np.argsort(cell.ravel(), kind="stable")  # stored positions, cell by cell
        self.starts = np.searchsorted(cell.ravel()[self.order], np.arange(len(self.cells)))

    def least(self, cost: FloatArray) -> FloatArray:
        """(..., n) costs of the stored positions -> (..., m), the least of each cell."""
        least: FloatArray = np.minimum.reduceat(cost[..., self.order], self.starts, axis=-1)
        return least


def fitted_variance(squared: FloatArray, position_m: FloatArray, floor: IntArray, cells: Cells) -> float:
    """The noise that makes the true cells of held-out windows likeliest.

    Args:
        squared: (w, m) squared distance of each window's best match in each cell, inf where there is none.
        position_m: (w, 2) where the windows ended.
        floor: (w,) their floors.
        cells: the m cells.

    Returns:
        The variance, in the units of `squared`, by which `-squared / (2 variance)` is a log likelihood; infinity,
        by which no window tells anything, where nobody went twice.
    """
    scores = np.zeros(len(VARIANCES_UT2))
    for row, place_m, level in zip(squared, position_m, floor.tolist(), strict=True):
        near = (np.linalg.norm(cells.position_m - place_m, axis=1) <= TRUE_M) & (cells.floor == level)
        if not np.isfinite(row[near]).any():
            continue  # nobody else went there: it tells nothing of the noise
        log = -(row - row.min()) / (2.0 * VARIANCES_UT2[:, None])  # (v, m)
        scores += np.log(np.exp(log[:, near]).sum(axis=1) + 1e-12) - np.log(np.exp(log).sum(axis=1))
    return float(VARIANCES_UT2[scores.argmax()]) if scores.any() else np.inf
