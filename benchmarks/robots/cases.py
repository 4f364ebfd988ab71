"""Disturbances: each is a curve of points, and the drives of a point differ from undisturbed ones in one setting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mail_ros.data.simulator.simulation_config import DriveConfig

LENGTH_M, SHORT_M = 80.0, 25.0  # length of a drive, and of a slow one
SLOW_M_S = 0.1  # drives up to this speed are short
BAR, HARD_BAR = 1.25, 1.5  # ratio to the mean error of undisturbed drives; the second with the strongest motors
STRONG_UT = 10.0
STOP_S = 60.0
REVERSALS = 3  # per drive with reversals


@dataclass(frozen=True)
class Case:
    """Drives with the same settings, in each building."""

    name: str
    drive: DriveConfig
    length_m: float = LENGTH_M
    calibrated: bool = False  # whether the robot has a robot file from its own calibration drive


@dataclass(frozen=True)
class Point:
    """A point on a curve."""

    x: float
    case: Case
    undisturbed: Case  # reference: drives of the same length over the same paths
    bar: float = BAR


@dataclass(frozen=True)
class Curve:
    """One disturbance, by its size."""

    name: str
    title: str
    axis: str  # meaning of x, with its unit
    points: tuple[Point, ...]  # in order of x


UNDISTURBED = Case("undisturbed", DriveConfig())
SHORT = Case("undisturbed_short", DriveConfig(), SHORT_M)
NONE = Point(0.0, UNDISTURBED, UNDISTURBED)


def curves(*, quick: bool) -> list[Curve]:
    """All curves; quick ones have few points."""
    whole = [_heading(), _speed(), _stops(), _spins(), _reversals(), _tilt(), _offset(), *_motors()]
    return [replace(curve, points=_ends(curve.points)) for curve in whole] if quick else whole


def cases(drawn: Sequence[Curve]) -> list[Case]:
    """Every case that curves need, once; the undisturbed ones first."""
    points = [point for curve in drawn for point in curve.points]
    return list(dict.fromkeys([*(point.undisturbed for point in points), *(point.case for point in points)]))


def _ends(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The undisturbed point, and the ends of the curve."""
    return tuple(point for point in points if point.case == UNDISTURBED or point in (points[0], points[-1]))


def _point(name: str, x: float, drive: DriveConfig, bar: float = BAR, *, calibrated: bool = False) -> Point:
    return Point(x, Case(f"{name}_{x:g}", drive, calibrated=calibrated), UNDISTURBED, bar)


def _heading() -> Curve:
    points = [
        _point("heading", deg, DriveConfig(heading_offset_rad=math.radians(deg))) for deg in (45.0, 90.0, 135.0, 180.0)
    ]
    return Curve(
        "heading", "Sensor rotated on its mount, unknown to the localizer", "heading offset, °", (NONE, *points)
    )


def _speed() -> Curve:
    points = [Point(DriveConfig().speed_m_s, UNDISTURBED, UNDISTURBED)]
    for speed_m_s in (0.1, 0.2, 1.0, 1.5, 2.0):
        drive = DriveConfig(
            speed_m_s=speed_m_s, acceleration_m_s2=max(DriveConfig().acceleration_m_s2, speed_m_s / 2.0)
        )
        point = _point("speed", speed_m_s, drive)
        short = replace(point, case=replace(point.case, length_m=SHORT_M), undisturbed=SHORT)
        points.append(short if speed_m_s <= SLOW_M_S else point)
    return Curve("speed", "Speed", "speed, m/s", tuple(sorted(points, key=lambda point: point.x)))


def _stops() -> Curve:
    points = [_point("stops", n, DriveConfig(stops=n, stop_s=STOP_S)) for n in (1, 2, 4)]
    return Curve("stops", f"Stops of {STOP_S:g} s", "stops in a drive", (NONE, *points))


def _spins() -> Curve:
    points = [_point("spins", n, DriveConfig(spins=n)) for n in (2, 4, 8)]
    return Curve("spins", "Whole rotations in place", "rotations in a drive", (NONE, *points))


def _reversals() -> Curve:
    points = [
        _point("reversals", back_m, DriveConfig(reversals=REVERSALS, reversal_m=back_m)) for back_m in (0.5, 1.0, 3.0)
    ]
    title = f"Backing up, {REVERSALS} times in a drive"
    return Curve("reversals", title, "distance backwards, m", (NONE, *points))


def _tilt() -> Curve:
    points = [_point("tilt", deg, DriveConfig(tilt_rad=math.radians(deg))) for deg in (-10.0, -5.0, 5.0, 10.0)]
    return Curve("tilt", "Body that leans", "tilt, °", tuple(sorted([NONE, *points], key=lambda point: point.x)))


def _offset() -> Curve:
    usual_ut = DriveConfig().offset_ut
    points = [_point("offset", ut, DriveConfig(offset_ut=ut)) for ut in (5.0, 10.0, 40.0)]
    points.append(Point(usual_ut, UNDISTURBED, UNDISTURBED))
    title = f"Field of the body; {usual_ut:g} µT in the survey"
    return Curve("offset", title, "offset, µT", tuple(sorted(points, key=lambda point: point.x)))


def _motors() -> list[Curve]:
    made = []
    for name, title, calibrated in (
        ("motor", "Field of the motors, left in", False),
        ("calibrated", "Field of the motors, robot file made", True),
    ):
        points = [
            _point(name, ut, DriveConfig(motor_ut=ut), HARD_BAR if ut >= STRONG_UT else BAR, calibrated=calibrated)
            for ut in (2.5, 5.0, STRONG_UT)
        ]
        made.append(Curve(name, title, "motor field at 1 m/s, µT", (NONE, *points)))
    return made
