"""What a command line says of a building and of who moves through it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field

from mail_ros.core.config import from_dict, nested, parse_settings
from mail_ros.data.simulator.building import BuildingConfig
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig


@dataclass(frozen=True)
class SimulationConfig:
    """All of it; a bag's notes keep what differs from the defaults."""

    building: BuildingConfig = field(default_factory=BuildingConfig)
    drive: DriveConfig = field(default_factory=DriveConfig)


def simulation_config(settings: Sequence[str], who: str = "robot") -> SimulationConfig:
    """The defaults of a robot or a person, changed by settings like `drive.speed_m_s=0.3` or `building.floors=2`.

    Raises:
        ConfigError: as `core.config.parse_settings` and `from_dict`.
    """
    values = nested(parse_settings(settings))
    usual = dataclasses.asdict(PERSON if who == "person" else DriveConfig())
    return from_dict(SimulationConfig, {**values, "drive": {**usual, **values.get("drive", {}), "who": who}})
