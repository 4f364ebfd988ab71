"""Several robots in one process: each gets what it would get alone."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import synthetic_walk, tiny_config, tiny_mail
from mail_ros.core.localizer.fleet import Fleet
from simulated_tracks import assert_equal, surveys

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model import Model
from mail_ros.core.models.model_file import build
from mail_ros.core.types import Estimate, Sample
from mail_ros.data.dataset import WindowSet
from mail_ros.training.matching import fit_matching
from mail_ros.training.run_config import run_config

STRIDE_S = 0.1
ROBOTS = ("a", "b", "c")


def walk(seed: int, duration_s: float = 8.0) -> list[Sample]:
    """A circle, walked from another place, with a hole."""
    samples = list(synthetic_walk(duration_s, seed=seed).track().samples())
    return samples[30 * seed : 300] + samples[340:]


def together(fleet: Fleet, walks: dict[str, list[Sample]], each: int = 1) -> dict[str, list[Estimate]]:
    """Drive a fleet, some samples of every robot at a time."""
    said: dict[str, list[Estimate]] = {name: [] for name in walks}
    for at in range(0, max(map(len, walks.values())), each):
        arrived = [(name, sample) for name, samples in walks.items() for sample in samples[at : at + each]]
        for name, estimate in fleet.push(arrived):
            said[name].append(estimate)
    return said


def alone(model: Model, tracker: TrackerChoice, samples: list[Sample]) -> list[Estimate]:
    localizer = compose(model, STRIDE_S, tracker)
    return [estimate for sample in samples if (estimate := localizer.push(sample)) is not None]


@pytest.mark.parametrize("tracker", ["none", "walking"])
@pytest.mark.parametrize("each", [1, 25])
def test_a_robot_of_a_fleet_is_told_what_it_would_be_told_alone(tracker: TrackerChoice, each: int) -> None:
    model = tiny_mail(tiny_config("heatmap"))
    fleet = Fleet(model, STRIDE_S, tracker, most=4)
    walks = {name: walk(seed) for seed, name in enumerate(ROBOTS)}
    for name in walks:
        fleet.join(name)
    for name, said in together(fleet, walks, each).items():
        expected = alone(model, tracker, walks[name])
        assert len(said) > 20
        assert [e.stamp_ns for e in said] == [e.stamp_ns for e in expected]
        assert np.array([e.position_m for e in said]) == pytest.approx(
            np.array([e.position_m for e in expected]), abs=1e-4
        )


def test_robots_join_and_leave_and_places_are_used_again() -> None:
    model = tiny_mail(tiny_config("heatmap"))
    fleet = Fleet(model, STRIDE_S, "none", most=2)
    for name in ("a", "b"):
        fleet.join(name)
    with pytest.raises(ConfigError, match="robot c: wanted a free place, found 2 robots"):
        fleet.join("c")
    with pytest.raises(ConfigError, match="robot a: wanted a new name"):
        fleet.join("a")
    together(fleet, {"a": walk(0), "b": walk(1)})
    fleet.leave("a")
    assert ("a" in fleet, "b" in fleet, len(fleet)) == (False, True, 1)
    fleet.join("c")
    said = together(fleet, {"c": walk(2)})["c"]
    expected = alone(model, "none", walk(2))
    assert np.array([e.position_m for e in said]) == pytest.approx(np.array([e.position_m for e in expected]), abs=1e-4)


def test_bad_samples_of_one_robot_change_nothing_for_another() -> None:
    model = tiny_mail(tiny_config("heatmap"))
    good, bad = walk(0), walk(1)
    for sample in bad[50:]:
        sample.field_ut[:] = np.nan
    fleet = Fleet(model, STRIDE_S, "none", most=2)
    for name in ("good", "bad"):
        fleet.join(name)
    said = together(fleet, {"good": good, "bad": bad})
    assert said["bad"] == []
    expected = alone(model, "none", good)
    assert [e.stamp_ns for e in said["good"]] == [e.stamp_ns for e in expected]
    assert all(np.isfinite(e.position_m).all() for e in said["good"])


def test_a_fleet_of_matching_reads_whole_windows() -> None:
    config = run_config(["kind=matching", "sampling.rate_hz=10", "sampling.length_s=6"])
    tracks = surveys()
    model = build(config.model, fit_matching(config, WindowSet(tracks, config.model, 0.5)))
    fleet = Fleet(model, 0.5, "walking", most=2)
    samples = list(tracks[0][:1200].samples())
    for name in ("a", "b"):
        fleet.join(name)
    said = together(fleet, {"a": samples, "b": samples[200:]})
    localizer = compose(model, 0.5, "walking")
    expected = [estimate for sample in samples if (estimate := localizer.push(sample)) is not None]
    assert len(expected) > 20
    assert_equal(said["a"], expected)
