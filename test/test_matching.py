"""Matching: which changes a comparison tolerates, how distances become log likelihoods, and its model file."""

import dataclasses
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import drive, surveys

from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.matching.matching import Matching, NearestOfCells, likelihood_ratio
from mail_ros.core.models.model_file import ModelCard, build, load_model, save_model
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import WindowSet
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.cell_likelihood import CellLikelihood
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching

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
    """The field as the device would read it, rotated about its x axis."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    rotated: FloatArray = field_ut @ np.array([[1.0, 0.0, 0.0], [0.0, cos, sin], [0.0, -sin, cos]])
    return rotated


def median_error_m(model: Matching, walk: Track) -> float:
    return float(np.median([one.error_m for one in follow(compose(model, "none", 0.5), walk)]))


@pytest.mark.parametrize("angle_deg", [-30.0, 0.0, 30.0])
def test_a_walk_is_found_at_any_pitch(model: Matching, angle_deg: float) -> None:
    walk = drive()
    held = dataclasses.replace(walk, field_ut=pitched(walk.field_ut, np.radians(angle_deg)))
    assert median_error_m(model, held) < 0.5  # a map cell


OFFSETS_UT = [(4.0, -4.0, 4.0), (12.0, -9.0, 6.0), (40.0, -25.0, 30.0)]


@pytest.mark.parametrize("offset_ut", OFFSETS_UT)
def test_an_offset_of_any_size_is_tolerated_and_estimated(model: Matching, offset_ut: tuple[float, ...]) -> None:
    walk = drive()
    assert median_error_m(model, dataclasses.replace(walk, field_ut=walk.field_ut + np.array(offset_ut))) < 0.5
    windows = windows_of([walk])
    field_ut = windows.fields(windows.ends[::20])
    estimated_ut = [
        model(field_ut + np.array(each, np.float32)).device_offset_ut for each in ((0.0, 0.0, 0.0), offset_ut)
    ]
    assert estimated_ut[0] is not None
    assert estimated_ut[1] is not None
    rest_ut = np.median(estimated_ut[1] - estimated_ut[0], axis=0)
    assert rest_ut.tolist() == pytest.approx(list(offset_ut), abs=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("offset_ut", OFFSETS_UT)
def test_the_filter_learns_the_offset(model: Matching, offset_ut: tuple[float, ...]) -> None:
    walk = drive()
    moved = dataclasses.replace(walk, field_ut=walk.field_ut + np.array(offset_ut))
    follower, other = (compose(model, "odometry", 0.5) for _ in range(2))
    found, usual = list(follow(follower, moved)), list(follow(other, walk))
    assert follower.filter.device_offset_ut - other.filter.device_offset_ut == pytest.approx(
        np.array(offset_ut), abs=1.0
    )
    half = len(found) // 2
    assert np.mean([one.error_m for one in found[half:]]) < 0.05 + np.mean([one.error_m for one in usual[half:]])
    follower.reset()
    assert not follower.filter.device_offset_ut.any()


def test_a_stop_and_an_unsurveyed_field_are_explained_by_no_cell(model: Matching) -> None:
    windows = windows_of([drive()])
    walked = windows.fields(windows.ends[::20])
    noise = np.random.default_rng(0).normal(size=(2, *walked.shape)).astype(np.float32)
    stationary = walked[:, :1] + 0.2 * noise[0]
    unsurveyed = walked + 3.0 * noise[1].cumsum(axis=1)
    highest = {
        name: model(x).raw.max(axis=1)
        for name, x in (("walked", walked), ("stationary", stationary), ("unsurveyed", unsurveyed))
    }
    assert (highest["walked"] > 0.0).mean() > 0.9
    assert (highest["stationary"] < 0.0).all()
    assert (highest["unsurveyed"] < 0.0).mean() > 0.95


def test_without_a_weight_an_offset_has_no_cost() -> None:
    blind = fitted(surveys(), ["matching.offset_share=0", "matching.tilt_ut2=1e9"])
    field_ut = windows_of([drive(length_m=20.0)]).fields(np.array([70]))
    moved = blind.alignment.compare(field_ut + np.array([30.0, -20.0, 10.0], np.float32))
    assert moved == pytest.approx(blind.alignment.compare(field_ut), rel=1e-2, abs=1.0)


def test_a_model_file_predicts_as_the_model_did(model: Matching, tmp_path: Path) -> None:
    windows = windows_of(surveys())
    file, state = tmp_path / "site.safetensors", fit_matching(run_config(SETTINGS), windows)
    save_model(file, state, ModelCard(config=model.config), windows.fields(windows.ends[:1])[0])
    loaded = load_model(file).model
    field_ut = windows.fields(windows.ends[::40])
    assert np.array_equal(loaded(field_ut).raw, model(field_ut).raw)
    assert loaded(field_ut).attention.shape == (len(field_ut), 0)


# --- from distances to log likelihoods ---------------------------------------------------------------------------


def test_each_cell_keeps_its_nearest_window() -> None:
    distance = np.array([[3.0, 7.0, 2.0, 6.0, 9.0], [1.0, 5.0, 4.0, np.inf, np.inf]])
    nearest = NearestOfCells(np.array([0, 1, 0, 1, 2]), 4)(distance)
    assert nearest.tolist() == [[2.0, 6.0, 9.0, 9.0], [1.0, 5.0, 5.0, 5.0]]  # without a window: as far as the farthest


def test_a_window_is_compared_with_a_flat_field_and_the_background() -> None:
    ratio = likelihood_ratio(
        np.array([[10.0, 50.0]] * 2), np.array([[70.0], [4.0]]), noise_ut2=2.0, background_ut2=30.0
    )
    assert ratio.tolist() == [[5.0, -5.0], [-1.5, -11.5]]  # a varying window; one of a stop


def test_an_uncertain_label_shares_its_likelihood_with_its_neighbours() -> None:
    """By hand, for three cells in a row and one on another floor; each cell keeps one window."""
    config = run_config(SETTINGS).model
    samples = config.samples
    walks_ut = np.random.default_rng(0).normal(size=(4 * samples, 3)).astype(np.float32)
    state = {
        "head.cell_position_m": np.array([[0.0, 0.0], [0.5, 0.0], [1.0, 0.0], [0.5, 0.0]]),
        "head.cell_floor": np.array([0, 0, 0, 1]),
        "head.radius_m": np.array(2.0),
        "field_ut": walks_ut,
        "end": np.arange(1, 5) * samples - 1,
        "reach": np.full(4, samples),
        "speed": np.ones(4),
        "cell": np.arange(4),
    }
    certain, uncertain = (
        Matching(config, {**state, "head.label_sigma_m": np.array(sigma_m)})(walks_ut[None, :samples]).raw[0]
        for sigma_m in (1e-3, 0.4)
    )
    a, b, c, other_floor = certain.astype(np.float64).tolist()
    one, two = math.exp(-0.5 * (0.5 / 0.4) ** 2), math.exp(-0.5 * (1.0 / 0.4) ** 2)
    first = (math.exp(a) + one * math.exp(b) + two * math.exp(c)) / (1.0 + one + two)
    middle = (math.exp(b) + one * (math.exp(a) + math.exp(c))) / (1.0 + 2.0 * one)
    assert uncertain[[0, 1, 3]].tolist() == pytest.approx([math.log(first), math.log(middle), other_floor], abs=1e-4)


def test_the_baselines_have_cells_of_their_own() -> None:
    position_m = np.array([[0.0, 0.0], [5.0, 0.0], [0.1, 0.1], [5.0, 0.0], [5.0, 0.0]])
    search = CellLikelihood(position_m, np.array([0, 0, 0, 0, 1]), 2.0, 30.0)
    assert search.cells.floor.tolist() == [0, 0, 1]
    ratio = search.ratio(np.array([30.0, 70.0, 10.0, 50.0, 90.0]), 70.0)
    assert ratio == pytest.approx([5.0, -5.0, -15.0])
