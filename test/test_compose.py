"""A fitted model without a filter, and with either filter: the same windows, the same stamps, three localizers."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from helpers import synthetic_walk, tiny_config, tiny_mail
from simulated_tracks import assert_equal, drive, estimates_of, surveys, with_noise_after

from mail_ros.core.belief import gaussian, normal
from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.filter.odometry_motion import OdometryMotion
from mail_ros.core.filter.walking_motion import WalkingMotion
from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import Cells, Estimate, Prediction, Row, Sample, SampleLocalizer, Status
from mail_ros.data.dataset import WindowSet
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.dead_reckoning import DeadReckoning
from mail_ros.evaluation.baselines.dtw import dtw
from mail_ros.evaluation.baselines.knn import knn
from mail_ros.evaluation.methods import FilterMethod

SEARCH = ModelConfig("matching", TimeSampling(rate_hz=10.0))
STRIDE_S = 0.1
ONE_CELL = Cells(np.zeros((1, 2)), np.zeros(1, np.int64))
CHOICES: tuple[TrackerChoice, TrackerChoice] = ("none", "odometry")
TRACKERS: tuple[TrackerChoice, ...] = ("walking", "odometry")


class Case(NamedTuple):
    """A search that was fitted to the surveys of the simulated building, and a drive through it."""

    model: FunctionModel
    walk: Track

    def localizer(self, tracker: TrackerChoice) -> Localizer:
        """A new one."""
        return compose(self.model, tracker, STRIDE_S)


@pytest.fixture(scope="module")
def case() -> Case:
    return Case(knn(WindowSet(surveys(), SEARCH, 0.2), SEARCH), drive())


def grid_filter(localizer: Localizer) -> GridFilter:
    assert isinstance(localizer.filter, GridFilter)
    return localizer.filter


def errors_m(localizer: SampleLocalizer, walk: Track) -> list[float]:
    return [one.error_m for one in follow(localizer, walk)]


@pytest.mark.slow
@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_filter_has_the_stamps_of_single_windows(case: Case, tracker: TrackerChoice) -> None:
    alone = estimates_of(case.localizer("none"), case.walk)
    followed = estimates_of(case.localizer(tracker), case.walk)
    assert [e.stamp_ns for e in followed] == [e.stamp_ns for e in alone]


@pytest.mark.slow
@pytest.mark.parametrize("tracker", TRACKERS)
def test_the_status_follows_what_happens_to_the_device(case: Case, tracker: TrackerChoice) -> None:
    """FILLING, then LOCALIZED; STATIONARY at a stop; OUT_OF_AREA in a field that the survey does not hold."""
    walk, follower = case.walk[: 20 * 40], case.localizer(tracker)  # 40 s at 20 Hz
    follower.reset()
    assert follower.status is Status.FILLING
    assert walk.moved_m is not None
    statuses = [estimate.status for sample in walk.samples() if (estimate := follower.push(sample))]
    assert follower.status is statuses[-1] is Status.LOCALIZED
    stamp_ns, end_ut = int(walk.stamp_ns[-1]), walk.field_ut[-1]
    for k in range(20 * 15):  # 15 s at 20 Hz
        stamp_ns += 50_000_000
        follower.push(Sample(stamp_ns, end_ut + 0.01 * (k % 2), np.zeros(2)))
    assert follower.status is Status.STATIONARY
    rng, strange_ut = np.random.default_rng(0), end_ut.copy()
    for _ in range(20 * 90):
        stamp_ns += 50_000_000
        strange_ut = 0.99 * strange_ut + rng.normal(0.0, 4.0, 3)
        follower.push(Sample(stamp_ns, strange_ut, np.array([0.05, 0.0])))
    assert follower.status is Status.OUT_OF_AREA
    follower.push(Sample(stamp_ns + 5_000_000_000, strange_ut, np.zeros(2)))  # a hole
    follower.push(Sample(stamp_ns + 5_200_000_000, strange_ut, np.zeros(2)))
    assert follower.status is Status.FILLING


@pytest.mark.slow
def test_three_localizers_share_a_model_at_once(case: Case) -> None:
    """They share neither window nor belief."""
    localizers = [case.localizer("none"), *map(case.localizer, TRACKERS)]
    apart = [estimates_of(localizer, case.walk) for localizer in localizers]
    for localizer in localizers:
        localizer.reset()
    together = [[e for e in column if e is not None] for column in zip(*_pushed(localizers, case.walk), strict=True)]
    for left, right in zip(apart, together, strict=True):
        assert_equal(left, right)


def _pushed(localizers: list[Localizer], walk: Track) -> list[list[Estimate | None]]:
    return [[localizer.push(sample) for localizer in localizers] for sample in walk.samples()]


@pytest.mark.slow
@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_filter_is_causal_and_deterministic(case: Case, tracker: TrackerChoice) -> None:
    half = len(case.walk) // 2
    follower = case.localizer(tracker)
    before = [e for e in estimates_of(follower, case.walk) if e.stamp_ns < case.walk.stamp_ns[half]]
    disturbed = estimates_of(case.localizer(tracker), with_noise_after(case.walk, half))
    assert len(before) > 10
    assert_equal(before, disturbed[: len(before)])


@pytest.mark.slow
@pytest.mark.parametrize("search", ["knn", "dtw"])
def test_a_search_gains_by_a_filter_over_its_cells(search: str, case: Case) -> None:
    """In the mean of four drives: where a search is wrong for long, a filter recovers later."""
    model, stride_s = (case.model, STRIDE_S) if search == "knn" else (dtw(surveys(), SEARCH), 0.5)
    drives = [drive(seed=seed) for seed in (21, 22, 23, 24)]
    alone_m, filtered_m = (
        np.mean([np.mean(errors_m(compose(model, tracker, stride_s), walk)) for walk in drives]) for tracker in CHOICES
    )
    assert filtered_m < alone_m


def test_a_model_that_predicts_positions_is_filtered_as_gaussians(case: Case) -> None:
    """The predictions here are metres off, as their covariance states."""
    rng, now = np.random.default_rng(7), [0]

    def locate(_: object) -> Prediction:
        return Prediction(None, normal(case.walk.position_m[now[0]] + rng.normal(0.0, 2.0, 2), 4.0 * np.eye(2), 0))

    assert case.model.site_map is not None
    model = FunctionModel(SEARCH, SEARCH.samples, locate)
    localizer = compose(model, "odometry", STRIDE_S, cells=case.model.site_map.cells)
    error_m = []
    for now[0], sample in enumerate(case.walk.samples()):
        estimate = localizer.push(sample)
        if estimate is not None and case.walk.valid[now[0]]:
            error_m.append(np.linalg.norm(estimate.position_m - case.walk.position_m[now[0]]))
    assert np.mean(error_m[len(error_m) // 2 :]) < 1.0


def test_a_gaussian_has_its_floor() -> None:
    cells = Cells(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]), np.array([0, 0, 1]))
    log_ratio = gaussian(normal(np.zeros(2), np.eye(2) * (1.0 - 0.25**2), 0), cells)
    mean = np.log((1.0 + np.exp(-2.0)) / 3)
    assert log_ratio == pytest.approx([-mean, -2.0 - mean, -np.inf])
    assert gaussian(normal(np.zeros(2), np.eye(2), 7), cells) == pytest.approx(0.0)  # no information


def test_the_heatmap_gives_its_cells_and_logits() -> None:
    follower = compose(tiny_mail(tiny_config("heatmap")), "walking", STRIDE_S)
    estimates = estimates_of(follower, synthetic_walk().track())
    assert len(estimates) > 50
    assert all(np.isfinite(e.covariance_m2).all() for e in estimates)
    assert sum(h.weight for h in grid_filter(follower).hypotheses(max_count=100, min_weight=0.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_hole_empties_the_window_and_keeps_the_belief(case: Case, tracker: TrackerChoice) -> None:
    """Three seconds of silence: no estimate until a window is full; odometry moves the belief, or time widens it."""
    walk, half = case.walk, len(case.walk) // 2
    index = np.arange(len(walk))
    kept = (index < half) | (index >= half + 60)  # at 20 Hz
    assert walk.moved_m is not None
    moved_m = walk.moved_m.copy()
    moved_m[half + 60] = moved_m[half : half + 61].sum(axis=0)  # odometry comes with the next sample
    follower = case.localizer(tracker)
    follower.reset()
    error_m: dict[int, float] = {}
    for at in np.flatnonzero(kept):
        estimate = follower.push(Sample(int(walk.stamp_ns[at]), walk.field_ut[at], moved_m[at]))
        if at == half + 60:
            silent = grid_filter(follower).cell_probability
        if estimate is not None:
            error_m[int(at)] = float(np.linalg.norm(estimate.position_m - walk.position_m[at]))
        if half + 60 <= at < half + 250:
            assert estimate is None
    first = min(at for at in error_m if at > half)
    assert silent @ np.linalg.norm(grid_filter(follower).cells.position_m - walk.position_m[half + 60], axis=1) < 3.0
    assert tracker == "walking" or error_m[first] < 1.0


@pytest.mark.parametrize("tracker", TRACKERS)
def test_a_sample_without_a_stamp_keeps_the_belief_and_a_clock_set_back_resets_it(
    case: Case, tracker: TrackerChoice
) -> None:
    follower, walk = case.localizer(tracker), case.walk[: 20 * 40]
    follower.reset()
    for sample in walk.samples():
        follower.push(sample)
    known = grid_filter(follower).posterior().near
    assert known > 0.9
    newest = Sample(int(walk.stamp_ns[-1]), walk.field_ut[-1], np.zeros(2))
    for strange in (dataclasses.replace(newest, stamp_ns=0), dataclasses.replace(newest, field_ut=np.zeros(3))):
        follower.push(strange)
    follower.push(dataclasses.replace(newest, stamp_ns=newest.stamp_ns + 50_000_000))
    assert grid_filter(follower).posterior().near > 0.9
    follower.push(dataclasses.replace(newest, stamp_ns=newest.stamp_ns - 40_000_000_000))
    assert grid_filter(follower).posterior().near < 0.5


def test_a_filter_with_odometry_refuses_samples_without(case: Case) -> None:
    with pytest.raises(TrackError, match="wanted odometry in every sample, found a sample without"):
        estimates_of(case.localizer("odometry"), dataclasses.replace(case.walk, moved_m=None))


def test_a_sample_whose_odometry_is_not_a_number_is_rejected_and_a_fault_if_it_lasts(case: Case) -> None:
    assert case.walk.moved_m is not None
    walk = dataclasses.replace(case.walk, moved_m=case.walk.moved_m.copy())
    assert walk.moved_m is not None
    walk.moved_m[100:110, 0] = np.nan
    follower = case.localizer("odometry")
    follower.reset()
    status = []
    for sample in walk.samples():
        estimate = follower.push(sample)
        assert estimate is None or np.isfinite(estimate.position_m).all()
        status.append(follower.status)
    assert follower.preprocessor.counts == {"used": len(walk) - 10, "no_odometry": 10}
    assert [s is Status.SENSOR_FAULT for s in status[:112]] == [False] * 105 + [True] * 5 + [False] * 2


def test_a_filter_needs_a_model_of_windows_with_a_map_of_cells() -> None:
    with pytest.raises(ConfigError, match="tracker walking: wanted a model with a map of cells"):
        compose(tiny_mail(), "walking")
    with pytest.raises(ConfigError, match="the tracker: wanted a method of windows, found DeadReckoning"):
        FilterMethod(DeadReckoning(0.1)).localizer("walking", STRIDE_S)


# --- when a device is stationary -----------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [10.0, 50.0])
def test_a_field_that_stops_changing_means_stationary(rate_hz: float) -> None:
    rng, motion = np.random.default_rng(0), WalkingMotion(ONE_CELL, FilterConfig(), rate_hz)
    moving = []
    for index in range(round(20 * rate_hz)):
        path_m = min(index / rate_hz, 10.0)  # ten seconds of walking, then a stop
        field_ut = np.array([0.0, 0.0, 10.0 * np.sin(path_m)]) + rng.normal(0.0, 0.2, 3)
        moving.append(motion.observe(Row(index, field_ut), np.zeros(2), restarted=index == 0))
    second = round(rate_hz)
    assert np.mean(moving[3 * second : 10 * second]) > 0.8
    assert np.mean(moving[12 * second :]) < 0.1
    assert motion.change_ut < FilterConfig().stationary_change_ut


def test_odometry_that_is_silent_for_longer_than_a_step_means_stationary() -> None:
    motion, row = OdometryMotion(ONE_CELL, FilterConfig(), 10.0), Row(0, np.zeros(3))
    steps = [np.array([0.6, 0.0]) if index % 6 == 0 and index < 30 else np.zeros(2) for index in range(60)]
    moving = [motion.observe(row, step, restarted=False) for step in steps]
    assert min(moving[:36]) == 1.0
    assert max(moving[36:]) == 0.0
