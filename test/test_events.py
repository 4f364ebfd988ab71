"""Events of a drive are found as often, and for as long, as they were simulated."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mail_ros.core.types import NS_PER_S
from mail_ros.data.simulator import drive as simulator
from mail_ros.data.simulator.demo import ROBOT, demo_building
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.evaluation.events import AFTER_S, KINDS, DriveEvent, drive_events, during


@pytest.fixture(scope="module")
def drive() -> SimulatedDrive:
    config = dataclasses.replace(ROBOT, stops=2, spins=2, reversals=2)
    return simulator.drive(demo_building(), config, 1, length_m=45.0)


def lasts_s(drive: SimulatedDrive, event: DriveEvent) -> float:
    return float(drive.stamp_ns[event.last] - drive.stamp_ns[event.first]) / NS_PER_S


def test_a_drive_has_two_of_each_and_a_calm_one_has_none(drive: SimulatedDrive) -> None:
    found = drive_events(drive)
    assert {kind: [each.kind for each in found].count(kind) for kind in KINDS} == dict.fromkeys(KINDS, 2)
    assert [each.first for each in found] == sorted(each.first for each in found)
    assert drive_events(simulator.drive(demo_building(), seed=1, length_m=8.0)) == []


def test_each_has_the_motion_of_its_name(drive: SimulatedDrive) -> None:
    for each in drive_events(drive):
        part = slice(each.first, each.last + 1)
        moved_m = float(np.linalg.norm(np.ptp(drive.position_m[part], axis=0)))
        turned_rad = float(abs(drive.heading_rad[each.last] - drive.heading_rad[each.first]))
        if each.kind == "stop":
            assert lasts_s(drive, each) == pytest.approx(ROBOT.stop_s, abs=0.5)
        assert turned_rad == pytest.approx(2.0 * np.pi if each.kind == "spin" else 0.0, abs=0.3)
        assert moved_m == pytest.approx(ROBOT.reversal_m if each.kind == "reversal" else 0.0, abs=0.1)


def test_harm_is_looked_for_some_seconds_longer(drive: SimulatedDrive) -> None:
    for kind in KINDS:
        then, each = during(drive, kind), next(each for each in drive_events(drive) if each.kind == kind)
        since_s = (drive.stamp_ns - drive.stamp_ns[each.last]) / NS_PER_S
        assert then[each.first : each.last + 1].all()
        assert then[(since_s > 0.0) & (since_s <= AFTER_S)].all()
        assert not then[0]
