"""A map of the field: right where a survey was, in doubt where none was, and walks that look like walks."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
import pytest
from small_buildings import small_building

from benchmarks.field_map.fit import fit_field_map
from benchmarks.field_map.kernel import PotentialKernel
from benchmarks.field_map.paths import SurveyedPaths
from benchmarks.field_map.walks import READ, DrawnWalksConfig, FloorMap, floor_maps, map_walks
from mail_ros.core.errors import TrackError
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import resample
from mail_ros.data.simulator.drive import survey
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track

HEIGHT_M = DriveConfig().height_m
LINE_M = np.column_stack([np.arange(0.0, 8.0, 0.1), np.zeros(80)])


@functools.cache
def surveyed() -> tuple[Track, ...]:
    """Both floors, by a robot with true positions and no field of its own."""
    calm = DriveConfig(wander_m=0.05, offset_ut=0.0, soft_iron=0.0)
    return tuple(walk.true_track("survey") for walk in survey(small_building(), 1, 3, calm))


@functools.cache
def maps() -> tuple[FloorMap, ...]:
    return tuple(floor_maps(surveyed()))


def source_ut(place_m: FloatArray) -> FloatArray:
    """The field of two poles under the floor: a gradient, as that of steel is."""
    field = np.zeros((len(place_m), 3))
    for strength, x, y, z in ((40.0, 3.0, 1.2, -0.8), (-30.0, 5.0, -1.0, -0.9)):
        apart = np.column_stack([place_m, np.zeros(len(place_m))]) - [x, y, z]
        field += strength * apart / np.linalg.norm(apart, axis=1, keepdims=True) ** 3
    return field


def test_the_kernel_is_a_covariance_and_has_its_derivative() -> None:
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.normal(size=(30, 2)), rng.integers(3, size=30)])
    kernel = PotentialKernel(0.9)
    covariance, derivative = kernel(rows, eval_gradient=True)
    assert np.linalg.eigvalsh(covariance).min() > -1e-9
    assert np.diag(covariance) == pytest.approx(kernel.diag(rows))
    assert covariance == pytest.approx(kernel(rows, rows))
    longer, shorter = (PotentialKernel(0.9 * np.exp(step))(rows) for step in (1e-5, -1e-5))
    assert derivative[..., 0] == pytest.approx((longer - shorter) / 2e-5, abs=1e-6)


def test_a_field_is_a_gradient_so_its_axes_are_correlated() -> None:
    """How the part along changes sideways is how the part across changes along: a central difference of covariances."""
    kernel, step = PotentialKernel(1.1), 1e-4
    other = np.array([[0.4, 0.3, 0.0], [0.4, 0.3, 1.0]])
    sideways = kernel(np.array([[0.0, step, 0.0]]), other) - kernel(np.array([[0.0, -step, 0.0]]), other)
    along = kernel(np.array([[step, 0.0, 1.0]]), other) - kernel(np.array([[-step, 0.0, 1.0]]), other)
    assert sideways == pytest.approx(along, rel=1e-4)


def test_the_map_reaches_beside_a_line_that_was_surveyed() -> None:
    noise = np.random.default_rng(1).normal(scale=0.1, size=(80, 3))
    found = fit_field_map(LINE_M, source_ut(LINE_M) + noise)
    beside_m = LINE_M[15:65] + np.array([0.0, 0.2])
    mean_ut, deviation_ut = found.at(beside_m)
    error_ut = mean_ut[:, 0] - source_ut(beside_m)[:, 0]
    of_the_line_ut = source_ut(LINE_M[15:65])[:, 0] - source_ut(beside_m)[:, 0]
    assert np.sqrt(np.square(error_ut).mean()) < 0.5 * np.sqrt(np.square(of_the_line_ut).mean())
    assert np.abs(error_ut / deviation_ut[:, 0]).mean() < 2.0


def test_a_map_is_in_doubt_far_from_the_survey() -> None:
    found = fit_field_map(LINE_M, source_ut(LINE_M))
    near, beside, far = (found.at(np.array([[4.0, y]]))[1][0] for y in (0.0, 0.5, 30.0))
    assert (near < beside).all()
    assert (beside < far).all()
    assert far == pytest.approx(found.covariance.deviation_ut, rel=0.01)


def test_the_map_does_not_jump_from_tile_to_tile() -> None:
    found = fit_field_map(LINE_M, source_ut(LINE_M))
    before, after = (found.at(np.array([[edge + side, 0.1] for edge in (2.0, 4.0, 6.0)]))[0] for side in (-1e-6, 0.0))
    assert np.abs(before - after).max() < 0.05 * found.covariance.deviation_ut


@pytest.mark.slow
def test_a_map_of_a_building_has_its_field() -> None:
    for each in maps():
        position_m = each.paths.node_m
        true_ut = small_building().field_ut(
            each.floor, np.column_stack([position_m, np.full(len(position_m), HEIGHT_M)])
        )
        mean_ut, _ = each.field.at(position_m)
        error_ut = np.linalg.norm(mean_ut - true_ut, axis=1)
        assert np.median(error_ut) < 0.25 * np.median(np.linalg.norm(true_ut - true_ut.mean(axis=0), axis=1))


def test_routes_follow_bends_that_no_survey_took() -> None:
    """Two straight walks that cross: a survey of them has no bend."""
    across_m = np.column_stack([np.full(100, 5.0), np.arange(-5.0, 5.0, 0.1)])
    along_m = np.column_stack([np.arange(0.0, 10.0, 0.1), np.zeros(100)])
    paths, rng = SurveyedPaths([along_m, across_m]), np.random.default_rng(0)
    routes = [paths.route(5.0, rng) for _ in range(30)]
    for route_m in routes:
        assert np.linalg.norm(np.diff(route_m, axis=0), axis=1).max() < 1.5
        off_m = np.minimum(np.abs(route_m[:, 1]), np.abs(route_m[:, 0] - 5.0))
        assert off_m.max() < 0.3
    bent = [route_m for route_m in routes if np.ptp(route_m[:, 0]) > 2.0 and np.ptp(route_m[:, 1]) > 2.0]
    assert bent


@pytest.mark.slow
def test_walks_have_the_configured_length_speed_and_lateral_offset() -> None:
    config = DrawnWalksConfig(walks=3, length_m=40.0, lateral_offset_m=0.2, wander_m=0.0, speed_m_s=(0.5, 0.9))
    walks = map_walks(maps(), config)
    assert [int(walk.floor[0]) for walk in walks] == [0, 0, 0, 1, 1, 1]
    for walk in walks:
        assert walk.moved_m is not None
        length_m = np.linalg.norm(walk.moved_m, axis=1).sum()
        assert length_m > 0.8 * config.length_m  # corners are cut
        assert 0.5 <= length_m / ((walk.stamp_ns[-1] - walk.stamp_ns[0]) / 1e9) <= 0.9
        assert np.isfinite(walk.field_ut).all()
    lateral_m = [_lateral_m(walk) for walk in walks]
    assert max(lateral_m) < 0.6
    assert max(lateral_m) > 0.1


def test_walks_pass_the_robots_preprocessing_in_the_maps_axes() -> None:
    """The rows equal the drawn field: no yaw offset and no device offset are estimated."""
    walk = map_walks(maps()[:1], DrawnWalksConfig(walks=1, length_m=30.0, uncertainty=0.0))[0]
    rows = resample(walk, READ)
    good = rows.valid & np.isfinite(rows.field_ut).all(axis=1)
    assert good.sum() > 200
    middle_m = (rows.position_m + np.roll(rows.position_m, 1, axis=0))[
        good
    ] / 2.0  # a row is the mean up to its position
    known = np.isfinite(middle_m).all(axis=1)
    mean_ut, _ = maps()[0].field.at(middle_m[known])
    assert np.abs(rows.field_ut[good, :3][known] - mean_ut).mean() < 0.3


def test_a_seed_and_a_number_decide_a_walk() -> None:
    config = DrawnWalksConfig(walks=2, length_m=20.0)
    first, again = (map_walks(maps()[:1], config) for _ in range(2))
    other = map_walks(maps()[:1], dataclasses.replace(config, seed=1))
    assert np.array_equal(first[0].field_ut, again[0].field_ut)
    assert len({len(walk) for walk in (first[0], first[1], other[0])}) == 3


def test_uncertainty_is_drawn_into_walks() -> None:
    mean_walk, drawn_walk = (
        map_walks(maps()[:1], DrawnWalksConfig(walks=1, length_m=30.0, uncertainty=uncertainty))[0]
        for uncertainty in (0.0, 1.0)
    )
    assert np.array_equal(mean_walk.position_m, drawn_walk.position_m)
    _, deviation_ut = maps()[0].field.at(mean_walk.position_m)
    drawn = (drawn_walk.field_ut - mean_walk.field_ut) / deviation_ut
    assert 0.6 < drawn.std() < 1.4


def test_a_survey_without_labels_has_no_map() -> None:
    blind = dataclasses.replace(surveyed()[0], valid=np.zeros(len(surveyed()[0]), np.bool_))
    with pytest.raises(TrackError, match="labelled"):
        floor_maps([blind])


def _lateral_m(walk: Track) -> float:
    """The median distance to the nearest corridor's middle."""
    plan = small_building().plan
    start_m, leg_m = plan.corner_m[plan.corridor[:, 0]], np.diff(plan.corner_m[plan.corridor], axis=1)[:, 0]
    relative_m = walk.position_m[:, None] - start_m
    fraction = np.clip((relative_m * leg_m).sum(axis=2) / np.square(leg_m).sum(axis=1), 0.0, 1.0)
    return float(np.median(np.linalg.norm(relative_m - fraction[..., None] * leg_m, axis=2).min(axis=1)))
