"""Laps join continuously, and odometry is the same path in the frame of the first pose."""

from __future__ import annotations

import numpy as np
import pytest

from mail_ros.data.laps import Laps, PlanarPose
from mail_ros.data.simulator.demo import DEMO_SPEED_M_S, Drive, simulate
from mail_ros.data.simulator.dipoles import make_site
from mail_ros.data.simulator.plan import survey_route
from mail_ros.data.simulator.walk import SimulatedWalk

PERIOD_NS = 20_000_000


@pytest.fixture(scope="module")
def walk() -> SimulatedWalk:
    site = make_site()
    return simulate(site, survey_route(site, 0), 0, Drive(DEMO_SPEED_M_S))


@pytest.fixture(scope="module")
def laps(walk: SimulatedWalk) -> Laps:
    return Laps(walk)


def test_a_lap_is_the_walk(laps: Laps, walk: SimulatedWalk) -> None:
    assert len(laps) == len(walk.stamp_ns)
    for sample in (0, 1, 1234, len(laps) - 1):
        lap = laps.at(sample)
        assert lap.since_ns == walk.stamp_ns[sample] - walk.stamp_ns[0]
        np.testing.assert_array_equal(lap.field_ut, walk.field_ut[sample])
        assert (lap.truth.x_m, lap.truth.y_m) == tuple(walk.position_m[sample])


def test_stamps_and_places_go_on_from_lap_to_lap(laps: Laps) -> None:
    around = [laps.at(sample) for sample in range(len(laps) - 3, len(laps) + 3)]
    assert set(np.diff([lap.since_ns for lap in around])) == {PERIOD_NS}
    for poses in ([lap.truth for lap in around], [lap.odometry for lap in around]):
        step_m = np.linalg.norm(np.diff([pose[:2] for pose in poses], axis=0), axis=1)
        assert step_m.max() < 0.03


def test_odometry_begins_at_its_origin_and_sees_the_same_way(laps: Laps) -> None:
    begin = laps.at(0)
    assert begin.odometry == pytest.approx(PlanarPose(0.0, 0.0, 0.0))
    turn_rad = begin.truth.heading_rad
    assert abs(turn_rad) > 0.1, "a frame that lies as the map's would show nothing"
    rotation = np.array([[np.cos(turn_rad), -np.sin(turn_rad)], [np.sin(turn_rad), np.cos(turn_rad)]])
    for sample in range(0, len(laps), 500):
        lap = laps.at(sample)
        np.testing.assert_allclose(
            rotation @ lap.odometry[:2] + begin.truth[:2],
            lap.truth[:2],
            atol=1e-9,
            err_msg=f"sample {sample}",
        )
        heading_rad = lap.odometry.heading_rad + turn_rad - lap.truth.heading_rad
        assert np.cos(heading_rad) == pytest.approx(1.0)


def test_it_looks_where_it_goes_at_the_speed_at_which_it_goes(laps: Laps) -> None:
    """Speed and yaw rate, integrated, are the path."""
    begin, period_s = laps.at(0).truth, PERIOD_NS / 1e9
    position_m, heading_rad = np.array(begin[:2]), begin.heading_rad
    for sample in range(3000):
        lap = laps.at(sample)
        np.testing.assert_allclose(position_m, lap.truth[:2], atol=1e-6)
        position_m = position_m + lap.speed_m_s * period_s * np.array([np.cos(heading_rad), np.sin(heading_rad)])
        heading_rad += lap.yaw_rate_rad_s * period_s
        assert 0.5 < lap.speed_m_s < 1.4
