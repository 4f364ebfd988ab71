"""A robot's whole front end in a simulated building: surveyed once, localized with any mount and any drive.

Windows are sampled by distance, in a gravity-aligned frame; the robot that drives is another one than the robot that
surveyed, with other iron in its body.
"""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from simulated_tracks import assert_equal, estimates_of, with_noise_after
from small_buildings import small_building

from mail_ros.core.localizer.compose import compose
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.matching.matching import Matching
from mail_ros.core.signal.axes import AXES
from mail_ros.core.types import BoolArray, Estimate, FloatArray, Sample, Status
from mail_ros.data.dataset import WindowSet
from mail_ros.data.gravity_alignment import rotated_rows
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching

CALM = DriveConfig(rate_hz=20.0)
STRIDE_S = 0.5


@pytest.fixture(scope="module")
def model() -> Matching:
    """Two walks over one floor, by a robot."""
    config = run_config([], "robot")
    walks = [walk.track("survey") for walk in itertools.islice(survey(small_building(), 2, config=CALM), 2)]
    return Matching(config.model, fit_matching(config, WindowSet(walks, config.model, config.stride)))


def robot_of(model: Matching) -> Localizer:
    return compose(model, "odometry", STRIDE_S)


def go(length_m: float = 40.0, seed: int = 5, **settings: object) -> SimulatedDrive:
    return drive(small_building(), dataclasses.replace(CALM, **settings), seed, length_m=length_m)  # type: ignore[arg-type]


def true_track(walk: SimulatedDrive) -> Track:
    return walk.true_track("drive")


def errors_m(estimates: list[Estimate], track: Track) -> FloatArray:
    """(e,) error of each estimate."""
    at = np.searchsorted(track.stamp_ns, [one.stamp_ns for one in estimates])
    off_m: FloatArray = np.linalg.norm(np.array([one.position_m for one in estimates]) - track.position_m[at], axis=1)
    return off_m


def check_found(model: Matching, track: Track) -> list[Estimate]:
    """Median error below half a metre, and never a large one once LOCALIZED; returns the estimates."""
    estimates = estimates_of(robot_of(model), track)
    error_m = errors_m(estimates, track)
    assert len(estimates) > 50
    assert np.median(error_m) < 0.5
    assert error_m[[one.status is Status.LOCALIZED for one in estimates]].max() < 3.0
    assert error_m[len(estimates) // 2 :].max() < 1.0
    return estimates


def moves_m(estimates: list[Estimate], stamp_ns: np.ndarray, when: BoolArray) -> FloatArray:
    """Distances between consecutive estimates while a condition holds."""
    at = np.searchsorted(stamp_ns, [one.stamp_ns for one in estimates])
    position_m = np.array([one.position_m for one in estimates])
    both = when[at[1:]] & when[at[:-1]] & (np.diff(at) < 2 * CALM.rate_hz * STRIDE_S)
    step_m: FloatArray = np.linalg.norm(np.diff(position_m, axis=0), axis=1)[both]
    return step_m


@pytest.mark.parametrize("angle_rad", [0.7, -2.5])
def test_a_window_matches_at_any_yaw_of_its_axes(model: Matching, angle_rad: float) -> None:
    """The iron of another body is estimated, in both directions of the corridor."""
    windows, own_ut = WindowSet([true_track(go())], model.config, 0.5), np.array([25.0, -10.0, 0.0])
    as_surveyed = model(windows.fields(windows.ends))
    rows = rotated_rows(windows.field_ut.astype(np.float64), np.full(len(windows.field_ut), -angle_rad))
    windows.field_ut = rows.astype(np.float32)
    assert model(windows.fields(windows.ends)).raw == pytest.approx(as_surveyed.raw, abs=0.05)
    windows.field_ut = AXES["gravity"].without(rows, -own_ut).astype(np.float32)
    output = model(windows.fields(windows.ends))
    assert as_surveyed.device_offset_ut is not None
    assert output.device_offset_ut is not None
    error_m = model.head.cells.position_m[output.raw.argmax(axis=1)] - windows.position_m[windows.ends]
    assert np.median(np.linalg.norm(error_m, axis=1)) < 0.5
    assert np.median(output.device_offset_ut - as_surveyed.device_offset_ut, axis=0) == pytest.approx(own_ut, abs=1.0)


@pytest.mark.parametrize("mount_rad", [0.0, 1.0, math.pi, -2.0])
def test_it_is_localized_at_any_yaw_of_its_magnetometer(model: Matching, mount_rad: float) -> None:
    """The angle is not given, and nothing depends on it: the poses are those of a sensor that points ahead."""
    estimates = check_found(model, true_track(go(heading_offset_rad=mount_rad)))
    ahead = estimates_of(robot_of(model), true_track(go()))
    apart_m = np.array([one.position_m for one in estimates]) - np.array([one.position_m for one in ahead])
    assert np.abs(apart_m).max() < 0.1


@pytest.mark.parametrize("speed_m_s", [0.3, 1.2])
def test_it_is_localized_at_half_and_at_twice_the_survey_s_speed(model: Matching, speed_m_s: float) -> None:
    check_found(model, true_track(go(speed_m_s=speed_m_s)))


def test_a_stop_of_a_minute_moves_no_pose(model: Matching) -> None:
    walk = go(stops=1, stop_s=60.0)
    track = true_track(walk)
    estimates = check_found(model, track)
    stops = walk.stationary & (np.abs(np.gradient(walk.heading_rad)) < 1e-4)
    step_m = moves_m(estimates, track.stamp_ns, stops)
    assert len(step_m) > 60.0 / STRIDE_S - 10  # estimates go on
    assert step_m.max() < 0.1
    assert Status.STATIONARY in {one.status for one in estimates}


def test_a_spin_in_place_moves_no_pose(model: Matching) -> None:
    walk = go(spins=2)
    track = true_track(walk)
    estimates = check_found(model, track)
    spins = walk.stationary & (np.abs(np.gradient(walk.heading_rad)) > 1e-4)
    step_m = moves_m(estimates, track.stamp_ns, spins)
    assert len(step_m) > 2 * 2 * math.pi / CALM.max_yaw_rate_rad_s / STRIDE_S / 2
    assert step_m.max() < 0.1


@pytest.mark.parametrize("reversal_m", [0.5, 1.5])
def test_a_reversal_keeps_the_position(model: Matching, reversal_m: float) -> None:
    check_found(model, true_track(go(60.0, reversals=2, reversal_m=reversal_m)))


def test_a_robot_that_returns_along_its_path_is_localized(model: Matching) -> None:
    """It turns around at the end of a corridor; the survey's walks count in both directions."""
    check_found(model, true_track(drive(small_building(), CALM, 3, route=[0, 1, 2, 1, 0, 1, 2])))


def test_everything_at_once(model: Matching) -> None:
    check_found(model, true_track(go(80.0, heading_offset_rad=2.0, tilt_rad=0.1, spins=1, stops=1, reversals=1)))


@pytest.mark.slow
def test_a_hole_at_a_stop_costs_nothing_and_one_in_motion_only_its_window(model: Matching) -> None:
    """Odometry moves the position until the window is full again."""
    walk = go(60.0, stops=1, stop_s=20.0)
    track = true_track(walk)
    stop = int(np.flatnonzero(walk.stationary & (np.arange(len(track)) > 200))[0])
    for first, length in ((stop + 20, 200), (len(track) * 2 // 3, 60)):
        silent = track.field_ut.copy()
        silent[first : first + length] = np.nan
        estimates = check_found(model, dataclasses.replace(track, field_ut=silent))
        assert not [
            one for one in estimates if track.stamp_ns[first + 10] < one.stamp_ns < track.stamp_ns[first + length]
        ]
        after = [one for one in estimates if one.stamp_ns >= track.stamp_ns[first + length]]
        assert (after[0].stamp_ns - track.stamp_ns[first + length]) / 1e9 < 2 * STRIDE_S
        assert errors_m(after[:4], track).max() < 1.0


@pytest.mark.slow
def test_estimates_are_causal_and_deterministic(model: Matching) -> None:
    track = true_track(go(heading_offset_rad=1.0, reversals=1))
    half = len(track) // 2
    robot = robot_of(model)
    estimates = estimates_of(robot, track)
    assert_equal(estimates, estimates_of(robot, track))  # a reset drops everything
    assert track.attitude_xyzw is not None
    attitude = track.attitude_xyzw.copy()
    attitude[half:] = np.random.default_rng(0).normal(size=attitude[half:].shape)
    disturbed = dataclasses.replace(with_noise_after(track, half), attitude_xyzw=attitude)
    before = [one for one in estimates if one.stamp_ns < track.stamp_ns[half]]
    assert len(before) > 20
    assert_equal(before, estimates_of(robot_of(model), disturbed)[: len(before)])


def test_an_estimate_comes_every_stride_whether_it_moves_or_not(model: Matching) -> None:
    track = true_track(go(stops=1))
    estimates = estimates_of(robot_of(model), track)
    assert np.diff([one.stamp_ns for one in estimates]) / 1e9 == pytest.approx(STRIDE_S, abs=0.11)


def test_a_clock_set_back_drops_the_position(model: Matching) -> None:
    robot, track = robot_of(model), true_track(go())
    estimates_of(robot, track)
    assert robot.filter.posterior().near > 0.95
    for sample in track[: 20 * 2].samples():
        early = dataclasses.replace(sample, stamp_ns=sample.stamp_ns - 10**12)
        estimate = robot.push(early)
        assert estimate is None or estimate.status is not Status.LOCALIZED
    assert robot.filter.posterior().near < 0.5


def test_an_unsurveyed_field_is_out_of_area(model: Matching) -> None:
    robot, track = robot_of(model), true_track(go())
    estimates_of(robot, track)
    rng, last = np.random.default_rng(0), list(track.samples())[-1]
    field_ut, stamp_ns = last.field_ut.copy(), last.stamp_ns
    for _ in range(20 * 60):
        field_ut = 0.98 * field_ut + rng.normal(0.0, 4.0, 3) + np.array([0.0, 0.0, -1.0])
        stamp_ns += 50_000_000
        robot.push(Sample(stamp_ns, field_ut, np.array([0.03, 0.0]), last.attitude_xyzw))
    assert robot.status is Status.OUT_OF_AREA
