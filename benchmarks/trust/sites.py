"""Sites whose 90 % regions stand in one table: recorded ones, and buildings that are simulated for it."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Sequence
from pathlib import Path

from benchmarks.area.room import read_run
from benchmarks.halls.hall_cases import PLAIN
from benchmarks.halls.hall_runs import HALL, driven, surveyed
from benchmarks.trust.runs import PLATFORMS, Site, Walks, held_out, left_out
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.field_grid import FieldGrid
from mail_ros.data.simulator.simulation_config import PERSON

FIELD_MAP = ["field map"]
FOLDS = 3
ROOM_SURVEY, ROOM_TEST, ODOMETRIES = (1, 2, 3), 4, 3
HALL_SEEDS, LANES_M = range(20, 23), 1.0
WEAK_SEED, WEAK, WALK_M = 30, 0.05, 200.0  # concrete without steel: the fraction that is left of a building's structure


def museum(survey: Sequence[Path], test: Sequence[Path]) -> Site:
    """Bags of walks along surveyed lines."""
    return held_out(survey, test, list(PLATFORMS), "museum")


def lobby(bags: Sequence[Path]) -> Site:
    """Bags survey_* of lines, and test_* of routes that cross them."""
    survey, test = ([bag for bag in bags if bag.name.startswith(begin)] for begin in ("survey", "test"))
    return held_out(survey, test, FIELD_MAP, "lobby")


def room(folder: Path) -> Site:
    """Runs of a robot, see `benchmarks.area.room`."""
    return Site("room", FIELD_MAP, [functools.partial(_room, folder)])


def traces(bags: Sequence[Path]) -> Site:
    """Bags of a contest's traces, each followed by a model of the other folds."""
    return left_out(bags, FOLDS, ["phone", "phone, gravity axes, steps", *FIELD_MAP], "traces")


def simulated() -> list[Site]:
    """Halls surveyed by lanes and driven freely, and a building almost without structure, walked."""
    halls = Site("halls", FIELD_MAP, [functools.partial(_hall, seed) for seed in HALL_SEEDS])
    return [halls, Site("weak field", ["phone", "phone, gravity axes, steps", *FIELD_MAP], [_weak_walks])]


def weakened(building: Building, fraction: float) -> Building:
    """The building with this fraction of its field's structure."""

    def exact_ut(full: FieldGrid, at_m: FloatArray) -> FloatArray:
        return building.earth_ut + fraction * (full.exact_ut(at_m) - building.earth_ut)

    floors = tuple(FieldGrid([building.plan], functools.partial(exact_ut, full)) for full in building.floors)
    return dataclasses.replace(building, floors=floors)


def _room(folder: Path) -> Walks:
    survey = [read_run(folder, number, 0) for number in ROOM_SURVEY]
    return survey, [read_run(folder, ROOM_TEST, seed) for seed in range(ODOMETRIES)]


def _hall(seed: int) -> Walks:
    building = make_building(seed, HALL)
    return surveyed(building, LANES_M, 1, seed, PLAIN.surveyor), [driven(building, PLAIN, 1000 * seed + 100)]


def _weak_walks() -> Walks:
    building = weakened(make_building(WEAK_SEED), WEAK)
    learned = [walk.track(f"survey {number}") for number, walk in enumerate(survey(building, 2, WEAK_SEED, PERSON))]
    walked = drive(building, PERSON, 1000 * WEAK_SEED, length_m=WALK_M)
    return learned, [walked.true_track("walk")]
