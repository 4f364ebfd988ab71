"""`jang`: a deep recurrent network over the whole window, in the manner of Jang et al.

Source: Jang, Shin and Choi, "Geomagnetic field based indoor localization using recurrent neural networks",
GLOBECOM 2017. Faithful: stacked plain RNN cells, last state to position, MSE. Ours: four layers of 128,
Adam 1e-3, gradients clipped at 1, and MAIL's own input (the lagged gradient), so that phones compare.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mail_ros.core.config import MailConfig
from mail_ros.core.heads import RegressionHead
from mail_ros.core.model import MailOutput
from mail_ros.core.signals import gradient

LAYERS = 4
HIDDEN = 128
LEARNING_RATE = 1e-3


class Jang(nn.Module):
    """RNN (tanh) over the gradient, the last state through one linear layer."""

    def __init__(self, config: MailConfig, center_m: tuple[float, float], extent_m: float, floor: int) -> None:
        super().__init__()
        self.config = config
        self.rnn = nn.RNN(3, HIDDEN, num_layers=LAYERS, batch_first=True)
        self.head = RegressionHead(HIDDEN, center_m, extent_m, floor)

    def forward(self, field_ut: Tensor) -> MailOutput:
        """(B, n + lag, 3) µT -> positions (B, 2); no attention (B, 0)."""
        features = self.config.features
        g = gradient(field_ut, features.gradient, features.lag) / features.scale_ut
        states, _ = self.rnn(g)  # (B, n, hidden)
        return MailOutput(self.head(states[:, -1]), torch.zeros(len(g), 0))
