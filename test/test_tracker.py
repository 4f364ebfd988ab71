"""The filter over cells: follows, doubts, recovers, stays small and refuses nonsense."""

import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from small_maps import RING_M, along, cells_of, corridor, errors, near, ring, walk

from mail_ros.core.errors import ConfigError, ModelError, TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.types import Cells, FloatArray


def noisy(cells: Cells, seed: int) -> Callable[[FloatArray], FloatArray]:
    """Windows half of which point well, and half anywhere."""
    rng = np.random.default_rng(seed)

    def evidence(true_m: FloatArray) -> FloatArray:
        wrong_m = cells.position_m[rng.integers(len(cells))]
        return near(cells, true_m + rng.normal(0.0, 0.3, 2) if rng.random() < 0.5 else wrong_m)

    return evidence


# --- following ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("odometry", "bound_m"), [(True, 0.5), (False, 0.8)])
def test_a_walk_is_followed_through_windows_half_of_which_are_wrong(odometry: bool, bound_m: float) -> None:
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(outlier=0.5), odometry=odometry)  # as many as `noisy` makes
    path_m = along(RING_M * 2, 1.0)
    error_m = errors(walk(tracker, path_m, noisy(cells, 3), offset_rad=2.0))
    assert error_m[200:].mean() < bound_m
    assert (error_m[200:] > 3.0).mean() < 0.02


def test_the_angle_of_odometry_is_learnt_and_learnt_anew() -> None:
    """Any at first; after the bends of one round it is known; when odometry's frame is set anew, so is that."""
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=True)
    unknown = tracker.turn()
    assert unknown is not None
    assert unknown.variance_rad2 == pytest.approx(np.pi**2 / 3.0)
    path_m = along(RING_M, 1.0)
    for offset_rad in (2.0, 4.5):
        list(walk(tracker, path_m, lambda true_m: near(cells, true_m), offset_rad))
        learnt = tracker.turn()
        assert learnt is not None
        assert abs(np.angle(np.exp(1j * (learnt.angle_rad - offset_rad)))) < 0.1
        assert learnt.variance_rad2 < 0.3**2
    assert GridFilter(cells, FilterConfig(), odometry=False).turn() is None


def test_odometry_carries_the_belief_where_the_field_says_nothing() -> None:
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=True)
    list(walk(tracker, along(RING_M, 1.0), lambda true_m: near(cells, true_m), 1.0))
    error_m = errors(walk(tracker, along(RING_M[:3], 1.0), lambda _: np.zeros(len(cells)), 1.0))
    assert error_m.max() < 2.0


@pytest.mark.parametrize("odometry", [True, False])
def test_who_is_carried_away_is_found_within_ten_seconds(odometry: bool) -> None:
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=odometry)
    list(walk(tracker, along(RING_M[:3], 1.0), lambda p: near(cells, p)))
    elsewhere_m = along([(0.0, 8.0), (0.0, 0.0), (12.0, 0.0)], 1.0)
    error_m = errors(walk(tracker, elsewhere_m, lambda p: near(cells, p)))
    assert error_m[0] > 5.0
    assert error_m[100:].max() < 2.0


def test_another_floor_is_rare_but_possible() -> None:
    low, high = ring(), ring()
    cells = Cells(np.concatenate([low.position_m, high.position_m]), np.repeat([-1, 0], len(low)))
    tracker = GridFilter(cells, FilterConfig(), odometry=False)

    def on(floor: int) -> Callable[[FloatArray], FloatArray]:
        return lambda true_m: near(cells, true_m) - np.where(cells.floor == floor, 0.0, 8.0)

    path_m = along(RING_M, 1.0)
    list(walk(tracker, path_m[:15], on(-1)))
    assert tracker.posterior().floor == -1
    steps = walk(tracker, path_m[15:], on(0))
    next(steps)
    assert tracker.posterior().floor == -1  # one window does not lift anybody
    list(steps)
    assert tracker.posterior().floor == 0


def test_a_quiet_field_keeps_who_stands_where_he_is() -> None:
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    path_m = along(RING_M[:2], 1.0)
    list(walk(tracker, path_m[:8], lambda p: near(cells, p)))
    for _ in range(300):
        tracker.advance(0.1, None, 0.3)
    assert np.linalg.norm(tracker.posterior().position_m - path_m[7]) < 1.5


# --- what it says ------------------------------------------------------------------------------------------------


def test_two_places_that_look_alike_are_two_hypotheses() -> None:
    cells = corridor(60)
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    left_m, right_m = np.array([5.0, 0.0]), np.array([25.0, 0.0])
    tracker.advance(1.0)
    for _ in range(20):
        tracker.advance(0.5, None, 0.1)
        tracker.update(np.logaddexp(near(cells, left_m), near(cells, right_m) + 0.05))
    first, second = tracker.hypotheses()[:2]
    assert first.position_m == pytest.approx(right_m, abs=0.2)
    assert second.position_m == pytest.approx(left_m, abs=0.2)
    assert 0.8 < first.weight + second.weight <= 1.0 + 1e-9
    assert first.weight > second.weight > 0.2
    assert math.sqrt(tracker.posterior().covariance_m2[0, 0]) > 5.0  # the doubt counts both


def test_windows_from_anywhere_change_nothing_and_support_nothing() -> None:
    """What is far below 0 everywhere is no evidence, however different its cells are; then the map explains nothing."""
    cells = corridor(60)
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    place_m = np.array([5.0, 0.0])
    for _ in range(10):
        tracker.advance(0.5, None, 0.1)
        tracker.update(near(cells, place_m))
    assert tracker.support > 1.0
    known = tracker.cell_probability
    other = GridFilter(cells, FilterConfig(), odometry=False)
    other.belief = tracker.belief.copy()
    for _ in range(100):
        for each, evidence in ((tracker, near(cells, np.array([25.0, 0.0])) - 60.0), (other, np.zeros(60))):
            each.advance(0.5)
            each.update(evidence)
    assert tracker.cell_probability == pytest.approx(other.cell_probability, abs=1e-6)
    assert np.abs(tracker.cell_probability - known).sum() > 0.1  # time went on
    assert tracker.support < -1.0


def test_whoever_stands_is_said_to_stand() -> None:
    cells, path_m = ring(), along(RING_M[:2], 1.0)
    for odometry in (True, False):
        tracker = GridFilter(cells, FilterConfig(), odometry=odometry)
        list(walk(tracker, path_m, lambda p: near(cells, p)))
        assert tracker.standing < 0.5
        for _ in range(50):
            tracker.advance(0.1, np.zeros(2), 0.3)
        assert tracker.standing > 0.5


def test_a_long_silence_forgets_and_a_short_one_spreads() -> None:
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    list(walk(tracker, along(RING_M[:2], 1.0), lambda p: near(cells, p)))
    sure_m2 = tracker.posterior().covariance_m2.trace()
    tracker.advance(5.0)
    spread_m2 = tracker.posterior().covariance_m2.trace()
    assert sure_m2 < spread_m2 < 25.0
    tracker.advance(1e6)
    assert tracker.cell_probability == pytest.approx(1 / len(cells))


# --- what it costs, and what it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize("odometry", [True, False])
def test_the_state_does_not_grow_and_nothing_is_left_to_chance(odometry: bool) -> None:
    cells = ring()
    path_m = along(RING_M, 1.0)

    def run(tracker: GridFilter) -> tuple[FloatArray, int]:
        positions = np.array([p for _, p in walk(tracker, path_m, noisy(cells, 3), 1.0)])
        return positions, len(pickle.dumps(tracker))

    tracker = GridFilter(cells, FilterConfig(), odometry=odometry)
    first, size = run(tracker)
    list(walk(tracker, path_m, noisy(cells, 4), 1.0))
    tracker.reset()
    again, later_size = run(tracker)
    fresh, _ = run(GridFilter(cells, FilterConfig(), odometry=odometry))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, fresh)
    assert abs(later_size - size) < 100


def test_evidence_that_is_not_a_number_is_refused() -> None:
    cells = corridor(5)
    tracker = GridFilter(cells, FilterConfig(), odometry=True)
    for bad in (
        np.full(5, np.nan),
        np.full(5, np.inf),
        np.full(5, -np.inf),
        np.zeros(4),
        np.array([0, 0, np.nan, 0, 0]),
    ):
        with pytest.raises(TrackError, match="the evidence of a window: wanted 5 log likelihood ratios"):
            tracker.update(bad)
    tracker.update(np.array([0.0, -np.inf, -1.0, -2.0, -np.inf]))
    assert np.isfinite(tracker.belief).all()


@pytest.mark.parametrize(
    ("elapsed_s", "moved_m", "change_ut"), [(0.1, [np.nan, 0.0], 1.0), (-0.1, [0, 0], 1.0), (0.1, [0, 0], np.nan)]
)
def test_odometry_that_is_not_a_number_and_time_that_runs_backward_are_refused(
    elapsed_s: float, moved_m: list[float], change_ut: float
) -> None:
    tracker = GridFilter(corridor(5), FilterConfig(), odometry=True)
    with pytest.raises(TrackError, match="wanted finite odometry, and time that goes on"):
        tracker.advance(elapsed_s, np.array(moved_m), change_ut)


def test_odometry_that_leads_off_the_map_leaves_a_belief() -> None:
    tracker = GridFilter(corridor(5), FilterConfig(lost_per_s=0.0), odometry=True)
    for _ in range(50):
        tracker.advance(0.1, np.array([40.0, 30.0]))
        tracker.update(np.zeros(5))
    assert tracker.belief.sum() == pytest.approx(1.0)


def test_a_leap_of_odometry_starts_anew() -> None:
    tracker = GridFilter(corridor(5), FilterConfig(), odometry=True)
    tracker.update(np.array([0.0, -9.0, -9.0, -9.0, -9.0]))
    tracker.advance(0.1, np.array([1e9, 0.0]))
    assert tracker.cell_probability == pytest.approx(0.2)


def test_one_cell_is_a_map() -> None:
    tracker = GridFilter(corridor(1), FilterConfig(), odometry=False)
    tracker.advance(1.0)
    tracker.update(np.zeros(1))
    assert tracker.posterior().position_m == pytest.approx([0.0, 0.0], abs=1.0)


def test_cells_beside_the_grid_are_refused() -> None:
    with pytest.raises(ModelError, match=r"wanted centres at whole multiples of 0\.5 m"):
        GridFilter(cells_of(np.array([[0.0, 0.0], [0.5, 0.0], [1.2, 0.0]])), FilterConfig(), odometry=True)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"filter.headings: wanted 4 to 360, found 1"):
        FilterConfig(headings=1)
