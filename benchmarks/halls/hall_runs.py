"""Maps of lawn-mower surveys, and free drives through the hall that start anywhere at any yaw.

make_building --> lanes of the hall, walks of the corridors --> field map --+
         +------> free drives: one robot each ------------------------------+--> errors
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from benchmarks.field_map.corridors import Followed, Result, fitted, followed, result
from benchmarks.halls.hall_cases import HallCase
from benchmarks.robots.world import calibrated, corrected
from mail_ros.core.types import SampleLocalizer
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.simulation_config import BuildingConfig, DriveConfig
from mail_ros.data.track import Track
from mail_ros.evaluation.workers import context, end_with_parent

HALL = BuildingConfig(aisles=2, length_m=10.0, spacing_m=8.0, crossings=2, hall_length_m=22.0, hall_width_m=14.0)
SETTLED_M = 5.0  # travelled before estimates are counted
OFF_M = 1.0
Key = tuple[float, str]  # distance of lanes, name of a case


@dataclass(frozen=True)
class HallResult:
    """Errors of a case after `SETTLED_M` of travel."""

    result: Result
    over_1m: float  # fraction of errors above `OFF_M`
    ratio: float  # mean error over that of the case's reference; NaN without one


def compare(
    seeds: Sequence[int],
    lanes_m: Sequence[float],
    cases: Sequence[HallCase],
    drives: int,
    walks: int,
    report: Callable[[], None],
) -> dict[Key, list[Followed]]:
    """All estimates by distance of lanes and case, of all buildings together; one process per core.

    Args:
        seeds: seeds of the buildings.
        lanes_m: distances of lanes.
        cases: of drives.
        drives: number of drives per case and building; the same number has the same path and robot in every case.
        walks: number of walks over all lanes, every second one backwards.
        report: called after each building.
    """
    with ProcessPoolExecutor(min(len(seeds), os.cpu_count() or 1), context(), end_with_parent) as pool:
        jobs = [pool.submit(in_building, seed, lanes_m, cases, drives, walks) for seed in seeds]
        for _ in as_completed(jobs):
            report()
    parts = [job.result() for job in jobs]
    return {key: [one for part in parts for one in part[key]] for key in parts[0]}


def in_building(
    seed: int, lanes_m: Sequence[float], cases: Sequence[HallCase], drives: int, walks: int
) -> Mapping[Key, list[Followed]]:
    """The estimates of one building, see `compare`."""
    found: dict[Key, list[Followed]] = {}
    building = make_building(seed, HALL)
    for spacing_m in lanes_m:
        maps: dict[DriveConfig, SampleLocalizer] = {}
        for case in cases:
            if case.surveyor not in maps:
                maps[case.surveyor] = fitted("field_map", surveyed(building, spacing_m, walks, seed, case.surveyor))
            tracks = [driven(building, case, 1000 * seed + 100 + number) for number in range(drives)]
            found[spacing_m, case.name] = [one for track in tracks for one in followed(maps[case.surveyor], track)]
    return found


def surveyed(building: Building, spacing_m: float, walks: int, seed: int, surveyor: DriveConfig) -> list[Track]:
    """Walks over the lanes and one over the corridors: a robot knows its poses, a person marks corners."""
    made = [*survey(building, walks, seed, surveyor, lanes_m=spacing_m), *survey(building, 1, seed, surveyor)]
    if surveyor.platform == "person":
        return [walk.track("survey") for walk in made]
    return [walk.true_track("survey") for walk in made]


def driven(building: Building, case: HallCase, seed: int) -> Track:
    """A free drive with its true positions."""
    made = drive(building, case.drive, seed, length_m=case.length_m)
    track = made.true_track(f"{case.name} {seed}")
    return corrected(track, made, calibrated(building, case.drive, seed)) if case.calibrated else track


def hall_result(found: Mapping[Key, list[Followed]], spacing_m: float, case: HallCase) -> HallResult:
    """The result of a case, compared with its reference."""
    own = found[spacing_m, case.name]
    error_m = [one.scored.error_m for one in own if one.travelled_m >= SETTLED_M]
    settled, ratio = result(own, SETTLED_M), np.nan
    if case.reference:
        ratio = settled.metrics.mean_m / result(found[spacing_m, case.reference], SETTLED_M).metrics.mean_m
    return HallResult(settled, float((np.array(error_m) > OFF_M).mean()), float(ratio))
