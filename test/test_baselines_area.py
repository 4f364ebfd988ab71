"""The baselines on a field map: a particle filter, and a Hough transform with a tracker."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from simulated_tracks import assert_equal, estimates_of, with_noise_after
from small_halls import Hall, drive, free_corners, lane_corners

from mail_ros.core.errors import ConfigError, TrackError
from mail_ros.core.types import SampleLocalizer, Status
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.maght import Maght, MaghtSettings
from mail_ros.evaluation.baselines.map_particles import MapParticles, MapParticleSettings
from mail_ros.evaluation.baselines.path_localizer import MappedField
from mail_ros.evaluation.methods import METHODS, Fit, applicable
from mail_ros.training.field_map.fit import FittedMap, fit_field_map
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import run_config

pytestmark = pytest.mark.slow

HALL = Hall(1)
SMALL = MapParticleSettings(particles=6000, tracking=2000)  # as many as a small hall needs
METHODS_ON_A_MAP = ("field_map", "map_particles", "maght")
OFFSET_UT = np.array([6.0, -4.0, 9.0])
KNOWN = (Status.LOCALIZED, Status.STATIONARY)


def survey() -> list[Track]:
    """Lanes there, and back."""
    corners_m = lane_corners(1.0)
    return [drive(HALL, part, 10 + number) for number, part in enumerate((corners_m, corners_m[::-1]))]


@pytest.fixture(scope="module")
def fitted() -> FittedMap:
    return fit_field_map(run_config([], "area").model, survey_walks(survey()).rows, "wheels")


def particles(fitted: FittedMap, seed: int = 0) -> SampleLocalizer:
    return MapParticles(fitted, seed, 0.2, SMALL)


def free_drive(seed: int, yaw_rad: float) -> Track:
    return drive(HALL, free_corners(seed), seed, yaw_rad=yaw_rad, offset_ut=OFFSET_UT, sensor_m=(0.3, 0.0))


def settled(localizer: SampleLocalizer, track: Track) -> list[Scored]:
    """Estimates of the second half of a drive."""
    scored = list(follow(localizer, track))
    return scored[len(scored) // 2 :]


@pytest.mark.parametrize("yaw_rad", [0.0, 2.1])
def test_particles_find_themselves_at_any_yaw_with_an_unknown_offset(fitted: FittedMap, yaw_rad: float) -> None:
    scored = settled(particles(fitted), free_drive(3, yaw_rad))
    assert np.mean([one.error_m for one in scored]) < 0.2
    assert np.mean([one.estimate.status in KNOWN for one in scored]) > 0.9
    yaw = scored[-1].estimate.odom_yaw
    assert yaw is not None and abs(np.angle(np.exp(1j * (yaw.angle_rad - yaw_rad)))) < 0.15


@pytest.mark.parametrize(("seed", "yaw_rad"), [(3, 0.0), (4, 2.1), (6, -1.3)])
def test_a_clear_peak_is_where_the_robot_is_and_starts_the_tracker(
    fitted: FittedMap, seed: int, yaw_rad: float
) -> None:
    scored = list(follow(Maght(fitted, 0.2, MaghtSettings(min_travel_m=6.0)), free_drive(seed, yaw_rad)))
    first = next(number for number, one in enumerate(scored) if one.estimate.status in KNOWN)
    assert all(one.estimate.status is Status.UNCERTAIN for one in scored[:first])
    assert scored[first].error_m < 0.6
    yaw = scored[first].estimate.odom_yaw
    assert yaw is not None and abs(np.angle(np.exp(1j * (yaw.angle_rad - yaw_rad)))) < 0.3
    assert np.mean([one.error_m for one in scored[first:]]) < 0.25


@pytest.mark.parametrize("method", ["map_particles", "maght"])
def test_the_future_changes_nothing_and_neither_does_the_walk_before(fitted: FittedMap, method: str) -> None:
    localizer = particles(fitted) if method == "map_particles" else Maght(fitted, 0.2)
    walk = free_drive(5, 1.0)
    half = len(walk) // 2
    before = [one for one in estimates_of(localizer, walk) if one.stamp_ns < walk.stamp_ns[half]]
    assert len(before) > 20
    assert_equal(estimates_of(localizer, with_noise_after(walk, half))[: len(before)], before)


def test_another_seed_scatters_other_particles(fitted: FittedMap) -> None:
    walk = free_drive(5, 1.0)
    first, second = (estimates_of(particles(fitted, seed), walk)[0] for seed in (0, 1))
    assert not np.array_equal(first.position_m, second.position_m)


def test_a_clock_that_is_set_back_starts_again(fitted: FittedMap) -> None:
    localizer, walk = particles(fitted), free_drive(5, 1.0)
    fresh = estimates_of(localizer, walk)
    later = dataclasses.replace(walk, stamp_ns=walk.stamp_ns + 10**12)
    estimates_of(localizer, later)
    again = [estimate for estimate in map(localizer.push, walk.samples()) if estimate is not None]
    assert all(one.status is Status.UNCERTAIN for one in again[:3])
    assert np.linalg.norm(again[-1].position_m - fresh[-1].position_m) < 0.5


def test_a_position_between_cells_has_the_field_between_theirs(fitted: FittedMap) -> None:
    field = MappedField(fitted, 0.0)
    cells = field.grid.cells.position_m
    own = field.at(cells)
    np.testing.assert_allclose(own.vertical, fitted.state["mean_ut"][:, 2], rtol=1e-5)
    along = cells + np.array([0.5 * field.grid.size_m, 0.0])
    both = np.isin(along[:, 0] + 0.5 * field.grid.size_m, cells[:, 0]) & field.at(along + (along - cells)).inside
    halfway, ahead = field.at(along[both]), field.at(2.0 * along[both] - cells[both])
    np.testing.assert_allclose(halfway.vertical, 0.5 * (own.vertical[both] + ahead.vertical), rtol=1e-5)
    assert not field.at(np.array([[-5.0, 3.0], [1e4, 1e4]])).inside.any()


@pytest.mark.parametrize("method", METHODS_ON_A_MAP)
def test_a_walk_without_odometry_is_refused(method: str) -> None:
    still = [dataclasses.replace(track, moved_m=None) for track in survey()]
    with pytest.raises(TrackError, match="wanted odometry and attitude, for a map of the field, found neither"):
        METHODS[method].fit(Fit(still, run_config([]), 0.2, Path()))
    assert method not in applicable(still)
    assert method not in applicable(
        [dataclasses.replace(still[0], moved_m=np.zeros((len(still[0]), 2)), attitude_xyzw=None)]
    )
    assert method in applicable(survey())


@pytest.mark.parametrize("method", ["map_particles", "maght"])
def test_a_sample_without_odometry_and_a_second_floor_are_refused(fitted: FittedMap, method: str) -> None:
    walk = free_drive(5, 1.0)
    localizer = particles(fitted) if method == "map_particles" else Maght(fitted, 0.2)
    with pytest.raises(TrackError, match="wanted odometry in every sample, found a sample without"):
        localizer.push(next(dataclasses.replace(walk, moved_m=None).samples()))
    state = dict(fitted.state)
    state["head.cell_floor"] = np.arange(len(state["head.cell_floor"])) % 2
    several = fitted._replace(state=state)
    with pytest.raises(TrackError, match=r"wanted walks on one floor, found floors \[0, 1\]"):
        MapParticles(several, 0, 0.2) if method == "map_particles" else Maght(several, 0.2)


def test_methods_on_a_map_read_the_run_s_seed_and_map_alone_and_refuse_a_tracker() -> None:
    """Otherwise the benchmark would keep results that no longer hold."""
    tracks, walk = survey()[:1], free_drive(5, 1.0)
    unread = ["sampling.rate_hz=10", "mail.lag_s=1", "matching.noise_ut2=3", "augment.noise_ut=3"]
    fits = [METHODS["maght"].fit(Fit(tracks, run_config(texts), 0.2, Path())) for texts in ([], unread)]
    one, other = (estimates_of(each.localizer("none", 0.2), walk) for each in fits)
    assert_equal(one, other)
    with pytest.raises(ConfigError, match="wanted a method of windows, found Maght"):
        fits[0].localizer("odometry", 0.2)
