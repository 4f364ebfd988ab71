"""Fitting the matching model: store the survey's windows. Nothing is drawn at random, nothing iterates."""

from __future__ import annotations

import numpy as np
import torch

from mail_ros.core.checkpoint import build_matching
from mail_ros.core.matching import Matching
from mail_ros.data.dataset import WindowSet
from mail_ros.training.config import RunConfig
from mail_ros.training.maps import head_state


def fit_matching(config: RunConfig, windows: WindowSet) -> Matching:
    """A model of the walks that `windows` cuts.

    Args:
        config: `matching` decides what two windows may differ by.
        windows: of the training walks, `matching.stride_s` apart.
    """
    speeds = config.matching.speeds
    state = head_state(config, windows)
    distance_m = torch.cdist(torch.from_numpy(windows.position_m[windows.ends]), state["head.cell_position_m"])
    other_floor = torch.from_numpy(windows.floor[windows.ends])[:, None] != state["head.cell_floor"]
    cell = distance_m.masked_fill(other_floor, torch.inf).argmin(dim=1)
    state |= {
        "field_ut": torch.from_numpy(np.nan_to_num(windows.field_ut)),  # no window holds a row of a hole
        "end": torch.from_numpy(windows.ends).repeat(len(speeds)),
        "reach": torch.from_numpy(windows.reach[windows.ends]).repeat(len(speeds)),
        "speed": torch.tensor(speeds).repeat_interleave(len(windows)),
        "cell": cell.repeat(len(speeds)),
    }
    return build_matching(config.mail, state).eval()
