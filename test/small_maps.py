"""Maps of a few cells, likelihoods on them and walks over them, for the tests of filter and motion."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from mail_ros.core.belief import log_ratio
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.filter.walking_motion import WalkingMotion
from mail_ros.core.types import Cells, FloatArray, Prediction

CELL_M = 0.5
RING_M = [(0.0, 0.0), (12.0, 0.0), (12.0, 8.0), (0.0, 8.0), (0.0, 0.0)]


def cells_of(position_m: FloatArray, floor: int = 0) -> Cells:
    return Cells(position_m, np.full(len(position_m), floor))


def corridor(length: int) -> Cells:
    return cells_of(np.column_stack([np.arange(length) * CELL_M, np.zeros(length)]))


def along(corners_m: list[tuple[float, float]], step_m: float) -> FloatArray:
    """Positions every `step_m` of a path with right angles."""
    position_m = [np.array(corners_m[0])]
    for start, stop in pairwise(np.array(corners_m)):
        steps = round(float(np.linalg.norm(stop - start)) / step_m)
        position_m += [start + (stop - start) * (i + 1) / steps for i in range(steps)]
    return np.array(position_m)


def ring() -> Cells:
    """A corridor around a block, one cell wide."""
    return cells_of(np.unique(along(RING_M, CELL_M), axis=0))


def near(cells: Cells, position_m: FloatArray, deviation_m: float = 0.5) -> FloatArray:
    """The log likelihood of a good window: a Gaussian."""
    return log_ratio(-0.5 * np.square((cells.position_m - position_m) / deviation_m).sum(axis=1))


def rotated(moved_m: FloatArray, angle_rad: float) -> FloatArray:
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([cos * moved_m[0] - sin * moved_m[1], sin * moved_m[0] + cos * moved_m[1]])


def filter_of(
    cells: Cells, config: FilterConfig | None = None, *, odometry: bool, by_distance: bool = False
) -> GridFilter:
    """A filter of windows of ten seconds at 10 Hz."""
    return GridFilter(
        cells,
        config or FilterConfig(),
        odometry=odometry,
        rows_per_s=10.0,
        window_rows=100,
        by_distance=by_distance,
    )


def advance(
    grid_filter: GridFilter, elapsed_s: float, moved_m: FloatArray | None = None, change_ut: float = np.inf
) -> None:
    """Predict by time and odometry; a walker's field changes by `change_ut` in half a second."""
    if isinstance(grid_filter.motion, WalkingMotion):
        grid_filter.motion.change_ut = change_ut
    grid_filter.predict((), elapsed_s, np.zeros(2) if moved_m is None else moved_m)


def update(grid_filter: GridFilter, log_likelihood: FloatArray) -> None:
    """Update by a window where one is due, as a localizer does."""
    if grid_filter.update_due():
        grid_filter.update(Prediction(log_likelihood))


def walk(
    grid_filter: GridFilter, path_m: FloatArray, likelihood: Callable[[FloatArray], FloatArray], yaw_rad: float = 0.0
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Drive a filter over positions that are a second apart, ten windows per second: (true, estimated).

    Args:
        grid_filter: the filter.
        path_m: (n, 2) positions.
        likelihood: log likelihoods (m,) of the window at a position.
        yaw_rad: of odometry's frame in the map.
    """
    for start, stop in pairwise(path_m):
        for tenth in range(1, 11):
            true_m = start + (stop - start) * tenth / 10
            advance(grid_filter, 0.1, rotated((stop - start) / 10, -yaw_rad))
            update(grid_filter, likelihood(true_m))
            yield true_m, grid_filter.posterior().position_m


def errors(steps: Iterator[tuple[FloatArray, FloatArray]]) -> FloatArray:
    return np.array([np.linalg.norm(true_m - estimate_m) for true_m, estimate_m in steps])
