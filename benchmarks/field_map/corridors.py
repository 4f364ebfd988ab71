"""Matching, a field map and its baselines, fitted to the same survey, on drives that leave the surveyed path.

make_building --> survey --> models --------------------------------------------+
         +------> drives: on the surveyed path, lateral to it, by other bends --+--> errors
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from mail_ros.core.types import NEAR_M, SampleLocalizer, Status
from mail_ros.data.scored import Scored, follow
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.corridor_plan import CorridorPlan, drive_route, lengths_m
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track
from mail_ros.evaluation.methods import METHODS, Fit
from mail_ros.evaluation.metrics import Metrics, summarize
from mail_ros.training.run_config import run_config

SURVEY = DriveConfig(wander_m=0.05)
WALKS = 2  # per survey
STRIDE_S = 0.5  # between two estimates
LENGTH_M = 50.0  # length of each drive: the error of its start weighs ten times as much as on a long one
SETTLED_M = 10.0  # travelled, from which a drive is judged again without its start
KINDS: Mapping[str, str] = {
    "matching": "robot",
    "field_map": "area",
    "map_particles": "area",
    "maght": "area",
}  # presets
OTHER_BENDS = "by other bends"
CASES: Mapping[str, DriveConfig] = {
    "as the survey": SURVEY,
    OTHER_BENDS: SURVEY,
    "0.15 m left": dataclasses.replace(SURVEY, lateral_offset_m=0.15),
    "0.3 m left": dataclasses.replace(SURVEY, lateral_offset_m=0.3),
    "0.45 m left": dataclasses.replace(SURVEY, lateral_offset_m=0.45),
    "0.3 m right": dataclasses.replace(SURVEY, lateral_offset_m=-0.3),
    "wander 0.3 m": dataclasses.replace(SURVEY, wander_m=0.3),
}
Bend = tuple[int, int, int]  # corners before, at and after a change of direction


@dataclasses.dataclass(frozen=True)
class Followed:
    """An estimate on a drive, and how far the drive was."""

    scored: Scored
    travelled_m: float  # by odometry

    @property
    def is_localized(self) -> bool:
        """Whether the localizer itself reports a position to rely on."""
        return self.scored.estimate.status in (Status.LOCALIZED, Status.STATIONARY)


@dataclasses.dataclass(frozen=True)
class Result:
    """Errors of some drives, and what the reported status is worth."""

    metrics: Metrics
    localized: float  # fraction of estimates that are LOCALIZED or STATIONARY
    localized_off: float  # fraction of the localized estimates that are over `NEAR_M` off; NaN without any


def compare(
    seeds: Sequence[int], drives: int, *, poses: bool, report: Callable[[], None]
) -> dict[tuple[str, str], list[Followed]]:
    """All estimates by case and kind of model, of all buildings together; each drive is another robot's.

    Args:
        seeds: seeds of the buildings.
        drives: number of drives per case and building.
        poses: whether the survey is labelled at every sample, as by a lidar; else at corners.
        report: called after each case of each kind.
    """
    found: dict[tuple[str, str], list[Followed]] = {}
    for seed in seeds:
        building = make_building(seed)
        tracks = surveyed(building, seed, poses=poses)
        localizers = {kind: fitted(kind, tracks) for kind in KINDS}
        for case in CASES:
            driven = list(case_drives(building, case, tracks, seed, drives))
            for kind, localizer in localizers.items():
                there = found.setdefault((case, kind), [])
                there += [one for track in driven for one in followed(localizer, track)]
                report()
    return found


def result(found: Sequence[Followed], from_m: float) -> Result:
    """Of the estimates after `from_m` of travel."""
    chosen = [one for one in found if one.travelled_m >= from_m]
    error_m = np.array([one.scored.error_m for one in chosen])
    localized = np.array([one.is_localized for one in chosen], np.bool_)
    return Result(
        summarize(error_m, np.zeros(len(error_m), np.bool_)),
        float(localized.mean()) if len(localized) else np.nan,
        float((error_m[localized] > NEAR_M).mean()) if localized.any() else np.nan,
    )


def surveyed(building: Building, seed: int, *, poses: bool) -> list[Track]:
    """The walks of a survey, labelled at every sample or by landmarks at corners."""
    walks = survey(building, WALKS, seed, SURVEY)
    return [walk.true_track("survey") if poses else walk.track("survey") for walk in walks]


def fitted(kind: str, tracks: Sequence[Track]) -> SampleLocalizer:
    """A localizer of one kind of model, which knows nothing but the survey."""
    fit = Fit(tracks, run_config([], KINDS[kind]), STRIDE_S, Path())  # no network, and so no run
    return METHODS[kind].fit(fit).localizer("none" if METHODS[kind].filters else "odometry", STRIDE_S)


def followed(localizer: SampleLocalizer, track: Track) -> Iterator[Followed]:
    """The estimates on a drive from an unknown start."""
    assert track.moved_m is not None
    travelled_m = np.linalg.norm(track.moved_m, axis=1).cumsum()
    for one in follow(localizer, track):
        yield Followed(one, float(travelled_m[np.searchsorted(track.stamp_ns, one.estimate.stamp_ns)]))


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


def case_drives(
    building: Building, case: str, survey_tracks: Sequence[Track], seed: int, drives: int
) -> Iterator[Track]:
    """The drives of one case, labelled with their true positions."""
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
