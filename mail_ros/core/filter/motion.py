"""The interface of motion models: how a belief moves between two measurements.

Columns of a belief are headings: with odometry, hypotheses of its frame's yaw in the map; without, the direction in
which a person walks, and one more column for a person who stands. Headings are carried from move to move, so that map
and field determine them; no calibration is needed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.neighbourhood import FULL_ROTATION
from mail_ros.core.types import FloatArray, Row

REACH_DEVIATIONS = 2.5  # kernels are cut off there


class Motion(ABC):
    """Moves the belief, and decides when."""

    columns: int  # columns of the belief
    pending_m: FloatArray  # (columns, 2) displacement since the last move, in each column's heading
    length_m = 0.0  # length of the last move

    def __init__(self, config: FilterConfig) -> None:
        """Precompute the headings."""
        self.config = config
        self.angle_rad = np.arange(config.headings) * FULL_ROTATION / config.headings
        self.cos, self.sin = np.cos(self.angle_rad), np.sin(self.angle_rad)
        self.rotation = np.array([[self.cos, -self.sin], [self.sin, self.cos]]).transpose(2, 0, 1)  # (k, 2, 2)

    @abstractmethod
    def reset(self) -> None:
        """Drop what happened since the last move."""

    @abstractmethod
    def start(self, cells: int) -> FloatArray:
        """The belief (m, columns) without any information."""

    @abstractmethod
    def observe(self, row: Row, moved_m: FloatArray, restarted: bool) -> float:
        """Add a row of the window; return the probability that the device moved during it, 0 to 1.

        Args:
            row: the next row.
            moved_m: (2,) odometry since the row before.
            restarted: whether the row does not follow the one before.
        """

    @abstractmethod
    def move(self, belief: FloatArray, elapsed_s: float, moved_m: FloatArray) -> FloatArray | None:
        """The belief after more time and displacement, not normalized; None while no move is due.

        Args:
            belief: (m, columns) at the last move.
            elapsed_s: since the last call.
            moved_m: (2,) odometry since the last call.
        """

    @abstractmethod
    def settle(self, belief: FloatArray) -> FloatArray | None:
        """The belief (m, columns) moved to where a measurement was taken, before it counts; None if it is there."""

    @abstractmethod
    def stationary(self, belief: FloatArray) -> float:
        """Probability that the device is stationary, 0 to 1."""
