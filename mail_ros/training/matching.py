"""Fitting the matching model: store the survey's windows, and measure how far two passes of one place differ."""

from __future__ import annotations

import logging

import numpy as np
import torch
from torch import Tensor

from mail_ros.core.checkpoint import build_matching
from mail_ros.core.matching import BLOCK, Matching
from mail_ros.data.dataset import WindowSet
from mail_ros.training.config import RunConfig
from mail_ros.training.maps import head_state

logger = logging.getLogger(__name__)

USUAL_NOISE_UT2 = 4.0  # where no place was passed twice
NOISES_UT2 = np.geomspace(0.25, 64.0, 25)


def fit_matching(config: RunConfig, windows: WindowSet) -> Matching:
    """A model of the walks that `windows` cuts; nothing is drawn at random.

    Args:
        config: `matching` decides what two windows may differ by.
        windows: of the training walks, `matching.stride_s` apart.
    """
    speeds = config.matching.speeds
    state = head_state(config, windows)
    cell = torch.cdist(torch.from_numpy(windows.position_m[windows.ends]), state["head.cell_position_m"])
    other_floor = torch.from_numpy(windows.floor[windows.ends])[:, None] != state["head.cell_floor"]
    nearest = cell.masked_fill(other_floor, torch.inf).argmin(dim=1)
    state |= {
        "field_ut": torch.from_numpy(np.nan_to_num(windows.field_ut)),  # no window holds a row of a hole
        "end": torch.from_numpy(windows.ends).repeat(len(speeds)),
        "reach": torch.from_numpy(windows.reach[windows.ends]).repeat(len(speeds)),
        "speed": torch.tensor(speeds).repeat_interleave(len(windows)),
        "cell": nearest.repeat(len(speeds)),
        "noise_ut2": torch.tensor(USUAL_NOISE_UT2),
    }
    model = build_matching(config.mail, state)
    model.noise_ut2.fill_(_noise_ut2(model, windows))
    return model.eval()


def _noise_ut2(model: Matching, windows: WindowSet) -> float:
    """The noise that gives the labels of each walk's windows the greatest likelihood, by all other walks.

    Windows whose place no other walk passed say nothing of it.
    """
    walk = torch.from_numpy(windows.walk[windows.ends])
    stored_walk = walk.repeat(len(model.config.matching.speeds))
    sums = np.zeros(len(NOISES_UT2))
    used = 0
    for part in torch.split(torch.arange(len(windows)), BLOCK):
        ends = windows.ends[part.numpy()]
        same = walk[part][:, None] == stored_walk
        nearest_ut2 = model.nearest(model.distances(windows.fields(ends)).masked_fill(same, torch.inf))
        label = model.head.soft_label(*windows.labels(ends))
        passed = (label * _passed(model, same)).sum(dim=1) > 0.5
        used += int(passed.sum())
        for index, noise in enumerate(NOISES_UT2):
            log_p = torch.log_softmax(-nearest_ut2[passed] / (2 * noise), dim=1)
            sums[index] += float((label[passed] * log_p).sum())
    if not used:
        logger.warning("no place was walked twice: taking a noise of %g µT² as usual", USUAL_NOISE_UT2)
        return USUAL_NOISE_UT2
    return float(NOISES_UT2[sums.argmax()])


def _passed(model: Matching, same: Tensor) -> Tensor:
    """Which cells another walk's window ends in: (B, cells), one or zero, from (B, T) whether it is the same walk."""
    cells = torch.zeros(len(same), len(model.head.cell_floor))
    return cells.scatter_reduce(1, model.cell.expand(len(same), -1), (~same).float(), "amax")
