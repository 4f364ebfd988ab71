"""The belief over x, y and yaw."""

from __future__ import annotations

import numpy as np
import pytest

from mail_ros.core.belief import survey_cells
from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.filter.pose_belief import NEGLIGIBLE, SAMPLES, PoseBelief
from mail_ros.core.types import Cells, FloatArray

CELL_M, YAWS = 0.25, 12


def area(width_m: float = 8.0, floors: int = 1) -> Cells:
    """Square floors."""
    ticks = np.arange(0.0, width_m + 1e-9, CELL_M)
    grid = np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)
    return survey_cells(np.tile(grid, (floors, 1)), np.repeat(np.arange(floors), len(grid)), CELL_M)


@pytest.fixture
def belief() -> PoseBelief:
    return PoseBelief(CellGrid(area(), 2.0), YAWS)


def at(belief: PoseBelief, position_m: tuple[float, float], yaw: int) -> None:
    """Be sure of a pose."""
    cells = belief.grid.cells
    cell = int(np.linalg.norm(cells.position_m - position_m, axis=1).argmin())
    weight = np.zeros((YAWS, 1))
    weight[yaw] = 1.0
    belief.set(weight, np.array([cell]), 0.0)


def mean_m(belief: PoseBelief) -> FloatArray:
    """(2,) of what is followed."""
    mean: FloatArray = belief.probability @ belief.grid.cells.position_m[belief.cells] / belief.probability.sum()
    return mean


@pytest.mark.parametrize("yaw", range(0, YAWS, 3))
def test_a_move_shifts_by_odometry_turned_by_each_yaw(belief: PoseBelief, yaw: int) -> None:
    at(belief, (4.0, 4.0), yaw)
    moved_m = np.array([0.31, 0.12])
    belief.move(moved_m, 0.05, 0.0)
    turned = complex(*moved_m) * np.exp(1j * belief.yaw_rad[yaw])
    np.testing.assert_allclose(mean_m(belief) - 4.0, [turned.real, turned.imag], atol=0.02)
    assert belief.weight.sum() + belief.background == pytest.approx(1.0)


def test_long_moves_have_the_deviation_they_are_given(belief: PoseBelief) -> None:
    at(belief, (4.0, 4.0), 0)
    belief.move(np.zeros(2), 0.9, 0.0)
    rest_m = belief.grid.cells.position_m[belief.cells] - mean_m(belief)
    deviation_m = np.sqrt(belief.probability @ np.square(rest_m) / belief.probability.sum())
    np.testing.assert_allclose(deviation_m, 0.9, atol=0.1)


def test_many_moves_have_no_more_variance_than_they_are_given(belief: PoseBelief) -> None:
    at(belief, (2.0, 4.0), 0)
    for _ in range(10):
        belief.move(np.array([0.275, 0.0]), 0.1, 0.0)  # a tenth of a cell more than one
    rest_m = belief.grid.cells.position_m[belief.cells] - mean_m(belief)
    variance_m2 = belief.probability @ np.square(rest_m) / belief.probability.sum()
    np.testing.assert_allclose(mean_m(belief), [4.75, 4.0], atol=1e-3)
    np.testing.assert_allclose(variance_m2, 10 * 0.1**2, rtol=0.01)


def test_all_poses_of_a_large_map_are_compared_at_a_start() -> None:
    belief = PoseBelief(CellGrid(area(40.0), 2.0), 400)
    assert 1.0 / belief.weight.size < NEGLIGIBLE
    assert len(belief.query(1, np.zeros(2)).cells) == belief.weight.size + 400 * SAMPLES


def test_interpolation_reads_a_linear_map_exactly_up_to_its_border() -> None:
    grid = CellGrid(area(2.0), 2.0)
    slope = grid.cells.position_m @ np.array([3.0, -2.0])
    offset, weight = grid.corners(np.array([0.3 + 0.6j, -1.2 + 0.1j]))
    middle = grid.flat[np.linalg.norm(grid.cells.position_m - 1.0, axis=1).argmin()]
    read = (weight * grid.with_border(slope[:, None].astype(np.float32))[middle + offset, 0]).sum(axis=0)
    np.testing.assert_allclose(
        read, 1.0 + CELL_M * np.array([3.0 * 0.3 - 2.0 * 0.6, -3.0 * 1.2 - 2.0 * 0.1]), rtol=1e-5
    )
    assert np.count_nonzero(grid.with_border(np.ones((len(slope), 1), np.float32))) == 11 * 11


def test_what_leaves_the_map_is_background(belief: PoseBelief) -> None:
    at(belief, (8.0, 4.0), 0)
    cells = np.append(belief.cells, np.linalg.norm(belief.grid.cells.position_m - 4.0, axis=1).argmin())
    belief.set(np.ones((YAWS, 2)) * np.eye(YAWS)[:, :1], cells, 0.0)
    belief.move(np.array([1.0, 0.0]), 0.05, 0.0)
    assert belief.background == pytest.approx(0.5, abs=0.02)


def test_a_belief_that_leaves_the_map_as_a_whole_starts_anywhere(belief: PoseBelief) -> None:
    at(belief, (8.0, 4.0), 0)
    belief.move(np.array([1.0, 0.0]), 0.05, 0.0)
    assert len(belief.cells) == len(belief.grid.cells) and belief.background < 1e-3


def test_cost_follows_uncertainty(belief: PoseBelief) -> None:
    assert len(belief.cells) == len(belief.grid.cells)
    at(belief, (4.0, 4.0), 0)
    belief.move(np.array([0.25, 0.0]), 0.05, 0.05)
    assert len(belief.cells) < 50


def test_evidence_concentrates_and_the_samples_stand_for_the_rest(belief: PoseBelief) -> None:
    at(belief, (4.0, 4.0), 0)
    belief.lose(0.2)
    assert len(belief.query(1, np.zeros(2)).cells) == 1 + YAWS * SAMPLES
    means = belief.weigh(np.append(3.0, np.zeros(YAWS * SAMPLES)), -1.0)
    assert [means.followed, means.on_map] == pytest.approx([3.0, 3.0])
    assert means.random == pytest.approx(0.0, abs=1e-6) and means.mapped == pytest.approx(0.8)
    assert belief.background == pytest.approx(0.2 / (0.2 + 0.8 * np.exp(3.0)))


def test_a_path_off_the_map_has_the_likelihood_that_is_given_and_leaves_the_map_unjudged(belief: PoseBelief) -> None:
    at(belief, (4.0, 4.0), 0)
    means = belief.weigh(np.append(np.nan, np.zeros(YAWS * SAMPLES)), -1.0)
    assert means.followed == pytest.approx(-1.0) and means.mapped == 0.0


def test_a_search_follows_the_whole_map_again(belief: PoseBelief) -> None:
    at(belief, (4.0, 4.0), 0)
    belief.search(0.6)
    assert len(belief.cells) == len(belief.grid.cells) and belief.background < 1e-3
    assert belief.probability.max() == pytest.approx(0.4, abs=0.01)


def test_floors_do_not_touch() -> None:
    belief = PoseBelief(CellGrid(area(2.0, floors=2), 2.0), YAWS)
    first = np.flatnonzero(belief.grid.cells.floor == 0)
    belief.set(np.full((YAWS, len(first)), 1.0), first, 0.0)
    for sign in (1.0, -1.0, 1.0, -1.0):
        belief.move(sign * np.array([0.5, 0.5]), 0.1, 0.1)
    assert set(belief.grid.cells.floor[belief.cells]) <= {0}
