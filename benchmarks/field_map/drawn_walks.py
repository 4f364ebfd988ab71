"""Effect of training on walks from a map of the field, for simulated robots that drive off the surveyed path.

make_building --> survey --> model of the survey alone, of survey and map, ... --+
         +------> drives: on the surveyed path, lateral to it, by other bends ----+--> errors
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.field_map.walks import DrawnWalksConfig, floor_maps, map_walks
from mail_ros.core.types import FloatArray, SampleLocalizer
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.corridor_plan import CorridorPlan, drive_route, lengths_m
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track
from mail_ros.evaluation.estimates import follow
from mail_ros.evaluation.methods import METHODS, Fit
from mail_ros.evaluation.metrics import Metrics, summarize
from mail_ros.training.run_config import RunConfig

SURVEY = DriveConfig(wander_m=0.05)
WALKS = 2  # per survey
STRIDE_S = 0.5  # between two estimates
LENGTH_M = 50.0  # length of each drive: the error of its start weighs ten times as much as on a long one
OTHER_BENDS = "by other bends"
CASES: Mapping[str, DriveConfig] = {
    "as the survey": SURVEY,
    OTHER_BENDS: SURVEY,
    "0.15 m left": dataclasses.replace(SURVEY, lateral_offset_m=0.15),
    "0.3 m left": dataclasses.replace(SURVEY, lateral_offset_m=0.3),
    "0.3 m right": dataclasses.replace(SURVEY, lateral_offset_m=-0.3),
    "wander 0.3 m": dataclasses.replace(SURVEY, wander_m=0.3),
}
Bend = tuple[int, int, int]  # corners before, at and after a change of direction


def drawn(config: DrawnWalksConfig) -> dict[str, DrawnWalksConfig]:
    """Compared variants: the survey alone, walks of the map's mean field, and walks that include its uncertainty."""
    changes: Mapping[str, Mapping[str, Any]] = {
        "survey": {"walks": 0},
        "map": {"uncertainty": 0.0},
        "map, uncertainty": {"uncertainty": 1.0},
    }
    return {name: dataclasses.replace(config, **change) for name, change in changes.items()}


def compare(
    config: RunConfig,
    walks: DrawnWalksConfig,
    seeds: Sequence[int],
    drives: int,
    *,
    poses: bool,
    folder: Path,
    report: Callable[[], None],
) -> dict[tuple[str, str], Metrics]:
    """Errors by case and model, of all buildings together; each drive is another robot's.

    Args:
        config: settings of the models, in the gravity-aligned frame: a map does not contain the attitude of a device.
        walks: settings of the walks drawn from the maps.
        seeds: seeds of the buildings.
        drives: number of drives per case and building.
        poses: whether the survey is labelled at every sample, as by a lidar; else at corners.
        folder: folder of the network runs.
        report: called after each case of each model.
    """
    errors: dict[tuple[str, str], list[FloatArray]] = {}
    for seed in seeds:
        building = make_building(seed)
        surveyed = list(survey(building, WALKS, seed, SURVEY))
        tracks = [walk.true_track("survey") if poses else walk.track("survey") for walk in surveyed]
        maps = floor_maps(tracks, walks.seed)
        driven = {case: list(_drives(building, case, tracks, seed, drives)) for case in CASES}
        for name, each in drawn(walks).items():
            localizer = _fitted(config, [*tracks, *map_walks(maps, each)], folder / f"{seed}-{name.replace(', ', '-')}")
            for case in CASES:
                errors.setdefault((case, name), []).append(_errors_m(localizer, driven[case]))
                report()
    found = {key: np.concatenate(parts) for key, parts in errors.items()}
    return {key: summarize(error_m, np.zeros(len(error_m), np.bool_)) for key, error_m in found.items()}


def bends(route: Sequence[int]) -> set[Bend]:
    """All bends of a route, in both directions of travel."""
    there = set(zip(route, route[1:], route[2:], strict=False))
    return there | {(c, b, a) for a, b, c in there}


def route_by_other_bends(plan: CorridorPlan, length_m: float, known: set[Bend], seed: int) -> list[int]:
    """A route of at least `length_m` that never reverses, and prefers bends that are not `known`."""
    rng = np.random.default_rng([seed, 5])
    route = drive_route(plan, 0.1, seed)
    while lengths_m(plan.corner_m[route]).sum() < length_m:
        onwards = [corner for corner in plan.neighbours(route[-1]) if corner not in route[-2:]]
        others = [corner for corner in onwards if (route[-2], route[-1], corner) not in known]
        route.append(int(rng.choice(others or onwards)))
    return route


def _drives(building: Building, case: str, survey_tracks: Sequence[Track], seed: int, drives: int) -> Iterator[Track]:
    known = set().union(*(bends(_corners(building.plan, track)) for track in survey_tracks))
    for number in range(drives):
        own_seed = 1000 * seed + 100 + number
        route = route_by_other_bends(building.plan, LENGTH_M, known, own_seed) if case == OTHER_BENDS else None
        yield drive(building, CASES[case], own_seed, length_m=LENGTH_M, route=route).true_track(f"{case} {number}")


def _corners(plan: CorridorPlan, track: Track) -> list[int]:
    """The corners that a walk passed, in order."""
    distance_m = np.linalg.norm(np.nan_to_num(track.position_m)[:, None] - plan.corner_m, axis=2)
    nearest = distance_m.argmin(axis=1)[distance_m.min(axis=1) < 1.0]
    return [int(corner) for corner in nearest[np.diff(nearest, prepend=-1) != 0]]


def _fitted(config: RunConfig, tracks: Sequence[Track], folder: Path) -> SampleLocalizer:
    method = METHODS["matching" if config.kind == "matching" else "mail_heatmap"]
    return method.fit(Fit(tracks, config, STRIDE_S, folder)).localizer("odometry", STRIDE_S)


def _errors_m(localizer: SampleLocalizer, tracks: Sequence[Track]) -> FloatArray:
    return np.array([one.error_m for track in tracks for one in follow(localizer, track)])
