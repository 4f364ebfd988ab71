"""Held-out walks: a model against the middle of the site and 1-NN, which know nothing of each other."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import chance_error_m, drive, simulated_track, surveys

from benchmarks.trust.sites import weakened
from mail_ros.core.models.heads import RegressionHead, SiteMap
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelCard, load_model, save_model
from mail_ros.core.signal.sampling import DistanceSampling, TimeSampling
from mail_ros.core.types import Cells, Float32Array
from mail_ros.data.dataset import WindowSet
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.corridor_plan import drive_route, survey_route
from mail_ros.data.simulator.demo import demo_building
from mail_ros.evaluation.baselines.knn import features
from mail_ros.evaluation.held_out import MIDDLE, NEAREST, HeldOut, follow_walks, nearest_window
from mail_ros.training.comparison import not_worth_launching
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching

STRIDE_S = 1.0


def matching_of(building: Building, path: Path) -> Path:
    """A model file of matching, of a survey of the building."""
    config = run_config(["matching.stride_s=0.4"], "person")
    survey = simulated_track(building, survey_route(building.plan, 11), 11)
    windows = WindowSet([survey], config.model, config.stride)
    golden = windows.fields(windows.ends[:1])[0]
    save_model(path, fit_matching(config, windows), ModelCard(config.model), golden)
    return path


def held_out(building: Building, path: Path) -> HeldOut:
    """A drive that the model of the building has not learned, without odometry."""
    loaded = load_model(matching_of(building, path))
    walk = simulated_track(building, drive_route(building.plan, 60.0, 21), 21, odometry=False)
    nearest = nearest_window(path, loaded.card.config)
    return follow_walks(loaded.model, nearest, [walk], "walking", STRIDE_S)


@pytest.mark.slow
def test_a_model_of_a_field_with_structure_is_worth_launching(tmp_path: Path) -> None:
    held, head = held_out(demo_building(), tmp_path / "m"), load_model(tmp_path / "m").model.head
    guesses = held.guesses(head)
    assert held.not_worth_launching("m", guesses) is None
    assert guesses[MIDDLE].mean_m == pytest.approx(chance_error_m(surveys(), drive()), abs=1.0)
    assert guesses[NEAREST].median_m < 0.5
    assert guesses[MIDDLE].estimates == guesses[NEAREST].estimates == len(held.moving)


def test_a_model_of_a_field_without_structure_is_not(tmp_path: Path) -> None:
    held, head = held_out(weakened(demo_building(), 0.01), tmp_path / "m"), load_model(tmp_path / "m").model.head
    reason = held.not_worth_launching("m", held.guesses(head))
    assert "m is not worth launching: wanted a median error below" in str(reason)
    assert "half of that of the middle of the site" in str(reason)


def test_random_answers_are_sometimes_better_than_the_middle_and_hardly_ever_twice_as_good() -> None:
    """Surveyed positions, a new one every 10 s, on a walk of a minute: what a model without information may answer."""
    surveyed_m, walk = np.concatenate([track.position_m[track.valid] for track in surveys()]), drive().labelled_span()
    part = (walk.stamp_ns - walk.stamp_ns[0]) // 10_000_000_000
    rng = np.random.default_rng(0)
    answers_m = surveyed_m[rng.integers(len(surveyed_m), size=(1000, part.max() + 1))]
    medians_m = [float(np.median(np.linalg.norm(walk.position_m - answer_m[part], axis=1))) for answer_m in answers_m]
    middle_m = float(np.median(np.linalg.norm(walk.position_m - surveyed_m.mean(axis=0), axis=1)))
    assert np.mean(np.array(medians_m) < middle_m) > 0.03
    assert np.mean([not_worth_launching("m", error_m, middle_m) is None for error_m in medians_m]) < 0.003


def test_the_middle_is_that_of_the_walks_floor_or_of_the_most_surveyed_one() -> None:
    cells = Cells(np.array([[0.0, 0.0], [4.0, 2.0], [4.0, 4.0], [10.0, 10.0]]), np.array([0, 0, 0, 2]))
    site = SiteMap(cells)
    assert site.middle_m(0) == pytest.approx([8.0 / 3.0, 2.0])
    assert site.middle_m(2) == pytest.approx([10.0, 10.0])
    assert site.middle_m(1) == pytest.approx(site.middle_m(0))
    assert RegressionHead(np.eye(2), 0, np.array([3.0, 4.0])).middle_m(1) == pytest.approx([3.0, 4.0])


@pytest.mark.slow
def test_1_nn_of_a_model_without_windows_needs_the_survey(tmp_path: Path) -> None:
    config, walk = ModelConfig(sampling=TimeSampling(rate_hz=20.0)), drive(length_m=40.0)
    model = load_model(matching_of(demo_building(), tmp_path / "m")).model
    assert nearest_window(tmp_path / "none", config) is None
    nearest = nearest_window(tmp_path / "none", config, surveys())
    assert nearest is not None
    assert (nearest.samples, nearest.config.axes) == (100, "device"), "10 s at 10 Hz, without a lag"
    held = follow_walks(model, nearest, [walk], "none", STRIDE_S)
    assert held.guesses(model.head)[NEAREST].median_m < 0.5
    unknown = follow_walks(model, None, [walk], "none", STRIDE_S)
    assert set(unknown.guesses(model.head)) == {MIDDLE}


def test_1_nn_leaves_out_a_survey_without_a_window(caplog: pytest.LogCaptureFixture) -> None:
    config = ModelConfig("matching", DistanceSampling(length_m=500.0))
    config = dataclasses.replace(config, kind="mail", sampling=TimeSampling(rate_hz=10.0, length_s=600.0))
    assert nearest_window(Path("none"), config, surveys()) is None
    assert "no 1-NN: walk 11, walk 12: wanted labelled, moving windows of 600 s, found none" in caplog.text


def test_1_nn_of_gravity_aligned_windows_does_not_depend_on_their_yaw() -> None:
    rows = np.random.default_rng(0).normal(size=(2, 20, 5)).astype(np.float32)

    def rotated(angle: float) -> Float32Array:
        x, y, *rest = np.moveaxis(rows, -1, 0)
        cos, sin = np.cos(angle), np.sin(angle)
        turned: Float32Array = np.stack([cos * x - sin * y, sin * x + cos * y, *rest], axis=-1).astype(np.float32)
        return turned

    assert features(rotated(1.0), "gravity") == pytest.approx(features(rows, "gravity"), abs=1e-5)
    assert features(rotated(1.0), "device") != pytest.approx(features(rows, "device"), abs=0.1)
