"""The two ends of the network: the paper's regression, and a softmax over map cells."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mail_ros.core.belief import Cells, FloatArray, Posterior, decode, normal, ratio


class Head(Protocol):
    """From the fused features to a position; also how to train that."""

    @property
    def cells(self) -> Cells | None:
        """The map that it tells apart; None where it has none."""

    def __call__(self, f: Tensor) -> Tensor:
        """(B, features) -> the head's own numbers (B, out)."""

    def loss(self, raw: Tensor, position_m: Tensor, floor: Tensor) -> Tensor:
        """Scalar training loss of (B, out) against true positions (B, 2) and floors (B,)."""

    def posterior(self, raw: Tensor) -> Posterior:
        """What one window's numbers (out,) say of the position."""

    def log_ratio(self, raw: Tensor) -> FloatArray | None:
        """Of one window's likelihoods in each of the cells (m,), see `belief.ratio`; None where it has no cells."""


class RegressionHead(nn.Module):
    """Linear layer to x and y with a mean squared error (equation 14). Knows one floor.

    The layer's numbers are scaled to the extent of the map, which leaves equation 14 as it is
    and lets one learning rate serve a room and a hall. `covariance_m2` is that of the validation walks.
    """

    def __init__(self, features: int, center_m: tuple[float, float], extent_m: float, floor: int) -> None:
        super().__init__()
        self.fc = nn.Linear(features, 2)
        self.register_buffer("center_m", torch.tensor(center_m))
        self.register_buffer("extent_m", torch.tensor(extent_m))
        self.register_buffer("floor", torch.tensor(floor))
        self.register_buffer("covariance_m2", torch.eye(2) * extent_m**2)
        self.center_m: Tensor
        self.extent_m: Tensor
        self.floor: Tensor
        self.covariance_m2: Tensor

    @property
    def cells(self) -> None:
        """It has none."""

    def forward(self, f: Tensor) -> Tensor:
        """(B, features) -> (B, 2) metres."""
        position: Tensor = self.center_m + self.extent_m * self.fc(f)
        return position

    def loss(self, raw: Tensor, position_m: Tensor, floor: Tensor) -> Tensor:
        """Mean squared error, in units of the map's extent."""
        return functional.mse_loss(raw / self.extent_m, position_m / self.extent_m)

    def posterior(self, raw: Tensor) -> Posterior:
        """The position itself; the covariance does not depend on the window."""
        return normal(raw.numpy().astype(np.float64), self.covariance_m2.numpy().astype(np.float64), int(self.floor))

    def log_ratio(self, raw: Tensor) -> None:
        """Its posterior says all there is."""


class MapHead(nn.Module):
    """A belief over the map's cells, trained with labels as soft as the survey's own error.

    Where the paper answers the point between two look-alike corridors, this keeps both.
    """

    def __init__(self, cells: Cells, label_sigma_m: float, radius_m: float) -> None:
        super().__init__()
        self.register_buffer("cell_position_m", torch.from_numpy(cells.position_m).double())
        self.register_buffer("cell_floor", torch.from_numpy(cells.floor))
        self.register_buffer("label_sigma_m", torch.tensor(label_sigma_m, dtype=torch.float64))
        self.register_buffer("radius_m", torch.tensor(radius_m, dtype=torch.float64))
        self.cell_position_m: Tensor
        self.cell_floor: Tensor
        self.label_sigma_m: Tensor
        self.radius_m: Tensor

    @property
    def cells(self) -> Cells:
        """The map, as arrays."""
        return Cells(self.cell_position_m.numpy(), self.cell_floor.numpy())

    def forward(self, f: Tensor) -> Tensor:
        """(B, cells) logits, as they are."""
        return f

    def soft_label(self, position_m: Tensor, floor: Tensor) -> Tensor:
        """A Gaussian of `label_sigma_m` around each label (B, 2) m, on the label's floor (B,): (B, cells)."""
        squared = torch.cdist(position_m.double(), self.cell_position_m).square()  # (B, cells)
        wrong_floor = floor[:, None] != self.cell_floor[None]
        weight = (-squared / (2 * self.label_sigma_m**2)).masked_fill(wrong_floor, -torch.inf)
        return torch.softmax(weight, dim=-1).float()

    def loss(self, raw: Tensor, position_m: Tensor, floor: Tensor) -> Tensor:
        """Cross entropy against the soft label."""
        return functional.cross_entropy(raw, self.soft_label(position_m, floor))

    def posterior(self, raw: Tensor) -> Posterior:
        """The mode's neighbourhood, see `belief.decode`."""
        probability = torch.softmax(raw.double(), dim=-1).numpy()
        return decode(probability, self.cells, float(self.radius_m))

    def log_ratio(self, raw: Tensor) -> FloatArray:
        """The numbers themselves: whoever feeds this head compares with a window from elsewhere (see `Matching`)."""
        return raw.numpy().astype(np.float64)


class HeatmapHead(MapHead):
    """Linear layer to the map's cells."""

    def __init__(self, features: int, cells: Cells, label_sigma_m: float, radius_m: float) -> None:
        super().__init__(cells, label_sigma_m, radius_m)
        self.fc = nn.Linear(features, len(cells))

    def forward(self, f: Tensor) -> Tensor:
        """(B, features) -> (B, cells) logits."""
        logits: Tensor = self.fc(f)
        return logits

    def log_ratio(self, raw: Tensor) -> FloatArray:
        """Against no knowledge: a softmax cannot say "none of them". Training saw every stretch about as often."""
        return ratio(raw.numpy().astype(np.float64))
