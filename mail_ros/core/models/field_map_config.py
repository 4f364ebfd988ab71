"""Every setting of a field map, with its default: here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mail_ros.core.config import Fraction, Range, Settings


@dataclass(frozen=True)
class FieldMapConfig(Settings, prefix="field_map."):
    """How a path is compared with the map of the field, and how a belief over x, y and yaw moves.

    Chosen on a lobby surveyed by phone lines and on a room driven by a robot, with the walks of docs/field_map.md.
    """

    # Measurement
    offset_ut: Annotated[float, Range(0.1, 1000.0)] = 15.0  # deviation, per axis, of the device's constant field
    outlier: Annotated[float, Range(1e-6, 1.0)] = 0.1  # fraction of rows without information: bounds a likelihood
    likelihood_exponent_per_m: Annotated[float, Range(0.01, 100.0)] = (
        1.5  # exponent of a row's likelihood, per metre between rows
    )
    start_gain: Annotated[float, Range(1.0, 10.0)] = 2.0  # its factor until a pose is certain, on dense surveys
    # Motion
    yaws: Annotated[int, Range(4, 360)] = 36  # yaws of odometry's frame that the belief distinguishes
    yaw_noise_rad: Annotated[float, Range(0.0, 3.0)] = 0.07  # deviation of odometry's yaw after one metre
    wheels_noise_m: Annotated[float, Range(1e-3, 10.0)] = 0.1  # deviation of wheel odometry's position after one metre
    steps_noise_m: Annotated[float, Range(1e-3, 10.0)] = 0.2  # the same of a person's steps
    kidnap_per_m: Fraction = 1e-5  # probability per metre that the device was carried to another cell
    recovery: Fraction = 0.5  # probability of other cells from which the whole map is searched again
    lost_ratio: Fraction = 0.46  # log ratio of the belief over that of random poses below which it may be lost
    beyond_m: Annotated[float, Range(0.0, 100.0)] = 7.0  # distance beyond the map over which odometry alone is followed
    beyond_per_m: Annotated[float, Range(1e-6, 1.0)] = 0.05  # likelihood of a metre beyond the map
    # Map
    reach_m: Annotated[float, Range(0.1, 10.0)] = 0.6  # farthest distance of a cell from a surveyed position
    radius_m: Annotated[float, Range(0.05, 100.0)] = 1.0  # neighbourhood of the mode that is averaged into a position
