"""The demo of robots: a survey of the demo's site by one robot, and a drive by another that makes it hard.

The other one's magnetometer is turned and leans, sees its own iron and motors, and nobody tells; it stops, turns
in place and backs up.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from mail_ros.data.simulator.config import DriveConfig
from mail_ros.data.simulator.dipoles import Site, SiteFloor
from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.survey import survey
from mail_ros.data.simulator.walk import SimulatedDrive

SURVEYOR = DriveConfig(speed_m_s=1.0, rate_hz=25.0)
ROBOT = DriveConfig(
    speed_m_s=0.75,
    speed_spread=0.5,
    turn_rad_s=1.2,
    stop_s=6.0,
    reversal_m=2.0,
    heading_offset_rad=math.radians(140.0),
    tilt_rad=math.radians(8.0),
    offset_ut=40.0,
    motor_ut=5.0,
)
EACH_M = 30.0  # of way for a stop, a turn in place and a reversal
SURVEY_DEVICE = 1000  # no drive's seed
