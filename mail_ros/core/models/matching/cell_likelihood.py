"""What a search among the survey's windows says of every map cell: log likelihood ratios, as the tracker wants them.

    squared distances to all stored windows --> the nearest of each cell --> against a window from elsewhere
                                                                         --> the survey's labels are uncertain

A window from elsewhere matches nothing, and one of a stand matches a flat field better than any walk: cells count by
their likelihood ratio to whichever of the two is likelier. Where all are below 0, the map does not explain the window.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

Real = TypeVar("Real", np.float32, np.float64)


class Nearest:
    """The least distance of the windows that end in each cell."""

    def __init__(self, cell: npt.NDArray[np.int64], cells: int) -> None:
        """Take the cell (T,) in which each stored window ends, and how many cells there are."""
        self._order = np.argsort(cell, kind="stable")
        self._there, self._begin = np.unique(cell[self._order], return_index=True)
        self.cells = cells

    def __call__(self, distance: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """Distances (B, T) to the stored windows -> (B, cells).

        A cell in which no window ends, or none that is finite, is as far as the farthest of the others.
        """
        least = np.full((len(distance), self.cells), np.inf, distance.dtype)
        least[:, self._there] = np.minimum.reduceat(distance[:, self._order], self._begin, axis=1)
        farthest = np.where(np.isinf(least), 0.0, least).max(axis=1, keepdims=True)
        nearest: npt.NDArray[Real] = np.minimum(least, farthest)
        return nearest


def log_ratio(
    squared_ut2: npt.NDArray[Real], flat_ut2: npt.NDArray[Real], noise_ut2: float, background_ut2: float
) -> npt.NDArray[Real]:
    """Gaussian log likelihood ratios.

    Args:
        squared_ut2: (B, cells) mean squared distance to the nearest window of each cell.
        flat_ut2: (B, 1) to a field that does not change.
        noise_ut2: variance by which a distance counts.
        background_ut2: distance of a window from outside the survey.

    Returns:
        (B, cells); above 0 where the cell explains the window better.
    """
    ratio: npt.NDArray[Real] = (np.minimum(flat_ut2, background_ut2) - squared_ut2) / (2.0 * noise_ut2)
    return ratio


def uncertain(
    log_ratio: npt.NDArray[Real], neighbour: npt.NDArray[np.int64], log_weight: npt.NDArray[Real]
) -> npt.NDArray[Real]:
    """Likelihood ratios where the survey's windows may have ended beside their label: means over the neighbours.

    Args:
        log_ratio: (B, cells) as the labels say.
        neighbour: (cells, k) the cells that a window of this cell may be labelled as.
        log_weight: (cells, k) logarithms of how likely that is, which sums to one over a row.

    Returns:
        (B, cells).
    """
    terms = log_ratio[:, neighbour] + log_weight
    most = terms.max(axis=-1)
    mean: npt.NDArray[Real] = most + np.log(np.exp(terms - most[..., None]).sum(axis=-1))
    return mean
