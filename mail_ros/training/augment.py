"""Augmentation: random differences between two passes of one position, drawn for every window of every step.

In the device's axes an offset is not drawn, since the gradient cancels it. In a gravity-aligned frame it rotates with
the device, and the frame's yaw is unknown. Speed is drawn when windows are cut.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from mail_ros.training.run_config import AugmentConfig


def augment(field_ut: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Windows as another pass, another hand or another device would record them.

    Args:
        field_ut: (B, n, w), rows as `core.signal.axes` has them.
        config: the amounts.
        generator: of all random numbers.

    Returns:
        (B, n, 3) µT.
    """
    rows = len(field_ut)
    if field_ut.shape[2] > 3:
        field_ut = _as_of_another_device(field_ut, config, generator)
    angle = torch.randn(rows, generator=generator) * math.radians(config.tilt_deg)
    matrix = torch.eye(3).repeat(rows, 1, 1)  # (B, 3, 3)
    matrix[:, 1, 1] = matrix[:, 2, 2] = angle.cos()
    matrix[:, 2, 1] = angle.sin()
    matrix[:, 1, 2] = -matrix[:, 2, 1]
    matrix = matrix + config.soft_iron * torch.randn(rows, 3, 3, generator=generator)
    noise_ut = config.noise_ut * torch.rand(rows, 1, 1, generator=generator)
    return field_ut @ matrix + noise_ut * torch.randn(field_ut.shape, generator=generator)


def _as_of_another_device(rows: Tensor, config: AugmentConfig, generator: torch.Generator) -> Tensor:
    """Gravity-aligned rows (B, n, 5) at any yaw, of a device with an offset of its own -> (B, n, 3) µT."""
    own_ut = config.offset_ut * torch.randn(len(rows), 1, 3, generator=generator)  # (B, 1, 3)
    cos, sin = rows[..., 3], rows[..., 4]
    x = rows[..., 0] + cos * own_ut[..., 0] - sin * own_ut[..., 1]
    y = rows[..., 1] + sin * own_ut[..., 0] + cos * own_ut[..., 1]
    angle = 2.0 * math.pi * torch.rand(len(rows), 1, generator=generator)
    return torch.stack(
        [angle.cos() * x - angle.sin() * y, angle.sin() * x + angle.cos() * y, rows[..., 2] + own_ut[..., 2]], dim=-1
    )
