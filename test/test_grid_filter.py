"""The grid filter: follows a walk, reports its uncertainty, recovers, stays small and refuses invalid input."""

import math
import pickle
from collections.abc import Callable

import numpy as np
import pytest
from small_maps import (
    RING_M,
    advance,
    along,
    cells_of,
    corridor,
    errors,
    filter_of,
    near,
    ring,
    update,
    walk,
)

from mail_ros.core.errors import ConfigError, ModelError, TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.types import Cells, FloatArray, Prediction


def noisy(cells: Cells, seed: int) -> Callable[[FloatArray], FloatArray]:
    """Log likelihoods of windows: half of them point at the true position, half at a random one."""
    rng = np.random.default_rng(seed)

    def likelihood(true_m: FloatArray) -> FloatArray:
        wrong_m = cells.position_m[rng.integers(len(cells))]
        return near(cells, true_m + rng.normal(0.0, 0.3, 2) if rng.random() < 0.5 else wrong_m)

    return likelihood


# --- following ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("odometry", "bound_m"), [(True, 0.5), (False, 0.8)])
def test_a_walk_is_followed_through_windows_half_of_which_are_wrong(odometry: bool, bound_m: float) -> None:
    cells = ring()
    grid_filter = filter_of(cells, FilterConfig(outlier=0.5), odometry=odometry)  # as many as `noisy` makes
    path_m = along(RING_M * 2, 1.0)
    error_m = errors(walk(grid_filter, path_m, noisy(cells, 3), yaw_rad=2.0))
    assert error_m[200:].mean() < bound_m
    assert (error_m[200:] > 3.0).mean() < 0.02


def test_the_yaw_of_odometry_is_learned_and_learned_again() -> None:
    """Uniform at first; known after the bends of one round; known again after odometry's frame was reset."""
    cells = ring()
    grid_filter = filter_of(cells, odometry=True)
    unknown = grid_filter.odom_yaw
    assert unknown is not None
    assert unknown.variance_rad2 == pytest.approx(np.pi**2 / 3.0)
    path_m = along(RING_M, 1.0)
    for yaw_rad in (2.0, 4.5):
        list(walk(grid_filter, path_m, lambda true_m: near(cells, true_m), yaw_rad))
        learned = grid_filter.odom_yaw
        assert learned is not None
        assert abs(np.angle(np.exp(1j * (learned.angle_rad - yaw_rad)))) < 0.1
        assert learned.variance_rad2 < 0.3**2
    assert filter_of(cells, odometry=False).odom_yaw is None


def test_odometry_carries_the_belief_where_the_field_is_uninformative() -> None:
    cells = ring()
    grid_filter = filter_of(cells, odometry=True)
    list(walk(grid_filter, along(RING_M, 1.0), lambda true_m: near(cells, true_m), 1.0))
    error_m = errors(walk(grid_filter, along(RING_M[:3], 1.0), lambda _: np.zeros(len(cells)), 1.0))
    assert error_m.max() < 2.0


@pytest.mark.parametrize("odometry", [True, False])
def test_a_kidnapped_device_is_found_within_ten_seconds(odometry: bool) -> None:
    cells = ring()
    grid_filter = filter_of(cells, odometry=odometry)
    list(walk(grid_filter, along(RING_M[:3], 1.0), lambda p: near(cells, p)))
    other_m = along([(0.0, 8.0), (0.0, 0.0), (12.0, 0.0)], 1.0)
    error_m = errors(walk(grid_filter, other_m, lambda p: near(cells, p)))
    assert error_m[0] > 5.0
    assert error_m[100:].max() < 2.0


def test_another_floor_is_rare_but_possible() -> None:
    low, high = ring(), ring()
    cells = Cells(np.concatenate([low.position_m, high.position_m]), np.repeat([-1, 0], len(low)))
    grid_filter = filter_of(cells, odometry=False)

    def on(floor: int) -> Callable[[FloatArray], FloatArray]:
        return lambda true_m: near(cells, true_m) - np.where(cells.floor == floor, 0.0, 8.0)

    path_m = along(RING_M, 1.0)
    list(walk(grid_filter, path_m[:15], on(-1)))
    assert grid_filter.posterior().floor == -1
    steps = walk(grid_filter, path_m[15:], on(0))
    next(steps)
    assert grid_filter.posterior().floor == -1  # one window does not change the floor
    list(steps)
    assert grid_filter.posterior().floor == 0


def test_a_quiet_field_keeps_a_stationary_person_in_position() -> None:
    cells = ring()
    grid_filter = filter_of(cells, odometry=False)
    path_m = along(RING_M[:2], 1.0)
    list(walk(grid_filter, path_m[:8], lambda p: near(cells, p)))
    for _ in range(300):
        advance(grid_filter, 0.1, None, 0.3)
    assert np.linalg.norm(grid_filter.posterior().position_m - path_m[7]) < 1.5


# --- what it reports ---------------------------------------------------------------------------------------------


def test_two_positions_with_the_same_field_are_two_hypotheses() -> None:
    cells = corridor(60)
    grid_filter = filter_of(cells, odometry=False)
    left_m, right_m = np.array([5.0, 0.0]), np.array([25.0, 0.0])
    advance(grid_filter, 1.0)
    for _ in range(20):
        advance(grid_filter, 0.5, None, 0.1)
        update(grid_filter, np.logaddexp(near(cells, left_m), near(cells, right_m) + 0.05))
    first, second = grid_filter.hypotheses()[:2]
    assert first.position_m == pytest.approx(right_m, abs=0.2)
    assert second.position_m == pytest.approx(left_m, abs=0.2)
    assert 0.8 < first.weight + second.weight <= 1.0 + 1e-9
    assert first.weight > second.weight > 0.2
    assert math.sqrt(grid_filter.posterior().covariance_m2[0, 0]) > 5.0  # the covariance covers both


def test_windows_of_the_background_change_nothing_and_lower_the_map_fit() -> None:
    """A log likelihood far below 0 in every cell holds no information, however much the cells differ."""
    cells = corridor(60)
    grid_filter = filter_of(cells, odometry=False)
    position_m = np.array([5.0, 0.0])
    for _ in range(10):
        advance(grid_filter, 0.5, None, 0.1)
        update(grid_filter, near(cells, position_m))
    assert grid_filter.map_fit > 1.0
    known = grid_filter.cell_probability
    other = filter_of(cells, odometry=False)
    other.belief = grid_filter.belief.copy()
    for _ in range(100):
        for each, log_likelihood in ((grid_filter, near(cells, np.array([25.0, 0.0])) - 60.0), (other, np.zeros(60))):
            advance(each, 0.5)
            update(each, log_likelihood)
    assert grid_filter.cell_probability == pytest.approx(other.cell_probability, abs=1e-6)
    assert np.abs(grid_filter.cell_probability - known).sum() > 0.1  # time passed
    assert grid_filter.map_fit < -1.0


def test_a_device_that_does_not_move_is_stationary() -> None:
    cells, path_m = ring(), along(RING_M[:2], 1.0)
    for odometry in (True, False):
        grid_filter = filter_of(cells, odometry=odometry)
        list(walk(grid_filter, path_m, lambda p: near(cells, p)))
        assert not grid_filter.is_stationary
        for _ in range(50):
            advance(grid_filter, 0.1, np.zeros(2), 0.3)
        assert grid_filter.is_stationary


def test_a_long_silence_reinitializes_and_a_short_one_widens() -> None:
    cells = ring()
    grid_filter = filter_of(cells, odometry=False)
    list(walk(grid_filter, along(RING_M[:2], 1.0), lambda p: near(cells, p)))
    before_m2 = grid_filter.posterior().covariance_m2.trace()
    advance(grid_filter, 5.0)
    widened_m2 = grid_filter.posterior().covariance_m2.trace()
    assert before_m2 < widened_m2 < 25.0
    advance(grid_filter, 1e6)
    assert grid_filter.cell_probability == pytest.approx(1 / len(cells))


# --- what it costs, and what it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize("odometry", [True, False])
def test_the_state_does_not_grow_and_results_are_deterministic(odometry: bool) -> None:
    cells = ring()
    path_m = along(RING_M, 1.0)

    def run(grid_filter: GridFilter) -> tuple[FloatArray, int]:
        positions = np.array([p for _, p in walk(grid_filter, path_m, noisy(cells, 3), 1.0)])
        return positions, len(pickle.dumps(grid_filter))

    grid_filter = filter_of(cells, odometry=odometry)
    first, size = run(grid_filter)
    list(walk(grid_filter, path_m, noisy(cells, 4), 1.0))
    grid_filter.reset()
    again, later_size = run(grid_filter)
    fresh, _ = run(filter_of(cells, odometry=odometry))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, fresh)
    assert abs(later_size - size) < 100


def test_a_likelihood_that_is_not_a_number_is_refused() -> None:
    cells = corridor(5)
    grid_filter = filter_of(cells, odometry=True)
    for bad in (
        np.full(5, np.nan),
        np.full(5, np.inf),
        np.full(5, -np.inf),
        np.zeros(4),
        np.array([0, 0, np.nan, 0, 0]),
    ):
        with pytest.raises(TrackError, match="the likelihood of a window: wanted 5 log likelihood ratios"):
            grid_filter.update(Prediction(bad))
    update(grid_filter, np.array([0.0, -np.inf, -1.0, -2.0, -np.inf]))
    assert np.isfinite(grid_filter.belief).all()


@pytest.mark.parametrize(("elapsed_s", "moved_m"), [(0.1, [np.nan, 0.0]), (0.1, [0.0, np.inf]), (np.nan, [0.0, 0.0])])
def test_odometry_and_time_that_are_not_numbers_are_refused(elapsed_s: float, moved_m: list[float]) -> None:
    grid_filter = filter_of(corridor(5), odometry=True)
    with pytest.raises(TrackError, match="wanted finite odometry and time"):
        advance(grid_filter, elapsed_s, np.array(moved_m))


@pytest.mark.parametrize("odometry", [True, False])
def test_a_clock_that_is_set_back_resets(odometry: bool) -> None:
    grid_filter = filter_of(ring(), odometry=odometry)
    start = grid_filter.belief.copy()
    list(walk(grid_filter, along(RING_M[:2], 1.0), lambda p: near(grid_filter.cells, p)))
    grid_filter.device_offset_ut = np.ones(3)
    advance(grid_filter, -0.1)
    np.testing.assert_array_equal(grid_filter.belief, start)
    assert not grid_filter.device_offset_ut.any()


@pytest.mark.slow
def test_a_belief_remains_when_odometry_leaves_the_map() -> None:
    grid_filter = filter_of(corridor(5), FilterConfig(kidnap_rate_hz=0.0), odometry=True)
    for _ in range(50):
        advance(grid_filter, 0.1, np.array([40.0, 30.0]))
        update(grid_filter, np.zeros(5))
    assert grid_filter.belief.sum() == pytest.approx(1.0)


def test_a_jump_of_odometry_reinitializes() -> None:
    grid_filter = filter_of(corridor(5), odometry=True)
    update(grid_filter, np.array([0.0, -9.0, -9.0, -9.0, -9.0]))
    advance(grid_filter, 0.1, np.array([1e9, 0.0]))
    assert grid_filter.cell_probability == pytest.approx(0.2)


def test_one_cell_is_a_map() -> None:
    grid_filter = filter_of(corridor(1), odometry=False)
    advance(grid_filter, 1.0)
    update(grid_filter, np.zeros(1))
    assert grid_filter.posterior().position_m == pytest.approx([0.0, 0.0], abs=1.0)


def test_cells_off_the_grid_are_refused() -> None:
    with pytest.raises(ModelError, match=r"wanted centres at whole multiples of 0\.5 m"):
        filter_of(cells_of(np.array([[0.0, 0.0], [0.5, 0.0], [1.2, 0.0]])), odometry=True)


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"filter.headings: wanted 4 to 360, found 1"):
        FilterConfig(headings=1)
