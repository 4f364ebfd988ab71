"""The benchmark of halls: what is compared with what, and that a map of lanes localizes a free drive."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from small_buildings import SMALL_HALL

from benchmarks.field_map.corridors import Followed
from benchmarks.halls import hall_runs
from benchmarks.halls.hall_cases import OWN, PLAIN, TURNING, HallCase, disturbed
from benchmarks.halls.hall_runs import HALL, hall_result, in_building
from benchmarks.robots.cases import curves
from mail_ros.core.types import Estimate, Status
from mail_ros.data.scored import Scored
from mail_ros.data.simulator.building import make_building
from mail_ros.data.simulator.drive import drive


def followed(error_m: float, travelled_m: float) -> Followed:
    at = Estimate(0, np.array([error_m, 0.0]), np.eye(2), 0, Status.LOCALIZED, ())
    return Followed(Scored("drive", at, np.zeros(2), 0, False), travelled_m)


@pytest.mark.parametrize("quick", [False, True])
def test_every_case_has_a_name_of_its_own_and_is_compared_with_one_on_the_same_paths(quick: bool) -> None:
    cases = [*OWN, *disturbed(quick=quick)]
    named = {case.name: case for case in cases}
    assert len(named) == len(cases)
    for case in cases:
        if case.reference:
            assert named[case.reference].length_m == case.length_m
            assert np.isfinite(case.bar)
    assert {curve.name for curve in curves(quick=quick)} <= {name.partition(" ")[0] for name in named}


def test_errors_count_after_some_metres_and_are_compared_with_the_reference() -> None:
    case = HallCase("spins", PLAIN.drive, reference=PLAIN.name, bar=1.25)
    found = {
        (1.0, PLAIN.name): [followed(9.0, 1.0), followed(0.2, 6.0)],
        (1.0, case.name): [followed(9.0, 4.9), followed(0.1, 5.0), followed(1.1, 6.0)],
    }
    one = hall_result(found, 1.0, case)
    assert one.result.metrics.mean_m == pytest.approx(0.6)
    assert one.ratio == pytest.approx(3.0)
    assert one.over_1m == 0.5
    assert np.isnan(hall_result(found, 1.0, PLAIN).ratio)


def test_the_same_number_is_the_same_path_in_every_case_with_a_reference() -> None:
    """A disturbance changes no path: only with that its ratio means something."""
    named = {case.name: case for case in OWN}
    building = make_building(0, HALL)
    building.floors[0].field_ut = lambda position_m: np.zeros_like(position_m)  # type: ignore[method-assign]
    for case in OWN:
        if case.reference:
            own, other = (drive(building, each.drive, 100, length_m=30.0) for each in (case, named[case.reference]))
            np.testing.assert_array_equal(own.position_m, other.position_m)


@pytest.mark.slow
def test_a_map_of_lanes_localizes_a_free_drive_with_rotations_and_reversals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hall_runs, "HALL", SMALL_HALL)
    case = dataclasses.replace(TURNING, length_m=30.0)
    one = hall_result(in_building(0, [1.0], [case], 1, 1), 1.0, case)
    assert one.result.metrics.estimates > 50
    assert one.result.metrics.mean_m < 0.4
    assert one.result.localized > 0.8
