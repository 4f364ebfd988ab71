"""Map cells, and what a belief over them says of the position.

A cell is a square half a metre wide on one floor, and exists only where a survey went.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

GAUSSIAN_FLOOR_M = 0.25  # deviation added to a Gaussian over cells: half a cell


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


def decode(probability: FloatArray, cells: Cells, radius_m: float) -> Posterior:
    """The mean of the belief around its mode, and the spread of all of it about that point.

    The neighbourhood keeps the answer in one of two look-alike corridors instead of between them; the
    covariance still counts the other corridor. Cells on another floor enter the covariance as if they
    lay at the farthest cell of this one: a doubt about the floor is never a small doubt.

    Args:
        probability: (m,) sums to one.
        cells: the m cells.
        radius_m: cells of the mode's floor within this distance are averaged.
    """
    mode = int(probability.argmax())
    floor = int(cells.floor[mode])
    same_floor = cells.floor == floor
    distance_m = np.linalg.norm(cells.position_m - cells.position_m[mode], axis=1)
    near = np.where(same_floor & (distance_m <= radius_m), probability, 0.0)
    mean_m = near @ cells.position_m / near.sum()
    offset_m = np.where(same_floor[:, None], cells.position_m - mean_m, 0.0)
    covariance_m2 = (probability[:, None] * offset_m).T @ offset_m
    elsewhere = float(probability[~same_floor].sum())
    covariance_m2 += np.eye(2) * elsewhere * float(distance_m[same_floor].max()) ** 2
    return Posterior(mean_m, covariance_m2, floor)


def gaussian(posterior: Posterior, cells: Cells) -> FloatArray:
    """A posterior's log likelihood in each cell (m,), up to a constant: -inf on other floors.

    Where no cell is on its floor, all are as likely: it tells nothing.
    """
    here = cells.floor == posterior.floor
    if not here.any():
        return np.zeros(len(cells))
    offset_m = cells.position_m - posterior.position_m
    precision = np.linalg.inv(posterior.covariance_m2 + np.eye(2) * GAUSSIAN_FLOOR_M**2)
    return np.where(here, -0.5 * np.einsum("ij,jk,ik->i", offset_m, precision, offset_m), -np.inf)
