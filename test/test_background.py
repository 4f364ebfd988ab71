"""What matching learns of a survey itself: never more confident than its settings, and silent in a weak field."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from simulated_tracks import drive, surveys

from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.matching.matching import Matching
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.models.model_file import build
from mail_ros.core.types import Status
from mail_ros.data.dataset import WindowSet
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.training.background import fit_background
from mail_ros.training.run_config import run_config

WEAK = 0.02  # the building's field, as a fraction
NOISE_UT = 0.8  # deviation of a sample
CONFIG = run_config(["kind=matching", "sampling.rate_hz=10", "sampling.length_s=6"])


def weakened(walk: Track, seed: int) -> Track:
    """The walk in a building almost without steel."""
    mean_ut = walk.field_ut.mean(axis=0)
    noise_ut = np.random.default_rng(seed).normal(0.0, NOISE_UT, walk.field_ut.shape)
    return dataclasses.replace(walk, field_ut=mean_ut + WEAK * (walk.field_ut - mean_ut) + noise_ut)


def learned(walks: list[Track]) -> tuple[Matching, MatchingConfig]:
    windows = WindowSet(walks, CONFIG.model, CONFIG.stride)
    config, state = fit_background(CONFIG, windows)
    model = build(config, state)
    assert isinstance(model, Matching)
    return model, config.matching


@pytest.mark.slow
def test_a_survey_that_knows_its_positions_keeps_the_settings_or_is_more_careful() -> None:
    _, found = learned(surveys())
    assert found.noise_ut2 >= CONFIG.matching.noise_ut2
    assert found.background_ut2 <= CONFIG.matching.background_ut2


def test_a_survey_of_one_walk_has_nothing_to_compare() -> None:
    assert learned(surveys()[:1])[1] == CONFIG.matching


@pytest.mark.slow
def test_a_field_without_structure_is_never_localized() -> None:
    model, _ = learned([weakened(walk, seed) for seed, walk in enumerate(surveys())])
    estimates = [one.estimate for one in follow(compose(model, "walking", 0.5), weakened(drive(), 9))]
    assert estimates and not any(one.status in (Status.LOCALIZED, Status.STATIONARY) for one in estimates)


@pytest.mark.slow
def test_a_building_with_steel_is_localized_by_the_same_rule() -> None:
    model, _ = learned(surveys())
    known = [one.estimate.status is Status.LOCALIZED for one in follow(compose(model, "walking", 0.5), drive())]
    assert np.mean(known) > 0.5
