"""Drives through the demo's building with a sensor that keeps the axes of the map, as tracks with odometry."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from mail_ros.core.types import Estimate, SampleLocalizer
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.corridor_plan import drive_route, survey_route
from mail_ros.data.simulator.demo import HEIGHT_M, demo_building
from mail_ros.data.simulator.drive import drive as simulate
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track

YAW_RAD = 1.9  # yaw of the odometry frame in the map: unknown to every method
STEADY = DriveConfig(  # between landmarks at the speed that labels assume
    speed_m_s=1.0, acceleration_m_s2=10.0, max_yaw_rate_rad_s=10.0, corner_length_m=0.3, jitter_s=0.0
)


def steady_drive(
    building: Building, route: Sequence[int], seed: int, *, offset_ut: float = 1.0, **settings: float
) -> SimulatedDrive:
    """A drive at a steady speed whose sensor keeps the axes of the map, with noise and a small offset."""
    walk = simulate(building, dataclasses.replace(STEADY, **settings), seed, route=route)  # type: ignore[arg-type]
    rng, count = np.random.default_rng([seed, 4]), len(walk.stamp_ns)
    field_ut = building.field_ut(0, np.column_stack([walk.position_m, np.full(count, HEIGHT_M)]))
    noise_ut = rng.normal(scale=offset_ut, size=3) + rng.normal(scale=STEADY.noise_ut, size=(count, 3))
    return dataclasses.replace(walk, field_ut=field_ut + noise_ut)


def simulated_track(
    building: Building, route: Sequence[int], seed: int, *, odometry: bool = True, floor: int = 0
) -> Track:
    """A drive at 20 Hz with a small offset, and wheels that are 3 % long and drift by a degree in ten metres."""
    walk = steady_drive(building, route, seed, rate_hz=20.0)
    landmarks = [dataclasses.replace(mark, floor=floor) for mark in walk.landmarks]
    labels = labels_from_landmarks(walk.stamp_ns, landmarks)
    moved_m = np.diff(walk.position_m, axis=0, prepend=walk.position_m[:1])
    path_m = np.cumsum(np.linalg.norm(moved_m, axis=1))
    angle = YAW_RAD + np.radians(1.0) * path_m / 10.0
    cos, sin = np.cos(angle), np.sin(angle)
    rotated_m = 1.03 * np.column_stack(
        [cos * moved_m[:, 0] - sin * moved_m[:, 1], sin * moved_m[:, 0] + cos * moved_m[:, 1]]
    )
    return Track(
        f"walk {seed}",
        walk.stamp_ns,
        walk.field_ut,
        labels.position_m,
        labels.floor,
        labels.valid,
        labels.paused,
        rotated_m if odometry else None,
    )


def surveys(building: Building | None = None, *, floor: int = 0) -> list[Track]:
    """Two walks that take every corridor in both directions."""
    building = building or demo_building()
    return [simulated_track(building, survey_route(building.plan, seed), seed, floor=floor) for seed in (11, 12)]


def drive(*, length_m: float = 60.0, seed: int = 21, odometry: bool = True) -> Track:
    """A walk through the same building that no survey saw."""
    building = demo_building()
    return simulated_track(building, drive_route(building.plan, length_m, seed), seed, odometry=odometry)


def with_noise_after(track: Track, index: int) -> Track:
    """The same walk, but field and odometry are noise from `index` on, and its labels are gone."""
    rng = np.random.default_rng(99)
    field_ut, position_m, valid = track.field_ut.copy(), track.position_m.copy(), track.valid.copy()
    field_ut[index:] = rng.normal(0.0, 50.0, field_ut[index:].shape)
    position_m[index:], valid[index:] = np.nan, False
    moved_m = None if track.moved_m is None else track.moved_m.copy()
    if moved_m is not None:
        moved_m[index:] = rng.normal(0.0, 0.1, moved_m[index:].shape)
    return dataclasses.replace(track, field_ut=field_ut, position_m=position_m, valid=valid, moved_m=moved_m)


def estimates_of(localizer: SampleLocalizer, track: Track) -> list[Estimate]:
    """Estimates of a freshly reset localizer on a walk."""
    localizer.reset()
    return [estimate for estimate in map(localizer.push, track.samples()) if estimate is not None]


def assert_equal(left: Sequence[Estimate], right: Sequence[Estimate]) -> None:
    """The same estimates to the last bit."""
    assert [one.stamp_ns for one in left] == [one.stamp_ns for one in right]
    for one, other in zip(left, right, strict=True):
        np.testing.assert_array_equal(one.position_m, other.position_m)
        np.testing.assert_array_equal(one.covariance_m2, other.covariance_m2)
        assert one.status == other.status


def chance_error_m(training: Sequence[Track], walk: Track) -> float:
    """Mean error of the middle of the surveys as a constant estimate."""
    middle_m = np.concatenate([track.position_m[track.valid] for track in training]).mean(axis=0)
    return float(np.linalg.norm(walk.position_m[walk.valid] - middle_m, axis=1).mean())
