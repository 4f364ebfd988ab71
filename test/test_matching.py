"""Matching: what a comparison forgives, and that a survey's windows are found again."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from simulated_tracks import drive, surveys

from mail_ros.core.checkpoint import ModelCard, load_model, save_model
from mail_ros.core.localizer import MailLocalizer
from mail_ros.core.matching import Matching
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import FloatArray, Track
from mail_ros.evaluation.follow import follow
from mail_ros.training.config import run_config
from mail_ros.training.matching import fit_matching

SETTINGS = ["network.kind=matching", "features.rate_hz=10", "window.length_s=6", "window.scales_s=[6]"]


def windows_of(tracks: Sequence[Track], settings: Sequence[str] = ()) -> WindowSet:
    config = run_config([*SETTINGS, *settings])
    return WindowSet(tracks, config.mail, config.matching.stride_s)


def fitted(tracks: Sequence[Track], settings: Sequence[str] = ()) -> Matching:
    return fit_matching(run_config([*SETTINGS, *settings]), windows_of(tracks, settings))


@pytest.fixture(scope="module")
def model() -> Matching:
    return fitted(surveys())


def pitched(field_ut: FloatArray, angle_rad: float) -> FloatArray:
    """The field as the device would read it, turned about its x axis."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    turned: FloatArray = field_ut @ np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    return turned


def median_error_m(model: Matching, walk: Track) -> float:
    return float(np.median([one.error_m for one in follow(MailLocalizer(model, 0.5), walk)]))


def test_the_closed_form_is_the_least_over_all_pitches(model: Matching) -> None:
    """Against the distance written out, over a thousand angles."""
    x = model.offset_reduced(windows_of([drive(length_m=20.0)]).fields(np.array([70, 95])))
    across = model._s_across[:50].reshape(50, -1, 2)
    s, kappa = torch.cat([model._s_along[:50, :, None], across], dim=-1), model.config.matching.tilt_ut2
    least = torch.full((2, 50), torch.inf)
    for angle in np.linspace(-np.pi, np.pi, 2001):
        turned = torch.from_numpy(pitched(s.numpy(), angle)).float()
        cost = (x[:, None] - turned).square().sum(-1).mean(-1) + 2 * kappa * (1 - np.cos(angle))
        least = torch.minimum(least, cost)
    field_ut = windows_of([drive(length_m=20.0)]).fields(np.array([70, 95]))
    assert model.distances(field_ut)[:, :50].numpy() == pytest.approx(least.numpy(), rel=1e-3, abs=1e-2)


@pytest.mark.parametrize("angle_deg", [-30.0, 0.0, 30.0])
def test_a_walk_is_found_at_any_pitch(model: Matching, angle_deg: float) -> None:
    walk = drive()
    held = dataclasses.replace(walk, field_ut=pitched(walk.field_ut, np.radians(angle_deg)))
    assert median_error_m(model, held) < 0.5  # a map cell


def test_an_offset_of_a_few_microtesla_is_forgiven(model: Matching) -> None:
    walk = drive()
    assert median_error_m(model, dataclasses.replace(walk, field_ut=walk.field_ut + np.array([4.0, -4.0, 4.0]))) < 0.5


def test_a_stand_and_a_field_from_elsewhere_are_explained_by_no_place(model: Matching) -> None:
    windows = windows_of([drive()])
    walked = windows.fields(windows.ends[::20])
    generator = torch.Generator().manual_seed(0)
    stood = walked[:, :1].expand_as(walked) + 0.2 * torch.randn(walked.shape, generator=generator)
    elsewhere = walked + 3.0 * torch.randn(walked.shape, generator=generator).cumsum(1)
    highest = {name: model(x).raw.amax(1) for name, x in (("walked", walked), ("stood", stood), ("else", elsewhere))}
    assert (highest["walked"] > 0.0).float().mean() > 0.9
    assert (highest["stood"] < 0.0).all()
    assert (highest["else"] < 0.0).float().mean() > 0.95


def test_without_a_share_an_offset_counts_for_nothing() -> None:
    blind = fitted(surveys(), ["matching.offset_share=0", "matching.tilt_ut2=1e9"])
    field_ut = windows_of([drive(length_m=20.0)]).fields(np.array([70]))
    moved = blind.distances(field_ut + torch.tensor([30.0, -20.0, 10.0]))
    assert moved.numpy() == pytest.approx(blind.distances(field_ut).numpy(), rel=1e-2, abs=1.0)


def test_a_model_file_answers_as_the_model_did(model: Matching, tmp_path: Path) -> None:
    windows = windows_of(surveys())
    file = tmp_path / "site.safetensors"
    save_model(file, model, ModelCard(config=model.config), windows.fields(windows.ends[:1])[0])
    loaded, _ = load_model(file)
    field_ut = windows.fields(windows.ends[::40])
    assert torch.equal(loaded(field_ut).raw, model(field_ut).raw)
    assert loaded(field_ut).attention.shape == (len(field_ut), 0)
