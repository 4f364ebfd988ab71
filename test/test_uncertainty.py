"""Uncertainty: the fractions follow from their definitions."""

import math

import numpy as np
import pytest

from mail_ros.core.types import Estimate, Status
from mail_ros.data.scored import Scored
from mail_ros.evaluation.uncertainty import status_fractions, uncertainty, uncertainty_line


def scored(offset_m: tuple[float, float], *, status: Status = Status.LOCALIZED, floor: int = 0) -> Scored:
    """An estimate that far off, whose covariance is 4 m² along x and 1 m² along y; the truth is on floor 0."""
    estimate = Estimate(0, np.array(offset_m), np.diag([4.0, 1.0]), floor, status, ())
    return Scored("walk", estimate, np.zeros(2), 0, False)


def test_draws_from_the_covariance_lie_in_its_regions_as_often_as_they_claim() -> None:
    draws = np.random.default_rng(0).normal(0.0, [2.0, 1.0], (20_000, 2))
    found = uncertainty([scored((x, y)) for x, y in draws.tolist()])
    assert (found.in_50, found.in_90, found.in_95) == pytest.approx((0.5, 0.9, 0.95), abs=0.01)


def test_the_region_is_an_ellipse() -> None:
    reach = math.sqrt(-2.0 * math.log(0.5))
    inside, outside = scored((1.99 * reach, 0.0)), scored((0.0, 1.01 * reach))
    assert uncertainty([inside, outside]).in_50 == 0.5


def test_the_right_place_on_the_wrong_floor_is_not_right() -> None:
    found = uncertainty([scored((0.0, 0.0), floor=1), scored((0.0, 0.0))])
    assert (found.in_95, found.localized_near, found.localized_floor) == (0.5, 0.5, 0.5)


def test_localized_counts_those_with_that_status() -> None:
    found = uncertainty([scored((2.0, 2.0)), scored((3.0, 1.0)), scored((9.0, 0.0), status=Status.UNCERTAIN)])
    assert (found.localized, found.localized_near) == pytest.approx((2 / 3, 0.5))


def test_every_status_has_its_fraction_and_promises_their_wrong_ones() -> None:
    wrong_floor = scored((0.0, 0.0), floor=1)
    others = [scored((9.0, 0.0), status=status) for status in (Status.UNCERTAIN, Status.OUT_OF_AREA)]
    found = status_fractions([scored((0.0, 2.9)), scored((0.0, 3.1)), wrong_floor, *others])
    assert math.isnan(found.pop("STATIONARY, wrong"))
    expected = {"LOCALIZED": 0.6, "LOCALIZED, wrong": 2 / 3, "STATIONARY": 0.0, "UNCERTAIN": 0.2, "OUT_OF_AREA": 0.2}
    assert found == pytest.approx(expected)
    assert math.isnan(uncertainty(others).localized_near)


def test_the_line_of_the_regions_has_no_status() -> None:
    assert uncertainty_line(uncertainty([scored((0.0, 0.0))])) == (
        "inside the 50, 90 and 95 % regions: 100.0%, 100.0%, 100.0%"
    )
