"""Every setting of a simulated building and of a simulated drive or walk, with its default."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mail_ros.core.config import check_choice, check_range

Platform = Literal["robot", "person"]  # on two driven wheels; on foot, with a phone held ahead


@dataclass(frozen=True)
class BuildingConfig:
    """The layout of a building."""

    floors: int = 1
    aisles: int = 3  # parallel corridors
    length_m: float = 30.0  # length of an aisle
    spacing_m: float = 9.0  # between two aisles
    crossings: int = 4  # corridors across, at both ends of the aisles and between
    similarity: float = 0.5  # fraction of its fittings that a corridor shares with its parallels, on all floors
    latitude_deg: float = 49.5
    longitude_deg: float = 11.1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("floors", 1, 20),
            ("aisles", 2, 10),
            ("length_m", 5.0, 200.0),
            ("spacing_m", 5.0, 50.0),
            ("crossings", 2, 20),
            ("similarity", 0.0, 1.0),
            ("latitude_deg", -90.0, 90.0),
            ("longitude_deg", -180.0, 180.0),
        ):
            check_range(f"building.{name}", getattr(self, name), low, high)


@dataclass(frozen=True)
class DriveConfig:
    """How a platform moves, how its sensors are mounted, and their errors; the defaults are a calm robot.

    Each part draws from a random stream of its own: a changed setting leaves all other parts of the drive as they are.
    """

    platform: Platform = "robot"
    # Motion
    speed_m_s: float = 0.6
    speed_variation: float = 0.1  # from one corridor to the next, as a fraction
    acceleration_m_s2: float = 0.5
    max_yaw_rate_rad_s: float = 0.8
    corner_length_m: float = 1.0  # length of path over which a corner is rounded
    lateral_offset_m: float = 0.0  # to the left of the corridor's centre line, all along
    wander_m: float = 0.1  # standard deviation of the path around that
    stops: int = 0  # in the whole drive, mid corridor
    stop_s: float = 10.0
    spins: int = 0  # whole rotations in place, mid corridor
    reversals: int = 0  # backwards along the path, and forwards again
    reversal_m: float = 1.0
    # Mount of the magnetometer on the body
    height_m: float = 0.3
    forward_m: float = 0.1  # from the middle between the wheels
    heading_offset_rad: float = 0.0  # about the body's z; part of the mount's transform
    tilt_rad: float = 0.0  # constant lean of the body to one side, which the inertial unit measures
    sway_rad: float = 0.005  # standard deviation of its slow rolling and pitching
    # Magnetometer
    rate_hz: float = 50.0
    noise_ut: float = 0.3  # standard deviation of each axis
    resolution_ut: float = 0.15  # step of the readings; 0: none
    offset_ut: float = 20.0  # length of the body's hard iron, in a direction that the seed draws
    soft_iron: float = 0.02  # standard deviation of the distortion of each pair of axes, as a fraction
    motor_ut: float = 0.0  # field of both motors together at the current of 1 m/s
    jitter_s: float = 0.001  # standard deviation of the stamps
    gaps: int = 0  # without samples
    gap_s: float = 0.5
    # Wheels
    track_width_m: float = 0.4  # between the wheels
    wheel_radius_m: float = 0.08
    wheel_size_error: float = 0.003  # standard deviation of each wheel's size, as a fraction
    slip: float = 0.01  # standard deviation of each wheel's slip, as a fraction of its rotation, drawn every second
    # Inertial unit, aligned with the body
    imu_yaw_offset_rad: float = math.pi  # greatest unknown rotation of its north against the map
    imu_yaw_drift_rad_s: float = 1e-4  # standard deviation of the drift of that rotation
    attitude_noise_rad: float = 0.005  # standard deviation of roll and pitch
    rate_noise_rad_s: float = 0.003
    acceleration_noise_m_s2: float = 0.05

    def __post_init__(self) -> None:
        check_choice("drive.platform", self.platform, Platform)
        for name, low, high in (
            ("speed_m_s", 0.05, 10.0),
            ("speed_variation", 0.0, 0.5),
            ("acceleration_m_s2", 0.05, 10.0),
            ("max_yaw_rate_rad_s", 0.05, 10.0),
            ("corner_length_m", 0.1, 3.0),
            ("lateral_offset_m", -0.5, 0.5),
            ("wander_m", 0.0, 0.3),
            ("reversal_m", 0.1, 5.0),
            ("height_m", 0.05, 2.2),
            ("forward_m", -0.5, 0.5),
            ("heading_offset_rad", -2.0 * math.pi, 2.0 * math.pi),
            ("tilt_rad", -math.pi / 2.0, math.pi / 2.0),
            ("rate_hz", 1.0, 1000.0),
            ("track_width_m", 0.05, 5.0),
            ("wheel_radius_m", 0.01, 1.0),
            ("imu_yaw_offset_rad", 0.0, math.pi),
            *((name, 0.0, 1e4) for name in ("stops", "spins", "reversals", "gaps", "stop_s", "gap_s")),
            *((name, 0.0, 1e3) for name in ("noise_ut", "resolution_ut", "offset_ut", "motor_ut")),
            *((name, 0.0, 0.5) for name in ("soft_iron", "wheel_size_error", "slip", "sway_rad", "attitude_noise_rad")),
            *(
                (name, 0.0, 10.0)
                for name in ("jitter_s", "imu_yaw_drift_rad_s", "rate_noise_rad_s", "acceleration_noise_m_s2")
            ),
        ):
            check_range(f"drive.{name}", getattr(self, name), low, high)


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
