"""Every setting of a simulated building and of a simulated drive or walk, with its default and range."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal

from mail_ros.core.config import Fraction, Range, Settings, from_dict, nested, parse_settings
from mail_ros.core.errors import ConfigError

Platform = Literal["robot", "person"]  # on two driven wheels; on foot, with a phone held ahead
Count = Annotated[int, Range(0, 10_000)]
Duration = Annotated[float, Range(0.0, 1e4)]
Strength = Annotated[float, Range(0.0, 1e3)]  # µT
Error = Annotated[float, Range(0.0, 0.5)]  # a fraction, or radians
Noise = Annotated[float, Range(0.0, 10.0)]
Rotation = Annotated[float, Range(-2.0 * math.pi, 2.0 * math.pi)]

MIN_AISLES, MIN_HALL_M = 2, 5.0


@dataclass(frozen=True)
class BuildingConfig(Settings, prefix="building."):
    """The layout of a building."""

    floors: Annotated[int, Range(1, 20)] = 1
    aisles: Annotated[int, Range(0, 10)] = 3  # parallel corridors; 0: a hall alone
    length_m: Annotated[float, Range(5.0, 200.0)] = 30.0  # length of an aisle
    spacing_m: Annotated[float, Range(5.0, 50.0)] = 9.0  # between two aisles
    crossings: Annotated[int, Range(2, 20)] = 4  # corridors across, at both ends of the aisles and between
    similarity: Fraction = 0.5  # fraction of its fittings that a corridor shares with its parallels, on all floors
    hall_length_m: Annotated[float, Range(0.0, 100.0)] = 0.0  # length of the hall's free floor; 0: no hall
    hall_width_m: Annotated[float, Range(5.0, 100.0)] = 14.0
    hall_column_spacing_m: Annotated[float, Range(4.0, 100.0)] = 6.0  # least, between two columns of a grid
    hall_machines: Annotated[float, Range(0.0, 5.0)] = 1.0  # on 100 m² of free floor
    hall_racks: Fraction = 0.5  # fraction of the hall's walls with racks
    latitude_deg: Annotated[float, Range(-90.0, 90.0)] = 49.5
    longitude_deg: Annotated[float, Range(-180.0, 180.0)] = 11.1

    def __post_init__(self) -> None:
        """Refuse settings out of their ranges, and a building of nothing."""
        super().__post_init__()
        if self.aisles < MIN_AISLES and (self.aisles or not self.hall_length_m):
            raise ConfigError(
                "building.aisles",
                wanted=f"at least {MIN_AISLES}, or 0 for a hall alone",
                found=f"{self.aisles}, hall_length_m={self.hall_length_m:g}",
                fix="set building.hall_length_m, or more aisles",
            )
        if 0.0 < self.hall_length_m < MIN_HALL_M:
            raise ConfigError(
                "building.hall_length_m",
                wanted=f"at least {MIN_HALL_M:g}, or 0 for no hall",
                found=f"{self.hall_length_m:g}",
                fix="lengthen it",
            )


@dataclass(frozen=True)
class DriveConfig(Settings, prefix="drive."):
    """How a platform moves, how its sensors are mounted, and their errors; the defaults are a calm robot.

    Each part draws from a random stream of its own: a changed setting leaves all other parts of the drive as they are.
    """

    platform: Platform = "robot"
    # Motion
    speed_m_s: Annotated[float, Range(0.05, 10.0)] = 0.6
    speed_variation: Error = 0.1  # from one corridor to the next, as a fraction
    acceleration_m_s2: Annotated[float, Range(0.05, 10.0)] = 0.5
    max_yaw_rate_rad_s: Annotated[float, Range(0.05, 10.0)] = 0.8
    corner_length_m: Annotated[float, Range(0.1, 3.0)] = 1.0  # length of path over which a corner is rounded
    lateral_offset_m: Annotated[float, Range(-0.5, 0.5)] = 0.0  # to the left of the corridor's centre line, all along
    wander_m: Annotated[float, Range(0.0, 0.3)] = 0.1  # standard deviation of the path around that
    stops: Count = 0  # in the whole drive, mid corridor
    stop_s: Duration = 10.0
    spins: Count = 0  # whole rotations in place, mid corridor
    reversals: Count = 0  # backwards along the path, and forwards again
    reversal_m: Annotated[float, Range(0.1, 5.0)] = 1.0
    # Mount of the magnetometer on the body
    height_m: Annotated[float, Range(0.05, 2.2)] = 0.3
    forward_m: Annotated[float, Range(-0.5, 0.5)] = 0.1  # from the middle between the wheels
    left_m: Annotated[float, Range(-0.5, 0.5)] = 0.0
    heading_offset_rad: Rotation = 0.0  # about the body's z; part of the mount's transform
    tilt_rad: Annotated[float, Range(-math.pi / 2.0, math.pi / 2.0)] = 0.0  # lean, measured by the inertial unit
    sway_rad: Error = 0.005  # standard deviation of its slow rolling and pitching
    # Magnetometer
    rate_hz: Annotated[float, Range(1.0, 1000.0)] = 50.0
    noise_ut: Strength = 0.3  # standard deviation of each axis
    resolution_ut: Strength = 0.15  # step of the readings; 0: none
    offset_ut: Strength = 20.0  # length of the body's hard iron, in a direction that the seed draws
    soft_iron: Error = 0.02  # standard deviation of the distortion of each pair of axes, as a fraction
    motor_ut: Strength = 0.0  # field of both motors together at the current of 1 m/s
    jitter_s: Noise = 0.001  # standard deviation of the stamps
    gaps: Count = 0  # without samples
    gap_s: Duration = 0.5
    # Wheels
    track_width_m: Annotated[float, Range(0.05, 5.0)] = 0.4  # between the wheels
    wheel_radius_m: Annotated[float, Range(0.01, 1.0)] = 0.08
    wheel_size_error: Error = 0.003  # standard deviation of each wheel's size, as a fraction
    slip: Error = 0.01  # standard deviation of each wheel's slip, as a fraction of its rotation, drawn every second
    # Inertial unit, aligned with the body
    imu_yaw_offset_rad: Annotated[float, Range(0.0, math.pi)] = math.pi  # maximum unknown yaw of its north
    imu_yaw_drift_rad_s: Noise = 1e-4  # standard deviation of the drift of that rotation
    attitude_noise_rad: Error = 0.005  # standard deviation of roll and pitch
    rate_noise_rad_s: Noise = 0.003
    acceleration_noise_m_s2: Noise = 0.05


PERSON = DriveConfig(
    platform="person",
    speed_m_s=1.1,
    acceleration_m_s2=1.0,
    max_yaw_rate_rad_s=1.5,
    corner_length_m=0.8,
    wander_m=0.08,
    height_m=1.2,
    forward_m=0.3,
    sway_rad=0.01,
)

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
    given = parse_settings(settings)
    values = nested({RENAMED.get(name, name): value for name, value in given.items()})
    if old := [name for name in given if name in RENAMED]:
        pairs = ", ".join(f"{name} is now {RENAMED[name]}" for name in old)
        warnings.warn(f"deprecated settings: {pairs}", FutureWarning, stacklevel=2)
    defaults = dataclasses.asdict(PERSON if platform == "person" else DriveConfig())
    drive = {**defaults, **values.get("drive", {}), "platform": platform}
    return from_dict(SimulationConfig, {**values, "drive": drive})
