"""What passes of one place differ by, drawn anew for every window of every step.

In the device's axes an offset needs no part here: the gradient cancels it. In a gravity-aligned frame it turns with the
device, and the frame's yaw is not known. Speed is drawn where windows are cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

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


@dataclass(frozen=True)
class Draws:
    """Random numbers for some rows of a batch; drawn for all of it, so that a row's do not depend on who has it."""

    generator: torch.Generator
    batch: int  # rows of the whole batch
    rows: slice  # those that are wanted

    def normal(self, *shape: int) -> Tensor:
        """(rows, *shape) of a standard normal."""
        return torch.randn(self.batch, *shape, generator=self.generator)[self.rows]

    def uniform(self, *shape: int) -> Tensor:
        """(rows, *shape) between 0 and 1."""
        return torch.rand(self.batch, *shape, generator=self.generator)[self.rows]


def augment(field_ut: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """Windows as other passes, other hands and other devices might have recorded them.

    Args:
        field_ut: (B, n, w), rows as `core.signal.axes` has them.
        config: how much of what.
        draws: decide all that is random; of B rows.

    Returns:
        (B, n, 3) µT.
    """
    if field_ut.shape[2] > 3:
        field_ut = _as_of_another_device(field_ut, config, draws)
    angle = draws.normal() * math.radians(config.tilt_deg)
    matrix = torch.eye(3).repeat(len(field_ut), 1, 1)  # (B, 3, 3)
    matrix[:, 1, 1] = matrix[:, 2, 2] = angle.cos()
    matrix[:, 2, 1] = angle.sin()
    matrix[:, 1, 2] = -matrix[:, 2, 1]
    matrix = matrix + config.soft_iron * draws.normal(3, 3)
    noise_ut = config.noise_ut * draws.uniform(1, 1)
    field_ut = field_ut @ matrix + noise_ut * draws.normal(*field_ut.shape[1:])
    return _bridged(field_ut * torch.exp(config.gain * draws.normal(1, 1)), config.dropped, draws)


def _as_of_another_device(rows: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """Gravity-aligned rows (B, n, 5) at any yaw, of a device with a field of its own -> (B, n, 3) µT."""
    own_ut = config.offset_ut * draws.normal(3)[:, None]  # (B, 1, 3)
    cos, sin = rows[..., 3], rows[..., 4]
    x = rows[..., 0] + cos * own_ut[..., 0] - sin * own_ut[..., 1]
    y = rows[..., 1] + sin * own_ut[..., 0] + cos * own_ut[..., 1]
    angle = 2.0 * math.pi * draws.uniform(1)
    return torch.stack(
        [angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y, rows[..., 2] + own_ut[..., 2]], dim=-1
    )


def _bridged(field_ut: Tensor, dropped: float, draws: Draws) -> Tensor:
    inner_ut = field_ut[:, 1:-1]
    lost = draws.uniform(inner_ut.shape[1], 1) < dropped
    bridged_ut = torch.where(lost, 0.5 * (field_ut[:, :-2] + field_ut[:, 2:]), inner_ut)
    return torch.cat([field_ut[:, :1], bridged_ut, field_ut[:, -1:]], dim=1)
