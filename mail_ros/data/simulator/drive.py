"""One drive through a building, by a robot or a person: where it goes, and all that it measures on the way.

Plan --> route --> ways --> course --> Motion --> wheels, imu
                                         |           | currents
Premises.field_ut <-- sensor's places ---+           v
         +--> sensor's axes ----------------> measured_ut --> SimulatedDrive
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.core.platform.robot_file import rotation
from mail_ros.core.types import NS_PER_S
from mail_ros.data.simulator.imu import imu, true_attitude
from mail_ros.data.simulator.path import ways
from mail_ros.data.simulator.plan import Premises, drive_route
from mail_ros.data.simulator.rotation import about_z, into_body
from mail_ros.data.simulator.sensor import heard, measured_ut, stamps_ns
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.simulator.speed_profile import motion, sensor_place_m
from mail_ros.data.simulator.trajectory import course
from mail_ros.data.simulator.walk import START_NS, SimulatedDrive
from mail_ros.data.simulator.wheels import Wheels, wheels
from mail_ros.data.track import ImuSeries, Landmark

# What is drawn apart: who changes the settings of one keeps the others.
WAYS, COURSE, SWAY, DEVICE, WHEELS, IMU, NOISE, CLOCK, GAPS = range(9)


def drive(
    building: Premises,
    config: DriveConfig | None = None,
    seed: int = 0,
    *,
    floor: int = 0,
    length_m: float = 100.0,
    route: Sequence[int] | None = None,
    device: int | None = None,
) -> SimulatedDrive:
    """Drive, or walk, through a floor of a building.

    Args:
        building: where.
        config: how; None: as a calm robot.
        seed: of the drive.
        floor: of the building.
        length_m: at least so far, by a route that the seed draws and that never turns back.
        route: over these corners instead.
        device: seed of what the robot or phone keeps from drive to drive: its offset, soft iron, motors; None: `seed`.

    Raises:
        ConfigError: the way is too short for all that is to happen on it.
    """
    config = config or DriveConfig()
    rngs = [np.random.default_rng([seed, 21, part]) for part in range(9)]
    rngs[DEVICE] = np.random.default_rng([seed if device is None else device, 20])
    corners = list(drive_route(building.plan, length_m, seed) if route is None else route)
    driven = course(ways(building.plan.corner_m, corners, config, rngs[WAYS]), config, rngs[COURSE])
    body = motion(driven, config, rngs[SWAY])
    in_body = into_body(rotation(true_attitude(body)), building.field_ut(floor, sensor_place_m(body, config)))
    turning = wheels(body, config, rngs[WHEELS]) if config.who == "robot" else None
    field_ut = measured_ut(
        in_body @ about_z(config.heading_offset_rad),
        None if turning is None else turning.current_a,
        config,
        rngs[DEVICE],
        rngs[NOISE],
    )
    stamp_ns = stamps_ns(body.time_s, START_NS, config, rngs[CLOCK])
    came = heard(body.time_s, config, rngs[GAPS])
    marks = zip(driven.passed_s.tolist(), driven.passed_m.tolist(), strict=True)
    return SimulatedDrive(
        stamp_ns=stamp_ns[came],
        field_ut=field_ut[came],
        position_m=body.position_m[came, :2],
        landmarks=tuple(Landmark(START_NS + round(at_s * NS_PER_S), (x, y), floor) for at_s, (x, y) in marks),
        floor=floor,
        heading_rad=body.heading_rad[came],
        speed_m_s=body.speed_m_s[came],
        imu=ImuSeries(stamp_ns[came], *(values[came] for values in imu(body, config, rngs[IMU]))),
        sensor_m=np.array([config.ahead_m, 0.0, config.height_m]),
        sensor_rad=config.heading_offset_rad,
        wheels=None if turning is None else Wheels(*(values[came] for values in turning)),
    )
