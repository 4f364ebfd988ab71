"""Maps of a few cells, evidence on them and walks over them, for the tests of tracker and motion."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from mail_ros.core.belief import log_ratio
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.types import Cells, FloatArray

CELL_M = 0.5
RING_M = [(0.0, 0.0), (12.0, 0.0), (12.0, 8.0), (0.0, 8.0), (0.0, 0.0)]


def cells_of(position_m: FloatArray, floor: int = 0) -> Cells:
    return Cells(position_m, np.full(len(position_m), floor))


def corridor(length: int) -> Cells:
    return cells_of(np.column_stack([np.arange(length) * CELL_M, np.zeros(length)]))


def along(corners_m: list[tuple[float, float]], step_m: float) -> FloatArray:
    """Places every `step_m` of a way with right angles."""
    places = [np.array(corners_m[0])]
    for start, stop in pairwise(np.array(corners_m)):
        steps = round(float(np.linalg.norm(stop - start)) / step_m)
        places += [start + (stop - start) * (i + 1) / steps for i in range(steps)]
    return np.array(places)


def ring() -> Cells:
    """A corridor round a block, one cell wide."""
    return cells_of(np.unique(along(RING_M, CELL_M), axis=0))


def near(cells: Cells, position_m: FloatArray, deviation_m: float = 0.5) -> FloatArray:
    """A good window's evidence: a Gaussian."""
    return log_ratio(-0.5 * np.square((cells.position_m - position_m) / deviation_m).sum(axis=1))


def turned(way_m: FloatArray, angle_rad: float) -> FloatArray:
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    return np.array([cos * way_m[0] - sin * way_m[1], sin * way_m[0] + cos * way_m[1]])


def walk(
    tracker: GridFilter, path_m: FloatArray, evidence: Callable[[FloatArray], FloatArray], offset_rad: float = 0.0
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Drive a tracker over places that are a second apart, ten windows to the second: (true, estimated)."""
    for start, stop in pairwise(path_m):
        for tenth in range(1, 11):
            true_m = start + (stop - start) * tenth / 10
            tracker.advance(0.1, turned((stop - start) / 10, -offset_rad))
            tracker.update(evidence(true_m))
            yield true_m, tracker.posterior().position_m


def errors(steps: Iterator[tuple[FloatArray, FloatArray]]) -> FloatArray:
    return np.array([np.linalg.norm(true_m - estimate_m) for true_m, estimate_m in steps])
