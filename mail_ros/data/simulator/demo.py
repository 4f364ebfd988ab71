"""The demo: its building, a calm robot for its first act, and one with stops, spins and reversals for its second.

The building has one floor with five corridors, and magnetic dipoles in place of columns, doors and cables: its field
takes a fraction of a second, where that of `make_building` takes many. The second robot's magnetometer is rotated by
140° on its body, which leans; its own iron and motors distort the field.
"""

from __future__ import annotations

import dataclasses
import math
from contextlib import suppress
from functools import partial

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.corridor_plan import CorridorPlan, distance_m
from mail_ros.data.simulator.drive import drive, survey
from mail_ros.data.simulator.field_grid import FieldGrid
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import DriveConfig

EARTH_UT = (1.0, 19.5, -44.0)  # east, north, up: central Europe
CORRIDOR_M = 1.8  # width
HEIGHT_M = 0.3  # height of a robot's sensor; dipoles are up to 1 m above and below it
CLEARANCE_M = 0.8  # from the centre line of every corridor to each dipole

# A loop of 26 by 14 metres, cut by two corridors that another one joins: the corners look alike.
_CORNER_M = ((2, 2), (11, 2), (20, 2), (28, 2), (28, 16), (20, 16), (11, 16), (2, 16), (11, 9), (20, 9))
_CORRIDOR = ((0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 0), (1, 8), (8, 6), (2, 9), (9, 5), (8, 9))

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
