"""Windows by distance: speed, stops, spins and short reversals do not change them; a long reversal ends them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.signal.distance import MAX_REVERSE_M, MIN_MOVE_M, DistanceResampler, PathProgress
from mail_ros.core.types import FloatArray, Row

START_NS = 1_700_000_000_000_000_000
STEP_NS = 20_000_000
RATE_PER_M = 10.0
AHEAD, BACK = np.array([0.02, 0.0]), np.array([-0.02, 0.0])
LEFT = np.array([0.0, 0.02])


def progress(*legs: tuple[FloatArray, int]) -> list[float | None]:
    """Progress of moves, each repeated so many times."""
    path = PathProgress()
    return [path.push(move_m) for move_m, times in legs for _ in range(times)]


def length_m(advanced: Iterable[float | None]) -> float:
    return sum(each for each in advanced if each is not None)


def restarts(advanced: Iterable[float | None]) -> int:
    return sum(each is None for each in advanced)


def test_a_straight_path_grows_by_its_length() -> None:
    advanced = progress((AHEAD, 50))
    assert length_m(advanced) == pytest.approx(1.0)
    assert restarts(advanced) == 0


def test_very_small_moves_add_up() -> None:
    advanced = progress((AHEAD / 20.0, 1000))
    assert length_m(advanced) == pytest.approx(1.0, abs=MIN_MOVE_M)
    assert max(each for each in advanced if each is not None) < 1.2 * MIN_MOVE_M


def test_jitter_of_a_stationary_robot_is_no_path() -> None:
    rng, path = np.random.default_rng(0), PathProgress()
    for _ in range(50):
        path.push(AHEAD)
    position_m = rng.uniform(-0.007, 0.007, (3000, 2))
    advanced = [path.push(move_m) for move_m in np.diff(position_m, axis=0, prepend=np.zeros((1, 2)))]
    assert advanced == [0.0] * 3000


@pytest.mark.parametrize("back", [5, 25, 45])
def test_a_short_reversal_adds_nothing_until_the_robot_is_beyond_its_farthest_point(back: int) -> None:
    advanced = progress((AHEAD, 50), (BACK, back), (AHEAD, back), (AHEAD, 10))
    assert advanced[50 : 50 + 2 * back] == [0.0] * 2 * back
    assert length_m(advanced[50 + 2 * back :]) == pytest.approx(0.2)
    assert restarts(advanced) == 0


def test_a_long_reversal_restarts_once_in_that_direction() -> None:
    advanced = progress((AHEAD, 100), (BACK, 150))
    assert restarts(advanced) == 1
    at = advanced.index(None)
    assert 0.02 * (at - 100) == pytest.approx(MAX_REVERSE_M, abs=0.05)
    assert advanced[100:at] == [0.0] * (at - 100)
    assert length_m(advanced[at:]) == pytest.approx(3.0 - MAX_REVERSE_M, abs=0.05)


def test_a_robot_that_returns_along_its_path_restarts_each_time() -> None:
    advanced = progress((AHEAD, 100), (BACK, 100), (AHEAD, 100))
    assert restarts(advanced) == 2


def test_corners_and_bends_are_part_of_the_path() -> None:
    assert length_m(progress((AHEAD, 50), (LEFT, 50))) == pytest.approx(2.0)
    path, radius_m = PathProgress(), 0.5
    angle = np.linspace(0.0, math.pi, 80)  # half a circle
    position_m = radius_m * np.column_stack([np.sin(angle), 1.0 - np.cos(angle)])
    advanced = [path.push(move_m) for move_m in np.diff(position_m, axis=0)]
    assert length_m(advanced) == pytest.approx(radius_m * math.pi, abs=2 * MIN_MOVE_M)
    assert restarts(advanced) == 0


def test_a_robot_that_backs_up_and_leaves_sideways_restarts() -> None:
    """Out of a dead end: half a metre back, then into the next corridor."""
    advanced = progress((AHEAD, 100), (BACK, 25), (LEFT, 100))
    assert restarts(advanced) == 1
    assert length_m(advanced[125:]) > 1.0


@given(
    moves=st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), max_size=200),
)
def test_the_path_is_never_longer_than_the_travel(moves: list[tuple[float, float]]) -> None:
    path = PathProgress()
    advanced = [path.push(np.array(move_m)) for move_m in moves]
    assert all(each is None or each >= 0.0 for each in advanced)
    assert length_m(advanced) <= sum(math.hypot(*move_m) for move_m in moves) + 1e-9


# --- rows by distance ------------------------------------------------------------------------------


def field_at(x_m: float) -> FloatArray:
    return np.array([20.0 + x_m, 5.0 - 2.0 * x_m, -43.0])


class Robot:
    """Drives along a corridor whose field rises evenly, and keeps the rows."""

    def __init__(self) -> None:
        self.resampler = DistanceResampler(RATE_PER_M, max_gap_m=0.25)
        self.x_m, self.stamp_ns, self.rows = 0.0, START_NS, list[Row]()
        self.resampler.move(np.zeros(2))
        self._read()

    def go(self, steps_m: Iterable[float], step_ns: int = STEP_NS) -> Robot:
        for step_m in steps_m:
            self.x_m += step_m
            self.stamp_ns += step_ns
            self.resampler.move(np.array([step_m, 0.0]))
            self._read()
        return self

    def _read(self) -> None:
        self.rows += self.resampler.push(self.stamp_ns, field_at(self.x_m))

    @property
    def fields_ut(self) -> FloatArray:
        return np.array([row.values for row in self.rows]).reshape(-1, 3)

    def breaks(self) -> int:
        return sum(after.index != before.index + 1 for before, after in itertools.pairwise(self.rows))


def middles(rows: int) -> FloatArray:
    """(rows, 3) the field in the middle of every tenth of a metre."""
    return np.array([field_at((k + 0.5) / RATE_PER_M) for k in range(rows)]).reshape(-1, 3)


@given(st.lists(st.floats(0.0, 0.2), min_size=1, max_size=100))
def test_the_rows_depend_on_the_position_and_not_on_the_speed(steps_m: list[float]) -> None:
    robot = Robot().go(steps_m)
    assert len(robot.rows) in {int((sum(steps_m) - lag_m) * RATE_PER_M + 1e-6) for lag_m in (0.0, MIN_MOVE_M)}
    assert robot.fields_ut == pytest.approx(middles(len(robot.rows)), abs=1e-3)
    assert robot.breaks() == 0
    assert not robot.resampler.restarts


@pytest.mark.parametrize(
    "pause",
    [
        pytest.param([0.0] * 3000, id="a stop of a minute"),
        pytest.param([-0.02] * 40 + [0.02] * 40, id="a short reversal"),
        pytest.param([-0.01, 0.01] * 500, id="jitter"),
    ],
)
def test_a_pause_changes_no_row(pause: Sequence[float]) -> None:
    robot = Robot().go([0.02] * 100).go(pause).go([0.02] * 100)
    straight = Robot().go([0.02] * 200)
    assert [row.index for row in robot.rows] == [row.index for row in straight.rows]
    assert robot.fields_ut == pytest.approx(straight.fields_ut, abs=1e-9)


def test_a_long_reversal_is_another_window() -> None:
    robot = Robot().go([0.02] * 100).go([-0.02] * 150)
    assert robot.breaks() == 1
    assert len(robot.rows) == pytest.approx(20 + 20, abs=1)
    assert robot.fields_ut[-1, 0] == pytest.approx(field_at(robot.x_m)[0], abs=0.15)
    assert not robot.resampler.restarts  # nothing is missing


def test_a_hole_without_travel_is_no_gap() -> None:
    robot = Robot().go([0.02] * 50).go([0.0], step_ns=60_000_000_000).go([0.02] * 50)
    assert robot.breaks() == 0
    assert not robot.resampler.restarts


def test_a_hole_with_travel_is_a_gap() -> None:
    robot = Robot().go([0.02] * 50).go([0.5], step_ns=1_000_000_000).go([0.02] * 50)
    assert robot.breaks() == 1
    assert robot.resampler.restarts == {"gap": 1}
    assert len(robot.rows) == 10 + 10


def test_a_clock_set_back_restarts() -> None:
    robot = Robot().go([0.02] * 50).go([0.02], step_ns=-5_000_000_000).go([0.02] * 50)
    assert robot.breaks() == 1
    assert robot.resampler.restarts == {"backward": 1}
    assert robot.resampler.counts == {"used": 102}


def test_late_samples_are_counted_and_their_displacement_is_kept() -> None:
    robot = Robot().go([0.02] * 50)
    for step_ns, reason in ((0, "duplicate"), (-100_000_000, "late")):
        robot.resampler.move(AHEAD)
        assert robot.resampler.push(robot.stamp_ns + step_ns, np.full(3, 99.0)) == []
        assert robot.resampler.counts[reason] == 1
    robot.x_m += 0.04
    robot.go([0.02] * 48)
    assert robot.fields_ut == pytest.approx(middles(20), abs=1e-3)


def test_a_reset_drops_the_path_and_keeps_the_counts() -> None:
    robot = Robot().go([0.02] * 53)
    first = [(row.index, *row.values.tolist()) for row in robot.rows]
    robot.resampler.reset()
    robot.x_m, robot.rows = 0.0, []
    robot.go([0.0] + [0.02] * 53)
    assert [(row.index, *row.values.tolist()) for row in robot.rows] == first
    assert robot.resampler.counts == {"used": 108}
    assert not robot.resampler.restarts
