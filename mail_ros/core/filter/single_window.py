"""The filter that follows the last window alone; a localizer has it or `GridFilter`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mail_ros.core.belief import decode, softmax
from mail_ros.core.errors import ConfigError
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.filter.pose_grid_filter import PoseGridFilter
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import Query
from mail_ros.core.types import NEAR_M, FloatArray, Hypothesis, Posterior, Prediction, Row

MIN_ON_MAP = 1e-6  # probability of being on the map, so that the position stays defined


class SingleWindow:
    """No filter: each window by itself."""

    needs_odometry, continuous = False, False
    is_stationary, odom_yaw = False, None

    def __init__(self, site_map: SiteMap | None, near_m: float = NEAR_M) -> None:
        """No window yet.

        Args:
            site_map: of the model's predictions; None where the model computes positions itself.
            near_m: distance within which a position is useful.
        """
        self._map, self.near_m = site_map, near_m
        self.device_offset_ut = np.zeros(3)
        self.reset()

    def reset(self) -> None:
        """See `GridFilter`."""
        self.map_fit = math.nan
        self._posterior: Posterior | None = None

    def reinitialize(self) -> None:
        """See `GridFilter`; there is nothing to drop."""

    def predict(self, rows: Sequence[Row], elapsed_s: float, moved_m: FloatArray) -> None:
        """See `GridFilter`; nothing moves."""

    def update_due(self) -> bool:
        """Always."""
        return True

    @property
    def query(self) -> Query:
        """See `GridFilter`."""
        return Query(self.device_offset_ut)

    def update(self, prediction: Prediction) -> None:
        """Take the window's own position."""
        log_likelihood = prediction.log_likelihood
        self.map_fit = math.nan if log_likelihood is None else float(log_likelihood.max())
        self._posterior = prediction.posterior
        if self._posterior is None:
            assert log_likelihood is not None and self._map is not None
            site = self._map
            there = np.clip(np.exp(log_likelihood).mean(), MIN_ON_MAP, 1.0)  # at an even chance of being on the map
            belief = there * softmax(log_likelihood)
            self._posterior = decode(belief, site.cells, site.radius_m, site.covariance_scale, self.near_m)

    def posterior(self) -> Posterior:
        """See `GridFilter`; only after an update."""
        assert self._posterior is not None
        return self._posterior

    def set_initial_pose(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """See `GridFilter`."""
        raise ConfigError(
            "the initial pose",
            wanted="a tracker that carries it from window to window",
            found="none: each window by itself",
            fix="set tracker to walking or odometry",
        )

    def hypotheses(self) -> list[Hypothesis]:
        """See `GridFilter`."""
        return []

    def belief_image(self, floor: int) -> None:
        """See `GridFilter`."""


PositionFilter = GridFilter | PoseGridFilter | SingleWindow
