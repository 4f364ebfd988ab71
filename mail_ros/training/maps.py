"""What a head must know of the site before it can learn: its extent, or its cells."""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import survey_cells
from mail_ros.core.errors import TrackError
from mail_ros.core.models.heads import State
from mail_ros.core.types import Cells, FloatArray, IntArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.run_config import RunConfig


def head_state(config: RunConfig, windows: WindowSet) -> State:
    """What a model's head keeps of the site, from where the survey went (see `checkpoint.build`).

    Raises:
        TrackError: a regression head and walks on several floors.
    """
    if config.mail.head == "heatmap" or config.kind == "matching":
        cells = cells_of(config, windows)
        return {
            "head.cell_position_m": cells.position_m,
            "head.cell_floor": cells.floor,
            "head.label_sigma_m": np.array(config.training.label_sigma_m),
            "head.radius_m": np.array(config.training.radius_m),
        }
    position_m, floor = _surveyed(windows)
    floors = np.unique(floor)
    if len(floors) > 1:
        raise TrackError(
            "the training walks",
            wanted="one floor for the regression head",
            found=f"floors {floors.tolist()}",
            fix="train one model per floor, or with --set mail.head=heatmap",
        )
    return {
        "head.center_m": position_m.mean(axis=0).astype(np.float32),
        "head.extent_m": np.array(float(position_m.std()) or 1.0, np.float32),
        "head.floor": np.array(int(floors[0])),
    }


def cells_of(config: RunConfig, windows: WindowSet) -> Cells:
    """The map's cells: where the survey went."""
    return survey_cells(*_surveyed(windows), config.training.cell_m)


def _surveyed(windows: WindowSet) -> tuple[FloatArray, IntArray]:
    """Known positions (n, 2) and their floors (n,)."""
    known = np.isfinite(windows.position_m).all(axis=1)
    return windows.position_m[known], windows.floor[known]
