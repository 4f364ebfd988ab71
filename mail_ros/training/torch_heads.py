"""The two heads of the network in torch: the paper's regression, and a softmax over map cells."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mail_ros.core.models.heads import Head, RegressionHead, SiteMap, State
from mail_ros.core.types import Cells, FloatArray


class Layer(nn.Module, ABC):
    """A linear layer with its loss."""

    @property
    @abstractmethod
    def meaning(self) -> Head:
        """The head that interprets its output."""

    @abstractmethod
    def loss(self, raw: Tensor, position_m: Tensor, floor: Tensor) -> Tensor:
        """Mean training loss (), over the windows, of (B, out) against true positions (B, 2) and floors (B,)."""


class Network(nn.Module):
    """A trainable network: (B, n + lag, 3) µT -> the numbers of its head (B, out)."""

    head: Layer


class RegressionLayer(Layer):
    """To x and y with a mean squared error (equation 14), on one floor.

    The layer's output is scaled to the extent of the map, which does not change equation 14 and lets one learning rate
    serve a room and a hall. `covariance_m2` is that of the validation walks.
    """

    def __init__(self, features: int, site: State) -> None:
        """`site` has `head.center_m` (2,), `head.extent_m` and `head.floor`."""
        super().__init__()
        self.fc = nn.Linear(features, 2)
        for name in ("center_m", "extent_m", "floor"):
            self.register_buffer(name, torch.tensor(site[f"head.{name}"]))
        self.register_buffer("covariance_m2", torch.eye(2) * float(site["head.extent_m"]) ** 2)
        self.center_m: Tensor
        self.extent_m: Tensor
        self.floor: Tensor
        self.covariance_m2: Tensor

    @property
    def meaning(self) -> RegressionHead:
        """See `Layer`."""
        covariance_m2, center_m = (
            each.cpu().numpy().astype(np.float64) for each in (self.covariance_m2, self.center_m)
        )
        return RegressionHead(covariance_m2, int(self.floor), center_m)

    def forward(self, f: Tensor) -> Tensor:
        """(B, features) -> (B, 2) metres."""
        position: Tensor = self.center_m + self.extent_m * self.fc(f)
        return position

    def loss(self, raw: Tensor, position_m: Tensor, floor: Tensor) -> Tensor:
        """Mean squared error, in units of the map's extent."""
        return functional.mse_loss(raw / self.extent_m, position_m / self.extent_m)

    def set_residuals(self, residual_m: FloatArray) -> None:
        """Set the covariance to that of errors (n, 2) m of windows that were not learned; it is the same for all."""
        self.covariance_m2.copy_(torch.from_numpy(residual_m.T @ residual_m / len(residual_m)))


class HeatmapLayer(Layer):
    """To the map's cells, with labels as wide as the survey's own error."""

    def __init__(self, features: int, site: State) -> None:
        """`site` has `head.cell_position_m` (m, 2), `head.cell_floor` (m,), `head.label_sigma_m`, `head.radius_m`."""
        super().__init__()
        self.fc = nn.Linear(features, len(site["head.cell_floor"]))
        for name in ("cell_position_m", "cell_floor", "label_sigma_m", "radius_m"):
            self.register_buffer(name, torch.tensor(site[f"head.{name}"]))
        self.cell_position_m: Tensor
        self.cell_floor: Tensor
        self.label_sigma_m: Tensor
        self.radius_m: Tensor

    @property
    def meaning(self) -> SiteMap:
        """See `Layer`."""
        cells = Cells(self.cell_position_m.cpu().numpy(), self.cell_floor.cpu().numpy())
        return SiteMap(cells, float(self.label_sigma_m), float(self.radius_m))

    def forward(self, f: Tensor) -> Tensor:
        """(B, features) -> (B, cells) logits."""
        logits: Tensor = self.fc(f)
        return logits

    def soft_label(self, position_m: Tensor, floor: Tensor) -> Tensor:
        """A Gaussian of `label_sigma_m` around each label (B, 2) m, on the label's floor (B,): (B, cells)."""
        squared = torch.cdist(position_m.double(), self.cell_position_m).square()  # (B, cells)
        wrong_floor = floor[:, None] != self.cell_floor[None]
        weight = (-squared / (2 * self.label_sigma_m**2)).masked_fill(wrong_floor, -torch.inf)
        return torch.softmax(weight, dim=-1).float()

    def loss(self, raw: Tensor, position_m: Tensor, floor: Tensor) -> Tensor:
        """Cross entropy against the soft label."""
        return functional.cross_entropy(raw, self.soft_label(position_m, floor))
