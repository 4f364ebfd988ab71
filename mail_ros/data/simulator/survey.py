"""A survey as in the paper: every corridor of every floor, both ways, at a steady speed, corners as landmarks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from mail_ros.data.simulator.building import Building
from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.floor_plan import survey_route
from mail_ros.data.simulator.simulated_drive import SimulatedDrive
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig

PACES = (0.9, 1.1)  # factors of the configured speed; walks alternate between them


def survey(
    building: Building,
    walks: int = 2,
    seed: int = 0,
    config: DriveConfig | None = None,
    *,
    fraction: float = 1.0,
    device: int | None = None,
) -> Iterator[SimulatedDrive]:
    """Walks over each floor by one device, floor by floor, each in another order.

    Args:
        building: to survey.
        walks: of each floor.
        seed: of all walks.
        config: of the platform; None: a person.
        fraction: of its corridors after which each walk ends.
        device: see `drive`; None: `seed`.
    """
    config = config or PERSON
    for floor in range(len(building.floors)):
        for number in range(walks):
            own_seed = 1000 * seed + 100 * floor + number
            route = survey_route(building.plan, own_seed)
            yield drive(
                building,
                dataclasses.replace(config, speed_m_s=config.speed_m_s * PACES[number % len(PACES)]),
                own_seed,
                floor=floor,
                route=route[: 1 + max(1, round(fraction * (len(route) - 1)))],
                device=seed if device is None else device,
            )
