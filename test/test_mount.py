"""The angle between the field's axes and odometry's: none is expected, another one is learnt."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from small_maps import RING_M, along, near, ring, turned

from mail_ros.core.belief import FloatArray
from mail_ros.core.mount import MountAngle
from mail_ros.core.tracker import Tracker
from mail_ros.core.tracker_config import TrackerConfig

COLUMNS, CELLS = 24, 30
ANGLE_RAD = np.arange(COLUMNS) * 2.0 * np.pi / COLUMNS
DEVIATION_RAD, UNKNOWN = 0.1, 0.2


def new() -> MountAngle:
    return MountAngle(ANGLE_RAD, DEVIATION_RAD, UNKNOWN)


def peak(cell: int, column: int) -> FloatArray:
    """(CELLS, COLUMNS) one place and one turn, most likely."""
    weight = np.full((CELLS, COLUMNS), 0.01)
    weight[cell, column % COLUMNS] = 1.0
    return weight


def belief_of(cell: int, column: int) -> FloatArray:
    weight = peak(cell, column)
    belief: FloatArray = weight / weight.sum()
    return belief


def test_at_first_the_mount_is_most_likely_known_and_may_be_any() -> None:
    mount = new()
    assert mount.weight.sum() == pytest.approx(1.0)
    assert mount.weight.argmax() == 0
    assert mount.weight[[0, 1, -1]].sum() > 1.0 - UNKNOWN
    assert mount.weight[12] == pytest.approx(UNKNOWN / COLUMNS)


@pytest.mark.parametrize("turn", [1, 7, 12, 23])
def test_a_constant_angle_is_learnt(turn: int) -> None:
    """The window's axes are odometry's, turned: what it says of turns lies as many columns beside the belief's."""
    mount = new()
    for at in range(10):
        column = 5 + at // 4
        mount.learn(belief_of(at, column), peak(at, column - turn))
    assert mount.weight.argmax() == turn
    assert mount.weight[turn] > 0.95
    mount.reset()
    assert mount.weight.tolist() == new().weight.tolist()


def test_where_none_fits_it_stays_at_none() -> None:
    mount = new()
    for at in range(10):
        mount.learn(belief_of(at, 5), peak(at, 5))
    assert mount.weight[0] > 0.99


def test_windows_and_beliefs_that_tell_no_turn_teach_nothing() -> None:
    mount, flat = new(), np.full((CELLS, COLUMNS), 1.0 / (CELLS * COLUMNS))
    for at in range(10):
        mount.learn(flat, peak(at, at))
        mount.learn(belief_of(at, at), flat)
    assert mount.weight == pytest.approx(new().weight)


@pytest.mark.parametrize("turn", [0, 7])
def test_what_a_window_says_is_expected_where_the_mount_turns_it(turn: int) -> None:
    mount = new()
    mount.weight = np.eye(COLUMNS)[turn]
    assert mount.expect(peak(3, 4)) == pytest.approx(peak(3, 4 + turn))


def test_an_unsure_mount_blurs_the_turn_and_no_place() -> None:
    expected = new().expect(peak(3, 4))
    assert expected.sum(axis=1) == pytest.approx(peak(3, 4).sum(axis=1))
    assert expected.argmax() == peak(3, 4).argmax()
    assert expected[3, 4 + 9] > peak(3, 4)[3, 4 + 9]


# --- in the tracker ------------------------------------------------------------------------------------


def lap(mount_rad: float, laps: int = 2, sure_ut: float = 30.0) -> Tracker:
    """Round a block, whose windows point at the place and say how their axes are turned; odometry is turned by 2."""
    cells, odometry_rad = ring(), 2.0
    tracker = Tracker(cells, TrackerConfig(), odometry=True)
    axes_rad = odometry_rad - mount_rad  # of the windows, to the map
    told = sure_ut * np.tile([math.cos(axes_rad), math.sin(axes_rad)], (len(cells), 1))
    for start, stop in pairwise(along(RING_M * laps, 0.5)):
        tracker.advance(0.5, turned(stop - start, -odometry_rad))
        tracker.update(near(cells, stop), turned=told)
    return tracker


def off_rad(tracker: Tracker) -> float:
    """Of odometry's turn, which is 2."""
    turn = tracker.turn()
    assert turn is not None
    return abs((turn.angle_rad - 2.0 + math.pi) % (2.0 * math.pi) - math.pi)


def test_windows_that_say_how_they_are_turned_tell_odometry_s_turn_sooner() -> None:
    """Within the first two metres of a straight way."""
    cells = ring()
    variance_rad2 = []
    for told in (30.0 * np.tile([math.cos(2.0), math.sin(2.0)], (len(cells), 1)), None):
        tracker = Tracker(cells, TrackerConfig(), odometry=True)
        for step in range(4):
            tracker.advance(0.5, turned(np.array([0.5, 0.0]), -2.0))
            tracker.update(near(cells, np.array([4.0 + 0.5 * step, 0.0])), turned=told)
        turn = tracker.turn()
        assert turn is not None
        assert off_rad(tracker) < 0.1
        variance_rad2.append(turn.variance_rad2)
    assert variance_rad2[0] < 0.2 * variance_rad2[1]


@pytest.mark.parametrize(("mount_rad", "within_rad"), [(0.0, 0.2), (1.5, 0.2), (math.pi, 0.2), (-2.0, 0.2), (0.5, 0.6)])
def test_any_mount_is_followed(mount_rad: float, within_rad: float) -> None:
    """A small one only roughly: none is expected, and odometry's turn takes up what is left."""
    tracker = lap(mount_rad)
    assert tracker.mount is not None
    most = float(ANGLE_RAD[int(tracker.mount.weight.argmax())])
    assert abs((most - mount_rad + math.pi) % (2.0 * math.pi) - math.pi) < within_rad
    assert off_rad(tracker) < within_rad
    assert np.linalg.norm(tracker.posterior().position_m - np.array(RING_M[-1])) < 0.5


def test_an_angle_that_windows_are_not_sure_of_does_no_harm() -> None:
    tracker = lap(0.0, sure_ut=0.0)
    assert off_rad(tracker) < 0.2  # the block's corners tell it
    assert tracker.mount is not None
    assert tracker.mount.weight == pytest.approx(tracker.mount.weight[0] * new().weight / new().weight[0], rel=1e-6)


def test_without_odometry_an_angle_says_nothing() -> None:
    cells = ring()
    one, other = (Tracker(cells, TrackerConfig(), odometry=False) for _ in range(2))
    for tracker, said in ((one, np.ones((len(cells), 2))), (other, None)):
        tracker.advance(1.0)
        tracker.update(near(cells, np.array([6.0, 0.0])), turned=said)
    assert np.array_equal(one.belief, other.belief)
