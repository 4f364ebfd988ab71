"""Motion and evidence equal the forward algorithm, written out cell by cell and heading by heading."""

import math

import numpy as np
from small_maps import CELL_M, corridor, turned

from mail_ros.core.belief import FloatArray
from mail_ros.core.tracker import Tracker
from mail_ros.core.tracker_config import TrackerConfig


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


def turn_by_hand(belief: list[list[float]], config: TrackerConfig, anew: float) -> list[list[float]]:
    k = config.headings
    side = 0.5 * (config.turn_rad * k / (2 * math.pi)) ** 2
    drifted = [[row[i] + side * (row[i - 1] + row[(i + 1) % k] - 2 * row[i]) for i in range(k)] for row in belief]
    return [[(1 - anew) * value + anew * sum(row) / k for value in row] for row in drifted]


def weigh_by_hand(
    belief: list[list[float]], start: list[list[float]], log_ratio: FloatArray, heard_s: float, c: TrackerConfig
) -> FloatArray:
    total, lost = sum(map(sum, belief)), c.lost_per_s * heard_s
    mixed = np.array(belief) / total * (1 - lost) + lost * np.array(start)
    for cell, value in enumerate(log_ratio):
        mixed[cell] *= ((1 - c.outlier) * math.exp(value) + c.outlier) ** (c.evidence_per_s * heard_s)
    mixed /= mixed.sum()
    return mixed


def test_a_move_by_odometry_equals_the_forward_algorithm_written_out() -> None:
    config = TrackerConfig(headings=6, lost_per_s=0.01)
    cells, angles = corridor(7), [2 * math.pi * i / 6 for i in range(6)]
    tracker = Tracker(cells, config, odometry=True)
    tracker.belief = np.random.default_rng(1).dirichlet(np.ones(7 * 6)).reshape(7, 6)
    before = tracker.belief.tolist()
    log_ratio = np.random.default_rng(2).normal(size=7)
    moved_m = np.array([0.45, 0.4])
    tracker.advance(0.7, moved_m)
    tracker.update(log_ratio)

    deviation = math.hypot(config.place_m, config.odometry_share * math.hypot(0.45, 0.4))
    reach = int((1.75 * config.odometry_m + 2.5 * math.hypot(config.place_m, config.odometry_share * 0.875)) / CELL_M)
    after = [[0.0] * 6 for _ in range(7)]
    for i, angle in enumerate(angles):
        kernel = kernel_by_hand(turned(moved_m, angle), angle, deviation, deviation, reach)
        for here in range(7):
            for there in range(7):
                after[there][i] += before[here][i] * kernel.get((there - here, 0), 0.0)
    start = [[1 / 42] * 6 for _ in range(7)]
    expected = weigh_by_hand(turn_by_hand(after, config, config.odometry_anew), start, log_ratio, 0.7, config)
    np.testing.assert_allclose(tracker.belief, expected, atol=1e-9)


def test_a_walk_without_odometry_equals_the_forward_algorithm_written_out() -> None:
    config = TrackerConfig(headings=6, lost_per_s=0.01)
    k, n, change_ut = 6, 7, 1.0
    cells, angles = corridor(n), [2 * math.pi * i / k for i in range(k)]
    tracker = Tracker(cells, config, odometry=False)
    start = tracker.belief.tolist()
    tracker.belief = np.random.default_rng(1).dirichlet(np.ones(n * (k + 1))).reshape(n, k + 1)
    before = tracker.belief.tolist()
    log_ratio = np.random.default_rng(2).normal(size=n)
    tracker.advance(config.walking_s, None, change_ut)
    tracker.update(log_ratio)

    t, step = config.walking_s, config.speed_m_s * config.walking_s
    ahead = math.hypot(config.place_m, config.speed_deviation_m_s * t)
    reach = int((step + 2.5 * ahead) / CELL_M)
    walking = [[0.0] * k for _ in range(n)]
    for i, angle in enumerate(angles):
        way_m = np.array([step * math.cos(angle), step * math.sin(angle)])
        kernel = kernel_by_hand(way_m, angle, ahead, config.place_m, reach)
        for here in range(n):
            kept = sum(kernel.get((there - here, 0), 0.0) for there in range(n))
            if kept < config.edge:
                for j in range(k):
                    walking[here][j] += before[here][i] / k
                continue
            for there in range(n):
                walking[there][i] += before[here][i] * kernel.get((there - here, 0), 0.0) / kept
    stop, go = 1 - math.exp(-t / config.stop_s), 1 - math.exp(-t / config.stand_s)
    still = math.exp(min(3.0, max(-1.0, 4.0 * math.log(config.still_ut / change_ut))) * t)
    stands = [((1 - go) * before[c][k] + stop * sum(walking[c])) * still for c in range(n)]
    walks = [[(1 - stop) * value + go / k * before[c][k] for value in walking[c]] for c in range(n)]
    after = [[*row, stands[c]] for c, row in enumerate(turn_by_hand(walks, config, config.turned_about))]
    expected = weigh_by_hand(after, start, log_ratio, t, config)
    np.testing.assert_allclose(tracker.belief, expected, atol=1e-9)
