"""The drives of the demo: a calm robot for its first act, and one with stops, spins and reversals for its second.

The second robot's magnetometer is rotated by 140° on its body, which leans; its own iron and motors distort the field.
"""

from __future__ import annotations

import dataclasses
import math
from contextlib import suppress

from mail_ros.core.errors import ConfigError
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.survey import survey

CALM = DriveConfig(speed_m_s=0.95, jitter_s=0.0)
SURVEYOR = DriveConfig(speed_m_s=1.0, rate_hz=25.0)
ROBOT = DriveConfig(
    speed_m_s=1.0,
    speed_variation=0.4,  # from 0.6 to 1.4 m/s
    acceleration_m_s2=0.7,
    max_yaw_rate_rad_s=1.5,
    stop_s=4.0,
    reversal_m=1.5,
    heading_offset_rad=math.radians(140.0),
    tilt_rad=math.radians(8.0),
    offset_ut=40.0,
    motor_ut=5.0,
)
EVENTS_M = 16.0  # length of path per stop, spin and reversal
SURVEY_DEVICE = 1000  # seed of the surveyor's own iron
VALIDATION = 0.25  # fraction of the corridors that the validation walk takes


def survey_demo(building: Building) -> tuple[SimulatedDrive, SimulatedDrive]:
    """A training walk through every corridor both ways, and a shorter validation walk."""
    training = survey(building, 1, 1, SURVEYOR, device=SURVEY_DEVICE)
    validation = survey(building, 1, 2, SURVEYOR, device=SURVEY_DEVICE, fraction=VALIDATION)
    return next(training), next(validation)


def drive_demo(building: Building, length_m: float, seed: int) -> SimulatedDrive:
    """A drive of at least `length_m`, with events in proportion to it as far as its corners leave room."""
    for times in range(int(length_m // EVENTS_M), 0, -1):
        with suppress(ConfigError):  # no room for so many
            config = dataclasses.replace(ROBOT, stops=times, spins=times, reversals=times)
            return drive(building, config, seed, length_m=length_m)
    return drive(building, ROBOT, seed, length_m=length_m)
