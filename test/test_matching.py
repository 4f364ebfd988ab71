"""Matching: what a comparison forgives, and that a survey's windows are found again."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import drive, surveys

from mail_ros.core.localizer.compose import tracked
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.matching.matching import Matching
from mail_ros.core.models.model_file import ModelCard, build, load_model, save_model
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.evaluation.estimates import follow
from mail_ros.training.matching import fit_matching
from mail_ros.training.run_config import run_config

SETTINGS = ["kind=matching", "sampling.rate_hz=10", "sampling.length_s=6"]


def windows_of(tracks: Sequence[Track], settings: Sequence[str] = ()) -> WindowSet:
    config = run_config([*SETTINGS, *settings])
    return WindowSet(tracks, config.model, config.stride)


def fitted(tracks: Sequence[Track], settings: Sequence[str] = ()) -> Matching:
    config = run_config([*SETTINGS, *settings])
    model = build(config.model, fit_matching(config, windows_of(tracks, settings)))
    assert isinstance(model, Matching)
    return model


@pytest.fixture(scope="module")
def model() -> Matching:
    return fitted(surveys())


def pitched(field_ut: FloatArray, angle_rad: float) -> FloatArray:
    """The field as the device would read it, turned about its x axis."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    turned: FloatArray = field_ut @ np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    return turned


def median_error_m(model: Matching, walk: Track) -> float:
    return float(np.median([one.error_m for one in follow(Localizer(model, 0.5), walk)]))


@pytest.mark.parametrize("angle_deg", [-30.0, 0.0, 30.0])
def test_a_walk_is_found_at_any_pitch(model: Matching, angle_deg: float) -> None:
    walk = drive()
    held = dataclasses.replace(walk, field_ut=pitched(walk.field_ut, np.radians(angle_deg)))
    assert median_error_m(model, held) < 0.5  # a map cell


OFFSETS_UT = [(4.0, -4.0, 4.0), (12.0, -9.0, 6.0), (40.0, -25.0, 30.0)]


@pytest.mark.parametrize("offset_ut", OFFSETS_UT)
def test_an_offset_of_any_size_is_forgiven_and_told(model: Matching, offset_ut: tuple[float, ...]) -> None:
    walk = drive()
    assert median_error_m(model, dataclasses.replace(walk, field_ut=walk.field_ut + np.array(offset_ut))) < 0.5
    windows = windows_of([walk])
    field_ut = windows.fields(windows.ends[::20])
    told_ut = [model(field_ut + np.array(each, np.float32)).offset_ut for each in ((0.0, 0.0, 0.0), offset_ut)]
    assert told_ut[0] is not None
    assert told_ut[1] is not None
    rest_ut = np.median(told_ut[1] - told_ut[0], axis=0)
    assert rest_ut.tolist() == pytest.approx(list(offset_ut), abs=1.0)


@pytest.mark.parametrize("offset_ut", OFFSETS_UT)
def test_the_tracker_learns_the_offset(model: Matching, offset_ut: tuple[float, ...]) -> None:
    walk = drive()
    moved = dataclasses.replace(walk, field_ut=walk.field_ut + np.array(offset_ut))
    follower, other = (tracked(Localizer(model, 0.5), odometry=True) for _ in range(2))
    found, usual = list(follow(follower, moved)), list(follow(other, walk))
    assert follower.offset.field_ut - other.offset.field_ut == pytest.approx(np.array(offset_ut), abs=1.0)
    half = len(found) // 2
    assert np.mean([one.error_m for one in found[half:]]) < 0.05 + np.mean([one.error_m for one in usual[half:]])
    follower.reset()
    assert not follower.offset.field_ut.any()


def test_a_stand_and_a_field_from_elsewhere_are_explained_by_no_place(model: Matching) -> None:
    windows = windows_of([drive()])
    walked = windows.fields(windows.ends[::20])
    noise = np.random.default_rng(0).normal(size=(2, *walked.shape)).astype(np.float32)
    stood = walked[:, :1] + 0.2 * noise[0]
    elsewhere = walked + 3.0 * noise[1].cumsum(axis=1)
    highest = {
        name: model(x).raw.max(axis=1) for name, x in (("walked", walked), ("stood", stood), ("else", elsewhere))
    }
    assert (highest["walked"] > 0.0).mean() > 0.9
    assert (highest["stood"] < 0.0).all()
    assert (highest["else"] < 0.0).mean() > 0.95


def test_without_a_share_an_offset_counts_for_nothing() -> None:
    blind = fitted(surveys(), ["matching.offset_share=0", "matching.tilt_ut2=1e9"])
    field_ut = windows_of([drive(length_m=20.0)]).fields(np.array([70]))
    moved = blind.alignment.compare(field_ut + np.array([30.0, -20.0, 10.0], np.float32))
    assert moved == pytest.approx(blind.alignment.compare(field_ut), rel=1e-2, abs=1.0)


def test_a_model_file_answers_as_the_model_did(model: Matching, tmp_path: Path) -> None:
    windows = windows_of(surveys())
    file, state = tmp_path / "site.safetensors", fit_matching(run_config(SETTINGS), windows)
    save_model(file, state, ModelCard(config=model.config), windows.fields(windows.ends[:1])[0])
    loaded = load_model(file).model
    field_ut = windows.fields(windows.ends[::40])
    assert np.array_equal(loaded(field_ut).raw, model(field_ut).raw)
    assert loaded(field_ut).attention.shape == (len(field_ut), 0)
