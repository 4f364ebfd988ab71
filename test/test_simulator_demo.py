"""The made-up building behaves as physics and the survey's rules say."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from mail_ros.cli.simulate import simulate as write_survey
from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.bag import read_track
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.simulator.bag import write_bag
from mail_ros.data.simulator.demo import Drive, simulate, survey
from mail_ros.data.simulator.demo_drive import CHECK_PART, ROBOT, SURVEYOR, drive_site, survey_site
from mail_ros.data.simulator.dipoles import CORRIDOR_M, Site, SiteFloor, dipole_ut, make_site
from mail_ros.data.simulator.plan import drive_route, survey_route

SITE_FIELD_UT = [[-1.63, 9.0, -50.84], [0.27, 22.24, -42.58], [4.15, 17.48, -36.48]]  # at three places in corridors


@pytest.fixture(scope="module")
def site() -> Site:
    return make_site()


def test_a_dipole_on_its_axis_and_beside_it() -> None:
    """On the axis 2 · µ0/4π · m/r³, beside it −µ0/4π · m/r³; µ0/4π is 0.1 in µT, A·m² and m."""
    moment_am2, distance_m = np.array([0.0, 0.0, 70.0]), 2.0
    on_axis, beside = dipole_ut(np.array([[0.0, 0.0, distance_m], [distance_m, 0.0, 0.0]]), moment_am2)
    np.testing.assert_allclose(on_axis, [0, 0, 2 * 0.1 * 70 / distance_m**3])
    np.testing.assert_allclose(beside, [0, 0, -0.1 * 70 / distance_m**3])


def test_the_field_has_no_sources_and_no_currents(site: Site) -> None:
    """Divergence and curl of a dipole's field vanish, by central differences."""
    step_m, place_m = 1e-4, np.array([0.7, -1.1, 0.4])
    jacobian = np.array(
        [
            (
                dipole_ut((place_m + step)[None], site.moment_am2[0])
                - dipole_ut((place_m - step)[None], site.moment_am2[0])
            )
            / (2 * step_m)
            for step in np.eye(3) * step_m
        ]
    )[:, 0]
    scale = np.abs(jacobian).max()
    assert abs(np.trace(jacobian)) < 1e-6 * scale
    assert np.abs(jacobian - jacobian.T).max() < 1e-6 * scale


def test_the_same_seed_is_the_same_walk_and_another_is_not(site: Site) -> None:
    first, again, other = (simulate(make_site(), survey_route(site, seed), seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.field_ut, again.field_ut)
    assert first.landmarks == again.landmarks
    assert first.landmarks != other.landmarks


def test_the_site_of_the_demo_is_the_one_that_its_model_learned(site: Site) -> None:
    """Should these numbers change, `make demo-model` has to be run again."""
    field_ut = site.field_ut(np.array([[6.0, 2.0], [20.0, 12.0], [2.0, 9.0]]))
    np.testing.assert_allclose(field_ut, SITE_FIELD_UT, atol=0.01)


def test_anomalies_are_as_in_a_building(site: Site) -> None:
    """A few µT to some tens of µT, unlike where one stood two steps before, on all axes."""
    drive = Drive(speed_m_s=1.0, noise_ut=0.0, offset_ut=0.0)
    walk = simulate(site, survey_route(site, 0), 0, drive)
    anomaly_ut = walk.field_ut - site.earth_ut
    strength_ut = np.linalg.norm(anomaly_ut, axis=1)
    assert 5.0 < np.median(strength_ut) < 15.0
    assert 15.0 < np.percentile(strength_ut, 99) < 60.0
    for axis in anomaly_ut.T:
        assert axis.std() > 3.0
        centred = axis - axis.mean()
        correlation = {m: float((centred[: -50 * m] * centred[50 * m :]).mean() / centred.var()) for m in (3, 5)}
        assert max(correlation.values()) < 0.4


def test_offset_and_noise_are_what_the_drive_says(site: Site) -> None:
    route = survey_route(site, 1)
    clean = simulate(site, route, 1, Drive(noise_ut=0.0, offset_ut=0.0))
    noisy = simulate(site, route, 1, Drive(noise_ut=0.5))
    disturbance_ut = noisy.field_ut - clean.field_ut
    np.testing.assert_allclose(disturbance_ut.std(axis=0), 0.5, rtol=0.05)
    assert np.abs(disturbance_ut.mean(axis=0)).max() > 1.0


def test_a_survey_takes_every_corridor_once_in_each_direction(site: Site) -> None:
    for seed in range(5):
        route = survey_route(site, seed)
        taken = sorted(itertools.pairwise(route))
        both = [(int(a), int(b)) for a, b in site.corridor] + [(int(b), int(a)) for a, b in site.corridor]
        assert taken == sorted(both)


def test_a_drive_is_long_enough_and_never_turns_back(site: Site) -> None:
    route = drive_route(site, 60.0, 5)
    lengths_m = np.linalg.norm(np.diff(site.corner_m[route], axis=0), axis=1)
    assert 60.0 <= lengths_m.sum() < 60.0 + 15.0
    assert all(a != c for a, c in zip(route, route[2:], strict=False))


def test_walks_are_at_50_hz_and_walking_speed(site: Site) -> None:
    for walk in survey(site, 2, seed=0):
        assert set(np.diff(walk.stamp_ns)) == {20_000_000}
        speed_m_s = np.linalg.norm(walk.position_m[50:] - walk.position_m[:-50], axis=1)
        assert np.percentile(speed_m_s, 5) > 0.5
        assert np.percentile(speed_m_s, 99) < 1.4


def test_a_survey_can_be_broken_off(site: Site) -> None:
    """The corridors that it took are those that the whole one takes first."""
    (whole,), (part,) = (list(survey(site, 1, 3, share)) for share in (1.0, 0.5))
    assert len(part.landmarks) == 1 + (len(whole.landmarks) - 1) // 2
    assert [mark.position_m for mark in part.landmarks] == [
        mark.position_m for mark in whole.landmarks[: len(part.landmarks)]
    ]


def test_labels_are_right_but_for_the_wander(site: Site) -> None:
    for wander_m, furthest_m in ((0.0, 1e-6), (0.1, CORRIDOR_M / 2)):
        walk = simulate(site, survey_route(site, 2), 2, Drive(wander_m=wander_m))
        labels = labels_from_landmarks(walk.stamp_ns, walk.landmarks)
        assert labels.valid.all()
        assert not labels.paused.any()
        error_m = np.linalg.norm(labels.position_m - walk.position_m, axis=1)
        assert error_m.max() <= furthest_m
        np.testing.assert_allclose(np.sqrt(np.square(error_m).mean()), wander_m, rtol=0.3, atol=1e-6)


def test_a_walk_comes_back_from_its_bag(site: Site, tmp_path: Path) -> None:
    walk = simulate(site, drive_route(site, 20.0, 0), 0)
    write_bag(tmp_path / "walk", walk)
    track = read_track(tmp_path / "walk")
    np.testing.assert_array_equal(track.stamp_ns, walk.stamp_ns)
    np.testing.assert_allclose(track.field_ut, walk.field_ut, atol=1e-9)
    np.testing.assert_allclose(track.position_m, walk.position_m, atol=CORRIDOR_M / 2)
    with pytest.raises(BagError, match="wanted a name that is free"):
        write_bag(tmp_path / "walk", walk)


def test_the_verb_writes_whole_surveys(site: Site, tmp_path: Path) -> None:
    write_survey(out=tmp_path / "bags", walks=2, seed=5, site=0)
    assert sorted(path.name for path in (tmp_path / "bags").iterdir()) == ["walk_00", "walk_01"]
    for number, walk in enumerate(survey(site, 2, seed=5)):
        track = read_track(tmp_path / "bags" / f"walk_{number:02d}")
        assert track.valid.mean() > 0.999
        np.testing.assert_allclose(track.field_ut, walk.field_ut, atol=1e-9)


def test_a_speed_that_no_robot_has_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"drive\.speed_m_s: wanted 0\.05 to 10, found 0"):
        Drive(speed_m_s=0.0)


def test_at_the_height_of_the_sites_sensor_its_floor_has_the_field_of_the_site(site: Site) -> None:
    floor, position_m = SiteFloor(site, 0.3), site.corner_m
    place_m = np.column_stack([position_m, np.full(len(position_m), 0.3)])
    np.testing.assert_array_equal(floor.field_ut(0, place_m), site.field_ut(position_m))
    higher_ut = floor.field_ut(0, place_m + np.array([0.0, 0.0, 0.5]))
    assert np.linalg.norm(higher_ut - site.field_ut(position_m), axis=1).max() > 1.0


def test_the_demos_robot_drives_at_changing_speed_and_its_surveyor_walks_every_corridor(site: Site) -> None:
    drive = drive_site(site, 45.0, 0)
    assert drive.sensor_rad == ROBOT.heading_offset_rad
    assert np.abs(drive.speed_m_s).max() <= ROBOT.speed_m_s * (1.0 + ROBOT.speed_spread) + 1e-9
    assert np.ptp(drive.speed_m_s[np.abs(drive.speed_m_s) > 0.3]) > 0.5
    learned, checked = survey_site(site)
    passed = {landmark.position_m for landmark in learned.landmarks}
    assert len(passed) == len(site.corner_m)
    assert checked.duration_s == pytest.approx(CHECK_PART * learned.duration_s, rel=0.2)
    assert 1e9 / np.diff(learned.stamp_ns).mean() == pytest.approx(SURVEYOR.rate_hz, rel=0.01)


@pytest.mark.parametrize("length_m", [8.0, 20.0, 45.0])
def test_the_demos_robot_drives_any_way_whatever_room_its_corners_leave(site: Site, length_m: float) -> None:
    """As much happens as there is room for: at 20 m three things, or none."""
    for seed in range(20):
        drive = drive_site(site, length_m, seed)
        assert np.linalg.norm(np.diff(drive.position_m, axis=0), axis=1).sum() > length_m - 1.0
