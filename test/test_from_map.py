"""Training on walks that are drawn from a map of the field, compared with training on the survey alone."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from small_buildings import SMALL, small_building

from benchmarks.field_map import drawn_walks as from_map
from benchmarks.field_map import fit
from benchmarks.field_map.walks import DrawnWalksConfig, floor_maps, map_walks
from mail_ros.data.dataset import WindowSet
from mail_ros.data.simulator.building import make_building
from mail_ros.data.simulator.drive import survey
from mail_ros.data.track import Track
from mail_ros.training.run_config import run_config

FEW = DrawnWalksConfig(walks=2, length_m=20.0)


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of few places is enough here, and quick."""
    monkeypatch.setattr(fit, "MAX_POSITIONS", 60)
    monkeypatch.setattr(fit, "REGION_MOST", 10)


@functools.cache
def surveyed() -> tuple[Track, ...]:
    return tuple(walk.track("survey") for walk in survey(small_building(), 1, 0, from_map.SURVEY))


@pytest.mark.parametrize("sampling", ["sampling.rate_hz=10", "sampling.per_m=10"])
def test_drawn_walks_of_each_floor_are_learned_from_like_any_other(sampling: str) -> None:
    config = run_config([sampling], "robot")
    drawn = map_walks(floor_maps(surveyed()), FEW)
    assert len(drawn) == 4
    windows = WindowSet([*surveyed(), *drawn], config.model, 0.5)
    alone = WindowSet(surveyed(), config.model, 0.5)
    assert len(windows) > len(alone) + 40
    assert np.isfinite(windows.fields(windows.ends)).all()


def test_other_bends_are_those_that_no_survey_took() -> None:
    plan = small_building().plan
    known = from_map.bends([0, 1, 2, 5, 4, 3, 0])
    route = from_map.route_by_other_bends(plan, 30.0, known, 0)
    assert all(a != c for a, c in zip(route, route[2:], strict=False))
    over_the_middle = [bend for bend in zip(route, route[1:], route[2:], strict=False) if bend[1] in (1, 4)]
    assert over_the_middle
    assert any(bend not in known for bend in over_the_middle)


@pytest.mark.slow
def test_the_benchmark_has_a_row_for_each_case_and_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(from_map, "make_building", lambda seed: make_building(seed, SMALL))
    monkeypatch.setattr(from_map, "LENGTH_M", 15.0)
    monkeypatch.setattr(from_map, "WALKS", 1)
    names = ("as the survey", from_map.OTHER_BENDS)
    monkeypatch.setattr(from_map, "CASES", {name: from_map.CASES[name] for name in names})
    done: list[None] = []
    config = run_config([], "robot")
    found = from_map.compare(config, FEW, [0], 1, poses=True, folder=tmp_path, report=lambda: done.append(None))
    assert set(found) == {(case, model) for case in names for model in from_map.drawn(FEW)}
    assert len(done) == len(found)
    assert all(metrics.estimates > 10 for metrics in found.values())
