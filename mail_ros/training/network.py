"""MAIL in torch, for training: the network of the paper. `core.models.mail.mail` is the same in numpy.

Source: Niu et al., "MAIL: Multi-Scale Attention-Guided Indoor Localization Using Geomagnetic
Sequences", IMWUT 4(2):54, 2020, doi 10.1145/3397335. Its equation 4 prints tan and means tanh.
Ours, since the paper leaves them open: all widths, and the two layers of the attention unit.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mail_ros.core.models.heads import State
from mail_ros.core.models.mail.mail import NORM_EPSILON, subsequence_starts
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.window import gradient
from mail_ros.core.types import Float32Array
from mail_ros.data.dataset import WindowSet
from mail_ros.training.run_config import RunConfig
from mail_ros.training.site_state import head_state
from mail_ros.training.torch_gru import last_state
from mail_ros.training.torch_heads import HeatmapLayer, Layer, Network, RegressionLayer


class ScaleFeatures(nn.Module):
    """Scale-based feature extraction (SFE) unit: features of a window at one scale (equations 1 to 8)."""

    def __init__(self, length: int, scale: int, hidden: int, feature: int) -> None:
        super().__init__()
        self.scale = scale
        self.starts = subsequence_starts(length, scale)
        self.gru = nn.GRU(3, hidden, batch_first=True)
        self.fc = nn.Linear(len(self.starts) * hidden, feature)
        self.prelu = nn.PReLU()
        self.norm = nn.LayerNorm(feature, eps=NORM_EPSILON)

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> Φ (B, feature). Every subsequence starts from h = 0."""
        by_time = g.permute(1, 2, 0)  # (n, 3, B)
        pieces = torch.stack([by_time[s : s + self.scale] for s in self.starts], dim=2)  # (c, 3, m, B)
        last = last_state(self.gru, pieces.flatten(2)).view(-1, *pieces.shape[2:])  # (hidden, m, B)
        p = last.permute(2, 1, 0).flatten(1)  # (B, m * hidden), oldest first
        phi: Tensor = self.norm(self.prelu(self.fc(p)))
        return phi


class Attention(nn.Module):
    """Weight of each scale in this window, from the same gradient (Ψ and its softmax)."""

    def __init__(self, length: int, scales: int, hidden: int) -> None:
        super().__init__()
        self.fc = nn.Linear(3 * length, hidden)
        self.prelu = nn.PReLU()
        self.out = nn.Linear(hidden, scales)

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> w (B, K), positive, sums to one."""
        return torch.softmax(self.out(self.prelu(self.fc(g.flatten(1)))), dim=-1)


class ConstantAttention(nn.Module):
    """Weights that do not depend on the window: equal ones, the paper's ablation, or learned ones, a second control."""

    def __init__(self, scales: int, *, learned: bool) -> None:
        super().__init__()
        self.out: Tensor
        if learned:
            self.out = nn.Parameter(torch.zeros(scales))
        else:
            self.register_buffer("out", torch.zeros(scales), persistent=False)  # no weight of the model file

    def forward(self, g: Tensor) -> Tensor:
        """(B, n, 3) gradient -> w (B, K), equal for all windows, sums to one."""
        return torch.softmax(self.out, dim=0).expand(g.shape[0], -1)


def _attention(config: ModelConfig) -> nn.Module:
    scales, kind = len(config.scales), config.mail.attention
    if kind != "adaptive":
        return ConstantAttention(scales, learned=kind == "constant")
    return Attention(config.sampling.rows, scales, config.mail.attention_hidden)


class MailNetwork(Network):
    """The whole network, its gradient included, so that training and the robot cannot differ in it."""

    def __init__(self, config: ModelConfig, head: Layer) -> None:
        super().__init__()
        self.config = config
        width = config.mail
        self.scales = nn.ModuleList(
            ScaleFeatures(config.sampling.rows, scale, width.hidden, width.feature) for scale in config.scales
        )
        self.attention = _attention(config)
        self.head = head

    def forward(self, field_ut: Tensor) -> Tensor:
        """(B, n + lag, 3) µT, resampled to the config's rate -> the head's numbers (B, out).

        The head reads the attention-weighted concatenation of all Φ (equation 13).
        """
        mail = self.config.mail
        g = gradient(field_ut[..., :3], mail.gradient, self.config.lag) / mail.scale_ut  # type: ignore[type-var]
        phi = torch.stack([unit(g) for unit in self.scales], dim=1)  # (B, K, feature)
        raw: Tensor = self.head((self.attention(g).unsqueeze(-1) * phi).flatten(1))
        return raw


def untrained_network(config: ModelConfig, site: State) -> MailNetwork:
    """A network with torch's initial weights, for a site (see `site_state.head_state`)."""
    layer = HeatmapLayer if config.mail.head == "heatmap" else RegressionLayer
    return MailNetwork(config, layer(len(config.scales) * config.mail.feature, site))


def untrained(config: RunConfig, windows: WindowSet) -> MailNetwork:
    """MAIL for the site of some windows; the seed alone determines its weights."""
    torch.manual_seed(config.training.seed)
    return untrained_network(config.model, head_state(config, windows))


def arrays(module: nn.Module) -> dict[str, Float32Array]:
    """A copy of a network's weights, as a model file keeps them."""
    return {name: value.detach().cpu().numpy().copy() for name, value in module.state_dict().items()}
