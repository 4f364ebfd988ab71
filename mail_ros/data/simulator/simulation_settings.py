"""Settings of a simulated building and of a drive through it, as a command line gives them."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from mail_ros.core.config import from_dict, nested, parse_settings
from mail_ros.data.simulator.simulation_config import PERSON, BuildingConfig, DriveConfig

RENAMED = {
    "building.alike": "building.similarity",
    "building.apart_m": "building.spacing_m",
    "drive.ahead_m": "drive.forward_m",
    "drive.attitude_rad": "drive.attitude_noise_rad",
    "drive.bend_m": "drive.corner_length_m",
    "drive.beside_m": "drive.lateral_offset_m",
    "drive.drift_rad_s": "drive.imu_yaw_drift_rad_s",
    "drive.quantum_ut": "drive.resolution_ut",
    "drive.radius_m": "drive.wheel_radius_m",
    "drive.speed_spread": "drive.speed_variation",
    "drive.track_m": "drive.track_width_m",
    "drive.turn_rad_s": "drive.max_yaw_rate_rad_s",
    "drive.wheel_share": "drive.wheel_size_error",
    "drive.yaw_rad": "drive.imu_yaw_offset_rad",
}  # accepted for one release


@dataclass(frozen=True)
class SimulationConfig:
    """A building and a drive; a bag's notes keep the settings that differ from the defaults."""

    building: BuildingConfig = field(default_factory=BuildingConfig)
    drive: DriveConfig = field(default_factory=DriveConfig)


def simulation_config(settings: Sequence[str], platform: str = "robot") -> SimulationConfig:
    """The defaults of a robot or a person, changed by settings like `drive.speed_m_s=0.3` or `building.floors=2`.

    A deprecated name counts as its new name, with one warning for all of them.

    Raises:
        ConfigError: as `core.config.parse_settings` and `core.config.from_dict`.
    """
    values = nested(parse_settings([_renamed(setting) for setting in settings]))
    if old := [name for setting in settings if (name := setting.partition("=")[0]) in RENAMED]:
        pairs = ", ".join(f"{name} is now {RENAMED[name]}" for name in old)
        warnings.warn(f"deprecated settings: {pairs}", FutureWarning, stacklevel=2)
    defaults = dataclasses.asdict(PERSON if platform == "person" else DriveConfig())
    drive = {**defaults, **values.get("drive", {}), "platform": platform}
    return from_dict(SimulationConfig, {**values, "drive": drive})


def _renamed(setting: str) -> str:
    name, equals, value = setting.partition("=")
    return RENAMED.get(name, name) + equals + value
