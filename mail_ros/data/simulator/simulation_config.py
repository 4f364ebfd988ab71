"""What a simulated drive or walk is like: every setting with its default, here and nowhere else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from mail_ros.core.config import check_choice, check_range

Who = Literal["robot", "person"]  # on two driven wheels; on foot, with a phone held ahead


@dataclass(frozen=True)
class DriveConfig:
    """How a body moves, how its sensors are mounted and what is wrong with them; the defaults are a calm robot.

    Whatever a seed draws is drawn for each part apart: who changes one setting gets the same drive but for that.
    """

    who: Who = "robot"
    # Motion
    speed_m_s: float = 0.6
    speed_spread: float = 0.1  # from one corridor to the next, as a share
    acceleration_m_s2: float = 0.5
    turn_rad_s: float = 0.8  # fastest
    bend_m: float = 1.0  # length of way over which a corner is turned
    beside_m: float = 0.0  # left of the corridor's middle, all along
    wander_m: float = 0.1  # standard deviation of the way beside that
    stops: int = 0  # in the whole drive, mid corridor
    stop_s: float = 10.0
    spins: int = 0  # whole turns in place, mid corridor
    reversals: int = 0  # back the way it came, looking ahead, and on again
    reversal_m: float = 1.0
    # Mount of the magnetometer on the body
    height_m: float = 0.3
    ahead_m: float = 0.1  # of the middle between the wheels
    heading_offset_rad: float = 0.0  # about the body's z; the mount's transform knows of it
    tilt_rad: float = 0.0  # the body leans so far, to one side: the inertial unit knows of it
    sway_rad: float = 0.005  # standard deviation of its slow rolling and pitching
    # Magnetometer
    rate_hz: float = 50.0
    noise_ut: float = 0.3  # standard deviation of each axis
    quantum_ut: float = 0.15  # step of the readings; 0: none
    offset_ut: float = 20.0  # length of a constant field of the body's own, in a direction that the seed draws
    soft_iron: float = 0.02  # standard deviation of what distorts each pair of axes, as a share
    motor_ut: float = 0.0  # field of both motors together at the current that 1 m/s takes
    jitter_s: float = 0.001  # standard deviation of the stamps
    gaps: int = 0  # in which nothing is measured
    gap_s: float = 0.5
    # Wheels
    track_m: float = 0.4  # between the wheels
    radius_m: float = 0.08
    wheel_share: float = 0.003  # standard deviation of each wheel's size, as odometry does not know it
    slip: float = 0.01  # standard deviation of what a wheel slips, as a share of what it turns; anew every second
    # Inertial unit, mounted straight on the body
    yaw_rad: float = math.pi  # its north is turned against the map by up to so much: nobody knows how far
    drift_rad_s: float = 1e-4  # standard deviation of how fast that turn grows
    attitude_rad: float = 0.005  # standard deviation of roll and pitch
    rate_noise_rad_s: float = 0.003
    acceleration_noise_m_s2: float = 0.05

    def __post_init__(self) -> None:
        check_choice("drive.who", self.who, Who)
        for name, low, high in (
            ("speed_m_s", 0.05, 10.0),
            ("speed_spread", 0.0, 0.5),
            ("acceleration_m_s2", 0.05, 10.0),
            ("turn_rad_s", 0.05, 10.0),
            ("bend_m", 0.1, 3.0),
            ("beside_m", -0.5, 0.5),
            ("wander_m", 0.0, 0.3),
            ("reversal_m", 0.1, 5.0),
            ("height_m", 0.05, 2.2),
            ("ahead_m", -0.5, 0.5),
            ("heading_offset_rad", -2.0 * math.pi, 2.0 * math.pi),
            ("tilt_rad", -math.pi / 2.0, math.pi / 2.0),
            ("rate_hz", 1.0, 1000.0),
            ("track_m", 0.05, 5.0),
            ("radius_m", 0.01, 1.0),
            ("yaw_rad", 0.0, math.pi),
            *((name, 0.0, 1e4) for name in ("stops", "spins", "reversals", "gaps", "stop_s", "gap_s")),
            *((name, 0.0, 1e3) for name in ("noise_ut", "quantum_ut", "offset_ut", "motor_ut")),
            *((name, 0.0, 0.5) for name in ("soft_iron", "wheel_share", "slip", "sway_rad", "attitude_rad")),
            *((name, 0.0, 10.0) for name in ("jitter_s", "drift_rad_s", "rate_noise_rad_s", "acceleration_noise_m_s2")),
        ):
            check_range(f"drive.{name}", getattr(self, name), low, high)


PERSON = DriveConfig(
    who="person",
    speed_m_s=1.1,
    acceleration_m_s2=1.0,
    turn_rad_s=1.5,
    bend_m=0.8,
    wander_m=0.08,
    height_m=1.2,
    ahead_m=0.3,
    sway_rad=0.01,
)
