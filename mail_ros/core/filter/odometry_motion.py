"""Motion by odometry, whose frame has an unknown yaw in the map.

Belief that odometry moves off the map is lost: that is how the yaw is learned.
"""

from __future__ import annotations

import math

import numpy as np

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.motion import REACH_DEVIATIONS, Motion
from mail_ros.core.neighbourhood import CellNeighbourhood, diffuse_headings
from mail_ros.core.types import Cells, FloatArray, Row, YawEstimate

STRETCH = 1.75  # multiple of the update distance: longest piece of a move (two steps), longest wait for a window
MAX_STEP_S = 1.2  # a longer step does not predict the next; without a displacement for this long, the device stops
MAX_UNSEEN_M = 100.0  # after a longer displacement without a measurement, the device may be anywhere
ANY_YAW_RAD2 = np.pi**2 / 3.0  # variance of a uniformly distributed angle


class StepInProgress:
    """The displacement that odometry has not reported yet.

    Odometry credits a step when it is complete; until then a walking person would lag half a step behind. The step
    under way is taken to be like the last one, until it is overdue.
    """

    def __init__(self) -> None:
        """Standing."""
        self.begun_m = np.zeros(2)  # displacement since the last report, odometry's frame
        self.is_stationary = True  # whether there was no displacement for `MAX_STEP_S`
        self._step_m = np.zeros(2)  # last displacement that odometry reported
        self._step_s = np.inf  # between its last two displacements
        self._silent_s = np.inf  # since its last displacement

    def observe(self, elapsed_s: float, moved_m: FloatArray) -> None:
        """Add a displacement (2,) m since the last call, zero where odometry reported none."""
        self._silent_s += elapsed_s
        if any(moved_m.tolist()):
            self._step_m, self._step_s, self._silent_s = moved_m, self._silent_s, 0.0
        overdue = self._step_s > MAX_STEP_S or self._silent_s >= 2.0 * self._step_s
        self.begun_m = self._step_m * (0.0 if overdue else min(1.0, self._silent_s / self._step_s))
        self.is_stationary = self._silent_s > MAX_STEP_S


def mean_yaw(weight: FloatArray, yaw_rad: FloatArray) -> YawEstimate:
    """Circular mean of yaws (k,) and the variance of the equally concentrated wrapped normal, at most any yaw's."""
    total = weight.sum()
    x, y = float(weight @ np.cos(yaw_rad) / total), float(weight @ np.sin(yaw_rad) / total)
    concentration = min(max(math.hypot(x, y), 1e-12), 1.0)
    return YawEstimate(math.atan2(y, x), min(-2.0 * math.log(concentration), ANY_YAW_RAD2))


class OdometryMotion(Motion):
    """By odometry."""

    def __init__(self, cells: Cells, config: FilterConfig, rows_per_s: float) -> None:
        super().__init__(config)
        self.columns = config.headings
        longest_m = STRETCH * config.update_min_d_m
        deviation_m = float(np.hypot(config.position_noise_m, config.odom_noise_ratio * longest_m))
        self.neighbourhood = CellNeighbourhood(cells, longest_m + REACH_DEVIATIONS * deviation_m)
        self._patience = round(MAX_STEP_S * rows_per_s)  # rows without a displacement before a stop
        self._still_rows = 0
        self.reset()

    def reset(self) -> None:
        """See `Motion`."""
        self._moved_m = np.zeros(2)
        self._step = StepInProgress()
        self.pending_m = np.zeros((self.columns, 2))

    def start(self, cells: int) -> FloatArray:
        """Anywhere, at any yaw."""
        return np.full((cells, self.columns), 1.0 / (cells * self.columns))

    def observe(self, row: Row, moved_m: FloatArray, restarted: bool) -> float:
        """Moving, until odometry reports no displacement for `MAX_STEP_S`."""
        self._still_rows = 0 if moved_m.any() else 1 if restarted else self._still_rows + 1
        return 1.0 if self._still_rows < self._patience else 0.0

    def move(self, belief: FloatArray, elapsed_s: float, moved_m: FloatArray) -> FloatArray | None:
        """Due once odometry moved so far that the next window is not waited for; a long displacement in pieces."""
        self._step.observe(elapsed_s, moved_m)
        self._moved_m = self._moved_m + moved_m
        far = np.linalg.norm(self._moved_m) >= STRETCH * self.config.update_min_d_m
        return self._carry(belief if far else None)

    def settle(self, belief: FloatArray) -> FloatArray | None:
        """Due once odometry moved by the update distance: a window counts where it ends, not where the move began."""
        return self._carry(belief) if np.linalg.norm(self._moved_m) >= self.config.update_min_d_m else None

    def stationary(self, belief: FloatArray) -> float:
        """1 without a displacement for `MAX_STEP_S`."""
        return float(self._step.is_stationary)

    def _carry(self, belief: FloatArray | None) -> FloatArray | None:
        """Move the belief by the displacement, if one is given; update what is pending."""
        moved = None
        if belief is not None:
            moved = self._move(belief)
            self._moved_m = np.zeros(2)
        self.pending_m = self.rotation @ (self._moved_m + self._step.begun_m)
        return moved

    def _move(self, belief: FloatArray) -> FloatArray:
        config = self.config
        self.length_m = float(np.linalg.norm(self._moved_m))
        if self.length_m > MAX_UNSEEN_M:
            return self.start(len(belief))
        pieces = int(np.ceil(self.length_m / (STRETCH * config.update_min_d_m)))
        deviation_m = float(np.hypot(config.position_noise_m, config.odom_noise_ratio * self.length_m / pieces))
        kernel = self.neighbourhood.kernel(
            self.rotation @ (self._moved_m / pieces), deviation_m, deviation_m, self.angle_rad
        )
        for _ in range(pieces):
            moved = self.neighbourhood.convolve(belief, kernel)
            belief = diffuse_headings(moved, config.yaw_noise_rad, config.odom_reset_prob)
        return belief
