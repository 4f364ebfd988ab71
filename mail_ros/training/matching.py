"""Fitting the matching model: store the survey's windows. Nothing is drawn at random, nothing iterates."""

from __future__ import annotations

import numpy as np

from mail_ros.core.models.heads import State
from mail_ros.data.dataset import WindowSet
from mail_ros.training.maps import cells_of, head_state
from mail_ros.training.run_config import RunConfig


def fit_matching(config: RunConfig, windows: WindowSet) -> State:
    """The arrays of a model (see `core.models.model_file.build`) of the walks that `windows` cuts.

    Args:
        config: `matching` decides what two windows may differ by.
        windows: of the training walks, `RunConfig.stride` apart.
    """
    speeds = config.matching.speeds
    cells, ends = cells_of(config, windows), windows.ends
    distance_m = np.linalg.norm(windows.position_m[ends][:, None] - cells.position_m, axis=2)
    cell = np.where(windows.floor[ends][:, None] == cells.floor, distance_m, np.inf).argmin(axis=1)
    return {
        **head_state(config, windows),
        "field_ut": np.nan_to_num(windows.field_ut),  # no window holds a row of a hole
        "end": np.tile(ends, len(speeds)),
        "reach": np.tile(windows.reach[ends], len(speeds)),
        "speed": np.repeat(np.array(speeds, np.float32), len(windows)),
        "cell": np.tile(cell, len(speeds)),
    }
