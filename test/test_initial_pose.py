"""An initial pose replaces the belief, and is refused where it cannot be true."""

import numpy as np
import pytest
from small_maps import RING_M, along, corridor, errors, filter_of, near, ring, update, walk

from mail_ros.core.belief import GAUSSIAN_FLOOR_M
from mail_ros.core.errors import TrackError
from mail_ros.core.types import Cells, FloatArray


@pytest.mark.parametrize("odometry", [True, False])
def test_an_initial_pose_replaces_the_belief(odometry: bool) -> None:
    """A Gaussian of half a metre around the position; then the filter follows from there, in any direction."""
    cells = ring()
    grid_filter = filter_of(cells, odometry=odometry)
    list(walk(grid_filter, along(RING_M[:3], 1.0), lambda true_m: near(cells, true_m)))
    grid_filter.set_initial_pose(np.array([0.0, 4.0]), 0.25 * np.eye(2), 0)
    assert grid_filter.posterior().position_m == pytest.approx([0.0, 4.0], abs=1e-6)
    deviation_m = np.sqrt(grid_filter.cell_probability @ np.square(cells.position_m[:, 1] - 4.0))
    assert deviation_m == pytest.approx(np.hypot(0.5, 0.25), abs=0.01), "its own deviation, and half a cell"
    assert grid_filter.belief.sum() == pytest.approx(1.0)
    by_heading = grid_filter.belief.sum(axis=0)
    assert by_heading[:4] == pytest.approx(by_heading[0]), "the heading stays open"
    error_m = errors(
        walk(grid_filter, along([(0.0, 4.0), (0.0, 8.0), (6.0, 8.0)], 1.0), lambda true_m: near(cells, true_m))
    )
    assert error_m[-20:].max() < 1.0


def test_an_initial_pose_counts_as_its_covariance() -> None:
    """A Gaussian over the cells of its floor, whatever the belief was before; every heading is equally likely."""
    here = corridor(41)
    cells = Cells(np.vstack([here.position_m, here.position_m]), np.repeat([0, 1], 41))
    grid_filter = filter_of(cells, odometry=False)
    update(grid_filter, np.where(np.arange(82) == 3, 5.0, -5.0))
    grid_filter.set_initial_pose(cells.position_m[20] + 0.1, (1.0 - GAUSSIAN_FLOOR_M**2) * np.eye(2), floor=1)
    probability = grid_filter.cell_probability
    squared = np.square(cells.position_m - cells.position_m[20] - 0.1).sum(axis=1)
    expected = np.where(cells.floor == 1, np.exp(-0.5 * squared), 0.0)
    assert probability == pytest.approx(expected / expected.sum())
    assert grid_filter.posterior().floor == 1
    assert np.ptp(grid_filter.belief[:, :-1], axis=1) == pytest.approx(0.0)


def test_an_initial_pose_is_on_one_floor() -> None:
    position_m = np.tile(ring().position_m, (2, 1))
    cells = Cells(position_m, np.repeat([0, 3], len(position_m) // 2))
    grid_filter = filter_of(cells, odometry=False)
    grid_filter.set_initial_pose(np.array([0.0, 4.0]), np.eye(2), 3)
    assert grid_filter.posterior().floor == 3
    assert grid_filter.cell_probability[cells.floor == 0].sum() == 0.0


@pytest.mark.parametrize(
    ("position_m", "covariance_m2", "floor", "message"),
    [
        (
            [0.0, 4.0],
            np.eye(2),
            1,
            "wanted a position within 3.0 m of the survey, on one of its floors 0, found floor 1",
        ),
        ([-9.0, 4.0], np.eye(2), 0, "found one that is 9.0 m off"),
        ([-9.0, 4.0], 4.0 * np.eye(2), 0, "wanted a position within 6.0 m"),
        ([np.nan, 4.0], np.eye(2), 0, "wanted finite numbers, and a positive semidefinite covariance"),
        ([0.0, 4.0], np.full((2, 2), np.inf), 0, "wanted finite numbers, and a positive semidefinite covariance"),
        ([0.0, 4.0], -np.eye(2), 0, "wanted finite numbers, and a positive semidefinite covariance"),
    ],
)
def test_an_initial_pose_that_cannot_be_true_is_refused_and_changes_nothing(
    position_m: list[float], covariance_m2: FloatArray, floor: int, message: str
) -> None:
    cells = ring()
    grid_filter = filter_of(cells, odometry=False)
    update(grid_filter, near(cells, np.array([12.0, 3.0])))
    before = grid_filter.belief.copy()
    with pytest.raises(TrackError, match=f"the initial pose: .*{message}"):
        grid_filter.set_initial_pose(np.array(position_m), covariance_m2, floor)
    np.testing.assert_array_equal(grid_filter.belief, before)


def test_an_initial_pose_without_uncertainty_is_one_cell_wide() -> None:
    grid_filter = filter_of(ring(), odometry=False)
    grid_filter.set_initial_pose(np.array([0.0, 4.1]), np.zeros((2, 2)), 0)
    assert np.isfinite(grid_filter.belief).all()
    assert grid_filter.posterior().position_m == pytest.approx([0.0, 4.1], abs=0.1)
