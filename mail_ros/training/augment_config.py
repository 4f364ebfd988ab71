"""Settings of augmentation, without torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from mail_ros.core.config import Fraction, Range, Settings


@dataclass(frozen=True)
class AugmentConfig(Settings, prefix="augment."):
    """How much; the defaults were measured to help, what is 0 was not, see docs/accuracy.md."""

    tilt_deg: Annotated[float, Range(0.0, 180.0)] = 15.0  # standard deviation of the pitch about the device's x axis
    soft_iron: Fraction = 0.0  # standard deviation of the entries of a matrix that is added to the identity
    noise_ut: Annotated[float, Range(0.0, 1000.0)] = 0.5  # largest deviation of white noise; each window has its own
    gain: Fraction = 0.0  # standard deviation of the logarithm of a factor
    offset_ut: Annotated[float, Range(0.0, 1000.0)] = 20.0  # gravity axes: deviation, per axis, of the device's field
    dropped: Fraction = 0.0  # fraction of the samples that are lost, and bridged by the mean of their neighbours
