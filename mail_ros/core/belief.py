"""Map cells, and what a belief over them says of the position.

A cell is a square half a metre wide on one floor, and exists only where a survey went.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

GAUSSIAN_FLOOR_M = 0.25  # deviation added to a Gaussian over cells: half a cell
LEAST_M = 0.05  # deviation along each axis that a covariance has at least: whoever consumes it may divide by it
NEAR_M = 3.0  # an estimate that is at most so far off is of use
IDENTITY = np.eye(2)
REGION = 0.9  # the region of this probability is the one that a covariance is made for
REGION_SQUARED = -2.0 * np.log(1.0 - REGION)  # squared Mahalanobis distance at its edge, in the plane


@dataclass(frozen=True)
class Cells:
    """The places that a position can be told apart into."""

    position_m: FloatArray  # (m, 2) centres, in the frame of their floor
    floor: IntArray  # (m,)

    def __len__(self) -> int:
        return len(self.floor)


@dataclass(frozen=True)
class Posterior:
    """Where the device is, as far as one window tells."""

    position_m: FloatArray  # (2,)
    covariance_m2: FloatArray  # (2, 2)
    floor: int
    near: float  # how surely it is within `NEAR_M` of that, 0 to 1


def survey_cells(position_m: FloatArray, floor: IntArray, size_m: float) -> Cells:
    """The cells of a grid of `size_m` that hold at least one surveyed position, sorted by floor, x and y.

    Args:
        position_m: (n, 2) surveyed positions.
        floor: (n,) their floors.
        size_m: distance between neighbouring cells.
    """
    keys = np.column_stack([floor, np.round(position_m / size_m).astype(np.int64)])
    unique = np.unique(keys, axis=0)
    return Cells(unique[:, 1:] * size_m, unique[:, 0])


def decode(probability: FloatArray, cells: Cells, radius_m: float, spread: float = 1.0) -> Posterior:
    """The mean of the belief around its mode, and the spread of all of it about that point.

    The neighbourhood keeps the answer in one of two look-alike corridors instead of between them; the
    covariance still counts the other corridor. Cells on another floor enter the covariance as if they
    lay at the farthest cell of this one: a doubt about the floor is never a small doubt.

    A belief has heavier tails than a Gaussian. Its covariance is scaled, down only, until the Gaussian's region of
    probability `REGION` holds that much of the belief: the last percent of it, far away, does not widen the region.

    Args:
        probability: (m,) sums to one.
        cells: the m cells.
        radius_m: cells of the mode's floor within this distance are averaged.
        spread: the covariance in the end, as a share of that: 1 where beliefs are as wide as errors are large.
    """
    mode = int(probability.argmax())
    floor = int(cells.floor[mode])
    here = cells.floor == floor
    x, y = cells.position_m.T
    from_mode_m2 = np.square(x - x[mode]) + np.square(y - y[mode])
    near = np.flatnonzero(here & (from_mode_m2 <= radius_m**2))
    mean_m = probability[near] @ cells.position_m[near] / probability[near].sum()
    x, y = x - mean_m[0], y - mean_m[1]
    there = probability * here
    xx, xy, yy = (float(there @ product) for product in (x * x, x * y, y * y))
    farthest_m2 = float(from_mode_m2[here].max())
    elsewhere_m2 = max(0.0, 1.0 - float(there.sum())) * farthest_m2
    covariance_m2 = np.array([[xx + elsewhere_m2, xy], [xy, yy + elsewhere_m2]])
    scale = spread * min(1.0, _region_squared(there, x, y, covariance_m2) / REGION_SQUARED)
    within = float(there @ (x * x + y * y <= NEAR_M**2))
    return Posterior(mean_m, scale * covariance_m2 + LEAST_M**2 * IDENTITY, floor, within)


def _region_squared(there: FloatArray, x: FloatArray, y: FloatArray, covariance_m2: FloatArray) -> float:
    """Squared Mahalanobis distance within which `REGION` of the belief lies; infinite where it is on other floors.

    Args:
        there: (m,) the belief on the position's floor; the rest of it is infinitely far.
        x: (m,) distance from the position along one axis.
        y: (m,) along the other.
        covariance_m2: (2, 2) of the belief.
    """
    if there.sum() < REGION:
        return np.inf
    a, b, c = covariance_m2[0, 0] + 1e-6, covariance_m2[0, 1], covariance_m2[1, 1] + 1e-6
    squared = (c * x * x - 2.0 * b * x * y + a * y * y) / (a * c - b * b)
    order = squared.argsort()
    inside = int(there[order].cumsum().searchsorted(REGION))
    return float(squared[order[min(inside, len(order) - 1)]])


def normal(position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> Posterior:
    """A Gaussian as an answer; how near it is follows from its longest axis."""
    (xx, xy), (_, yy) = covariance_m2.tolist()
    longest_m2 = max(0.5 * (xx + yy) + math.hypot(0.5 * (xx - yy), xy), 1e-12)  # the greater eigenvalue
    return Posterior(position_m, covariance_m2, floor, -math.expm1(-(NEAR_M**2) / (2.0 * longest_m2)))


def gaussian(posterior: Posterior, cells: Cells) -> FloatArray:
    """A posterior as evidence, see `ratio`: -inf on other floors.

    Where no cell is on its floor, all are as likely: it tells nothing.
    """
    here = cells.floor == posterior.floor
    if not here.any():
        return np.zeros(len(cells))
    offset_m = cells.position_m - posterior.position_m
    precision = np.linalg.inv(posterior.covariance_m2 + np.eye(2) * GAUSSIAN_FLOOR_M**2)
    return ratio(np.where(here, -0.5 * np.einsum("ij,jk,ik->i", offset_m, precision, offset_m), -np.inf))


def ratio(logits: FloatArray) -> FloatArray:
    """The logits (m,) of a softmax over cells as log likelihood ratios to an answer that tells nothing.

    What a window says is passed on in this form: 0 in a cell where it is as likely as from anywhere, or nowhere.
    """
    shifted = logits - logits.max()
    log_ratio: FloatArray = shifted - np.log(np.exp(shifted).mean())
    return log_ratio
