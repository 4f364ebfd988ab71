"""The demo's building behaves as physics, its routes and drives as their descriptions require."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import steady_drive

from mail_ros.cli.simulate import simulate as write_survey
from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray
from mail_ros.data.bag import read_track
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.corridor_plan import drive_route, survey_route
from mail_ros.data.simulator.demo import (
    CALM,
    CORRIDOR_M,
    HEIGHT_M,
    ROBOT,
    demo_building,
    demo_hall,
    dipole_ut,
    drive_hall,
    survey_hall,
)
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig
from mail_ros.evaluation.events import KINDS, drive_events

BUILDING_UT = [[-7.35, -2.84, -60.75], [7.23, 24.22, -44.81], [2.04, 17.75, -42.46]]  # at three positions


@pytest.fixture(scope="module")
def building() -> Building:
    return demo_building()


def test_a_dipole_on_its_axis_and_beside_it() -> None:
    """On the axis 2 · µ0/4π · m/r³, beside it −µ0/4π · m/r³; µ0/4π is 0.1 in µT, A·m² and m."""
    moment_am2, range_m = np.array([0.0, 0.0, 70.0]), 2.0
    on_axis, beside = dipole_ut(np.array([[0.0, 0.0, range_m], [range_m, 0.0, 0.0]]), moment_am2)
    np.testing.assert_allclose(on_axis, [0, 0, 2 * 0.1 * 70 / range_m**3])
    np.testing.assert_allclose(beside, [0, 0, -0.1 * 70 / range_m**3])


def test_the_field_has_no_sources_and_no_currents(building: Building) -> None:
    """Divergence and curl of the dipoles' field vanish, by central differences."""
    step_m, position_m = 1e-4, np.array([6.0, 2.0, 0.7])
    jacobian = np.array(
        [
            (
                building.floors[0].exact_ut((position_m + step)[None])
                - building.floors[0].exact_ut((position_m - step)[None])
            )
            / (2 * step_m)
            for step in np.eye(3) * step_m
        ]
    )[:, 0]
    scale = np.abs(jacobian).max()
    assert abs(np.trace(jacobian)) < 1e-6 * scale
    assert np.abs(jacobian - jacobian.T).max() < 1e-6 * scale


def test_the_demos_building_is_the_one_that_its_model_learned(building: Building) -> None:
    """A change of these numbers requires `make demo-model`."""
    position_m = np.array([[6.0, 2.0, HEIGHT_M], [20.0, 12.0, HEIGHT_M], [2.0, 9.0, HEIGHT_M]])
    np.testing.assert_allclose(building.field_ut(0, position_m), BUILDING_UT, atol=0.01)


@pytest.mark.parametrize("config", [DriveConfig(), PERSON], ids=["robot", "person"])
def test_anomalies_are_as_in_a_building(building: Building, config: DriveConfig) -> None:
    """A few µT to some tens of µT on all axes, at the height of either sensor."""
    anomaly_ut = field_on_a_survey_ut(building, config.height_m) - building.earth_ut
    strength_ut = np.linalg.norm(anomaly_ut, axis=1)
    assert 4.0 < np.median(strength_ut) < 15.0
    assert 15.0 < np.percentile(strength_ut, 99) < 60.0
    assert (anomaly_ut.std(axis=0) > 3.0).all()


def test_anomalies_differ_from_those_two_steps_before(building: Building) -> None:
    anomaly_ut = field_on_a_survey_ut(building, HEIGHT_M)
    for axis in anomaly_ut.T:
        centred = axis - axis.mean()
        correlation = {m: float((centred[: -50 * m] * centred[50 * m :]).mean() / centred.var()) for m in (3, 5)}
        assert max(correlation.values()) < 0.4


def field_on_a_survey_ut(building: Building, height_m: float) -> FloatArray:
    """(n, 3) at 50 Hz and 1 m/s."""
    position_m = steady_drive(building, survey_route(building.plan, 0), 0).position_m
    return building.field_ut(0, np.column_stack([position_m, np.full(len(position_m), height_m)]))


def test_a_survey_takes_every_corridor_once_in_each_direction(building: Building) -> None:
    for seed in range(5):
        taken = sorted(itertools.pairwise(survey_route(building.plan, seed)))
        corridors = [(int(a), int(b)) for a, b in building.plan.corridor]
        assert taken == sorted(corridors + [(b, a) for a, b in corridors])


def test_a_random_route_is_long_enough_and_has_no_u_turns(building: Building) -> None:
    route = drive_route(building.plan, 60.0, 5)
    lengths_m = np.linalg.norm(np.diff(building.plan.corner_m[route], axis=0), axis=1)
    assert 60.0 <= lengths_m.sum() < 60.0 + 15.0
    assert all(a != c for a, c in zip(route, route[2:], strict=False))


def test_a_survey_can_end_early(building: Building) -> None:
    """Its corridors are the first of the whole survey."""
    (whole,), (part,) = (list(survey(building, 1, 3, CALM, fraction=fraction)) for fraction in (1.0, 0.5))
    positions = [[mark.position_m for mark in walk.landmarks] for walk in (whole, part)]
    assert len(positions[1]) == pytest.approx(len(positions[0]) / 2, abs=2)
    assert positions[1] == positions[0][: len(positions[1])]


def test_labels_at_a_steady_speed_are_right_up_to_the_wander(building: Building) -> None:
    walk = steady_drive(building, survey_route(building.plan, 2), 2)
    labels = labels_from_landmarks(walk.stamp_ns, walk.landmarks)
    assert labels.valid.all()
    error_m = np.linalg.norm(labels.position_m - walk.position_m, axis=1)
    assert error_m.max() <= CORRIDOR_M / 2
    np.testing.assert_allclose(np.sqrt(np.square(error_m).mean()), 0.1, rtol=0.3)


@pytest.mark.slow
def test_the_verb_writes_whole_surveys(building: Building, tmp_path: Path) -> None:
    write_survey(out=tmp_path / "bags", walks=2, seed=5, platform="robot")
    assert sorted(path.name for path in (tmp_path / "bags").iterdir()) == ["walk_00", "walk_01"]
    for number, walk in enumerate(survey(building, 2, 5, DriveConfig())):
        track = read_track(tmp_path / "bags" / f"walk_{number:02d}")
        assert track.valid.mean() > 0.99
        np.testing.assert_allclose(track.field_ut, walk.field_ut, atol=1e-9)


@pytest.mark.slow
def test_the_option_of_old_sites_still_names_the_demos_building(tmp_path: Path) -> None:
    with pytest.warns(FutureWarning, match="--site is deprecated: use --building demo"):
        write_survey(out=tmp_path / "old", walks=1, part=0.1, site=0)
    write_survey(out=tmp_path / "new", walks=1, part=0.1)
    old, new = (read_track(tmp_path / name / "walk_00") for name in ("old", "new"))
    np.testing.assert_array_equal(old.field_ut, new.field_ut)


def test_a_speed_outside_its_range_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"drive\.speed_m_s: wanted 0\.05 to 10, found 0"):
        DriveConfig(speed_m_s=0.0)


def test_a_closed_drive_ends_with_the_pose_of_its_start(building: Building) -> None:
    lap = drive(building, CALM, 0, route=survey_route(building.plan, 0), closed=True)
    np.testing.assert_allclose(lap.position_m[-1], lap.position_m[0], atol=0.01)
    assert np.cos(lap.heading_rad[-1] - lap.heading_rad[0]) > 0.9999
    assert set(np.diff(lap.stamp_ns)) == {20_000_000}


@pytest.fixture(scope="module")
def hall() -> Building:
    """The demo's hall without steel: its field takes no time, and changes no path."""
    building = demo_hall()
    building.floors[0].field_ut = lambda position_m: np.ones_like(position_m)  # type: ignore[method-assign]
    return building


def test_the_hall_is_surveyed_by_lanes_and_the_corridors_both_ways(hall: Building) -> None:
    lanes, corridors = survey_hall(hall)
    assert hall.hall is not None
    assert hall.hall.contains(lanes.position_m[-1:], 0.0).all()
    assert {mark.position_m for mark in corridors.landmarks} == {tuple(at_m) for at_m in hall.plan.corner_m.tolist()}
    assert lanes.lever_m == corridors.lever_m == (0.0, 0.0)  # so that the survey needs no robot file


@pytest.mark.parametrize("length_m", [1.0, 30.0])
def test_the_demos_robot_has_all_events_and_leaves_the_hall_and_returns(hall: Building, length_m: float) -> None:
    assert hall.hall is not None and hall.hall.doorway is not None
    for seed in range(3):
        walk = drive_hall(hall, length_m, seed)
        inside = hall.hall.contains(walk.position_m, 0.0)
        assert inside[0] and inside[-1]
        assert hall.plan.contains(walk.position_m, -0.5).any()
        walkable = [area.contains(walk.position_m, -0.3) for area in (hall.plan, hall.hall, hall.hall.doorway)]
        assert np.any(walkable, axis=0).all()
        assert {event.kind for event in drive_events(walk)} == set(KINDS)
        path_m = np.linalg.norm(np.diff(walk.position_m, axis=0), axis=1).sum()
        assert length_m < path_m < max(length_m, 20.0) + 10.0
        assert np.abs(walk.speed_m_s).max() <= ROBOT.speed_m_s * (1.0 + ROBOT.speed_variation) + 1e-9
