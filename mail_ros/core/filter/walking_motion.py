"""Motion without odometry: people walk on in their direction, at their speed, along the survey, and stop at times.

Whether a person walks or stands is read from the field's own change.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.motion import REACH_DEVIATIONS, Motion
from mail_ros.core.neighbourhood import CellNeighbourhood, diffuse_headings
from mail_ros.core.types import Cells, FloatArray, Row

BLOCK_S = 0.1  # the field is averaged over this before it is compared: less noise at any rate
LAG_S = 0.5  # over which the field's change is measured
MEAN_S = 1.0  # over which the change is averaged
STEEPNESS = 5.0  # exponent from relative change to the odds of walking
MAX_CHANGE_UT = 3.0  # larger changes are no stronger sign of walking
STATIONARY_RISE = 4.0  # log likelihood ratio of standing, per second, for each factor e that the field is quieter
STATIONARY_BOUNDS = (-1.0, 3.0)  # bounds of that ratio: people turn on the spot, and a field may be flat


class WalkingMotion(Motion):
    """A person who walks, without odometry."""

    def __init__(self, cells: Cells, config: FilterConfig, rows_per_s: float) -> None:
        super().__init__(config)
        self.columns = config.headings + 1  # the last one stands
        step_m = config.speed_m_s * config.walking_s
        along_m = float(np.hypot(config.position_noise_m, config.speed_deviation_m_s * config.walking_s))
        self.neighbourhood = CellNeighbourhood(cells, step_m + REACH_DEVIATIONS * along_m)
        self._ahead_m = self.rotation @ np.array([step_m, 0.0])
        self._kernel = self.neighbourhood.kernel(self._ahead_m, along_m, config.position_noise_m, self.angle_rad)
        kept = self.neighbourhood.kept(self._kernel)
        self._blocked = kept < max(config.edge, 1e-9)
        self._gain = np.where(self._blocked, 0.0, 1.0 / np.maximum(kept, 1e-9))
        self._block = max(1, round(BLOCK_S * rows_per_s))  # rows
        self._fields: deque[FloatArray] = deque(maxlen=round(LAG_S * rows_per_s) + self._block)
        self._changes: deque[float] = deque(maxlen=round(MEAN_S * rows_per_s))
        self.change_ut = np.inf  # change of the field in `LAG_S`
        self.reset()

    def reset(self) -> None:
        """See `Motion`."""
        self._since_s = 0.0
        self.pending_m = np.zeros((self.columns, 2))

    def start(self, cells: int) -> FloatArray:
        """Anywhere, walking in any direction, or standing as often as people do."""
        stationary = self.config.mean_stop_s / (self.config.mean_stop_s + self.config.mean_walk_s)
        weight = np.append(np.full(self.config.headings, (1.0 - stationary) / self.config.headings), stationary)
        return np.tile(weight / cells, (cells, 1))

    def observe(self, row: Row, moved_m: FloatArray, restarted: bool) -> float:
        """Moving is what changes the field; 1 until enough rows were observed."""
        if restarted:
            self._fields.clear()
            self._changes.clear()
            self.change_ut = np.inf
        self._fields.append(row.values[:3])
        if len(self._fields) < (self._fields.maxlen or 0):
            return 1.0
        fields_ut = np.array(self._fields)
        change_ut = fields_ut[-self._block :].mean(axis=0) - fields_ut[: self._block].mean(axis=0)
        self._changes.append(float(np.linalg.norm(change_ut)))
        if len(self._changes) < (self._changes.maxlen or 0):
            return 1.0
        self.change_ut = float(np.mean(self._changes))
        return float(1.0 / (1.0 + (self.config.stationary_change_ut / max(self.change_ut, 1e-9)) ** STEEPNESS))

    def move(self, belief: FloatArray, elapsed_s: float, moved_m: FloatArray) -> FloatArray | None:
        """Every `walking_s`; after a long silence as often as fits into it."""
        self._since_s += elapsed_s
        moves = int(self._since_s / self.config.walking_s + 1e-9)
        self._since_s = max(0.0, self._since_s - moves * self.config.walking_s)
        for _ in range(moves):
            belief = self._walk(belief)
        self.pending_m[:-1] = self._ahead_m * (self._since_s / self.config.walking_s)
        return belief if moves else None

    def settle(self, belief: FloatArray) -> None:
        """Never: a person's position is not known between two moves."""

    def stationary(self, belief: FloatArray) -> float:
        """The belief in the column that stands."""
        return float(belief[:, -1].sum())

    def _walk(self, belief: FloatArray) -> FloatArray:
        config = self.config
        walking, stationary = belief[:, :-1], belief[:, -1]
        at_edge = (walking * self._blocked).sum(axis=1)  # they turn, and may walk in any direction next
        walking = self.neighbourhood.convolve(walking, self._kernel, self._gain) + (at_edge / config.headings)[:, None]
        stops, starts = (
            -np.expm1(-config.walking_s / config.mean_walk_s),
            -np.expm1(-config.walking_s / config.mean_stop_s),
        )
        quiet = np.log(config.stationary_change_ut / max(min(self.change_ut, MAX_CHANGE_UT), 1e-9))
        ratio = np.clip(STATIONARY_RISE * quiet, *STATIONARY_BOUNDS) * config.walking_s
        now_stationary = ((1.0 - starts) * stationary + stops * walking.sum(axis=1)) * np.exp(ratio)
        walking = (1.0 - stops) * walking + (starts / config.headings * stationary)[:, None]
        diffused = diffuse_headings(walking, config.yaw_noise_rad, config.u_turn_prob)
        return np.column_stack([diffused, now_stationary])
