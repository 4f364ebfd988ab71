"""A survey of the paper's kind: every corridor of every floor, both ways, at an even pace, corners as landmarks."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.plan import Premises, survey_route
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig
from mail_ros.data.simulator.walk import SimulatedDrive

PACES = (0.9, 1.1)  # of every other walk, times the speed that was asked for


def survey(
    building: Premises,
    walks: int = 2,
    seed: int = 0,
    config: DriveConfig | None = None,
    *,
    part: float = 1.0,
    device: int | None = None,
) -> Iterator[SimulatedDrive]:
    """Walks over each floor by one device, floor by floor, each in another order.

    Args:
        building: that is surveyed.
        walks: of each floor.
        seed: another one, other walks.
        config: who walks, and how; None: a person.
        part: of its corridors after which each walk is broken off.
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
                route=route[: 1 + max(1, round(part * (len(route) - 1)))],
                device=seed if device is None else device,
            )
