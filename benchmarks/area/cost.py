"""Time of an update on made-up maps of a square area, at a first start and once the position is known."""

from __future__ import annotations

import dataclasses
import time
from typing import NamedTuple

import numpy as np

from mail_ros.core.belief import survey_cells
from mail_ros.core.filter.pose_grid_filter import PoseGridFilter
from mail_ros.core.models.field_map.field_map import FieldMap
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import FloatArray, Row
from mail_ros.training.run_config import run_config

CELL_M, ROWS = 0.25, 120
STATISTICS = (0.0, 2.0, 10.0, 14.0, 30.0, 4.0)  # see `FieldStatistics`


class UpdateCost(NamedTuple):
    """Medians, in ms."""

    cells: int  # number in the map
    start_ms: float  # first ten updates
    known_ms: float  # last forty


def update_cost(side_m: float) -> UpdateCost:
    """Drive through a square area of a side, from an unknown start."""
    axis_m = np.arange(0.0, side_m, CELL_M)
    grid = np.stack(np.meshgrid(axis_m, axis_m, indexing="ij"), axis=-1).reshape(-1, 2)
    cells = survey_cells(grid, np.zeros(len(grid), np.int64), CELL_M)
    sampling = DistanceSampling(per_m=1.0 / CELL_M, length_m=6 * CELL_M, max_gap_m=0.5)
    config = dataclasses.replace(run_config([], "area").model, sampling=sampling)
    state = {
        **SiteMap(cells).arrays(),
        "mean_ut": _field_ut(cells.position_m),
        "variance_ut2": np.ones((len(cells), 3)),
        "position_noise_m": np.array(config.field_map.wheels_noise_m),
        "statistics": np.array(STATISTICS),
    }
    model = FieldMap(config, state)
    position_filter, window = PoseGridFilter(model.grid, config.field_map, model.position_noise_m), model.window(1)
    rng, angle_rad, at_m, spent_ms = np.random.default_rng(0), 0.0, np.full(2, 0.5 * side_m), []
    for number in range(1, ROWS + 1):
        angle_rad += 0.1 * float(rng.normal())
        step_m = CELL_M * np.array([np.cos(angle_rad), np.sin(angle_rad)])
        at_m = at_m + step_m
        row = Row(number, np.concatenate([at_m, _field_ut(at_m[None])[0], step_m / CELL_M]))
        window.append(row)
        began = time.perf_counter()
        position_filter.predict([row], 0.3, step_m)
        if window.full:
            position_filter.update(model.predict(window, position_filter.query))
        position_filter.posterior()
        spent_ms.append(1e3 * (time.perf_counter() - began))
    return UpdateCost(len(cells), float(np.median(spent_ms[1:11])), float(np.median(spent_ms[-40:])))


def _field_ut(position_m: FloatArray) -> FloatArray:
    """(n, 3) of forty waves for each axis, which repeat nowhere."""
    rng = np.random.default_rng(1)
    wave_per_m, phase = rng.normal(scale=1.2, size=(3, 40, 2)), rng.uniform(0.0, 2.0 * np.pi, (3, 40, 1))
    waves = np.sin(wave_per_m @ position_m.T + phase).sum(axis=1).T  # (n, 3), deviation √20
    field_ut: FloatArray = 2.5 * waves + np.array([18.0, -5.0, -42.0])
    return field_ut
