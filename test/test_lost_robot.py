"""Odometry that jumps, is reset or stops: the localizer becomes unsure within metres, and finds itself again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from small_halls import Hall, drive, free_corners, lane_corners

from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.model_file import SiteModel, build
from mail_ros.core.signal.attitude import about_vertical, heading_rad
from mail_ros.core.types import Status
from mail_ros.data.scored import follow
from mail_ros.data.track import Track
from mail_ros.training.field_map.fit import fit_field_map
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import run_config

pytestmark = pytest.mark.slow

HALL = Hall(1)
SURE = (Status.LOCALIZED, Status.STATIONARY)
WRONG_M = 1.0


def jump(track: Track, at: int) -> Track:
    """Odometry reports a displacement that did not happen."""
    assert track.moved_m is not None
    moved_m = track.moved_m.copy()
    moved_m[at] = (3.0, -2.0)
    return dataclasses.replace(track, moved_m=moved_m)


def new_yaw(track: Track, at: int) -> Track:
    """Odometry's frame is reset."""
    assert track.moved_m is not None and track.attitude_xyzw is not None
    moved_m, attitude_xyzw = track.moved_m.copy(), track.attitude_xyzw.copy()
    rotated = (moved_m[at:, 0] + 1j * moved_m[at:, 1]) * np.exp(1.5j)
    moved_m[at:] = np.column_stack([rotated.real, rotated.imag])
    attitude_xyzw[at:] = [about_vertical(heading_rad(each) + 1.5) for each in attitude_xyzw[at:]]
    return dataclasses.replace(track, moved_m=moved_m, attitude_xyzw=attitude_xyzw)


def stop(track: Track, at: int) -> Track:
    """Odometry reports nothing for five seconds of driving."""
    assert track.moved_m is not None
    moved_m = track.moved_m.copy()
    moved_m[at : at + 100] = 0.0
    return dataclasses.replace(track, moved_m=moved_m)


@pytest.fixture(scope="module")
def model() -> SiteModel:
    lanes = lane_corners(1.0)
    survey = [drive(HALL, part, 10 + number) for number, part in enumerate((lanes, lanes[::-1]))]
    fitted = fit_field_map(run_config([], "area").model, survey_walks(survey).rows, "wheels")
    return build(fitted.config, fitted.state)


@pytest.mark.parametrize("seed", [31, 32])
@pytest.mark.parametrize("event", [jump, new_yaw, stop])
def test_a_robot_whose_odometry_fails_finds_itself_again(
    model: SiteModel, event: Callable[[Track, int], Track], seed: int
) -> None:
    track = drive(HALL, free_corners(seed, 14), seed)
    at = len(track) // 2
    scored = list(follow(compose(model, "odometry"), event(track, at)))
    travelled_m = np.linalg.norm(np.diff(track.position_m, axis=0, prepend=track.position_m[:1]), axis=1).cumsum()
    since_m = np.array([travelled_m[np.searchsorted(track.stamp_ns, one.estimate.stamp_ns)] for one in scored])
    since_m = since_m - travelled_m[at]
    error_m = np.array([one.error_m for one in scored])
    sure = np.array([one.estimate.status in SURE for one in scored])
    known = (since_m > 5.0 - travelled_m[at]) & (since_m < 0.0)
    assert sure[known].mean() > 0.9 and error_m[known].mean() < 0.2
    wrong = (since_m >= 0.0) & sure & (error_m > WRONG_M)
    assert len(np.unique(np.round(4.0 * since_m[wrong]))) / 4.0 < 5.0, "metres on which it is sure and wrong"
    assert error_m[-20:].max() < 0.5 and sure[-20:].mean() > 0.9
