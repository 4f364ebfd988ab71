"""The demo of robots: one robot surveys the demo's site, and another one makes it hard to be found there.

The other one's magnetometer is turned by 140° on its body, which leans; its own iron and motors bend what it reads. It
stops, turns in place and backs up on its way.
"""

from __future__ import annotations

import dataclasses
import math
from contextlib import suppress

from mail_ros.core.errors import ConfigError
from mail_ros.data.simulator.dipoles import Site, SiteFloor
from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.survey import survey
from mail_ros.data.simulator.walk import SimulatedDrive

SURVEYOR = DriveConfig(speed_m_s=1.0, rate_hz=25.0)
ROBOT = DriveConfig(
    speed_m_s=0.75,
    speed_spread=0.5,  # from 0.38 to 1.13 m/s
    turn_rad_s=1.2,
    stop_s=6.0,
    reversal_m=2.0,
    heading_offset_rad=math.radians(140.0),
    tilt_rad=math.radians(8.0),
    offset_ut=40.0,
    motor_ut=5.0,
)
EACH_M = 20.0  # of way, for a stop, a turn in place and a reversal
SURVEY_DEVICE = 1000  # seed of the surveyor's own iron
CHECK_PART = 0.25  # of the corridors, which a walk takes that is not learned from


def survey_site(site: Site) -> tuple[SimulatedDrive, SimulatedDrive]:
    """A walk to learn from, through every corridor both ways, and a shorter one to validate on."""
    walks = [
        *survey(SiteFloor(site, SURVEYOR.height_m), 1, 1, SURVEYOR, device=SURVEY_DEVICE),
        *survey(SiteFloor(site, SURVEYOR.height_m), 1, 2, SURVEYOR, device=SURVEY_DEVICE, part=CHECK_PART),
    ]
    return walks[0], walks[1]


def drive_site(site: Site, length_m: float, seed: int) -> SimulatedDrive:
    """A drive of at least `length_m`; the longer, the more happens on it, as far as its corners leave room."""
    for times in range(int(length_m // EACH_M), 0, -1):
        with suppress(ConfigError):  # no room for so much
            return _drive(site, length_m, seed, times)
    return _drive(site, length_m, seed, 0)


def _drive(site: Site, length_m: float, seed: int, times: int) -> SimulatedDrive:
    config = dataclasses.replace(ROBOT, stops=times, spins=times, reversals=times)
    return drive(SiteFloor(site, ROBOT.height_m), config, seed, length_m=length_m)
