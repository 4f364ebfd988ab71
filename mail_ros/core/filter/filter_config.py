"""Every setting of the grid filter, with its default: here and nowhere else. AMCL's words where it has one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mail_ros.core.config import Fraction, Range, Settings


@dataclass(frozen=True)
class FilterConfig(Settings, prefix="filter."):
    """How a belief over the cells moves, and how much each window's likelihood counts.

    Chosen on repetition 2 of IPIN 2023 Track 3 with networks and searches that had learned from repetition 1; outliers
    and radius over several splits of all three.
    """

    headings: Annotated[int, Range(4, 360)] = 24  # directions that the belief distinguishes
    # Measurement
    likelihood_exponent_per_s: Annotated[float, Range(0.0, 100.0)] = (
        0.8  # exponent of one second's likelihood: windows overlap
    )
    on_map_exponent_per_s: Annotated[float, Range(0.0, 100.0)] = 0.2  # the same of whether the device is on the map
    equivalent_m_per_s: Annotated[float, Range(0.01, 10.0)] = 2.0  # metres of travel worth one second of measurements
    outlier: Annotated[float, Range(1e-6, 1.0)] = 0.1  # fraction of windows without information: bounds a likelihood
    kidnap_rate_hz: Fraction = 1e-6  # fraction of the belief spread over all cells per second: recovery when carried
    # Motion by odometry
    yaw_noise_rad: Fraction = 0.07  # per move: drift of odometry's yaw, and how a walker bends
    position_noise_m: Annotated[float, Range(1e-3, 10.0)] = 0.3  # per move: what odometry and cells do not resolve
    update_min_d_m: Annotated[float, Range(0.01, 10.0)] = 0.5  # distance per move: finer moves blur by a cell's size
    odom_noise_ratio: Fraction = 0.1  # standard deviation of odometry, per metre travelled
    odom_reset_prob: Fraction = 0.002  # per move: odometry's frame was reset
    # Motion without odometry
    walking_s: Annotated[float, Range(0.05, 10.0)] = 0.5  # time per move
    speed_m_s: Annotated[float, Range(0.0, 10.0)] = 1.2  # mean walking speed
    speed_deviation_m_s: Annotated[float, Range(0.0, 10.0)] = 0.5
    u_turn_prob: Fraction = 0.03  # per move: the walker continues in any direction
    edge: Fraction = 0.2  # a walker turns where less than this fraction of the path ahead was surveyed
    mean_walk_s: Annotated[float, Range(0.1, 1e6)] = 20.0  # mean duration of walking between two stops
    mean_stop_s: Annotated[float, Range(0.1, 1e6)] = 10.0  # mean duration of a stop
    stationary_change_ut: Annotated[float, Range(1e-3, 1e3)] = 1.2  # in 0.5 s: walking and standing equally likely
    # Output
    radius_m: Annotated[float, Range(0.0, 100.0)] = 2.0  # neighbourhood of the mode that is averaged into a position
    walking_covariance_scale: Annotated[float, Range(0.01, 100.0)] = 0.5  # without odometry: most walk straight on
    offset_s: Annotated[float, Range(0.1, 1e6)] = 60.0  # averaging time of the device's offset against the survey
    map_fit_s: Annotated[float, Range(0.1, 1e6)] = 20.0  # averaging time of how well the map explains the field
