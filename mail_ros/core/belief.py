"""What a belief over map cells implies for the position."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from mail_ros.core.types import NEAR_M, BoolArray, Cells, FloatArray, IntArray, Posterior, RealArray

GAUSSIAN_FLOOR_M = 0.25  # standard deviation added to a Gaussian over cells: half a cell
MIN_DEVIATION_M = 0.05  # floor of a covariance, along each axis: consumers may divide by it
IDENTITY = np.eye(2)
REGION = 0.9  # probability of the region that covariances are scaled to
REGION_SQUARED = -2.0 * np.log(1.0 - REGION)  # squared Mahalanobis distance at its edge, in the plane


def survey_cells(position_m: FloatArray, floor: IntArray, size_m: float) -> Cells:
    """The cells of a grid of `size_m` that hold at least one surveyed position, sorted by floor, x and y.

    Args:
        position_m: (n, 2) surveyed positions.
        floor: (n,) their floors.
        size_m: distance between neighbouring cells.
    """
    return numbered_cells(position_m, floor, size_m)[0]


def numbered_cells(position_m: FloatArray, floor: IntArray, size_m: float) -> tuple[Cells, IntArray]:
    """See `survey_cells`; also the number (n,) of the cell of each position."""
    keys = np.column_stack([floor, np.round(position_m / size_m).astype(np.int64)])
    unique, number = np.unique(keys, axis=0, return_inverse=True)
    return Cells(unique[:, 1:] * size_m, unique[:, 0]), number.reshape(-1)


def useful_m(cells: Cells) -> float:
    """Distance within which a position is useful: `NEAR_M`, or half of what a guess is off, the middle of the cells."""
    floors = [cells.position_m[cells.floor == floor] for floor in np.unique(cells.floor)]
    guess_m = np.concatenate([np.linalg.norm(each_m - each_m.mean(axis=0), axis=1) for each_m in floors])
    return min(NEAR_M, max(0.5 * float(guess_m.mean()), MIN_DEVIATION_M))


def decode(
    probability: FloatArray, cells: Cells, radius_m: float, covariance_scale: float = 1.0, near_m: float = NEAR_M
) -> Posterior:
    """The mean of the belief around its mode, and the covariance of the whole belief about that point.

    Averaging only the neighbourhood keeps the position in one of two similar corridors instead of between them; the
    covariance still counts the other corridor. Cells on other floors enter the covariance as if they lay at the
    farthest cell of this floor: an ambiguous floor is never a small uncertainty.

    A belief has heavier tails than a Gaussian. Its covariance is scaled, down only, until the Gaussian's region of
    probability `REGION` holds that much of the belief: the last percent of it, far away, does not widen the region.

    Args:
        probability: (m,) sums to one, or to the probability of being on the map: the rest counts as other floors.
        cells: the m cells.
        radius_m: cells of the mode's floor within this distance are averaged.
        covariance_scale: factor on the covariance in the end: 1 where beliefs are as wide as errors are large.
        near_m: distance within which a position is useful.
    """
    mode = int(probability.argmax())
    floor = int(cells.floor[mode])
    here = cells.floor == floor
    x, y = cells.position_m.T
    from_mode_m2 = np.square(x - x[mode]) + np.square(y - y[mode])
    near = np.flatnonzero(here & (from_mode_m2 <= radius_m**2))
    mean_m = probability[near] @ cells.position_m[near] / probability[near].sum()
    x, y = x - mean_m[0], y - mean_m[1]
    on_floor = probability * here
    xx, xy, yy = float(on_floor @ (x * x)), float(on_floor @ (x * y)), float(on_floor @ (y * y))
    farthest_m2 = float(from_mode_m2[here].max())
    other_floors_m2 = max(0.0, 1.0 - float(on_floor.sum())) * farthest_m2
    covariance_m2 = np.array([[xx + other_floors_m2, xy], [xy, yy + other_floors_m2]])
    scale = covariance_scale * min(1.0, _region_squared(on_floor, x, y, covariance_m2) / REGION_SQUARED)
    within = float(on_floor @ (x * x + y * y <= near_m**2))
    return Posterior(mean_m, scale * covariance_m2 + MIN_DEVIATION_M**2 * IDENTITY, floor, within, near_m)


def _region_squared(on_floor: FloatArray, x: FloatArray, y: FloatArray, covariance_m2: FloatArray) -> float:
    """Squared Mahalanobis distance within which `REGION` of the belief lies; infinite where it is on other floors.

    Args:
        on_floor: (m,) the belief on the position's floor; the rest of it is infinitely far.
        x: (m,) distance from the position along one axis.
        y: (m,) along the other.
        covariance_m2: (2, 2) of the belief.
    """
    if on_floor.sum() < REGION:
        return np.inf
    a, b, c = covariance_m2[0, 0] + 1e-6, covariance_m2[0, 1], covariance_m2[1, 1] + 1e-6
    squared = (c * x * x - 2.0 * b * x * y + a * y * y) / (a * c - b * b)
    order = squared.argsort()
    inside = int(on_floor[order].cumsum().searchsorted(REGION))
    return float(squared[order[min(inside, len(order) - 1)]])


def softmax(log_likelihood: RealArray) -> FloatArray:
    """Log likelihoods (m,) under a uniform prior, as a belief that sums to one."""
    weight = np.exp(log_likelihood - log_likelihood.max())
    probability: FloatArray = weight / weight.sum()
    return probability


def normal(position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> Posterior:
    """A Gaussian as a posterior; the probability of being near follows from its longest axis."""
    (xx, xy), (_, yy) = covariance_m2.tolist()
    longest_m2 = max(0.5 * (xx + yy) + math.hypot(0.5 * (xx - yy), xy), 1e-12)  # the greater eigenvalue
    return Posterior(position_m, covariance_m2, floor, -math.expm1(-(NEAR_M**2) / (2.0 * longest_m2)))


def gaussian(posterior: Posterior, cells: Cells) -> FloatArray:
    """A posterior as log likelihood ratios (m,), see `log_ratio`: -inf on other floors.

    Where the map has no cell on its floor, all cells are equally likely.
    """
    here = cells.floor == posterior.floor
    if not here.any():
        return np.zeros(len(cells))
    offset_m = cells.position_m - posterior.position_m
    precision = np.linalg.inv(posterior.covariance_m2 + np.eye(2) * GAUSSIAN_FLOOR_M**2)
    return log_ratio(np.where(here, -0.5 * np.einsum("ij,jk,ik->i", offset_m, precision, offset_m), -np.inf))


def log_ratio(logits: FloatArray) -> FloatArray:
    """The logits (m,) of a softmax over cells as log likelihood ratios against a window without information.

    0 in a cell where the window is as likely as from anywhere in the map.
    """
    shifted = logits - logits.max()
    ratio: FloatArray = shifted - np.log(np.exp(shifted).mean())
    return ratio


def near_cell(cells: Cells, cell: int, radius_m: float) -> BoolArray:
    """(m,) which cells lie within a radius of a cell, on its floor."""
    distance_m = np.linalg.norm(cells.position_m - cells.position_m[cell], axis=1)
    near: BoolArray = (cells.floor == cells.floor[cell]) & (distance_m <= radius_m)
    return near


def modes(
    probability: FloatArray, cells: Cells, radius_m: float, max_count: int = 5, min_weight: float = 0.01
) -> Iterator[BoolArray]:
    """The neighbourhoods (m,) of the heaviest modes, which do not overlap, heaviest mode first.

    Args:
        probability: (m,) of each cell.
        cells: the m cells.
        radius_m: of a neighbourhood.
        max_count: how many at most.
        min_weight: the first lighter neighbourhood ends the search.
    """
    left = probability.copy()
    for _ in range(max_count if len(left) else 0):
        near = near_cell(cells, int(left.argmax()), radius_m) & (left > 0.0)
        if left[near].sum() < max(min_weight, 1e-12):
            return
        yield near
        left[near] = 0.0
