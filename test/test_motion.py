"""Prediction and update equal the forward algorithm, written out cell by cell and heading by heading."""

import math

import numpy as np
import pytest
from small_maps import CELL_M, advance, corridor, filter_of, near, rotated, update

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.types import FloatArray


def weight(offset_m: tuple[float, float], moved_m: FloatArray, angle: float, along_m: float, across_m: float) -> float:
    """A kernel's weight before normalization, as in its docstring."""
    x, y = offset_m[0] - moved_m[0], offset_m[1] - moved_m[1]
    ahead, lateral = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    return math.exp(-0.5 * ((ahead / along_m) ** 2 + (lateral / across_m) ** 2))


def kernel_by_hand(
    moved_m: FloatArray, angle: float, along_m: float, across_m: float, cells: int
) -> dict[tuple[int, int], float]:
    """{(x, y) in cells: weight}, over a disc of this many cells."""
    disc = [(x, y) for x in range(-cells, cells + 1) for y in range(-cells, cells + 1) if math.hypot(x, y) <= cells]
    raw = {(x, y): weight((x * CELL_M, y * CELL_M), moved_m, angle, along_m, across_m) for x, y in disc}
    whole = {at: value / sum(raw.values()) for at, value in raw.items()}
    kept = {at: value for at, value in whole.items() if value >= 1e-3}
    return {at: value / sum(kept.values()) for at, value in kept.items()}


def rotate_by_hand(belief: list[list[float]], config: FilterConfig, uniform: float) -> list[list[float]]:
    k = config.headings
    side = 0.5 * (config.yaw_noise_rad * k / (2 * math.pi)) ** 2
    drifted = [[row[i] + side * (row[i - 1] + row[(i + 1) % k] - 2 * row[i]) for i in range(k)] for row in belief]
    return [[(1 - uniform) * value + uniform * sum(row) / k for value in row] for row in drifted]


def weigh_by_hand(
    belief: list[list[float]], start: list[list[float]], log_likelihood: FloatArray, counted_s: float, c: FilterConfig
) -> FloatArray:
    total, kidnapped = sum(map(sum, belief)), c.kidnap_rate_hz * counted_s
    mixed = np.array(belief) / total * (1 - kidnapped) + kidnapped * np.array(start)
    for cell, value in enumerate(log_likelihood):
        mixed[cell] *= ((1 - c.outlier) * math.exp(value) + c.outlier) ** (c.likelihood_exponent_per_s * counted_s)
    mixed /= mixed.sum()
    return mixed


@pytest.mark.parametrize("by_distance", [False, True])
def test_a_move_by_odometry_equals_the_forward_algorithm_written_out(by_distance: bool) -> None:
    """By distance travelled, a window counts by how far the device went, not by how long it took."""
    config = FilterConfig(headings=6, kidnap_rate_hz=0.01)
    cells, angles = corridor(7), [2 * math.pi * i / 6 for i in range(6)]
    grid_filter = filter_of(cells, config, odometry=True, by_distance=by_distance)
    grid_filter.belief = np.random.default_rng(1).dirichlet(np.ones(7 * 6)).reshape(7, 6)
    before = grid_filter.belief.tolist()
    log_likelihood = np.random.default_rng(2).normal(size=7)
    moved_m = np.array([0.45, 0.4])
    advance(grid_filter, 0.7, moved_m)
    update(grid_filter, log_likelihood)

    deviation = math.hypot(config.position_noise_m, config.odom_noise_ratio * math.hypot(0.45, 0.4))
    reach = int(
        (1.75 * config.update_min_d_m + 2.5 * math.hypot(config.position_noise_m, config.odom_noise_ratio * 0.875))
        / CELL_M
    )
    after = [[0.0] * 6 for _ in range(7)]
    for i, angle in enumerate(angles):
        kernel = kernel_by_hand(rotated(moved_m, angle), angle, deviation, deviation, reach)
        for here in range(7):
            for there in range(7):
                after[there][i] += before[here][i] * kernel.get((there - here, 0), 0.0)
    start = [[1 / 42] * 6 for _ in range(7)]
    counted_s = math.hypot(0.45, 0.4) / config.equivalent_m_per_s if by_distance else 0.7
    expected = weigh_by_hand(
        rotate_by_hand(after, config, config.odom_reset_prob), start, log_likelihood, counted_s, config
    )
    np.testing.assert_allclose(grid_filter.belief, expected, atol=1e-9)


def test_a_walk_without_odometry_equals_the_forward_algorithm_written_out() -> None:
    config = FilterConfig(headings=6, kidnap_rate_hz=0.01)
    k, n, change_ut = 6, 7, 1.0
    cells, angles = corridor(n), [2 * math.pi * i / k for i in range(k)]
    grid_filter = filter_of(cells, config, odometry=False)
    start = grid_filter.belief.tolist()
    grid_filter.belief = np.random.default_rng(1).dirichlet(np.ones(n * (k + 1))).reshape(n, k + 1)
    before = grid_filter.belief.tolist()
    log_likelihood = np.random.default_rng(2).normal(size=n)
    advance(grid_filter, config.walking_s, None, change_ut)
    update(grid_filter, log_likelihood)

    t, step = config.walking_s, config.speed_m_s * config.walking_s
    ahead = math.hypot(config.position_noise_m, config.speed_deviation_m_s * t)
    reach = int((step + 2.5 * ahead) / CELL_M)
    walking = [[0.0] * k for _ in range(n)]
    for i, angle in enumerate(angles):
        ahead_m = np.array([step * math.cos(angle), step * math.sin(angle)])
        kernel = kernel_by_hand(ahead_m, angle, ahead, config.position_noise_m, reach)
        for here in range(n):
            kept = sum(kernel.get((there - here, 0), 0.0) for there in range(n))
            if kept < config.edge:
                for j in range(k):
                    walking[here][j] += before[here][i] / k
                continue
            for there in range(n):
                walking[there][i] += before[here][i] * kernel.get((there - here, 0), 0.0) / kept
    stop, go = 1 - math.exp(-t / config.mean_walk_s), 1 - math.exp(-t / config.mean_stop_s)
    quiet = math.exp(min(3.0, max(-1.0, 4.0 * math.log(config.stationary_change_ut / change_ut))) * t)
    stationary = [((1 - go) * before[c][k] + stop * sum(walking[c])) * quiet for c in range(n)]
    walks = [[(1 - stop) * value + go / k * before[c][k] for value in walking[c]] for c in range(n)]
    after = [[*row, stationary[c]] for c, row in enumerate(rotate_by_hand(walks, config, config.u_turn_prob))]
    expected = weigh_by_hand(after, start, log_likelihood, t, config)
    np.testing.assert_allclose(grid_filter.belief, expected, atol=1e-9)


# --- when a belief moves by odometry, and when a window counts -------------------------------------------------


def heading_along(cell: int, *, by_distance: bool = False) -> GridFilter:
    """A belief in one cell of a corridor, with odometry's yaw known, after an update."""
    grid_filter = filter_of(corridor(30), odometry=True, by_distance=by_distance)
    update(grid_filter, np.zeros(30))
    grid_filter.belief = np.zeros_like(grid_filter.belief)
    grid_filter.belief[cell, 0] = 1.0
    return grid_filter


def middle_m(grid_filter: GridFilter) -> float:
    """Mean of the belief over the cells, without the pending displacement."""
    return float(grid_filter.cell_probability @ grid_filter.cells.position_m[:, 0])


def test_a_belief_is_moved_to_the_end_of_a_window_before_the_window_counts() -> None:
    """A window from the end of a path must not be compared with the position where the path began."""
    grid_filter = heading_along(10)
    advance(grid_filter, 0.5, np.array([0.6, 0.0]))
    assert middle_m(grid_filter) == 5.0, "finer moves would blur the belief"
    assert grid_filter.posterior().position_m[0] == pytest.approx(5.6), "the position follows odometry"
    update(grid_filter, near(grid_filter.cells, np.array([5.6, 0.0])))
    assert middle_m(grid_filter) == pytest.approx(5.6, abs=0.1)
    assert grid_filter.posterior().position_m[0] == pytest.approx(middle_m(grid_filter), abs=0.01), "nothing is pending"


def test_a_window_does_not_count_where_odometry_hardly_moved() -> None:
    grid_filter = heading_along(10)
    advance(grid_filter, 5.0, np.array([0.45, 0.0]))
    before = grid_filter.belief.copy()
    update(grid_filter, near(grid_filter.cells, np.array([9.0, 0.0])))
    np.testing.assert_array_equal(grid_filter.belief, before)


def test_without_a_window_a_belief_moves_after_a_long_displacement() -> None:
    grid_filter = heading_along(10)
    advance(grid_filter, 0.5, np.array([0.9, 0.0]))
    assert middle_m(grid_filter) == pytest.approx(5.9, abs=0.1)


@pytest.mark.parametrize("path_m", [0.6, 0.9])  # moved by the update, and before
def test_by_distance_the_weight_of_a_window_does_not_depend_on_time(path_m: float) -> None:
    """A metre counts the same however long the robot took or stood; by time, it counts more the longer it took."""
    log_likelihood = near(corridor(30), np.array([5.2, 0.0]))

    def belief_after(elapsed_s: float, *, by_distance: bool) -> FloatArray:
        grid_filter = heading_along(10, by_distance=by_distance)
        advance(grid_filter, elapsed_s)
        advance(grid_filter, 0.1, np.array([path_m, 0.0]))
        update(grid_filter, log_likelihood)
        return grid_filter.belief

    np.testing.assert_array_equal(belief_after(0.2, by_distance=True), belief_after(20.0, by_distance=True))
    assert np.abs(belief_after(0.2, by_distance=False) - belief_after(20.0, by_distance=False)).max() > 0.01


def test_without_odometry_windows_by_distance_count_by_time() -> None:
    """The distance is unknown there: otherwise no window would ever count."""
    filters = [filter_of(corridor(30), odometry=False, by_distance=each) for each in (False, True)]
    for grid_filter in filters:
        advance(grid_filter, 1.0)
        update(grid_filter, near(grid_filter.cells, np.array([5.0, 0.0])))
    np.testing.assert_array_equal(filters[0].belief, filters[1].belief)
    assert filters[1].cell_probability.argmax() == 10
