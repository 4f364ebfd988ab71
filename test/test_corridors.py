"""Matching and a map of the field, compared on drives through simulated corridors."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from small_buildings import SMALL, small_building

from benchmarks.field_map import corridors
from benchmarks.field_map.corridors import Followed
from mail_ros.core.types import Estimate, Status
from mail_ros.data.scored import Scored
from mail_ros.data.simulator.building import make_building
from mail_ros.data.simulator.simulation_config import BuildingConfig


def estimate(error_m: float, status: Status, travelled_m: float) -> Followed:
    at = Estimate(0, np.array([error_m, 0.0]), np.eye(2), 0, status, ())
    return Followed(Scored("drive", at, np.zeros(2), 0, False), travelled_m)


def test_other_bends_are_those_that_no_survey_took() -> None:
    plan = small_building().plan
    known = corridors.bends([0, 1, 2, 5, 4, 3, 0])
    route = corridors.route_by_other_bends(plan, 30.0, known, 0)
    assert all(a != c for a, c in zip(route, route[2:], strict=False))
    over_the_middle = [bend for bend in zip(route, route[1:], route[2:], strict=False) if bend[1] in (1, 4)]
    assert over_the_middle
    assert any(bend not in known for bend in over_the_middle)


def test_a_wrong_position_counts_as_such_only_where_it_is_reported_as_localized() -> None:
    found = [
        estimate(9.0, Status.UNCERTAIN, 2.0),
        estimate(4.0, Status.LOCALIZED, 11.0),
        estimate(1.0, Status.STATIONARY, 12.0),
        estimate(7.0, Status.OUT_OF_AREA, 13.0),
    ]
    everything, settled, start = (
        corridors.result(part, at_m) for part, at_m in ((found, 0.0), (found, 10.0), (found[:1], 0.0))
    )
    assert (everything.metrics.estimates, everything.localized, everything.localized_off) == (4, 0.5, 0.5)
    assert settled.metrics.mean_m == pytest.approx(4.0)
    assert settled.localized == pytest.approx(2.0 / 3.0)
    assert start.localized == 0.0
    assert math.isnan(start.localized_off)


@pytest.mark.slow
@pytest.mark.parametrize("poses", [True, False])
def test_the_benchmark_has_estimates_for_each_case_and_kind(poses: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    one_floor: BuildingConfig = dataclasses.replace(SMALL, floors=1)
    monkeypatch.setattr(corridors, "make_building", lambda seed: make_building(seed, one_floor))
    monkeypatch.setattr(corridors, "LENGTH_M", 15.0)
    names = ("as the survey", corridors.OTHER_BENDS)[: 2 if poses else 1]
    monkeypatch.setattr(corridors, "CASES", {name: corridors.CASES[name] for name in names})
    done: list[None] = []
    found = corridors.compare([0], 1, poses=poses, report=lambda: done.append(None))
    assert set(found) == {(case, kind) for case in names for kind in corridors.KINDS}
    assert len(done) == len(found)
    settled = {key: corridors.result(each, corridors.SETTLED_M).metrics for key, each in found.items()}
    assert all(metrics.estimates > 5 and metrics.median_m < 3.0 for metrics in settled.values())
