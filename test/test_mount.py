"""The angle between the field's axes and odometry's: none is expected, another one is learnt."""

from __future__ import annotations

import numpy as np
import pytest

from mail_ros.core.belief import FloatArray
from mail_ros.core.mount import MountAngle

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
