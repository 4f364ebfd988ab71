"""Somebody's word for where the device is: it replaces what was believed, and is refused where it cannot be true."""

import numpy as np
import pytest
from small_maps import RING_M, along, corridor, errors, near, ring, walk

from mail_ros.core.belief import GAUSSIAN_FLOOR_M
from mail_ros.core.errors import TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.types import Cells, FloatArray


@pytest.mark.parametrize("odometry", [True, False])
def test_somebody_s_word_replaces_all_that_was_believed(odometry: bool) -> None:
    """A Gaussian of half a metre around the place; then it walks on from there, by whatever way."""
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=odometry)
    list(walk(tracker, along(RING_M[:3], 1.0), lambda true_m: near(cells, true_m)))
    tracker.believe(np.array([0.0, 4.0]), 0.25 * np.eye(2), 0)
    assert tracker.posterior().position_m == pytest.approx([0.0, 4.0], abs=1e-6)
    deviation_m = np.sqrt(tracker.cell_probability @ np.square(cells.position_m[:, 1] - 4.0))
    assert deviation_m == pytest.approx(np.hypot(0.5, 0.25), abs=0.01), "its own, and half a cell"
    assert tracker.belief.sum() == pytest.approx(1.0)
    by_heading = tracker.belief.sum(axis=0)
    assert by_heading[:4] == pytest.approx(by_heading[0]), "the heading stays open"
    error_m = errors(
        walk(tracker, along([(0.0, 4.0), (0.0, 8.0), (6.0, 8.0)], 1.0), lambda true_m: near(cells, true_m))
    )
    assert error_m[-20:].max() < 1.0


def test_a_word_is_believed_as_far_as_it_is_sure() -> None:
    """A Gaussian over the cells of its floor, whatever was believed before; every heading is as likely."""
    here = corridor(41)
    cells = Cells(np.vstack([here.position_m, here.position_m]), np.repeat([0, 1], 41))
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    tracker.update(np.where(np.arange(82) == 3, 5.0, -5.0))
    tracker.believe(cells.position_m[20] + 0.1, (1.0 - GAUSSIAN_FLOOR_M**2) * np.eye(2), floor=1)
    probability = tracker.cell_probability
    squared = np.square(cells.position_m - cells.position_m[20] - 0.1).sum(axis=1)
    expected = np.where(cells.floor == 1, np.exp(-0.5 * squared), 0.0)
    assert probability == pytest.approx(expected / expected.sum())
    assert tracker.posterior().floor == 1
    assert np.ptp(tracker.belief[:, :-1], axis=1) == pytest.approx(0.0)


def test_a_word_is_of_one_floor_only() -> None:
    position_m = np.tile(ring().position_m, (2, 1))
    cells = Cells(position_m, np.repeat([0, 3], len(position_m) // 2))
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    tracker.believe(np.array([0.0, 4.0]), np.eye(2), 3)
    assert tracker.posterior().floor == 3
    assert tracker.cell_probability[cells.floor == 0].sum() == 0.0


@pytest.mark.parametrize(
    ("position_m", "covariance_m2", "floor", "message"),
    [
        ([0.0, 4.0], np.eye(2), 1, "wanted one within 3.0 m of the survey, on one of its floors 0, found floor 1"),
        ([-9.0, 4.0], np.eye(2), 0, "found one that is 9.0 m off"),
        ([-9.0, 4.0], 4.0 * np.eye(2), 0, "wanted one within 6.0 m"),
        ([np.nan, 4.0], np.eye(2), 0, "wanted finite numbers, and a covariance that is one"),
        ([0.0, 4.0], np.full((2, 2), np.inf), 0, "wanted finite numbers, and a covariance that is one"),
        ([0.0, 4.0], -np.eye(2), 0, "wanted finite numbers, and a covariance that is one"),
    ],
)
def test_a_word_that_cannot_be_true_is_refused_and_changes_nothing(
    position_m: list[float], covariance_m2: FloatArray, floor: int, message: str
) -> None:
    cells = ring()
    tracker = GridFilter(cells, FilterConfig(), odometry=False)
    tracker.update(near(cells, np.array([12.0, 3.0])))
    before = tracker.belief.copy()
    with pytest.raises(TrackError, match=f"the place of the device: .*{message}"):
        tracker.believe(np.array(position_m), covariance_m2, floor)
    np.testing.assert_array_equal(tracker.belief, before)


def test_a_word_without_any_doubt_is_of_one_cell_s_width() -> None:
    tracker = GridFilter(ring(), FilterConfig(), odometry=False)
    tracker.believe(np.array([0.0, 4.1]), np.zeros((2, 2)), 0)
    assert np.isfinite(tracker.belief).all()
    assert tracker.posterior().position_m == pytest.approx([0.0, 4.1], abs=0.1)
