"""What passes of one place differ by, drawn anew for every window of every step.

An offset needs no part here: the gradient cancels it. Speed is drawn where windows are cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mail_ros.core.config import check_range


@dataclass(frozen=True)
class AugmentConfig:
    """How much; the defaults together were measured to help, see docs/accuracy.md."""

    tilt_deg: float = 15.0  # standard deviation of a turn about the device's x axis, the pitch it is held at
    soft_iron: float = 0.0  # standard deviation of the entries of a matrix that is added to the identity
    noise_ut: float = 0.5  # greatest standard deviation of white noise; each window has its own

    def __post_init__(self) -> None:
        check_range("augment.tilt_deg", self.tilt_deg, 0.0, 180.0)
        check_range("augment.soft_iron", self.soft_iron, 0.0, 1.0)
        check_range("augment.noise_ut", self.noise_ut, 0.0, 1000.0)


def augment(field_ut: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Windows as other passes, other hands and other devices might have recorded them.

    Args:
        field_ut: (B, n, 3) µT.
        config: how much of what.
        generator: decides all that is drawn.

    Returns:
        (B, n, 3) µT.
    """
    size = len(field_ut)

    def normal(*shape: int) -> Tensor:
        return torch.randn(size, *shape, generator=generator)

    angle = normal() * math.radians(config.tilt_deg)
    matrix = torch.eye(3).repeat(size, 1, 1)  # (B, 3, 3)
    matrix[:, 1, 1] = matrix[:, 2, 2] = angle.cos()
    matrix[:, 2, 1] = angle.sin()
    matrix[:, 1, 2] = -matrix[:, 2, 1]
    matrix = matrix + config.soft_iron * normal(3, 3)
    noise_ut = config.noise_ut * torch.rand(size, 1, 1, generator=generator)
    return field_ut @ matrix + noise_ut * normal(*field_ut.shape[1:])
