"""Augmentation: random differences between two passes of one position, drawn for every window of every step.

In the device's axes an offset is not drawn, since the gradient cancels it. In a gravity-aligned frame it rotates with
the device, and the frame's yaw is unknown. Speed is drawn when windows are cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from mail_ros.training.run_config import AugmentConfig


@dataclass(frozen=True)
class Draws:
    """Random numbers for some rows of a batch, drawn for the whole batch: a row's do not depend on its process."""

    generator: torch.Generator
    batch: int  # rows of the whole batch
    rows: slice  # rows to return

    def normal(self, *shape: int) -> Tensor:
        """(rows, *shape) of a standard normal."""
        return torch.randn(self.batch, *shape, generator=self.generator)[self.rows]

    def uniform(self, *shape: int) -> Tensor:
        """(rows, *shape) between 0 and 1."""
        return torch.rand(self.batch, *shape, generator=self.generator)[self.rows]


def augment(field_ut: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """Windows as another pass, another hand or another device would record them.

    Args:
        field_ut: (B, n, w), rows as `core.signal.axes` has them.
        config: the amounts.
        draws: random numbers for B rows.

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
    return field_ut @ matrix + noise_ut * draws.normal(*field_ut.shape[1:])


def _as_of_another_device(rows: Tensor, config: AugmentConfig, draws: Draws) -> Tensor:
    """Gravity-aligned rows (B, n, 5) at any yaw, of a device with an offset of its own -> (B, n, 3) µT."""
    own_ut = config.offset_ut * draws.normal(1, 3)  # (B, 1, 3)
    cos, sin = rows[..., 3], rows[..., 4]
    x = rows[..., 0] + cos * own_ut[..., 0] - sin * own_ut[..., 1]
    y = rows[..., 1] + sin * own_ut[..., 0] + cos * own_ut[..., 1]
    angle = 2.0 * math.pi * draws.uniform(1)
    return torch.stack(
        [angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y, rows[..., 2] + own_ut[..., 2]], dim=-1
    )
