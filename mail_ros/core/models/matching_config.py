"""Every setting of matching, with its default: here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mail_ros.core.config import Fraction, Range, Settings
from mail_ros.core.errors import ConfigError


@dataclass(frozen=True)
class MatchingConfig(Settings, prefix="matching."):
    """What a comparison of two windows forgives; distances are means over the samples.

    Noise and `background_ut2` were chosen, with the filter behind them, over several splits of the three repetitions
    of IPIN 2023 Track 3; stride, pitch, offset and covariance scale on repetition 2 by models of repetition 1.
    """

    noise_ut2: Annotated[float, Range(1e-6, 1e9)] = 0.8  # variance of a difference between two passes of one position
    background_ut2: Annotated[float, Range(1e-6, 1e9)] = 20.0  # distance of an unsurveyed window to the nearest stored
    offset_weight: Fraction = 0.05  # weight of a constant difference: 0 ignores it, 1 counts it like any other
    offset_max_ut2: Annotated[float, Range(0.0, 1e9)] = 4.0  # upper bound of its cost: another device's may be large
    tilt_ut2: Annotated[float, Range(0.0, 1e9)] = 6.0  # a pitch of θ about the x axis costs 2 tilt_ut2 (1 - cos θ)
    speeds: tuple[Annotated[float, Range(0.1, 10.0)], ...] = (0.75, 0.87, 1.0, 1.15, 1.3)  # each window is stored at
    stride_s: Annotated[float, Range(1e-3, 60.0)] = 0.2  # between the stored windows, sampled by time
    stride_m: Annotated[float, Range(1e-3, 60.0)] = 0.2  # between the stored windows, sampled by distance
    covariance_scale: Annotated[float, Range(0.01, 100.0)] = (
        0.3  # scale of the covariance: beliefs are wide, for the filter
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.speeds:
            raise ConfigError("matching.speeds", wanted="one speed or more", found="none", fix="give some, as in [1]")
