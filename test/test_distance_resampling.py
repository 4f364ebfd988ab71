"""Windows by the way: what a robot's speed, its stops, spins and small reversals do not change, and what ends one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.signal.distance import BACK_M, LEAST_M, DistanceResampler, PathProgress
from mail_ros.core.types import FloatArray, Row

START_NS = 1_700_000_000_000_000_000
STEP_NS = 20_000_000
RATE_PER_M = 10.0
AHEAD, BACK = np.array([0.02, 0.0]), np.array([-0.02, 0.0])
LEFT = np.array([0.0, 0.02])


def progress(*legs: tuple[FloatArray, int]) -> list[float | None]:
    """What is said of moves, each so many times."""
    way = PathProgress()
    return [way.push(move_m) for move_m, times in legs for _ in range(times)]


def longer_m(said: Iterable[float | None]) -> float:
    return sum(each for each in said if each is not None)


def anew(said: Iterable[float | None]) -> int:
    return sum(each is None for each in said)


def test_straight_on_the_way_grows_by_what_is_gone() -> None:
    said = progress((AHEAD, 50))
    assert longer_m(said) == pytest.approx(1.0)
    assert anew(said) == 0


def test_moves_too_small_to_tell_add_up() -> None:
    said = progress((AHEAD / 20.0, 1000))
    assert longer_m(said) == pytest.approx(1.0, abs=LEAST_M)
    assert max(each for each in said if each is not None) < 1.2 * LEAST_M


def test_standing_with_a_trembling_odometry_is_no_way() -> None:
    rng, way = np.random.default_rng(0), PathProgress()
    for _ in range(50):
        way.push(AHEAD)
    place_m = rng.uniform(-0.007, 0.007, (3000, 2))
    said = [way.push(move_m) for move_m in np.diff(place_m, axis=0, prepend=np.zeros((1, 2)))]
    assert said == [0.0] * 3000


@pytest.mark.parametrize("back", [5, 25, 45])
def test_a_short_reversal_is_no_way_until_the_robot_is_beyond_its_turning_point(back: int) -> None:
    said = progress((AHEAD, 50), (BACK, back), (AHEAD, back), (AHEAD, 10))
    assert said[50 : 50 + 2 * back] == [0.0] * 2 * back
    assert longer_m(said[50 + 2 * back :]) == pytest.approx(0.2)
    assert anew(said) == 0


def test_a_long_reversal_begins_anew_once_in_that_direction() -> None:
    said = progress((AHEAD, 100), (BACK, 150))
    assert anew(said) == 1
    at = said.index(None)
    assert 0.02 * (at - 100) == pytest.approx(BACK_M, abs=0.05)
    assert said[100:at] == [0.0] * (at - 100)
    assert longer_m(said[at:]) == pytest.approx(3.0 - BACK_M, abs=0.05)


def test_who_goes_back_the_way_it_came_begins_anew_and_may_do_so_again() -> None:
    said = progress((AHEAD, 100), (BACK, 100), (AHEAD, 100))
    assert anew(said) == 2


def test_a_corner_and_a_bend_are_ways_like_any_other() -> None:
    assert longer_m(progress((AHEAD, 50), (LEFT, 50))) == pytest.approx(2.0)
    way, radius_m = PathProgress(), 0.5
    angle = np.linspace(0.0, math.pi, 80)  # half a turn
    place_m = radius_m * np.column_stack([np.sin(angle), 1.0 - np.cos(angle)])
    said = [way.push(move_m) for move_m in np.diff(place_m, axis=0)]
    assert longer_m(said) == pytest.approx(radius_m * math.pi, abs=2 * LEAST_M)
    assert anew(said) == 0


def test_who_backs_a_little_and_leaves_another_way_begins_anew() -> None:
    """Out of a dead end: half a metre back, then into the corridor beside."""
    said = progress((AHEAD, 100), (BACK, 25), (LEFT, 100))
    assert anew(said) == 1
    assert longer_m(said[125:]) > 1.0


@given(
    moves=st.lists(st.tuples(st.floats(-0.2, 0.2), st.floats(-0.2, 0.2)), max_size=200),
)
def test_the_way_is_never_longer_than_what_is_gone(moves: list[tuple[float, float]]) -> None:
    way = PathProgress()
    said = [way.push(np.array(move_m)) for move_m in moves]
    assert all(each is None or each >= 0.0 for each in said)
    assert longer_m(said) <= sum(math.hypot(*move_m) for move_m in moves) + 1e-9


# --- ticks of the way ------------------------------------------------------------------------------


def row_at(x_m: float) -> FloatArray:
    return np.array([20.0 + x_m, 5.0 - 2.0 * x_m, -43.0])


class Robot:
    """Drives along a corridor whose field rises evenly, and keeps the ticks."""

    def __init__(self) -> None:
        self.sampler = DistanceResampler(RATE_PER_M, max_gap_m=0.25, max_gap_s=0.25)
        self.x_m, self.stamp_ns, self.ticks = 0.0, START_NS, list[Row]()
        self.sampler.go(np.zeros(2))
        self._hear()

    def go(self, steps_m: Iterable[float], step_ns: int = STEP_NS) -> Robot:
        for step_m in steps_m:
            self.x_m += step_m
            self.stamp_ns += step_ns
            self.sampler.go(np.array([step_m, 0.0]))
            self._hear()
        return self

    def _hear(self) -> None:
        self.ticks += self.sampler.push(self.stamp_ns, row_at(self.x_m))

    @property
    def rows(self) -> FloatArray:
        return np.array([tick.row for tick in self.ticks]).reshape(-1, 3)

    def breaks(self) -> int:
        return sum(after.index != before.index + 1 for before, after in itertools.pairwise(self.ticks))


def middles(ticks: int) -> FloatArray:
    """(ticks, 3) the field in the middle of every tenth of a metre."""
    return np.array([row_at((k + 0.5) / RATE_PER_M) for k in range(ticks)]).reshape(-1, 3)


@given(st.lists(st.floats(0.0, 0.2), min_size=1, max_size=100))
def test_the_ticks_are_those_of_the_place_whatever_the_speed(steps_m: list[float]) -> None:
    robot = Robot().go(steps_m)
    assert len(robot.ticks) in {int((sum(steps_m) - lag_m) * RATE_PER_M + 1e-6) for lag_m in (0.0, LEAST_M)}
    assert robot.rows == pytest.approx(middles(len(robot.ticks)), abs=1e-3)
    assert robot.breaks() == 0
    assert not robot.sampler.restarts


@pytest.mark.parametrize(
    "pause",
    [
        pytest.param([0.0] * 3000, id="a stop of a minute"),
        pytest.param([-0.02] * 40 + [0.02] * 40, id="a short reversal"),
        pytest.param([-0.01, 0.01] * 500, id="trembling"),
    ],
)
def test_what_does_not_go_on_changes_no_tick(pause: Sequence[float]) -> None:
    robot = Robot().go([0.02] * 100).go(pause).go([0.02] * 100)
    straight = Robot().go([0.02] * 200)
    assert [tick.index for tick in robot.ticks] == [tick.index for tick in straight.ticks]
    assert robot.rows == pytest.approx(straight.rows, abs=1e-9)


def test_a_long_reversal_is_another_window() -> None:
    robot = Robot().go([0.02] * 100).go([-0.02] * 150)
    assert robot.breaks() == 1
    assert len(robot.ticks) == pytest.approx(20 + 20, abs=1)
    assert robot.rows[-1, 0] == pytest.approx(row_at(robot.x_m)[0], abs=0.15)
    assert not robot.sampler.restarts  # nothing is missing


def test_a_hole_in_which_the_robot_stood_is_none() -> None:
    robot = Robot().go([0.02] * 50).go([0.0], step_ns=60_000_000_000).go([0.02] * 50)
    assert robot.breaks() == 0
    assert not robot.sampler.restarts


def test_a_hole_in_which_it_went_on_is_a_gap() -> None:
    robot = Robot().go([0.02] * 50).go([0.5], step_ns=1_000_000_000).go([0.02] * 50)
    assert robot.breaks() == 1
    assert robot.sampler.restarts == {"gap": 1}
    assert len(robot.ticks) == 10 + 10


def test_a_clock_set_back_begins_anew() -> None:
    robot = Robot().go([0.02] * 50).go([0.02], step_ns=-5_000_000_000).go([0.02] * 50)
    assert robot.breaks() == 1
    assert robot.sampler.restarts == {"backward": 1}
    assert robot.sampler.counts == {"used": 102}


def test_late_samples_are_counted_and_their_way_is_kept() -> None:
    robot = Robot().go([0.02] * 50)
    for step_ns, reason in ((0, "duplicate"), (-100_000_000, "late")):
        robot.sampler.go(AHEAD)
        assert robot.sampler.push(robot.stamp_ns + step_ns, np.full(3, 99.0)) == []
        assert robot.sampler.counts[reason] == 1
    robot.x_m += 0.04
    robot.go([0.02] * 48)
    assert robot.rows == pytest.approx(middles(20), abs=1e-3)


def test_a_reset_forgets_the_way_and_keeps_the_counts() -> None:
    robot = Robot().go([0.02] * 53)
    first = [(tick.index, *tick.row.tolist()) for tick in robot.ticks]
    robot.sampler.reset()
    robot.x_m, robot.ticks = 0.0, []
    robot.go([0.0] + [0.02] * 53)
    assert [(tick.index, *tick.row.tolist()) for tick in robot.ticks] == first
    assert robot.sampler.counts == {"used": 108}
    assert not robot.sampler.restarts
