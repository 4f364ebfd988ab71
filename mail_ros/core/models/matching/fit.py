"""Fitting the matching model: the survey's windows are stored. Nothing is random, and nothing iterates."""

from __future__ import annotations

import numpy as np

from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.types import Float32Array, FloatArray, IntArray


def store_survey(
    config: MatchingConfig,
    site_map: SiteMap,
    *,
    rows: Float32Array,
    reach: IntArray,
    position_m: FloatArray,
    floor: IntArray,
    ends: IntArray,
) -> State:
    """The arrays of a model (see `core.models.model_file.build`) of a survey.

    Args:
        config: names the speeds at which each window is stored.
        site_map: the cells.
        rows: (n, w) resampled samples of all walks, one walk after the other; NaN in a hole.
        reach: (n,) rows without a hole up to each row.
        position_m: (n, 2) of each row.
        floor: (n,) of each row.
        ends: (T,) rows where a window ends; no window holds a row of a hole.
    """
    cells, speeds = site_map.cells, config.speeds
    distance_m = np.linalg.norm(position_m[ends][:, None] - cells.position_m, axis=2)
    cell = np.where(floor[ends][:, None] == cells.floor, distance_m, np.inf).argmin(axis=1)
    return {
        **site_map.arrays(),
        "field_ut": np.nan_to_num(rows),
        "end": np.tile(ends, len(speeds)),
        "reach": np.tile(reach[ends], len(speeds)),
        "speed": np.repeat(np.array(speeds, np.float32), len(ends)),
        "cell": np.tile(cell, len(speeds)),
    }
