"""Motion and evidence equal the forward algorithm, written out cell by cell and heading by heading."""

import math

import numpy as np
import pytest
from small_maps import CELL_M, corridor, near, turned

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.types import FloatArray


def weight(offset_m: tuple[float, float], way_m: FloatArray, angle: float, along_m: float, across_m: float) -> float:
    """A kernel's weight before it is normalised, as the docstring says it."""
    x, y = offset_m[0] - way_m[0], offset_m[1] - way_m[1]
    ahead, aside = x * math.cos(angle) + y * math.sin(angle), y * math.cos(angle) - x * math.sin(angle)
    return math.exp(-0.5 * ((ahead / along_m) ** 2 + (aside / across_m) ** 2))


def kernel_by_hand(
    way_m: FloatArray, angle: float, along_m: float, across_m: float, cells: int
) -> dict[tuple[int, int], float]:
    """{(x, y) in cells: weight}, over a disc of this many cells."""
    disc = [(x, y) for x in range(-cells, cells + 1) for y in range(-cells, cells + 1) if math.hypot(x, y) <= cells]
    raw = {(x, y): weight((x * CELL_M, y * CELL_M), way_m, angle, along_m, across_m) for x, y in disc}
    whole = {at: value / sum(raw.values()) for at, value in raw.items()}
    kept = {at: value for at, value in whole.items() if value >= 1e-3}
    return {at: value / sum(kept.values()) for at, value in kept.items()}


def turn_by_hand(belief: list[list[float]], config: FilterConfig, anew: float) -> list[list[float]]:
    k = config.headings
    side = 0.5 * (config.yaw_noise_rad * k / (2 * math.pi)) ** 2
    drifted = [[row[i] + side * (row[i - 1] + row[(i + 1) % k] - 2 * row[i]) for i in range(k)] for row in belief]
    return [[(1 - anew) * value + anew * sum(row) / k for value in row] for row in drifted]


def weigh_by_hand(
    belief: list[list[float]], start: list[list[float]], log_ratio: FloatArray, heard_s: float, c: FilterConfig
) -> FloatArray:
    total, lost = sum(map(sum, belief)), c.kidnap_rate_hz * heard_s
    mixed = np.array(belief) / total * (1 - lost) + lost * np.array(start)
    for cell, value in enumerate(log_ratio):
        mixed[cell] *= ((1 - c.outlier) * math.exp(value) + c.outlier) ** (c.likelihood_exponent_per_s * heard_s)
    mixed /= mixed.sum()
    return mixed


@pytest.mark.parametrize("by_way", [False, True])
def test_a_move_by_odometry_equals_the_forward_algorithm_written_out(by_way: bool) -> None:
    """By the way, what the evidence weighs is told by how far it went, not by how long it took."""
    config = FilterConfig(headings=6, kidnap_rate_hz=0.01)
    cells, angles = corridor(7), [2 * math.pi * i / 6 for i in range(6)]
    tracker = GridFilter(cells, config, odometry=True, by_way=by_way)
    tracker.belief = np.random.default_rng(1).dirichlet(np.ones(7 * 6)).reshape(7, 6)
    before = tracker.belief.tolist()
    log_ratio = np.random.default_rng(2).normal(size=7)
    moved_m = np.array([0.45, 0.4])
    tracker.advance(0.7, moved_m)
    tracker.update(log_ratio)

    deviation = math.hypot(config.position_noise_m, config.odom_noise_ratio * math.hypot(0.45, 0.4))
    reach = int(
        (1.75 * config.update_min_d_m + 2.5 * math.hypot(config.position_noise_m, config.odom_noise_ratio * 0.875))
        / CELL_M
    )
    after = [[0.0] * 6 for _ in range(7)]
    for i, angle in enumerate(angles):
        kernel = kernel_by_hand(turned(moved_m, angle), angle, deviation, deviation, reach)
        for here in range(7):
            for there in range(7):
                after[there][i] += before[here][i] * kernel.get((there - here, 0), 0.0)
    start = [[1 / 42] * 6 for _ in range(7)]
    heard_s = math.hypot(0.45, 0.4) / config.equivalent_m_per_s if by_way else 0.7
    expected = weigh_by_hand(turn_by_hand(after, config, config.odom_reset_prob), start, log_ratio, heard_s, config)
    np.testing.assert_allclose(tracker.belief, expected, atol=1e-9)


def test_a_walk_without_odometry_equals_the_forward_algorithm_written_out() -> None:
    config = FilterConfig(headings=6, kidnap_rate_hz=0.01)
    k, n, change_ut = 6, 7, 1.0
    cells, angles = corridor(n), [2 * math.pi * i / k for i in range(k)]
    tracker = GridFilter(cells, config, odometry=False)
    start = tracker.belief.tolist()
    tracker.belief = np.random.default_rng(1).dirichlet(np.ones(n * (k + 1))).reshape(n, k + 1)
    before = tracker.belief.tolist()
    log_ratio = np.random.default_rng(2).normal(size=n)
    tracker.advance(config.walking_s, None, change_ut)
    tracker.update(log_ratio)

    t, step = config.walking_s, config.speed_m_s * config.walking_s
    ahead = math.hypot(config.position_noise_m, config.speed_deviation_m_s * t)
    reach = int((step + 2.5 * ahead) / CELL_M)
    walking = [[0.0] * k for _ in range(n)]
    for i, angle in enumerate(angles):
        way_m = np.array([step * math.cos(angle), step * math.sin(angle)])
        kernel = kernel_by_hand(way_m, angle, ahead, config.position_noise_m, reach)
        for here in range(n):
            kept = sum(kernel.get((there - here, 0), 0.0) for there in range(n))
            if kept < config.edge:
                for j in range(k):
                    walking[here][j] += before[here][i] / k
                continue
            for there in range(n):
                walking[there][i] += before[here][i] * kernel.get((there - here, 0), 0.0) / kept
    stop, go = 1 - math.exp(-t / config.mean_walk_s), 1 - math.exp(-t / config.mean_stop_s)
    still = math.exp(min(3.0, max(-1.0, 4.0 * math.log(config.stationary_change_ut / change_ut))) * t)
    stands = [((1 - go) * before[c][k] + stop * sum(walking[c])) * still for c in range(n)]
    walks = [[(1 - stop) * value + go / k * before[c][k] for value in walking[c]] for c in range(n)]
    after = [[*row, stands[c]] for c, row in enumerate(turn_by_hand(walks, config, config.u_turn_prob))]
    expected = weigh_by_hand(after, start, log_ratio, t, config)
    np.testing.assert_allclose(tracker.belief, expected, atol=1e-9)


# --- when a belief moves by odometry, and what evidence weighs then --------------------------------------------


def heading_along(cell: int, *, by_way: bool = False) -> GridFilter:
    """At a cell of a corridor, its odometry turned as the corridor is, and its evidence taken."""
    tracker = GridFilter(corridor(30), FilterConfig(), odometry=True, by_way=by_way)
    tracker.update(np.zeros(30))
    tracker.belief = np.zeros_like(tracker.belief)
    tracker.belief[cell, 0] = 1.0
    return tracker


def middle_m(tracker: GridFilter) -> float:
    """Of the belief over the cells, without what is pending."""
    return float(tracker.cell_probability @ tracker.cells.position_m[:, 0])


def test_a_belief_is_carried_on_to_where_evidence_comes_from_before_that_counts() -> None:
    """What a window at the end of a way says must not be held against the place where the way began."""
    tracker = heading_along(10)
    tracker.advance(0.5, np.array([0.6, 0.0]))
    assert middle_m(tracker) == 5.0, "finer moves would blur it: it waits"
    assert tracker.posterior().position_m[0] == pytest.approx(5.6), "and yet the place goes on"
    tracker.update(near(tracker.cells, np.array([5.6, 0.0])))
    assert middle_m(tracker) == pytest.approx(5.6, abs=0.1)
    assert tracker.posterior().position_m[0] == pytest.approx(middle_m(tracker), abs=0.01), "nothing is pending"


def test_a_belief_that_hardly_went_on_takes_no_evidence() -> None:
    tracker = heading_along(10)
    tracker.advance(5.0, np.array([0.45, 0.0]))
    before = tracker.belief.copy()
    tracker.update(near(tracker.cells, np.array([9.0, 0.0])))
    np.testing.assert_array_equal(tracker.belief, before)


def test_without_evidence_a_belief_moves_all_the_same_once_it_went_far() -> None:
    tracker = heading_along(10)
    tracker.advance(0.5, np.array([0.9, 0.0]))
    assert middle_m(tracker) == pytest.approx(5.9, abs=0.1)


@pytest.mark.parametrize("way_m", [0.6, 0.9])  # moved by the evidence, and before
def test_by_the_way_time_brings_no_evidence(way_m: float) -> None:
    """However long a robot took or stood, a metre tells as much; by time it tells the more, the longer it took."""
    evidence = near(corridor(30), np.array([5.2, 0.0]))

    def believed(elapsed_s: float, *, by_way: bool) -> FloatArray:
        tracker = heading_along(10, by_way=by_way)
        tracker.advance(elapsed_s)
        tracker.advance(0.1, np.array([way_m, 0.0]))
        tracker.update(evidence)
        return tracker.belief

    np.testing.assert_array_equal(believed(0.2, by_way=True), believed(20.0, by_way=True))
    assert np.abs(believed(0.2, by_way=False) - believed(20.0, by_way=False)).max() > 0.01


def test_without_odometry_windows_by_the_way_count_by_time() -> None:
    """Nobody knows how far it went: else nothing that the windows say would ever count."""
    trackers = [GridFilter(corridor(30), FilterConfig(), odometry=False, by_way=by_way) for by_way in (False, True)]
    for tracker in trackers:
        tracker.advance(1.0)
        tracker.update(near(tracker.cells, np.array([5.0, 0.0])))
    np.testing.assert_array_equal(trackers[0].belief, trackers[1].belief)
    assert trackers[1].cell_probability.argmax() == 10
