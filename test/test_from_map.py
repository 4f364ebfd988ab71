"""Training on walks from a map: asked for by a setting, said in the card, and compared in a benchmark."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from small_buildings import SMALL, small_building

from benchmarks.field_map import drawn_walks as from_map
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.model_file import load_model
from mail_ros.data.dataset import WindowSet
from mail_ros.data.field_map import fit
from mail_ros.data.simulator.bag import write_bag
from mail_ros.data.simulator.building import make_building
from mail_ros.data.simulator.survey import survey
from mail_ros.data.track import Track
from mail_ros.training.from_map import with_map_walks
from mail_ros.training.run_config import run_config
from mail_ros.training.train import Survey, train

MAP = ["field_map.walks=2", "field_map.length_m=20"]


@pytest.fixture(autouse=True)
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """A map of few places is enough here, and quick."""
    monkeypatch.setattr(fit, "MOST", 60)
    monkeypatch.setattr(fit, "REGION_MOST", 10)


@functools.cache
def surveyed() -> tuple[Track, ...]:
    return tuple(walk.track("survey") for walk in survey(small_building(), 1, 0, from_map.SURVEY))


def test_without_the_setting_training_sees_the_survey_alone() -> None:
    walks = with_map_walks(run_config([], "robot"), surveyed())
    assert [id(track) for track in walks.tracks] == [id(track) for track in surveyed()]
    assert walks.record == {}


@pytest.mark.parametrize("sampling", ["sampling.rate_hz=10", "sampling.per_m=10"])
def test_with_it_walks_of_each_floor_are_learned_from_like_any_other(sampling: str) -> None:
    config = run_config([*MAP, sampling], "robot")
    walks = with_map_walks(config, surveyed())
    assert len(walks.tracks) == len(surveyed()) + 4
    windows = WindowSet(walks.tracks, config.model, 0.5)
    alone = WindowSet(surveyed(), config.model, 0.5)
    assert len(windows) > len(alone) + 40
    assert np.isfinite(windows.fields(windows.ends)).all()


def test_a_map_is_no_help_in_the_devices_axes_and_says_so() -> None:
    with pytest.raises(ConfigError, match=r"field_map\.walks: wanted axes=gravity"):
        with_map_walks(run_config(MAP), surveyed())


@pytest.mark.parametrize("kind", ["matching", "mail"])
def test_the_card_says_what_was_drawn(kind: str, tmp_path: Path) -> None:
    bags = []
    for number, walk in enumerate(survey(small_building(), 2, 0, from_map.SURVEY)):
        write_bag(tmp_path / f"walk{number}", walk)
        bags.append(tmp_path / f"walk{number}")
    settings = [f"kind={kind}", "sampling.rate_hz=10", "training.epochs=1", "mail.hidden=4"]
    config = run_config([*MAP, *settings], "robot")
    out = tmp_path / "m.safetensors"
    train(config, Survey(bags[:1], bags[1:2]), out, tmp_path / "run", resume=False, report=lambda _: None)
    said = load_model(out)[1].training["field_map"]
    assert said["settings"]["walks"] == 2
    assert said["floors"]["0"]["deviation_ut"] > said["floors"]["0"]["noise_ut"] > 0.0
    assert '"walks": 2' in (tmp_path / "run" / "config.json").read_text()


def test_other_turns_are_those_that_no_survey_took() -> None:
    plan = small_building().plan
    known = from_map.turns([0, 1, 2, 5, 4, 3, 0])
    route = from_map.route_by_other_turns(plan, 30.0, known, 0)
    assert all(a != c for a, c in zip(route, route[2:], strict=False))
    over_the_middle = [turn for turn in zip(route, route[1:], route[2:], strict=False) if turn[1] in (1, 4)]
    assert over_the_middle
    assert any(turn not in known for turn in over_the_middle)


def test_the_benchmark_has_a_row_for_each_case_and_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(from_map, "make_building", lambda seed: make_building(seed, SMALL))
    monkeypatch.setattr(from_map, "LENGTH_M", 15.0)
    monkeypatch.setattr(from_map, "WALKS", 1)
    names = ("as the survey", from_map.OTHER_TURNS)
    monkeypatch.setattr(from_map, "CASES", {name: from_map.CASES[name] for name in names})
    done: list[None] = []
    config = run_config(MAP, "robot")
    found = from_map.compare(config, [0], 1, poses=True, folder=tmp_path, report=lambda: done.append(None))
    assert set(found) == {(case, model) for case in names for model in from_map.models(config)}
    assert len(done) == len(found)
    assert all(metrics.estimates > 10 for metrics in found.values())
