"""A map of the field: fitted to lanes, and followed by free drives from an unknown start."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_halls import Hall, drive, free_corners, lane_corners

from mail_ros.core.belief import REGION, REGION_SQUARED
from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.core.localizer.compose import compose, resolve_tracking
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.localizer.runtime import Runtime
from mail_ros.core.models.field_map.path_likelihood import FieldStatistics, PathLikelihood
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelCard, build, load_model, save_model
from mail_ros.core.platform.odometry_buffer import OdometryPose, WheelBuffer
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.signal.attitude import heading_rad
from mail_ros.core.types import Status
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.training.field_map.fit import FittedMap, fit_field_map
from mail_ros.training.field_map.process import Covariance, Region, correlations, predict
from mail_ros.training.field_map.survey import labels_by_odometry_m, rotated_walks, travelled_m
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import run_config

pytestmark = pytest.mark.slow

HALL = Hall(1)
CONFIG = run_config([], "area").model
AFTER_M = 5.0  # travelled, from which a drive is judged


def survey(hall: Hall = HALL, spacing_m: float = 1.0) -> list[Track]:
    """Lanes there, and back."""
    corners_m = lane_corners(spacing_m)
    parts = (corners_m, corners_m[::-1])
    return [drive(hall, part, 10 + number, name=f"lanes {number}") for number, part in enumerate(parts)]


@pytest.fixture(scope="module")
def fitted() -> FittedMap:
    return fit_field_map(CONFIG, survey_walks(survey()).rows, "wheels")


def localizer(fitted: FittedMap) -> Localizer:
    return compose(build(fitted.config, fitted.state), "odometry")


def settled(fitted: FittedMap, track: Track) -> list[Scored]:
    """Estimates of a drive after `AFTER_M`."""
    assert track.moved_m is not None
    travelled_m = np.cumsum(np.linalg.norm(track.moved_m, axis=1))
    since_ns = track.stamp_ns[np.searchsorted(travelled_m, AFTER_M)]
    return [one for one in follow(localizer(fitted), track) if one.estimate.stamp_ns > since_ns]


def errors_m(scored: list[Scored]) -> float:
    return float(np.mean([one.error_m for one in scored]))


@pytest.mark.parametrize("yaw_rad", [0.0, 2.1, -1.3])
def test_a_free_drive_is_followed_from_anywhere_at_any_yaw(fitted: FittedMap, yaw_rad: float) -> None:
    scored = settled(fitted, drive(HALL, free_corners(3), 3, yaw_rad=yaw_rad, offset_ut=np.array([6.0, -4.0, 9.0])))
    assert errors_m(scored) < 0.2
    assert np.mean([one.estimate.status in (Status.LOCALIZED, Status.STATIONARY) for one in scored]) > 0.9
    yaw = scored[-1].estimate.odom_yaw
    assert yaw is not None and abs(np.angle(np.exp(1j * (yaw.angle_rad - yaw_rad)))) < 0.15


def test_a_region_reaches_beyond_what_is_near_while_that_is_uncertain(fitted: FittedMap) -> None:
    """Until a pose is certain the belief is sharper than the probability that is reported; the region is not."""
    walks = [drive(HALL, free_corners(seed), seed) for seed in (3, 5, 7)]
    found = [one.estimate for walk in walks for one in follow(localizer(fitted), walk) if one.estimate.near < REGION]
    reach_m = [np.sqrt(REGION_SQUARED * np.linalg.eigvalsh(one.covariance_m2)[-1]) for one in found]
    assert len(found) > 100
    assert all(radius_m > one.near_m for radius_m, one in zip(reach_m, found, strict=True))


def test_rows_count_for_more_at_a_start_on_a_dense_survey_only(fitted: FittedMap) -> None:
    thin = fit_field_map(CONFIG, survey_walks(survey(spacing_m=2.0)).rows, "wheels")
    gains = [each.config.field_map.start_gain for each in (fitted, thin)]
    assert gains == [CONFIG.field_map.start_gain, 1.0]
    assert CONFIG.field_map.start_gain > 1.0


def test_a_sensor_ahead_of_the_axle_uses_the_map_of_another_robot(fitted: FittedMap) -> None:
    corners_m = free_corners(4)
    central, ahead = (settled(fitted, drive(HALL, corners_m, 4, sensor_m=arm)) for arm in ((0.0, 0.0), (0.5, 0.0)))
    assert errors_m(ahead) < max(0.2, 1.3 * errors_m(central))


def test_a_carried_robot_is_found_again(fitted: FittedMap) -> None:
    first, second = (drive(HALL, free_corners(seed), seed) for seed in (5, 6))
    tested, found = localizer(fitted), []
    for track, later_ns in ((first, 0), (second, 10**12)):
        for sample, at_m in zip(track.samples(), track.position_m, strict=True):
            estimate = tested.push(dataclasses.replace(sample, stamp_ns=sample.stamp_ns + later_ns))
            if estimate is not None:
                found.append(float(np.linalg.norm(estimate.position_m - at_m)))
    assert np.mean(found[-50:]) < 0.3


def test_a_standing_robot_stays_where_it_is(fitted: FittedMap) -> None:
    track, tested = drive(HALL, free_corners(7), 7), localizer(fitted)
    samples = list(track.samples())
    for sample in samples:
        tested.push(sample)
    before = None
    for number in range(1, 600):
        stopped = dataclasses.replace(
            samples[-1], stamp_ns=samples[-1].stamp_ns + number * 50_000_000, moved_m=np.zeros(2)
        )
        noise = 0.1 * np.sin(np.arange(3) + number)
        estimate = tested.push(dataclasses.replace(stopped, field_ut=stopped.field_ut + noise))
        if estimate is not None and number > 60:
            assert estimate.status is Status.STATIONARY
            assert before is None or np.allclose(before, estimate.position_m)
            before = estimate.position_m


def test_the_model_file_keeps_the_map(fitted: FittedMap, tmp_path: Path) -> None:
    card = ModelCard(fitted.config, tracker="odometry", odometry="wheels", cells=len(fitted.state["mean_ut"]))
    save_model(tmp_path / "hall.safetensors", fitted.state, card, fitted.golden)
    loaded = load_model(tmp_path / "hall.safetensors")
    assert resolve_tracking(loaded.card).tracker == "odometry"
    track = drive(HALL, free_corners(8, 3), 8)
    pairs = zip(follow(localizer(fitted), track), follow(compose(loaded.model, "odometry"), track), strict=True)
    assert all(np.array_equal(one.estimate.position_m, other.estimate.position_m) for one, other in pairs)


def test_a_sensor_mounted_across_is_found_by_the_survey_itself() -> None:
    tracks = [
        dataclasses.replace(track, field_ut=track.field_ut[:, [1, 0, 2]] * [1.0, -1.0, 1.0]) for track in survey()
    ]
    found = fit_field_map(CONFIG, survey_walks(tracks).rows, "wheels")
    assert abs(found.state["statistics"][0]) == pytest.approx(np.pi / 2, abs=0.01)


def test_a_walk_whose_field_is_turned_against_the_others_is_found() -> None:
    rows = survey_walks(survey(spacing_m=0.8)).rows
    lane = np.round((rows.position_m[:, 1] - 0.5) / 0.8).astype(np.int64)
    turn = np.exp(1j * np.where(lane == 2, np.pi / 2, 0.0)) * (rows.field_ut[:, 0] + 1j * rows.field_ut[:, 1])
    turned = rows._replace(sources=(), walk=lane, field_ut=np.column_stack([turn.real, turn.imag, rows.field_ut[:, 2]]))
    angle_rad = rotated_walks(turned)
    assert np.degrees(angle_rad[2]) == pytest.approx(90.0, abs=40.0)
    np.testing.assert_array_equal(np.delete(angle_rad, 2), 0.0)


def test_the_map_is_unsure_beside_the_lanes() -> None:
    covariance = Covariance(10.0, 10.0, 1.0, 0.5)
    line_m = np.column_stack([np.linspace(0.0, 4.0, 40), np.zeros(40)])
    _, variance_ut2 = predict(
        Region(line_m, HALL.field_ut(line_m)), np.array([[2.0, 0.0], [2.0, 0.7], [2.0, 3.0]]), covariance
    )
    assert np.all(np.diff(variance_ut2, axis=0) > 0.0)
    np.testing.assert_allclose(variance_ut2[2], 100.0, rtol=0.1)


def test_the_horizontal_axes_are_those_of_a_gradient() -> None:
    """The covariance of a field with the circulation of a small loop is zero."""
    side_m, far_m = 1e-3, np.array([[0.7, 0.4]])
    loop_m = np.array([[0.0, -0.5], [0.5, 0.0], [0.0, 0.5], [-0.5, 0.0]]) * side_m
    horizontal, _ = correlations(loop_m, far_m, 1.0)
    x, y = horizontal[:4, 0], horizontal[4:, 0]
    circulation = x[0] - x[2] + y[1] - y[3]
    assert abs(circulation) < 1e-6 * side_m + 1e-9


def test_a_constant_field_of_the_device_changes_no_evidence() -> None:
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.arange(6) * 0.2, np.zeros(6), rng.normal(size=(6, 3)), np.ones(6), np.zeros(6)])
    likelihood = PathLikelihood.of(rows, 2, FieldStatistics(0.0, 1.5, 10.0, 10.0, 30.0, 4.0), 1000.0, 0.2)
    assert np.abs(likelihood.horizontal.sum(axis=1)).max() < 1e-3
    assert np.abs(likelihood.vertical.sum(axis=1)).max() < 1e-3


def test_labels_follow_odometry_between_landmarks() -> None:
    track = drive(HALL, np.array([[0.5, 0.5], [8.5, 0.5]]), 9)
    late = np.linspace(0.0, 1.0, len(track)) ** 2  # labels at another speed than odometry's
    labels_m = track.position_m[0] + late[:, None] * (track.position_m[-1] - track.position_m[0])
    walked = dataclasses.replace(track, position_m=labels_m, leg=np.zeros(len(track), np.int64))
    np.testing.assert_allclose(labels_by_odometry_m(walked), track.position_m, atol=0.1)


def test_a_walk_without_odometry_names_what_to_record() -> None:
    with pytest.raises(TrackError, match=r"lanes 0.*odometry and attitude.*neither.*record /odom or /imu/data"):
        survey_walks([dataclasses.replace(survey()[0], moved_m=None)])


def test_a_field_map_needs_odometry_and_rows_by_distance(fitted: FittedMap) -> None:
    with pytest.raises(ConfigError, match=r"tracker walking.*odometry, for a field map"):
        compose(build(fitted.config, fitted.state), "walking")
    with pytest.raises(ConfigError, match=r"kind field_map.*gravity-aligned rows by distance"):
        ModelConfig("field_map")


def test_the_runtime_of_the_node_follows_wheel_odometry_with_a_heading(fitted: FittedMap, tmp_path: Path) -> None:
    card = ModelCard(fitted.config, tracker="odometry", odometry="wheels", cells=len(fitted.state["mean_ut"]))
    save_model(tmp_path / "hall.safetensors", fitted.state, card, fitted.golden)
    yaw_rad, track = 0.7, drive(HALL, free_corners(9), 9, yaw_rad=0.7, sensor_m=(0.4, 0.0))
    runtime = Runtime(
        load_model(tmp_path / "hall.safetensors"),
        map_frame="map",
        stride_s=0.1,
        tracker="odometry",
        odometry="wheels",
        now_ns=lambda: int(track.stamp_ns[-1]),
        about={},
        model_name="hall",
        robot=Robot(position_m=(0.4, 0.0)),
    )
    assert isinstance(runtime.odometry, WheelBuffer) and track.moved_m is not None and track.attitude_xyzw is not None
    position_m, pose = np.zeros(2), None
    for index, stamp_ns in enumerate(track.stamp_ns.tolist()):
        position_m = position_m + track.moved_m[index]
        heading = heading_rad(track.attitude_xyzw[index])
        runtime.odometry.add(OdometryPose(stamp_ns, position_m, heading))
        pose = runtime.push(stamp_ns, track.field_ut[index]) or pose
    assert pose is not None and pose.heading is not None
    assert np.linalg.norm(pose.estimate.position_m - track.position_m[-1]) < 0.3
    assert abs(np.angle(np.exp(1j * (pose.heading.angle_rad - heading - yaw_rad)))) < 0.15


@pytest.mark.parametrize("jump_s", [-3.0, 1e6])
def test_a_clock_that_is_set_changes_no_distance_travelled(jump_s: float) -> None:
    track = drive(HALL, np.array([[0.5, 0.5], [8.5, 0.5]]), 9)
    assert track.moved_m is not None
    half = len(track) // 2
    stamp_ns = track.stamp_ns + np.where(np.arange(len(track)) < half, 0, round(jump_s * 1e9))
    changed_m = travelled_m(dataclasses.replace(track, stamp_ns=stamp_ns))
    np.testing.assert_allclose(changed_m, travelled_m(track), atol=0.05)
    assert (np.diff(changed_m) >= 0.0).all()
