"""MAIL: multi-scale attention-guided indoor localization, the network of the paper, from leaf to root.

    field (B, n + lag, 3) µT
      | gradient                                                      signals.gradient
      v
    g (B, n, 3) --> one SFE unit per scale c: subsequences, GRU,      Φ_i (B, feature)
      |             concatenation P, FC + PReLU, layer norm               |
      +--> attention unit Ψ: FC + PReLU, FC, softmax --> w (B, K)         v
                                                          fusion f = [w_1 Φ_1, ..., w_K Φ_K]
                                                                          |
                                            head: position (eq. 14) or a softmax over map cells

Source: Niu et al., "MAIL: Multi-Scale Attention-Guided Indoor Localization Using Geomagnetic
Sequences", IMWUT 4(2):54, 2020, doi 10.1145/3397335. Its equation 4 prints tan and means tanh.
Ours, since the paper leaves them open: all widths, and the two layers of the attention unit.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from mail_ros.core.config import MailConfig
from mail_ros.core.heads import Head
from mail_ros.core.signals import gradient


class MailOutput(NamedTuple):
    """What one pass gives for each window of a batch."""

    raw: Tensor  # the head's own numbers: (B, 2) metres or (B, cells) logits
    attention: Tensor  # (B, K), sums to one
    offset_ut: Tensor | None = None  # (B, 3) of the device against the survey's, where the model compares with it


def subsequence_starts(length: int, scale: int) -> list[int]:
    """Where the subsequences of one scale start in a window: as few as cover it (equation 1).

    Spread evenly, the first at the oldest gradient, the last ending at the newest; they overlap
    where the scale does not divide the window.

    >>> subsequence_starts(500, 150)
    [0, 117, 233, 350]
    """
    count = math.ceil(length / scale)
    return [round(i * (length - scale) / max(count - 1, 1)) if count > 1 else length - scale for i in range(count)]


class ScaleFeatures(nn.Module):
    """Scale-based feature extraction (SFE) unit: what one scale sees in a window (equations 1 to 8)."""

    def __init__(self, length: int, scale: int, hidden: int, feature: int) -> None:
        super().__init__()
        self.scale = scale
        self.starts = subsequence_starts(length, scale)
        self.gru = nn.GRU(3, hidden, batch_first=True)
        self.fc = nn.Linear(len(self.starts) * hidden, feature)
        self.prelu = nn.PReLU()
        self.norm = nn.LayerNorm(feature)

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> Φ (B, feature). Every subsequence starts from h = 0."""
        pieces = torch.stack([g[:, s : s + self.scale] for s in self.starts], dim=1)  # (B, m, c, 3)
        _, last = self.gru(pieces.flatten(0, 1))  # (1, B * m, hidden)
        return self.project(last[0].view(g.shape[0], -1))

    def project(self, p: Tensor) -> Tensor:
        """P (B, m * hidden), the last state of every subsequence, oldest first -> Φ (B, feature)."""
        phi: Tensor = self.norm(self.prelu(self.fc(p)))
        return phi


class Attention(nn.Module):
    """How much each scale counts in this window, read from the same gradient (Ψ and its softmax)."""

    def __init__(self, length: int, scales: int, hidden: int) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * length, hidden)
        self.prelu = nn.PReLU()
        self.out = nn.Linear(hidden, scales)

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> w (B, K), positive, sums to one."""
        return torch.softmax(self.out(self.prelu(self.fc(g.flatten(1)))), dim=-1)


class UniformAttention(nn.Module):
    """Every scale counts the same: the paper's ablation."""

    def __init__(self, scales: int) -> None:
        super().__init__()
        self.scales = scales

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> w (B, K), each 1 / K."""
        return g.new_full((g.shape[0], self.scales), 1.0 / self.scales)


class ConstantAttention(nn.Module):
    """Learned weights that do not depend on the window: a second control beside the paper's ablation."""

    def __init__(self, scales: int) -> None:
        super().__init__()
        self.out = nn.Parameter(torch.zeros(scales))

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> w (B, K), alike for all windows, sums to one."""
        return torch.softmax(self.out, dim=0).expand(g.shape[0], -1)


def _attention(config: MailConfig) -> nn.Module:
    scales = len(config.scales)
    if config.network.attention == "uniform":
        return UniformAttention(scales)
    if config.network.attention == "constant":
        return ConstantAttention(scales)
    return Attention(config.length, scales, config.network.attention_hidden)


class Mail(nn.Module):
    """The whole network. The features belong to it, so that training and the robot cannot differ in them."""

    def __init__(self, config: MailConfig, head: Head) -> None:
        super().__init__()
        self.config = config
        width = config.network
        self.scales = nn.ModuleList(
            ScaleFeatures(config.length, scale, width.hidden, width.feature) for scale in config.scales
        )
        self.attention = _attention(config)
        self.head = head

    def forward(self, field_ut: Tensor) -> MailOutput:
        """(B, n + lag, 3) µT, resampled to the config's rate -> the head's numbers and the attention."""
        g = self.gradient(field_ut)  # (B, n, 3)
        phi = torch.stack([sfe(g) for sfe in self.scales], dim=1)  # (B, K, feature)
        return self.fuse(phi, self.attention(g))

    def gradient(self, field_ut: Tensor) -> Tensor:
        """(B, n + lag, 3) µT -> (B, n, 3), of order one."""
        features = self.config.features
        return gradient(field_ut, features.gradient, features.lag) / features.scale_ut

    def fuse(self, phi: Tensor, w: Tensor) -> MailOutput:
        """Attention-weighted concatenation f of Φ (B, K, feature) by w (B, K), then the head."""
        f = (w.unsqueeze(-1) * phi).flatten(1)  # (B, K * feature)
        return MailOutput(self.head(f), w)
