"""A fitted method alone, tracked, and tracked with odometry: the same windows, the same stamps, three localizers."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import numpy as np
import pytest
from helpers import synthetic_walk, tiny_config, tiny_mail
from mail_ros.core.filter.stationary import FieldActivity, OdometryActivity
from simulated_tracks import answers, assert_equal, drive, surveys, with_noise_after

from mail_ros.core.belief import gaussian, normal
from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.localizer.compose import tracked
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import Cells, Prediction, Row, Sample, SampleLocalizer, Status
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.dead_reckoning import DeadReckoning
from mail_ros.evaluation.baselines.dtw import dtw
from mail_ros.evaluation.baselines.knn import knn
from mail_ros.evaluation.estimates import follow

SEARCH = ModelConfig("matching", TimeSampling(rate_hz=10.0))


class Case(NamedTuple):
    """A search that was fitted to the surveys of the simulated building, and a drive through it."""

    method: SampleLocalizer
    walk: Track


@pytest.fixture(scope="module")
def case() -> Case:
    return Case(knn(WindowSet(surveys(), SEARCH, 0.2), SEARCH, 0.1), drive())


def errors_m(localizer: SampleLocalizer, walk: Track) -> list[float]:
    return [one.error_m for one in follow(localizer, walk)]


@pytest.mark.slow
@pytest.mark.parametrize("odometry", [True, False])
def test_a_tracked_method_answers_at_the_stamps_of_the_method_alone(case: Case, odometry: bool) -> None:
    alone = answers(case.method, case.walk)
    followed = answers(tracked(case.method, odometry=odometry), case.walk)
    assert [e.stamp_ns for e in followed] == [e.stamp_ns for e in alone]


@pytest.mark.slow
@pytest.mark.parametrize("odometry", [True, False])
def test_the_status_tells_what_an_estimate_is_worth(case: Case, odometry: bool) -> None:
    """Filling, then found; who stands is stationary; a field that the survey never saw is out of its area."""
    walk, follower = case.walk[: 20 * 40], tracked(case.method, odometry=odometry)  # 40 s at 20 Hz
    follower.reset()
    assert follower.status is Status.FILLING
    assert walk.moved_m is not None
    said = [estimate.status for sample in walk.samples() if (estimate := follower.push(sample))]
    assert follower.status is said[-1] is Status.LOCALIZED
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
def test_one_fit_is_followed_three_ways_at_once(case: Case) -> None:
    """Who shares a method shares no window and no belief."""
    ways: list[SampleLocalizer] = [
        case.method,
        tracked(case.method, odometry=False),
        tracked(case.method, odometry=True),
    ]
    apart = [answers(way, case.walk) for way in ways]
    for way in ways:
        way.reset()
    together = [[e for e in column if e is not None] for column in zip(*_pushed(ways, case.walk), strict=True)]
    for left, right in zip(apart, together, strict=True):
        assert_equal(left, right)


def _pushed(ways: list[SampleLocalizer], walk: Track) -> list[list[object]]:
    return [[way.push(sample) for way in ways] for sample in walk.samples()]


@pytest.mark.slow
@pytest.mark.parametrize("odometry", [True, False])
def test_tracking_neither_reads_the_future_nor_draws_lots(case: Case, odometry: bool) -> None:
    half = len(case.walk) // 2
    follower = tracked(case.method, odometry=odometry)
    before = [e for e in answers(follower, case.walk) if e.stamp_ns < case.walk.stamp_ns[half]]
    disturbed = answers(tracked(case.method, odometry=odometry), with_noise_after(case.walk, half))
    assert len(before) > 10
    assert_equal(before, disturbed[: len(before)])


@pytest.mark.slow
@pytest.mark.parametrize("search", ["knn", "dtw"])
def test_a_search_is_tracked_by_what_it_says_of_every_cell(search: str, case: Case) -> None:
    method = case.method if search == "knn" else dtw(surveys(), SEARCH, 0.5)
    walk = drive(seed=23)
    alone_m, tracked_m = errors_m(method, walk), errors_m(tracked(method, odometry=True), walk)
    assert np.mean(tracked_m) < np.mean(alone_m)


def test_a_method_that_answers_a_point_is_tracked_as_a_gaussian(case: Case) -> None:
    """Here one whose answers lie metres beside the truth, and which says so."""
    places = iter([s.reference_m for s in follow(case.method, case.walk)])
    rng = np.random.default_rng(7)

    def locate(_: object) -> Prediction:
        return Prediction(normal(next(places) + rng.normal(0.0, 2.0, 2), 4.0 * np.eye(2), 0))

    method = SampleLocalizer.over_windows(SEARCH.features, SEARCH.samples, locate, 0.1, case.method.cells)
    error_m = errors_m(tracked(method, odometry=True), case.walk)
    assert np.mean(error_m[len(error_m) // 2 :]) < 1.0


def test_a_gaussian_knows_its_floor() -> None:
    cells = Cells(np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 0.0]]), np.array([0, 0, 1]))
    log_ratio = gaussian(normal(np.zeros(2), np.eye(2) * (1.0 - 0.25**2), 0), cells)
    mean = np.log((1.0 + np.exp(-2.0)) / 3)
    assert log_ratio == pytest.approx([-mean, -2.0 - mean, -np.inf])
    assert gaussian(normal(np.zeros(2), np.eye(2), 7), cells) == pytest.approx(0.0)  # tells nothing


def test_the_heatmap_gives_its_cells_and_logits() -> None:
    localizer = SampleLocalizer(tiny_mail(tiny_config("heatmap")), stride_s=0.1)
    follower = tracked(localizer, odometry=False)
    estimates = answers(follower, synthetic_walk().track())
    assert len(estimates) > 50
    assert all(np.isfinite(e.covariance_m2).all() for e in estimates)
    assert sum(h.weight for h in follower.tracker.hypotheses(most=100, least=0.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("odometry", [True, False])
def test_a_hole_empties_the_window_and_keeps_the_belief(case: Case, odometry: bool) -> None:
    """Three seconds of silence: no estimate until a window is full again; odometry went on, or the belief spread."""
    walk, half = case.walk, len(case.walk) // 2
    index = np.arange(len(walk))
    kept = (index < half) | (index >= half + 60)  # at 20 Hz
    assert walk.moved_m is not None
    moved_m = walk.moved_m.copy()
    moved_m[half + 60] = moved_m[half : half + 61].sum(axis=0)  # odometry is told at the next sample
    follower = tracked(case.method, odometry=odometry)
    follower.reset()
    sure_m: dict[int, float] = {}
    for at in np.flatnonzero(kept):
        estimate = follower.push(Sample(int(walk.stamp_ns[at]), walk.field_ut[at], moved_m[at]))
        if at == half + 60:
            silent = follower.tracker.cell_probability
        if estimate is not None:
            sure_m[int(at)] = float(np.linalg.norm(estimate.position_m - walk.position_m[at]))
        if half + 60 <= at < half + 250:
            assert estimate is None
    first = min(at for at in sure_m if at > half)
    assert silent @ np.linalg.norm(follower.tracker.cells.position_m - walk.position_m[half + 60], axis=1) < 3.0
    assert not odometry or sure_m[first] < 1.0


@pytest.mark.parametrize("odometry", [True, False])
def test_a_sample_without_a_stamp_does_not_cost_the_belief_and_a_clock_set_back_does(
    case: Case, odometry: bool
) -> None:
    follower, walk = tracked(case.method, odometry=odometry), case.walk[: 20 * 40]
    follower.reset()
    for sample in walk.samples():
        follower.push(sample)
    known = follower.tracker.posterior().near
    assert known > 0.9
    newest = Sample(int(walk.stamp_ns[-1]), walk.field_ut[-1], np.zeros(2))
    for strange in (dataclasses.replace(newest, stamp_ns=0), dataclasses.replace(newest, field_ut=np.zeros(3))):
        follower.push(strange)
    follower.push(dataclasses.replace(newest, stamp_ns=newest.stamp_ns + 50_000_000))
    assert follower.tracker.posterior().near > 0.9
    follower.push(dataclasses.replace(newest, stamp_ns=newest.stamp_ns - 40_000_000_000))
    assert follower.tracker.posterior().near < 0.5


def test_tracking_with_odometry_refuses_samples_without(case: Case) -> None:
    with pytest.raises(TrackError, match="wanted odometry in every sample, found a sample without"):
        answers(tracked(case.method, odometry=True), dataclasses.replace(case.walk, moved_m=None))


def test_a_sample_whose_odometry_is_not_a_number_is_refused_and_a_fault_if_it_lasts(case: Case) -> None:
    assert case.walk.moved_m is not None
    walk = dataclasses.replace(case.walk, moved_m=case.walk.moved_m.copy())
    assert walk.moved_m is not None
    walk.moved_m[100:110, 0] = np.nan
    follower = tracked(case.method, odometry=True)
    follower.reset()
    status = []
    for sample in walk.samples():
        estimate = follower.push(sample)
        assert estimate is None or np.isfinite(estimate.position_m).all()
        status.append(follower.status)
    assert follower.intake.counts == {"used": len(walk) - 10, "no_odometry": 10}
    assert [s is Status.SENSOR_FAULT for s in status[:112]] == [False] * 105 + [True] * 5 + [False] * 2


def test_what_answers_no_windows_or_knows_no_cells_is_not_tracked() -> None:
    for method in (DeadReckoning(0.1), SampleLocalizer(tiny_mail())):
        with pytest.raises(ConfigError, match="wanted a method that answers windows and knows the map's cells"):
            tracked(method, odometry=False)


# --- what the stands are made of ----------------------------------------------------------------


@pytest.mark.parametrize("rate_hz", [10.0, 50.0])
def test_a_field_that_stops_changing_is_a_stand(rate_hz: float) -> None:
    rng, activity = np.random.default_rng(0), FieldActivity(rate_hz, FilterConfig())
    moving = []
    for index in range(round(20 * rate_hz)):
        way_m = min(index / rate_hz, 10.0)  # ten seconds of walking, then a stand
        field_ut = np.array([0.0, 0.0, 10.0 * np.sin(way_m)]) + rng.normal(0.0, 0.2, 3)
        moving.append(activity.hear(Row(index, field_ut), None))
    second = round(rate_hz)
    assert np.mean(moving[3 * second : 10 * second]) > 0.8
    assert np.mean(moving[12 * second :]) < 0.1
    assert activity.change_ut < FilterConfig().stationary_change_ut


def test_odometry_that_is_quiet_for_longer_than_a_step_is_a_stand() -> None:
    activity = OdometryActivity(10.0)
    tick = Row(0, np.zeros(3))
    steps = [np.array([0.6, 0.0]) if index % 6 == 0 and index < 30 else np.zeros(2) for index in range(60)]
    moving = [activity.hear(tick, step) for step in steps]
    assert min(moving[:36]) == 1.0
    assert max(moving[36:]) == 0.0
