"""Arrays of a model that follow from the survey alone: extent or cells of the site, and the windows of matching."""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import survey_cells
from mail_ros.core.errors import TrackError
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.run_config import RunConfig


def head_state(config: RunConfig, windows: WindowSet) -> State:
    """The site's part of a model's head, from the surveyed positions (see `core.models.model_file.build`).

    Raises:
        TrackError: a regression head and walks on several floors.
    """
    if config.mail.head == "heatmap":
        return site_map_of(config, windows).arrays()
    position_m, floor = _surveyed(windows)
    floors = np.unique(floor)
    if len(floors) > 1:
        raise TrackError(
            "the training walks",
            wanted="one floor for the regression head",
            found=f"floors {floors.tolist()}",
            fix="train one model per floor, or with another preset",
        )
    return {
        "head.center_m": position_m.mean(axis=0).astype(np.float32),
        "head.extent_m": np.array(float(position_m.std()) or 1.0, np.float32),
        "head.floor": np.array(int(floors[0])),
    }


def site_map_of(config: RunConfig, windows: WindowSet) -> SiteMap:
    """The map of a survey: cells with a surveyed position."""
    training = config.training
    return SiteMap(survey_cells(*_surveyed(windows), training.cell_m), training.label_sigma_m, training.radius_m)


def fit_matching(config: RunConfig, windows: WindowSet) -> State:
    """The arrays of `Matching`: the survey's windows, `RunConfig.stride` apart, at each speed."""
    site_map, speeds, ends = site_map_of(config, windows), config.matching.speeds, windows.ends
    distance_m = np.linalg.norm(windows.position_m[ends][:, None] - site_map.cells.position_m, axis=2)
    same_floor = windows.floor[ends][:, None] == site_map.cells.floor
    cell = np.where(same_floor, distance_m, np.inf).argmin(axis=1)  # nearest to each window's end
    return {
        **site_map.arrays(),
        "field_ut": np.nan_to_num(windows.field_ut),
        "end": np.tile(ends, len(speeds)),
        "reach": np.tile(windows.reach[ends], len(speeds)),
        "speed": np.repeat(np.array(speeds, np.float32), len(ends)),
        "cell": np.tile(cell, len(speeds)),
    }


def _surveyed(windows: WindowSet) -> tuple[FloatArray, IntArray]:
    """Known positions (n, 2) and their floors (n,)."""
    known = np.isfinite(windows.position_m).all(axis=1)
    return windows.position_m[known], windows.floor[known]
