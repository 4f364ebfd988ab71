"""The baselines on whole windows, and the controls of MAIL: they learn, are deterministic and causal."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import assert_equal, chance_error_m, drive, estimates_of, surveys, with_noise_after

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import TrackError
from mail_ros.core.types import SampleLocalizer
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.evaluation.methods import METHODS, Fit, Fitted
from mail_ros.training.run_config import run_config

SETTINGS = ["sampling.rate_hz=10", "training.batch=64", "training.learning_rate=0.01"]
CHOICES: tuple[TrackerChoice, TrackerChoice] = ("none", "odometry")
HARDLY = ["training.epochs=1", "training.stride_s=5"]  # the claims do not depend on accuracy


def fit(method: str, tracks: Sequence[Track], folder: Path, settings: Sequence[str] = HARDLY) -> Fitted:
    return METHODS[method].fit(Fit(tracks, run_config([*SETTINGS, *settings]), 0.5, folder))


def single(method: str, tracks: Sequence[Track], folder: Path, settings: Sequence[str] = HARDLY) -> SampleLocalizer:
    """A localizer of a fitted method, each window by itself."""
    return fit(method, tracks, folder, settings).localizer("none", 0.5)


def mean_error_m(localizer: SampleLocalizer, walk: Track) -> float:
    return float(np.mean([one.error_m for one in follow(localizer, walk)]))


def beginnings() -> list[Track]:
    """A minute of each survey, for claims that do not depend on accuracy."""
    return [track[:1200] for track in surveys()]


WINDOWED = [name for name, method in METHODS.items() if not method.filters]  # those have tests of their own


@pytest.mark.slow
@pytest.mark.parametrize("method", WINDOWED)
def test_a_method_is_causal_and_deterministic(method: str, tmp_path: Path) -> None:
    """Two fits give the same estimates; noise in place of the second half changes nothing before it."""
    training, walk = beginnings(), drive(length_m=40.0)
    half = len(walk) // 2
    before = [
        e for e in estimates_of(single(method, training, tmp_path / "a"), walk) if e.stamp_ns < walk.stamp_ns[half]
    ]
    disturbed = estimates_of(single(method, training, tmp_path / "b"), with_noise_after(walk, half))
    assert len(before) > 10
    assert_equal(before, disturbed[: len(before)])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["jang", "mail"])
def test_a_network_that_predicts_positions_can_be_filtered_over_the_survey(method: str, tmp_path: Path) -> None:
    training, walk = surveys(), drive(length_m=20.0)
    fitted = fit(method, training, tmp_path)
    alone, followed = (estimates_of(fitted.localizer(tracker, 0.5), walk) for tracker in CHOICES)
    assert [e.stamp_ns for e in followed] == [e.stamp_ns for e in alone]
    surveyed_m = np.concatenate([t.position_m[t.valid] for t in training])
    assert all(np.linalg.norm(surveyed_m - e.position_m, axis=1).min() < 1.5 for e in followed)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["knn", "dtw"])
def test_a_search_finds_the_corridor(method: str, tmp_path: Path) -> None:
    training, walk = surveys(), drive()
    scored = list(follow(single(method, training, tmp_path), walk))
    assert np.median([one.error_m for one in scored]) < 0.5  # a map cell
    assert np.mean([one.error_m for one in scored]) < chance_error_m(training, walk)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "fraction"),
    [("jang", 1.0), ("mail", 0.5), ("mail_uniform", 0.5), ("mail_constant", 0.5), ("mail_heatmap", 0.5)],
)
def test_a_network_learns_a_short_walk(method: str, fraction: float, tmp_path: Path) -> None:
    """Trained for seconds and evaluated on the same walk; a deep plain RNN beats chance by then, and no more."""
    track = surveys()[0][:1200]
    settings = ["training.epochs=60", "training.stride_s=0.3", "sampling.length_s=5", "mail.scales_s=[1,5]"]
    assert mean_error_m(single(method, [track], tmp_path, settings), track) < fraction * chance_error_m([track], track)


@pytest.mark.slow
def test_chance_is_the_middle_of_the_surveys(tmp_path: Path) -> None:
    training, walk = surveys(), drive(length_m=20.0)
    middle_m = estimates_of(single("chance", training, tmp_path), walk)[0].position_m
    assert middle_m == pytest.approx(np.concatenate([t.position_m[t.valid] for t in training]).mean(axis=0), abs=1.0)


def test_dtw_refuses_walks_that_are_shorter_than_the_window(tmp_path: Path) -> None:
    short = [track[:150] for track in surveys()]
    with pytest.raises(TrackError, match="wanted a labelled walk of 10 s without a hole, found none"):
        fit("dtw", short, tmp_path)


CHANGED = {
    "sampling": ["sampling.length_s=6"],
    "mail": ["mail.lag_s=1", "mail.scales_s=[2,6]", "mail.hidden=8"],
    "matching": ["matching.noise_ut2=3"],
    "field_map": ["field_map.reach_m=0.8"],
    "augment": ["augment.noise_ut=3"],
    "training": ["training.seed=7"],
}


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", [name for name, method in METHODS.items() if method.reads and not method.needs_attitude]
)
def test_what_a_method_does_not_read_changes_nothing(method: str, tmp_path: Path) -> None:
    """Otherwise the benchmark would keep results that no longer hold."""
    training, walk = beginnings(), drive(length_m=20.0)
    unread = [text for section, texts in CHANGED.items() if section not in METHODS[method].reads for text in texts]
    before = estimates_of(single(method, training, tmp_path / "a"), walk)
    assert len(before) > 5
    assert_equal(before, estimates_of(single(method, training, tmp_path / "b", [*HARDLY, *unread]), walk))
