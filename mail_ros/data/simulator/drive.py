"""Drives through a building, by a robot or a person: trajectory and all sensor readings; and surveys.

CorridorPlan, Hall --> line --> drive_paths --> trajectory --> body_motion --> wheels, imu
                                                    |              | currents
Building.field_ut <-- sensor's positions -----------+              v
         +--> sensor's axes --------------------------------> measured_ut --> SimulatedDrive

A survey of corridors is as in the paper: every corridor of every floor, both ways, at a steady speed, corners as
landmarks. One of a hall has parallel lanes, their ends are landmarks.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.simulator.body_motion import about_z, body_motion, sensor_position_m, to_body
from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.corridor_plan import drive_route, survey_route
from mail_ros.data.simulator.hall_route import free_line_m, lane_line_m
from mail_ros.data.simulator.path import DrivePath, drive_paths
from mail_ros.data.simulator.sensors import Wheels, imu, measured_ut, received, stamps_ns, true_attitude, wheels
from mail_ros.data.simulator.simulated_drive import START_NS, SimulatedDrive
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig
from mail_ros.data.simulator.trajectory import trajectory
from mail_ros.data.track import ImuSeries, Landmark

# Random streams: a changed setting of one leaves the others as they are.
PATHS, EVENTS, SWAY, DEVICE, WHEELS, IMU, NOISE, CLOCK, GAPS = range(9)
HOUR_NS = 3600 * NS_PER_S
Line = Callable[[int, int], FloatArray]  # positions (c, 2) that a walk passes, by its seed and number
PACES = (0.9, 1.1)  # factors of the configured speed; walks alternate between them


def drive(
    building: Building,
    config: DriveConfig | None = None,
    seed: int = 0,
    *,
    floor: int = 0,
    length_m: float = 100.0,
    route: Sequence[int] | None = None,
    line_m: FloatArray | None = None,
    closed: bool = False,
    device: int | None = None,
    start_ns: int = START_NS,
) -> SimulatedDrive:
    """Drive, or walk, through a floor of a building.

    Args:
        building: with a field and a floor plan.
        config: of the platform and its sensors; None: a calm robot.
        seed: of the drive.
        floor: of the building.
        length_m: least length of a random line: over waypoints in a hall, else over corridors without U-turns.
        route: over these corners of corridors instead.
        line_m: over these positions (c, 2) instead.
        closed: end with a rotation in place to the heading of the start.
        device: seed of the hard and soft iron and the motors of a robot or phone; None: `seed`.
        start_ns: time of the start, as stamps count it.

    Raises:
        ConfigError: the path is too short for all events.
    """
    config = config or DriveConfig()
    rngs = [np.random.default_rng([seed, 21, part]) for part in range(9)]
    rngs[DEVICE] = np.random.default_rng([seed if device is None else device, 20])
    paths = _paths(building, route, line_m, length_m, seed, config, rngs[PATHS])
    driven = trajectory(paths, config, rngs[EVENTS], closed=closed)
    body = body_motion(driven, config, rngs[SWAY])
    in_map_ut = building.field_ut(floor, sensor_position_m(body, config))
    in_body_ut = to_body(rotation(true_attitude(body)), in_map_ut)
    wheel = wheels(body, config, rngs[WHEELS]) if config.platform == "robot" else None
    field_ut = measured_ut(
        in_body_ut @ about_z(config.heading_offset_rad),
        None if wheel is None else wheel.current_a,
        config,
        rngs[DEVICE],
        rngs[NOISE],
    )
    stamp_ns = stamps_ns(body.time_s, start_ns, config, rngs[CLOCK])
    kept = received(body.time_s, config, rngs[GAPS])
    passed = zip(driven.passed_s.tolist(), driven.passed_m.tolist(), strict=True)
    return SimulatedDrive(
        stamp_ns=stamp_ns[kept],
        field_ut=field_ut[kept],
        position_m=body.position_m[kept, :2],
        landmarks=tuple(Landmark(start_ns + round(at_s * NS_PER_S), (x, y), floor) for at_s, (x, y) in passed),
        floor=floor,
        heading_rad=body.heading_rad[kept],
        speed_m_s=body.speed_m_s[kept],
        imu=ImuSeries(stamp_ns[kept], *(values[kept] for values in imu(body, config, rngs[IMU]))),
        sensor_m=np.array([config.forward_m, config.left_m, config.height_m]),
        sensor_yaw_rad=config.heading_offset_rad,
        wheels=None if wheel is None else Wheels(*(values[kept] for values in wheel)),
    )


def survey(
    building: Building,
    walks: int = 2,
    seed: int = 0,
    config: DriveConfig | None = None,
    *,
    lanes_m: float | None = None,
    fraction: float = 1.0,
    device: int | None = None,
) -> Iterator[SimulatedDrive]:
    """Walks over each floor by one device, floor by floor; one starts every hour.

    Args:
        building: to survey.
        walks: of each floor: over all corridors, each in another order, or over all lanes, every second one backwards.
        seed: of all walks.
        config: of the platform; None: a person.
        lanes_m: survey the hall instead, by lanes this far apart.
        fraction: of its corridors or lanes after which each walk ends.
        device: see `drive`; None: `seed`.

    Raises:
        ConfigError: the building has no corridors or, with lanes, no hall with room for two.
    """
    line_m = _corridors(building) if lanes_m is None else _lanes(building, lanes_m)

    def part_m(own_seed: int, number: int) -> FloatArray:
        whole_m = line_m(own_seed, number)
        return whole_m[: 1 + max(1, round(fraction * (len(whole_m) - 1)))]

    return _walks(building, part_m, walks, seed, config or PERSON, device)


def _corridors(building: Building) -> Line:
    if not len(building.plan.corridor):
        raise ConfigError("survey", wanted="a building with corridors", found="a hall alone", fix="survey it by lanes")
    return lambda own_seed, number: building.plan.corner_m[survey_route(building.plan, own_seed)]


def _lanes(building: Building, spacing_m: float) -> Line:
    if building.hall is None:
        raise ConfigError(
            "lanes", wanted="a building with a hall", found="corridors alone", fix="set building.hall_length_m"
        )
    lanes_m = lane_line_m(building.hall, spacing_m)
    return lambda own_seed, number: lanes_m[:: -1 if number % 2 else 1]


def _walks(
    building: Building,
    line_m: Line,
    walks: int,
    seed: int,
    config: DriveConfig,
    device: int | None,
) -> Iterator[SimulatedDrive]:
    for floor in range(len(building.floors)):
        for number in range(walks):
            own_seed = 1000 * seed + 100 * floor + number
            yield drive(
                building,
                dataclasses.replace(config, speed_m_s=config.speed_m_s * PACES[number % len(PACES)]),
                own_seed,
                floor=floor,
                line_m=line_m(own_seed, number),
                device=seed if device is None else device,
                start_ns=START_NS + (floor * walks + number) * HOUR_NS,
            )


def _paths(
    building: Building,
    route: Sequence[int] | None,
    line_m: FloatArray | None,
    length_m: float,
    seed: int,
    config: DriveConfig,
    rng: np.random.Generator,
) -> list[DrivePath]:
    """See `drive`."""
    if line_m is not None:
        return drive_paths(line_m, config, rng)
    if route is None and building.hall is not None:
        free_m = free_line_m(building.hall, building.plan, length_m, seed)
        return [path.without_corners() for path in drive_paths(free_m, config, rng)]
    corners = drive_route(building.plan, length_m, seed) if route is None else route
    return drive_paths(building.plan.corner_m[list(corners)], config, rng)
