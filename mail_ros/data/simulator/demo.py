"""The demo: a building and a calm robot for its first act, a hall and a robot that drives freely for its second.

The building has one floor with five corridors, and magnetic dipoles in place of columns, doors and cables: its field
takes a fraction of a second. The hall and the corridors beside it are of `make_building`, and take some seconds. The
second robot's magnetometer is off its axle and rotated by 140° on its body, which leans; its own iron and motors
distort the field.
"""

from __future__ import annotations

import dataclasses
import math
from functools import partial

import numpy as np

from mail_ros.core.platform.robot_file import Robot, quaternion
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.body_motion import about_z
from mail_ros.data.simulator.building import Building, make_building
from mail_ros.data.simulator.corridor_plan import CorridorPlan, distance_m, lengths_m
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.field_grid import FieldGrid
from mail_ros.data.simulator.hall_route import free_line_m
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import BuildingConfig, DriveConfig

EARTH_UT = (1.0, 19.5, -44.0)  # east, north, up: central Europe
CORRIDOR_M = 1.8  # width
HEIGHT_M = 0.3  # height of a robot's sensor; dipoles are up to 1 m above and below it
CLEARANCE_M = 0.8  # from the centre line of every corridor to each dipole

# A loop of 26 by 14 metres, cut by two corridors that another one joins: the corners look alike.
_CORNER_M = ((2, 2), (11, 2), (20, 2), (28, 2), (28, 16), (20, 16), (11, 16), (2, 16), (11, 9), (20, 9))
_CORRIDOR = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 0), (1, 8), (8, 6), (2, 9), (9, 5), (8, 9))

CALM = DriveConfig(speed_m_s=0.95, jitter_s=0.0)
HALL = BuildingConfig(aisles=2, length_m=6.0, spacing_m=6.0, crossings=2, hall_length_m=16.0, hall_width_m=10.0)
LANES_M = 0.5  # distance of the survey's lanes
SURVEYOR = DriveConfig(speed_m_s=1.0, rate_hz=25.0, forward_m=0.0)  # on its axle: needs no robot file
SURVEY_SEED = 10**6  # apart from the seeds of drives: another robot
ROBOT = DriveConfig(
    speed_m_s=1.2,
    speed_variation=0.3,  # from 0.84 to 1.56 m/s
    acceleration_m_s2=1.0,
    max_yaw_rate_rad_s=2.0,
    stops=1,
    stop_s=3.0,
    spins=1,
    reversals=1,
    reversal_m=1.5,
    forward_m=0.3,
    left_m=-0.1,
    heading_offset_rad=math.radians(140.0),
    tilt_rad=math.radians(8.0),
    offset_ut=40.0,
    motor_ut=5.0,
)
# What the localizer knows of the robot: the mount, as in TF, and neither iron nor motors.
ROBOT_FILE = Robot(quaternion(about_z(ROBOT.heading_offset_rad)), position_m=(ROBOT.forward_m, ROBOT.left_m))
LINES = 100  # random lines of which a drive follows one
REACH = 0.5  # fraction of a corridor after which the drive returns to the hall


def demo_building(seed: int = 0) -> Building:
    """The demo's floor plan, with dipoles beside its corridors, 1 to 2.5 m apart, at positions drawn by `seed`."""
    rng = np.random.default_rng([seed, 1])
    plan = CorridorPlan(np.array(_CORNER_M, dtype=np.float64), np.array(_CORRIDOR, dtype=np.int64))
    sources = []
    for a, b in plan.corridor:
        leg_m = plan.corner_m[b] - plan.corner_m[a]
        length_m = float(np.linalg.norm(leg_m))
        ahead = leg_m / length_m
        along_m = rng.uniform(0.5, 2.0)
        while along_m < length_m:
            lateral_m = rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.0) * CORRIDOR_M
            position_m = plan.corner_m[a] + along_m * ahead + lateral_m * np.array([-ahead[1], ahead[0]])
            sources.append([*position_m, HEIGHT_M + rng.uniform(-1.0, 1.0)])
            along_m += rng.uniform(1.0, 2.5)
    source_m = np.array(sources)
    source_m = source_m[distance_m(plan, source_m[:, :2]) > CLEARANCE_M]
    range_m = np.hypot(distance_m(plan, source_m[:, :2]), source_m[:, 2] - HEIGHT_M)
    direction = rng.normal(size=source_m.shape)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    peak_ut = np.exp(rng.uniform(np.log(3.0), np.log(25.0), len(source_m)))  # roughly, at the centre line
    field = partial(_exact_ut, source_m, direction * (peak_ut * range_m**3 / 0.15)[:, None])
    return Building(plan, np.array(EARTH_UT), (FieldGrid([plan], field),))


def _exact_ut(sources_m: FloatArray, moments_am2: FloatArray, position_m: FloatArray) -> FloatArray:
    """The field of the Earth and of dipoles at (k, 3), with moments (k, 3) A·m², at positions (n, 3)."""
    field_ut = np.tile(np.array(EARTH_UT), (len(position_m), 1))
    for source_m, moment_am2 in zip(sources_m, moments_am2, strict=True):
        field_ut += dipole_ut(position_m - source_m, moment_am2)
    return field_ut


def dipole_ut(offset_m: FloatArray, moment_am2: FloatArray) -> FloatArray:
    """The field of a magnetic dipole, µ0/4π · (3 r̂ (m·r̂) − m) / r³.

    Args:
        offset_m: (n, 3) from the dipole to each position; not zero.
        moment_am2: (3,) A·m².

    Returns:
        (n, 3) µT.
    """
    range_m = np.linalg.norm(offset_m, axis=1, keepdims=True)
    direction = offset_m / range_m
    field_ut: FloatArray = 0.1 * (3 * direction * (direction @ moment_am2)[:, None] - moment_am2) / range_m**3
    return field_ut


def demo_hall() -> Building:
    """A hall with a door to four corridors."""
    return make_building(0, HALL)


def survey_hall(hall: Building) -> list[SimulatedDrive]:
    """A robot's walk over the lanes of the hall, and one through every corridor both ways."""
    lanes = survey(hall, 1, SURVEY_SEED, SURVEYOR, lanes_m=LANES_M)
    return [*lanes, *survey(hall, 1, SURVEY_SEED, SURVEYOR)]


def drive_hall(building: Building, length_m: float, seed: int) -> SimulatedDrive:
    """A free drive of at least `length_m` with each kind of event, once out through the hall's door and back."""
    hall, plan = building.hall, building.plan
    assert hall is not None and hall.doorway is not None
    door_m = hall.doorway.corner_m[0]
    nearer = dataclasses.replace(plan, corner_m=door_m + REACH * (plan.corner_m - door_m))

    def rank(line: int) -> tuple[bool, float]:
        line_m = free_line_m(hall, nearer, length_m, line)
        return (line_m == door_m).all(axis=1).sum() != 2, float(lengths_m(line_m).sum())

    line = min(range(seed * LINES, (seed + 1) * LINES), key=rank)  # a short one: the drive is in real time
    return drive(dataclasses.replace(building, plan=nearer), ROBOT, line, length_m=length_m)
