"""`jang`: a deep recurrent network over the whole window, in the manner of Jang et al.

Source: Jang, Shin and Choi, "Geomagnetic field based indoor localization using recurrent neural networks",
GLOBECOM 2017. Faithful: stacked plain RNN cells, last state to position, MSE. Ours: four layers of 128,
Adam 1e-3, gradients clipped at 1, and MAIL's own input (the lagged gradient), so that phones compare.
"""

from __future__ import annotations

from torch import Tensor, nn

from mail_ros.core.models.heads import State
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.window import gradient
from mail_ros.training.torch_heads import Network, RegressionLayer

LAYERS = 4
HIDDEN = 128
LEARNING_RATE = 1e-3


class Jang(Network):
    """RNN (tanh) over the gradient, the last state through one linear layer."""

    def __init__(self, config: ModelConfig, site: State) -> None:
        super().__init__()
        self.config = config
        self.rnn = nn.RNN(3, HIDDEN, num_layers=LAYERS, batch_first=True)
        self.head = RegressionLayer(HIDDEN, site)

    def forward(self, field_ut: Tensor) -> Tensor:
        """(B, n + lag, 3) µT -> positions (B, 2)."""
        mail = self.config.mail
        g = gradient(field_ut, mail.gradient, self.config.lag) / mail.scale_ut  # type: ignore[type-var]
        states, _ = self.rnn(g)  # (B, n, hidden)
        positions: Tensor = self.head(states[:, -1])
        return positions
