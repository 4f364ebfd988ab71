"""What a survey itself says of matching: how well a window fits where it was not taken, and where it was.

    windows of the survey --> distances to all other walks --+--> near their position: a second pass
                                                             +--> far from it: as from an unsurveyed position
                          variance and background that predict both best, by a proper score (logarithmic)

In a weak field, or in gravity-aligned axes, whose comparison solves for an angle and an offset, a wrong position fits
almost as well as the right one. A fixed background model would call every such window explained.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import NamedTuple

import numpy as np

from mail_ros.core.models.heads import State
from mail_ros.core.models.matching.matching import Matching, likelihood_ratio
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.types import Float32Array, FloatArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.run_config import RunConfig
from mail_ros.training.site_state import fit_matching

SAMPLED = 160  # windows of the survey
BLOCK = 16  # windows compared at a time
NEAR_M, FAR_M = 1.5, 5.0  # from the position of a window: another pass of it, and none
MIN_PASSED = 20  # windows with a second pass, below which the variance is not learned
OUTLIER = 0.1  # fraction of windows that fit nothing: bounds what one of them says
NOISE_FACTORS = (1.0, 2.0, 4.0, 8.0)  # other devices differ by more than passes of one: never below the setting
EXCLUDED_UT2 = np.float32(1e12)  # distance of a window that does not count
BACKGROUND_UT2 = (1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)  # and the setting


class _Compared(NamedTuple):
    """A window of the survey against the other walks."""

    squared_ut2: Float32Array  # (c,) distance to the nearest window of each cell that has one
    distance_m: FloatArray  # (c,) from the window's position; infinite on other floors
    flat_ut2: float  # to a constant field


def fit_background(config: RunConfig, windows: WindowSet) -> tuple[ModelConfig, State]:
    """Matching with the variance and background that the survey has, at most as confident as the settings.

    Args:
        config: of the run; its seed chooses the windows that are compared.
        windows: of the survey.

    Returns:
        The model's configuration, and its arrays: see `site_state.fit_matching`.
    """
    state, rng = fit_matching(config, windows), np.random.default_rng(config.training.seed)
    matching, compared = config.matching, _compared(Matching(config.model, state), windows, rng)
    passed = sum(bool((one.distance_m <= NEAR_M).any()) for one in compared)
    factors = NOISE_FACTORS if passed >= MIN_PASSED else NOISE_FACTORS[:1]
    backgrounds = [*(one for one in BACKGROUND_UT2 if one < matching.background_ut2), matching.background_ut2]
    candidates = [
        dataclasses.replace(matching, noise_ut2=factor * matching.noise_ut2, background_ut2=background)
        for factor, background in itertools.product(factors, reversed(backgrounds))
    ]
    best = min(
        candidates, key=lambda one: _score(one, compared)
    )  # the settings themselves, where others are equally good
    return dataclasses.replace(config.model, matching=best), state


def _compared(model: Matching, windows: WindowSet, rng: np.random.Generator) -> list[_Compared]:
    """Some windows; those of the same walk do not count, and a survey of one walk has no others."""
    walks = windows.walk[windows.ends] % windows.recorded
    if len(np.unique(walks)) < 2:
        return []
    stored = np.tile(walks, len(model.config.matching.speeds))
    cells, found = model.head.cells, []
    chosen = rng.permutation(len(windows.ends))[:SAMPLED]
    for part in np.array_split(chosen, -(-len(chosen) // BLOCK)):
        ends = windows.ends[part]
        rows = windows.fields(ends)
        distance = np.where(stored == walks[part][:, None], EXCLUDED_UT2, model.alignment.compare(rows))
        squared, flat = model.nearest(distance), rows[..., :3].var(axis=1).sum(axis=1)
        away_m = np.linalg.norm(windows.position_m[ends][:, None] - cells.position_m, axis=2)
        away_m[windows.floor[ends][:, None] != cells.floor] = np.inf
        for each, away, level in zip(squared, away_m, flat.tolist(), strict=True):
            has = each < EXCLUDED_UT2
            found.append(_Compared(each[has], away[has], level))
    return found


def _score(config: MatchingConfig, compared: list[_Compared]) -> float:
    """Negative log of the probabilities of where windows came from: a half each, off the map and on it.

    Of a window with a second pass: of its cells. Of every window without the cells near it: of being off the map.
    """
    total = 0.0
    for one in compared:
        ratio = likelihood_ratio(
            one.squared_ut2, np.array(one.flat_ut2, np.float32), config.noise_ut2, config.background_ut2
        )
        likelihood = (1.0 - OUTLIER) * np.exp(np.minimum(ratio, 50.0)) + OUTLIER
        near, far = one.distance_m <= NEAR_M, one.distance_m > FAR_M
        if near.any():
            total += float(np.log1p(likelihood.mean()) - np.log(likelihood[near].mean()))
        if far.any():
            total += float(np.log1p(likelihood[far].mean()))
    return total
