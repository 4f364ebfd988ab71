"""What a head must know of the site before it can learn: its extent, or its cells."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from mail_ros.core.belief import survey_cells
from mail_ros.core.errors import TrackError
from mail_ros.data.dataset import WindowSet
from mail_ros.training.config import RunConfig


def head_state(config: RunConfig, windows: WindowSet) -> dict[str, Tensor]:
    """The buffers of an untrained model's head, from where the survey went (see `checkpoint.build`).

    Raises:
        TrackError: a regression head and walks on several floors.
    """
    position_m, floor = windows.position_m, windows.floor
    known = np.isfinite(position_m).all(axis=1)
    position_m, floor = position_m[known], floor[known]
    if config.network.head == "heatmap" or config.network.kind == "matching":
        cells = survey_cells(position_m, floor, config.training.cell_m)
        return {
            "head.cell_position_m": torch.from_numpy(cells.position_m),
            "head.cell_floor": torch.from_numpy(cells.floor),
            "head.label_sigma_m": torch.tensor(config.training.label_sigma_m),
            "head.radius_m": torch.tensor(config.training.radius_m),
        }
    floors = np.unique(floor)
    if len(floors) > 1:
        raise TrackError(
            "the training walks",
            wanted="one floor for the regression head",
            found=f"floors {floors.tolist()}",
            fix="train one model per floor, or with --set network.head=heatmap",
        )
    return {
        "head.center_m": torch.from_numpy(position_m.mean(axis=0)).float(),
        "head.extent_m": torch.tensor(float(position_m.std()) or 1.0),
        "head.floor": torch.tensor(int(floors[0])),
    }
