"""The drives through a hall: who surveys, who drives, and with which case each is compared."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from benchmarks.robots.cases import LENGTH_M, SHORT, UNDISTURBED, curves
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig

SURVEYOR = DriveConfig()
AHEAD = replace(SURVEYOR, forward_m=0.5)
BEHIND = replace(SURVEYOR, forward_m=-0.3, left_m=0.2)
LEVER_BAR = 1.1  # ratio of the error with the sensor ahead of the axle to that of the surveyor
NO_BAR = math.inf


def turning(config: DriveConfig) -> DriveConfig:
    """The same with rotations in place and reversals."""
    return replace(config, spins=4, reversals=3)


@dataclass(frozen=True)
class HallCase:
    """Drives with the same settings, in each building."""

    name: str
    drive: DriveConfig
    surveyor: DriveConfig = SURVEYOR
    reference: str = ""  # name of the case on the same paths that it is compared with; empty: none
    bar: float = NO_BAR  # for the ratio of both mean errors
    length_m: float = LENGTH_M
    calibrated: bool = False  # whether the robot has a robot file from its own calibration drive


PLAIN = HallCase("as the survey", UNDISTURBED.drive)
TURNING = HallCase("spins and reversals", turning(SURVEYOR))
OWN = (
    PLAIN,
    TURNING,
    HallCase("0.5 m ahead", AHEAD, AHEAD, PLAIN.name, LEVER_BAR),
    HallCase("0.5 m ahead, spins and reversals", turning(AHEAD), AHEAD, TURNING.name, LEVER_BAR),
    HallCase("another robot, 0.5 m ahead", AHEAD, reference=PLAIN.name, bar=LEVER_BAR),
    HallCase("another robot, 0.3 m behind, 0.2 m left", BEHIND, reference=PLAIN.name, bar=LEVER_BAR),
    HallCase("curves", replace(SURVEYOR, corner_length_m=3.0, wander_m=0.3)),
    HallCase("person", PERSON, PERSON),
)


def disturbed(*, quick: bool) -> list[HallCase]:
    """The disturbances of docs/robots.md, each with its bar; quick: the ends of each curve."""
    short = HallCase("as the survey, short", SHORT.drive, length_m=SHORT.length_m)
    found = {short.name: short}
    for curve in curves(quick=quick):
        for point in curve.points:
            if point.case not in (UNDISTURBED, SHORT):
                reference = short if point.undisturbed == SHORT else PLAIN
                name = f"{curve.name} {point.x:g}"
                found[name] = HallCase(
                    name,
                    point.case.drive,
                    reference=reference.name,
                    bar=point.bar,
                    length_m=point.case.length_m,
                    calibrated=point.case.calibrated,
                )
    return list(found.values())
