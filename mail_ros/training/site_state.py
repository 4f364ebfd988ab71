"""Arrays of a model that follow from the survey alone: extent or cells of the site, and the windows of matching."""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import numbered_cells
from mail_ros.core.errors import TrackError
from mail_ros.core.models.heads import SiteMap, State
from mail_ros.core.types import BoolArray, IntArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.run_config import RunConfig


def head_state(config: RunConfig, windows: WindowSet) -> State:
    """The site's part of a model's head, from the surveyed positions (see `core.models.model_file.build`).

    Raises:
        TrackError: a regression head and walks on several floors.
    """
    if config.mail.head == "heatmap":
        return site_map_of(config, windows).arrays()
    known = _known(windows)
    position_m, floor = windows.position_m[known], windows.floor[known]
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
    return _numbered_map(config, windows)[0]


def _numbered_map(config: RunConfig, windows: WindowSet) -> tuple[SiteMap, IntArray]:
    """The map of a survey, and the number (n,) of the cell of each row; -1 where its position is not known."""
    training, known = config.training, _known(windows)
    cells, number = numbered_cells(windows.position_m[known], windows.floor[known], training.cell_m)
    cell = np.full(len(known), -1)
    cell[known] = number
    return SiteMap(cells, training.label_sigma_m, training.radius_m), cell


def fit_matching(config: RunConfig, windows: WindowSet) -> State:
    """The arrays of `Matching`: the survey's windows, `RunConfig.stride` apart, at each speed."""
    (site_map, cell), speeds, ends = _numbered_map(config, windows), config.matching.speeds, windows.ends
    return {
        **site_map.arrays(),
        "field_ut": np.nan_to_num(windows.field_ut),
        "end": np.tile(ends, len(speeds)),
        "reach": np.tile(windows.reach[ends], len(speeds)),
        "speed": np.repeat(np.array(speeds, np.float32), len(ends)),
        "cell": np.tile(cell[ends], len(speeds)),
    }


def _known(windows: WindowSet) -> BoolArray:
    """(n,) rows whose position is known."""
    known: BoolArray = np.isfinite(windows.position_m).all(axis=1)
    return known
