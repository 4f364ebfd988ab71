"""What a localizer needs of a filter, and the filter that believes the last window alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from mail_ros.core.belief import decode, softmax
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.types import BeliefImage, FloatArray, Hypothesis, Posterior, Prediction, Row, YawEstimate


class PositionFilter(Protocol):
    """Turns predictions of windows into a position."""

    needs_odometry: bool  # whether `predict` needs displacements
    continuous: bool  # whether there is a position while the window refills
    device_offset_ut: FloatArray  # (3,) estimate of the device's constant field against the survey's

    @property
    def map_fit(self) -> float:
        """Highest log likelihood ratio, below 0 where the map does not explain the field; NaN if unknown."""

    @property
    def is_stationary(self) -> bool:
        """Whether the device rather stands than moves."""

    @property
    def odom_yaw(self) -> YawEstimate | None:
        """From odometry's frame to the map's; None without odometry."""

    def reset(self) -> None:
        """Start without any information, as for another device."""

    def reinitialize(self) -> None:
        """Drop the position; what was learned of the device stays."""

    def predict(self, rows: Sequence[Row], elapsed_s: float, moved_m: FloatArray) -> None:
        """Move the belief by time and odometry.

        Args:
            rows: new rows of the window.
            elapsed_s: since the last call; negative where the clock was set back.
            moved_m: (2,) odometry since the last call.
        """

    def update_due(self) -> bool:
        """Whether the next window counts; a window that does not is not compared with the map."""

    def update(self, prediction: Prediction) -> None:
        """Weigh the belief by a window's likelihood."""

    def posterior(self) -> Posterior:
        """The position now."""

    def set_initial_pose(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """Start from a Gaussian around a position (2,), whatever was believed before; the heading stays open.

        Raises:
            MailError: the position is of no use, or this filter carries none from window to window.
        """

    def hypotheses(self) -> list[Hypothesis]:
        """The positions with the highest weights, heaviest first."""

    def belief_image(self, floor: int) -> BeliefImage | None:
        """The belief on a floor as an image; None without a belief or a cell there."""


class SingleWindow:
    """No filter: each window by itself."""

    needs_odometry, continuous = False, False
    is_stationary, odom_yaw = False, None

    def __init__(self, site_map: SiteMap | None) -> None:
        """Take the map of the model's predictions; None where the model computes positions itself."""
        self._map = site_map
        self.device_offset_ut = np.zeros(3)
        self.reset()

    def reset(self) -> None:
        """See `PositionFilter`."""
        self.map_fit = math.nan
        self._posterior: Posterior | None = None

    def reinitialize(self) -> None:
        """See `PositionFilter`; there is nothing to drop."""

    def predict(self, rows: Sequence[Row], elapsed_s: float, moved_m: FloatArray) -> None:
        """See `PositionFilter`; nothing moves."""

    def update_due(self) -> bool:
        """Always."""
        return True

    def update(self, prediction: Prediction) -> None:
        """Take the window's own position."""
        log_likelihood = prediction.log_likelihood
        self.map_fit = math.nan if log_likelihood is None else float(log_likelihood.max())
        self._posterior = prediction.posterior
        if self._posterior is None:
            assert log_likelihood is not None and self._map is not None
            site = self._map
            self._posterior = decode(softmax(log_likelihood), site.cells, site.radius_m, site.covariance_scale)

    def posterior(self) -> Posterior:
        """See `PositionFilter`; only after an update."""
        assert self._posterior is not None
        return self._posterior

    def set_initial_pose(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """See `PositionFilter`."""
        raise ConfigError(
            "the initial pose",
            wanted="a tracker that carries it from window to window",
            found="none: each window by itself",
            fix="set tracker to walking or odometry",
        )

    def hypotheses(self) -> list[Hypothesis]:
        """See `PositionFilter`."""
        return []

    def belief_image(self, floor: int) -> None:
        """See `PositionFilter`."""
