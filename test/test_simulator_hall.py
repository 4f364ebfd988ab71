"""Halls: where they stand, the lanes of a survey, free drives, and a field like that of real open floors."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pytest
from small_buildings import SMALL, SMALL_HALL, small_building, small_hall

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.corridor_bodies import corridor_bodies
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.field_grid import WalkableArea
from mail_ros.data.simulator.hall import MARGIN_M, Hall
from mail_ros.data.simulator.hall_route import free_line_m, lane_line_m
from mail_ros.data.simulator.path import drive_paths
from mail_ros.data.simulator.simulation_config import BuildingConfig, DriveConfig
from mail_ros.training.field_map.process import Region, fit_covariance

SEEDS = range(3)
LARGE = dataclasses.replace(SMALL_HALL, hall_length_m=22.0, hall_width_m=14.0)


@cache
def halls() -> list[tuple[Building, Hall]]:
    """Halls that no test needs the field of."""
    made = [make_building(seed, LARGE) for seed in SEEDS]
    return [(building, building.hall) for building in made if building.hall is not None]


def path_m(line_m: FloatArray, **settings: float) -> FloatArray:
    """(n, 2) where the axle of a robot is on a line."""
    config = dataclasses.replace(DriveConfig(), **settings)  # type: ignore[arg-type]
    return np.concatenate([path.position_m for path in drive_paths(line_m, config, np.random.default_rng(0))])


def clearance_m(hall: Hall, position_m: FloatArray) -> float:
    """Least distance to the surface of a column or machine."""
    centre_m, radius_m = hall.obstacles
    return float((np.linalg.norm(position_m[:, None] - centre_m, axis=2) - radius_m).min())


@pytest.mark.parametrize("spacing_m", [0.5, 1.0, 2.0, 3.0])
def test_lanes_cover_the_free_floor_and_lead_around_obstacles(spacing_m: float) -> None:
    for _, hall in halls():
        walked_m = path_m(lane_line_m(hall, spacing_m))
        assert clearance_m(hall, walked_m) > 0.35
        grid = np.random.default_rng(1).uniform(
            hall.low_m + MARGIN_M, hall.high_m - MARGIN_M - [0, spacing_m], (200, 2)
        )
        free = grid[[clearance_m(hall, at[None]) > 1.5 for at in grid]]
        to_lane_m = np.linalg.norm(free[:, None] - walked_m[::5], axis=2).min(axis=1)
        assert np.percentile(to_lane_m, 95) < spacing_m / 2.0 + 0.25


def test_free_drives_keep_clear_go_in_all_directions_and_through_the_door_and_back() -> None:
    crossed = 0
    for seed, (building, hall) in zip(SEEDS, halls(), strict=True):
        line_m = free_line_m(hall, building.plan, 120.0, seed)
        walked_m = path_m(line_m, wander_m=0.2)
        assert clearance_m(hall, walked_m) > 0.2
        assert np.linalg.norm(np.diff(line_m, axis=0), axis=1).sum() >= 120.0
        assert hall.doorway is not None
        areas: list[WalkableArea] = [building.plan, hall, hall.doorway]
        assert np.any([area.contains(walked_m, -0.3) for area in areas], axis=0).all()
        step = np.diff(walked_m[hall.contains(walked_m, 0.0)], axis=0)
        bins = np.histogram(np.arctan2(step[:, 1], step[:, 0]), 8, (-np.pi, np.pi))[0]
        assert (bins > 0).sum() >= 6
        outside = building.plan.contains(walked_m, -0.5).astype(int)
        crossed += int(np.abs(np.diff(outside)).sum())
    assert crossed >= len(SEEDS)


def test_nothing_of_the_corridors_stands_in_the_hall_or_its_doorway() -> None:
    for building, hall in halls():
        ((blocks, _),) = corridor_bodies(building.plan, hall, LARGE, np.random.default_rng(3))
        above_m = np.array([block.centre_m for block in blocks if block.centre_m[2] > 0.0])
        assert len(above_m) > 10
        assert not hall.contains(above_m[:, :2], 0.0).any()
        assert hall.doorway is not None
        assert not hall.doorway.contains(above_m[:, :2], 0.0).any()


@pytest.mark.slow
def test_the_field_ends_at_the_walls_and_a_drive_stays_inside() -> None:
    building = small_hall()
    hall, config = building.hall, DriveConfig(forward_m=0.5, wander_m=0.2, spins=2, reversals=1, stops=1)
    assert hall is not None
    walk = drive(building, config, 1, length_m=40.0)
    assert np.isfinite(walk.field_ut).all()
    outside_m = np.array([[*hall.high_m + 0.5, 0.3], [*hall.low_m - [4.0, 3.0], 0.3]])
    assert np.isnan(building.field_ut(0, outside_m)).all()
    for number, lane in enumerate(survey(building, 2, 0, DriveConfig(), lanes_m=2.0)):
        assert np.isfinite(lane.field_ut).all()
        ends_m = lane_line_m(hall, 2.0)[[0, -1]]
        np.testing.assert_allclose(lane.position_m[[0, -1]], ends_m[:: -1 if number else 1], atol=0.05)


def test_every_floor_has_the_hall_with_other_steel() -> None:
    building = make_building(0, dataclasses.replace(SMALL_HALL, floors=2))
    assert building.hall is not None
    middle_m = np.array([[*(building.hall.low_m + building.hall.high_m) / 2.0 + [1.0, 1.5], 0.3]])
    first, second = (floor.exact_ut(middle_m) for floor in building.floors)
    assert np.abs(first - second).max() > 1.0


def test_what_has_no_room_is_refused_by_name() -> None:
    alone = BuildingConfig(aisles=0, hall_length_m=5.0, hall_width_m=5.0)
    for settings, message in (
        ({"aisles": 1}, "building.aisles: wanted at least 2, or 0 for a hall alone, found 1, hall_length_m=0"),
        ({"aisles": 0}, "building.aisles: wanted at least 2, or 0 for a hall alone, found 0, hall_length_m=0"),
        ({"hall_length_m": 2.0}, "building.hall_length_m: wanted at least 5, or 0 for no hall, found 2"),
    ):
        with pytest.raises(ConfigError, match=message):
            dataclasses.replace(SMALL, **settings)
    with pytest.raises(ConfigError, match="lanes: wanted a building with a hall, found corridors alone"):
        survey(small_building(), lanes_m=1.0)
    with pytest.raises(ConfigError, match=r"lanes: wanted at most 3 m apart, found 3\.5"):
        survey(make_building(0, alone), lanes_m=3.5)
    with pytest.raises(ConfigError, match="survey: wanted a building with corridors, found a hall alone"):
        survey(make_building(0, alone))


@pytest.mark.slow
def test_the_field_of_a_hall_is_like_that_of_a_lobby_and_of_a_room() -> None:
    """Within a third of a room's (robot) and half of a lobby's (phone): see docs/simulator.md."""
    building = make_building(0, LARGE)
    assert building.hall is not None
    line_m = path_m(lane_line_m(building.hall, 1.0), wander_m=0.0)[::7]
    rng = np.random.default_rng(0)
    for height_m, horizontal_ut, vertical_ut, length_m, tolerance in (
        (0.3, 9.8, 18.0, 1.0, 0.35),
        (1.2, 10.8, 11.2, 2.5, 0.5),
    ):
        field_ut = building.floors[0].exact_ut(np.column_stack([line_m, np.full(len(line_m), height_m)]))
        regions = []
        for centre_m in line_m[rng.choice(len(line_m), 16, replace=False)]:
            near = rng.permutation(np.flatnonzero(np.linalg.norm(line_m - centre_m, axis=1) < 2.5))[:60]
            noise_ut = rng.normal(scale=0.5, size=(len(near), 3))
            regions.append(Region(line_m[near], field_ut[near] - field_ut[near].mean(axis=0) + noise_ut))
        found = fit_covariance(regions)
        assert found.horizontal_ut == pytest.approx(horizontal_ut, rel=tolerance)
        assert found.vertical_ut == pytest.approx(vertical_ut, rel=tolerance)
        assert found.length_m == pytest.approx(length_m, rel=tolerance)
