"""Matching: a window against the windows of the survey, at whatever pitch the device is held.

    window (B, n, 3) µT ------+
                              v
    survey's windows (T, n, 3) --> squared distances (B, T) --> best of each cell --> logits (B, cells)
    every walk at several speeds   pitch and offset forgiven    labels are uncertain

What two passes of one place differ by, on real walks with two phones: a pitch of up to 30°, held for the
whole walk, which trades the field along the device for the field across its face; an offset of a few µT, left
over by the device's own calibration, or a large one, of another device; and the speed. A nearest-neighbour search
pays for all of them. Here the pitch is solved for in closed form in every comparison, the offset counts a little and
never more than `offset_most_ut2`, and speeds are stored.

The logits are log likelihood ratios to a window from elsewhere (see `core.evidence`).

Nothing is learned. Ours; in the paper's terms it is a feature extraction with one scale, the
whole window, under the heatmap's softmax. It is linear in the window but for two square roots, so all its
sums can be carried from sample to sample.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mail_ros.core.config import MailConfig
from mail_ros.core.evidence import log_ratio, nearest, uncertain
from mail_ros.core.heads import MapHead
from mail_ros.core.lattice import label_neighbours
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

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        super().__init__()
        self.config = config
        self.head = head
        for name, value in survey.items():
            self.register_buffer(name, value)
        self.cell: Tensor
        s = cut_windows(survey["field_ut"], survey["end"], survey["reach"], survey["speed"], config.samples)
        neighbour, weight = label_neighbours(head.cells, float(head.label_sigma_m))
        for name, value in (
            ("_mean", s.mean(dim=1)),  # (T, 3); the others are without it
            ("_along", (s - s.mean(dim=1, keepdim=True))[..., 0]),  # (T, n)
            ("_across", (s - s.mean(dim=1, keepdim=True))[..., 1:].flatten(1)),  # (T, 2 n)
            ("_squared", s.var(dim=1, unbiased=False).sum(dim=1) * s.shape[1]),  # (T,)
            ("_neighbour", torch.from_numpy(neighbour)),  # (cells, k)
            ("_neighbour_weight", torch.from_numpy(weight).float()),
        ):
            self.register_buffer(name, value.contiguous(), persistent=False)
        self._mean: Tensor
        self._along: Tensor
        self._across: Tensor
        self._squared: Tensor
        self._neighbour: Tensor
        self._neighbour_weight: Tensor

    def forward(self, field_ut: Tensor) -> MailOutput:
        """(B, n, 3) µT, resampled to the config's rate -> logits (B, cells), no attention (B, 0), offsets (B, 3)."""
        logits, offsets = zip(*(self._answer(block) for block in torch.split(field_ut, BLOCK)), strict=True)
        return MailOutput(torch.cat(logits), field_ut.new_zeros((len(field_ut), 0)), torch.cat(offsets))

    def distances(self, field_ut: Tensor) -> Tensor:
        """Mean squared difference to every window of the survey, the pitch solved for.

        Turning by θ about the device's x axis costs 2 `tilt_ut2` (1 - cos θ), a von Mises prior. Then the
        sum to be least, over θ, is |x|² + |s|² - 2 x_x·s_x - 2 (A cos θ + B sin θ) with A and B below, and
        the least of it is in closed form. A difference of the means counts by `offset_share`, like a device's that was
        calibrated as the survey's was, or costs `offset_most_ut2`, like any other's: whichever is less.

        Args:
            field_ut: (B, n, 3) µT.

        Returns:
            (B, T) µT².
        """
        matching, n = self.config.matching, field_ut.shape[1]
        kappa = matching.tilt_ut2 * n
        mean = field_ut.mean(dim=1)
        x = field_ut - mean[:, None]
        along = x[..., 0] @ self._along.T  # (B, T), as what follows
        both = torch.cat([x[..., 1:], _quarter_turned(x[..., 1:])]).flatten(1) @ self._across.T
        a, b = both.chunk(2)
        squared = x.square().sum((1, 2))[:, None] + self._squared
        any_offset = _least(squared, along, a, b, kappa) + n * matching.offset_most_ut2
        share = matching.offset_share * n
        calibrated = _least(
            squared + share * (mean.square().sum(1)[:, None] + self._mean.square().sum(1)),
            along + share * mean[:, :1] @ self._mean[:, :1].T,
            a + share * mean[:, 1:] @ self._mean[:, 1:].T,
            b + share * _quarter_turned(mean[:, 1:]) @ self._mean[:, 1:].T,
            kappa,
        )
        return torch.minimum(calibrated, any_offset) / n

    def _answer(self, field_ut: Tensor) -> tuple[Tensor, Tensor]:
        """(B, n, 3) µT -> logits (B, cells), see `evidence.log_ratio`, and offsets (B, 3) µT."""
        matching = self.config.matching
        distance = self.distances(field_ut)
        squared_ut2 = nearest(distance, self.cell, len(self.head.cell_floor))
        flat_ut2 = field_ut.var(dim=1, unbiased=False).sum(dim=1, keepdim=True)  # a flat field has the window's mean
        ratio = log_ratio(squared_ut2, flat_ut2, matching.noise_ut2, matching.elsewhere_ut2)
        return uncertain(ratio, self._neighbour, self._neighbour_weight), self._offset(field_ut, distance.argmin(dim=1))

    def _offset(self, field_ut: Tensor, best: Tensor) -> Tensor:
        """What the means (B, 3) µT differ by from those of stored windows (B,), turned to the window's pitch."""
        mean = field_ut.mean(dim=1)
        across = (field_ut - mean[:, None])[..., 1:]
        stored = self._across[best]
        a = (across.flatten(1) * stored).sum(1) + self.config.matching.tilt_ut2 * field_ut.shape[1]
        b = (_quarter_turned(across).flatten(1) * stored).sum(1)
        cos, sin = (each / torch.hypot(a, b).clamp_min(1e-12) for each in (a, b))
        x, y, z = self._mean[best].unbind(1)
        return mean - torch.stack([x, cos * y + sin * z, cos * z - sin * y], dim=1)


def _quarter_turned(across: Tensor) -> Tensor:
    """(..., 2) the parts y and z, turned about x."""
    return torch.stack([-across[..., 1], across[..., 0]], dim=-1)


def _least(squared: Tensor, along: Tensor, a: Tensor, b: Tensor, kappa: float) -> Tensor:
    """The sum of `Matching.distances` at the pitch that makes it least."""
    return (squared + 2 * (kappa - along - torch.hypot(a + kappa, b))).clamp_min(0.0)
