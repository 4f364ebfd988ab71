"""What a search among the survey's windows says of every map cell: log likelihood ratios, as the tracker wants them.

    squared distances to all stored windows --> the nearest of each cell --> against a window from elsewhere
                                                                         --> the survey's labels are uncertain

A window from elsewhere matches nothing, and one of a stand matches a flat field better than any walk: cells count by
their likelihood ratio to whichever of the two is likelier. Where all are below 0, the map does not explain the window.
"""

from __future__ import annotations

import torch
from torch import Tensor


def nearest(distance: Tensor, cell: Tensor, cells: int) -> Tensor:
    """The least distance of the windows that end in each cell.

    A cell in which no window ends, or none that is finite, is as far as the farthest of the others.

    Args:
        distance: (B, T) to the stored windows.
        cell: (T,) in which each of them ends.
        cells: how many there are.

    Returns:
        (B, cells).
    """
    everywhere = distance.new_full((len(distance), cells), torch.inf)
    least = everywhere.scatter_reduce(1, cell.expand(len(distance), -1), distance, "amin")
    farthest = least.masked_fill(least.isinf(), 0.0).amax(dim=1, keepdim=True)
    return torch.minimum(least, farthest)


def log_ratio(squared_ut2: Tensor, flat_ut2: Tensor, noise_ut2: float, elsewhere_ut2: float) -> Tensor:
    """Gaussian log likelihood ratios.

    Args:
        squared_ut2: (B, cells) mean squared distance to the nearest window of each cell.
        flat_ut2: (B, 1) to a field that does not change.
        noise_ut2: variance by which a distance counts.
        elsewhere_ut2: distance of a window from outside the survey.

    Returns:
        (B, cells); above 0 where the cell explains the window better.
    """
    return (flat_ut2.clamp_max(elsewhere_ut2) - squared_ut2) / (2.0 * noise_ut2)


def uncertain(log_ratio: Tensor, neighbour: Tensor, weight: Tensor) -> Tensor:
    """Likelihood ratios where the survey's windows may have ended beside their label: means over the neighbours.

    Args:
        log_ratio: (B, cells) as the labels say.
        neighbour: (cells, k) the cells that a window of this cell may be labelled as.
        weight: (cells, k) how likely that is; rows sum to one.

    Returns:
        (B, cells).
    """
    return torch.logsumexp(log_ratio[:, neighbour] + weight.log(), dim=-1)
