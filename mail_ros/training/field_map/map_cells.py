"""The cells of a field map: along the walks of a survey, and between its lanes."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from mail_ros.core.belief import survey_cells
from mail_ros.core.types import BoolArray, Cells, FloatArray, IntArray

LANES_M = 1.3  # half the distance of lanes between which the map is continued


def map_cells(position_m: FloatArray, floors: IntArray, reach_m: float, cell_m: float) -> Cells:
    """Cells of a side of `cell_m` within `reach_m` of a surveyed position (n, 2), or between two lanes."""
    parts = []
    for floor in np.unique(floors):
        here = floors == floor
        surveyed = survey_cells(position_m[here], floors[here], cell_m)
        key = np.round(surveyed.position_m / cell_m).astype(np.int64)
        margin = int(np.ceil(2.0 * LANES_M / cell_m))
        low, high = key.min(axis=0) - margin, key.max(axis=0) + margin
        keys = np.stack(np.meshgrid(*map(np.arange, low, high + 1), indexing="ij"), axis=-1).reshape(-1, 2)
        grid = keys.astype(np.float64) * cell_m
        from_survey_m = cKDTree(surveyed.position_m).query(grid)[0]
        chosen = grid[(from_survey_m <= reach_m) | _between_lanes(grid, from_survey_m)]
        parts.append(survey_cells(chosen, np.full(len(chosen), floor), cell_m))
    return Cells(np.concatenate([each.position_m for each in parts]), np.concatenate([each.floor for each in parts]))


def _between_lanes(grid: FloatArray, from_survey_m: FloatArray) -> BoolArray:
    """Positions of a grid that no disc of `LANES_M` without a surveyed position reaches."""
    free = from_survey_m > LANES_M
    closed: BoolArray = cKDTree(grid[free]).query(grid)[0] > LANES_M
    return closed
