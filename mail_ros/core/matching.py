"""Matching: a window against the windows of the survey, at whatever pitch the device is held.

    window (B, n, 3) µT ------+
                              v
    survey's windows (T, n, 3) --> squared distances (B, T) --> best of each cell --> logits (B, cells)
    every walk at several speeds   pitch and offset forgiven

What two passes of one place differ by, on real walks with two phones: a pitch of up to 30°, held for the
whole walk, which trades the field along the device for the field across its face; an offset of a few µT, left
over by the device's own calibration; and the speed. A nearest-neighbour search pays for all three. Here the
pitch is solved for in closed form in every comparison, the offset counts a little, and speeds are stored.

The logits are log likelihood ratios to a window from elsewhere (see `core.evidence`).

Nothing is learned. Ours; in the paper's terms it is a feature extraction with one scale, the
whole window, under the heatmap's softmax. It is linear in the window but for one square root, so all its
sums can be carried from sample to sample.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from mail_ros.core.config import MailConfig
from mail_ros.core.evidence import log_ratio, nearest
from mail_ros.core.heads import MapHead
from mail_ros.core.model import MailOutput
from mail_ros.core.signals import cut_windows

BLOCK = 64  # windows compared at a time: bounds the memory of a pass


class Matching(nn.Module):
    """The survey's windows, and how likely each map cell is where a new window ends."""

    def __init__(self, config: MailConfig, head: MapHead, survey: dict[str, Tensor]) -> None:
        """Cut the survey's windows.

        Args:
            config: of the model; `config.matching` is its own part.
            head: the map.
            survey: what a model file keeps (see `training.matching`): `field_ut` (m, 3) all resampled walks,
                `end` (T,) rows where a window ends, `reach` (T,) rows without a hole up to there, `speed` (T,) at
                which it is walked, `cell` (T,) index of the cell where it ends.
        """
        super().__init__()
        self.config = config
        self.head = head
        for name, value in survey.items():
            self.register_buffer(name, value)
        self.cell: Tensor
        windows = cut_windows(survey["field_ut"], survey["end"], survey["reach"], survey["speed"], config.samples)
        s = self.offset_reduced(windows)  # (T, n, 3)
        turned = torch.stack([s[..., 2], -s[..., 1]], dim=-1)  # a quarter turn about x
        for name, value in (
            ("_s_along", s[..., 0]),
            ("_s_across", s[..., 1:].flatten(1)),
            ("_s_turned", turned.flatten(1)),
            ("_s_squared", s.square().sum((1, 2))),
        ):
            self.register_buffer(name, value.contiguous(), persistent=False)
        self._s_along: Tensor
        self._s_across: Tensor
        self._s_turned: Tensor
        self._s_squared: Tensor

    def forward(self, field_ut: Tensor) -> MailOutput:
        """(B, n, 3) µT, resampled to the config's rate -> logits (B, cells), and no attention (B, 0)."""
        logits = torch.cat([self._logits(block) for block in torch.split(field_ut, BLOCK)])
        return MailOutput(logits, logits.new_zeros((len(logits), 0)))

    def distances(self, field_ut: Tensor) -> Tensor:
        """Mean squared difference to every window of the survey, the pitch solved for.

        Turning by θ about the device's x axis costs 2 `tilt_ut2` (1 - cos θ), a von Mises prior. Then the
        sum to be least, over θ, is |x|² + |s|² - 2 x_x·s_x - 2 (A cos θ + B sin θ) with A and B below, and
        the least of it is in closed form.

        Args:
            field_ut: (B, n, 3) µT.

        Returns:
            (B, T) µT².
        """
        x = self.offset_reduced(field_ut)
        kappa = self.config.matching.tilt_ut2 * x.shape[1]
        along = x[..., 0] @ self._s_along.T  # (B, T), as what follows
        across = x[..., 1:].flatten(1)
        a = across @ self._s_across.T + kappa
        b = across @ self._s_turned.T
        squared = x.square().sum((1, 2))[:, None] + self._s_squared + 2 * (kappa - along - torch.hypot(a, b))
        return squared.clamp_min(0.0) / x.shape[1]

    def offset_reduced(self, field_ut: Tensor) -> Tensor:
        """(..., n, 3) µT with the window's mean made smaller, so that it counts by `offset_share`."""
        mean = field_ut.mean(dim=-2, keepdim=True)
        return field_ut + (math.sqrt(self.config.matching.offset_share) - 1.0) * mean

    def _logits(self, field_ut: Tensor) -> Tensor:
        """(B, n, 3) µT -> (B, cells), see `evidence.log_ratio`."""
        matching = self.config.matching
        squared_ut2 = nearest(self.distances(field_ut), self.cell, len(self.head.cell_floor))
        flat_ut2 = field_ut.var(dim=1, unbiased=False).sum(dim=1, keepdim=True)  # a flat field has the window's mean
        return log_ratio(squared_ut2, flat_ut2, matching.noise_ut2, matching.elsewhere_ut2)
