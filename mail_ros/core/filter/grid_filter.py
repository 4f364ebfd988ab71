"""A recursive Bayes filter over the map's cells: the last minute determines the position better than one window.

    time, odometry --> Motion.move --> belief (cells, headings) --> Posterior, hypotheses
    window --> log likelihood ratio against the background --> with outliers, tempered --^

The state is one array and a few sums, whatever came before. The computation is deterministic.
Textbook: Thrun, Burgard and Fox, "Probabilistic Robotics", chapters 4 and 8 (grid localization).
"""

from __future__ import annotations

import dataclasses
import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from mail_ros.core.belief import decode, gaussian, modes, near_cell, normal
from mail_ros.core.errors import TrackError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.initial_pose import check_initial_pose
from mail_ros.core.filter.motion import Motion
from mail_ros.core.filter.odometry_motion import OdometryMotion, mean_yaw
from mail_ros.core.filter.walking_motion import WalkingMotion
from mail_ros.core.models.model import Query
from mail_ros.core.neighbourhood import belief_image
from mail_ros.core.types import (
    LOCALIZED_FROM,
    NEAR_M,
    BeliefImage,
    Cells,
    FloatArray,
    Hypothesis,
    Posterior,
    Prediction,
    RealArray,
    Row,
    YawEstimate,
)

MAX_UPDATE_S = 2.0  # a window counts for at most this long, however rarely one comes
MAX_UNSEEN_S = 60.0  # without odometry, a belief of this age holds no information
MAP_FIT_BOUNDS = (-3.0, 5.0)  # bounds of a window's log ratio in the map fit: a device that is handled fits nothing
MIN_WEIGHT = 0.02  # weight of a window that seems stationary throughout: a wrong detection must not freeze the belief
# Prior probability of being on the map, and rate per second at which what windows said of it is forgotten. Windows by
# distance have a wide variance: often a right position explains one hardly better than the background does.
BY_TIME, BY_DISTANCE = (0.5, 0.002), (0.98, 0.05)
GIVEN_ON_MAP = 0.999  # the same of a device whose position was given
MIN_OFF_MAP, MAX_EXPONENT = 1e-5, 50.0  # bounds of that probability, and of one window: numbers stay finite
FIRST_OFFSET_S = 1.0  # agreement between window and belief until the device offset counts in full


class GridFilter:
    """The belief, and what changes it: `predict` by time and odometry, `update` by windows."""

    continuous = True  # there is a position while the window refills

    def __init__(
        self,
        cells: Cells,
        config: FilterConfig,
        *,
        odometry: bool,
        rows_per_s: float,
        window_rows: int,
        by_distance: bool = False,
        near_m: float = NEAR_M,
    ) -> None:
        """Start without any information.

        Args:
            cells: the map.
            config: motion and measurement.
            odometry: whether `predict` gets displacements; otherwise walking is assumed.
            rows_per_s: rate of the window's rows.
            window_rows: rows in a window.
            by_distance: whether windows are sampled by distance, so that metres, not seconds, bring new information.
            near_m: distance within which a position is useful.

        Raises:
            ModelError: cells that do not lie on one grid.
        """
        self.cells, self.config, self.near_m = cells, config, near_m
        self.needs_odometry = odometry  # whether `predict` needs displacements
        motion = OdometryMotion if odometry else WalkingMotion
        self.motion: Motion = motion(cells, config, rows_per_s)
        self._by_distance = by_distance and odometry  # without odometry there are no metres
        self._covariance_scale = 1.0 if odometry else config.walking_covariance_scale
        self._moving: deque[float] = deque(maxlen=window_rows)  # for each row of the window, 0 to 1
        self._anywhere = self.motion.start(len(cells))  # (m, columns), the belief without information
        self._on_map_prior, self._return_per_s = BY_DISTANCE if self._by_distance else BY_TIME
        self.reset()

    def reset(self) -> None:
        """Start without any information, as for another device."""
        self.device_offset_ut = np.zeros(3)  # estimate of the device's constant field against the survey's
        self._offset_s = 0.0
        self._last_index: int | None = None
        self._unobserved_m = np.zeros(2)  # odometry since the last row
        self.reinitialize()

    def reinitialize(self) -> None:
        """Drop the position; what was learned of the device stays."""
        self.motion.reset()
        self.belief = self._anywhere  # (m, columns), sums to one
        self._posterior: Posterior | None = None  # posterior of the present belief
        self._on_map = self._on_map_prior  # probability of being on the map at all
        self._since_update_s = 0.0  # by distance: what the metres since then are worth
        self._elapsed_s = 0.0  # since the last update
        self._due = True  # one update per move: in between, windows repeat the same information
        self._fit, self._fit_s = 0.0, 0.0  # weighted sums over the last windows
        # Mean of the highest log ratio of the last windows in motion, each within `MAP_FIT_BOUNDS`; NaN at first.
        self.map_fit = np.nan

    def set_initial_pose(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """Start from a Gaussian around a position (2,), whatever the belief was; the heading stays open.

        A covariance smaller than a cell counts as a cell's.

        Raises:
            TrackError: numbers that are not finite, no covariance, or a position far from the survey; the belief stays.
        """
        check_initial_pose(self.cells, position_m, covariance_m2, floor)
        log_likelihood = gaussian(normal(position_m, covariance_m2, floor), self.cells)
        self.reinitialize()
        self._set(self.belief * np.exp(log_likelihood - log_likelihood.max())[:, None])
        self._on_map = GIVEN_ON_MAP

    def predict(self, rows: Sequence[Row], elapsed_s: float, moved_m: FloatArray) -> None:
        """Move the belief by time and odometry.

        Args:
            rows: new rows of the window.
            elapsed_s: since the last call; negative where the clock was set back.
            moved_m: (2,) odometry since the last call.

        Raises:
            TrackError: a number that is not finite.
        """
        if not all(map(math.isfinite, (*moved_m.tolist(), elapsed_s))):
            raise TrackError(
                "the filter", wanted="finite odometry and time", found=f"{moved_m} m in {elapsed_s} s", fix="skip them"
            )
        self._unobserved_m = self._unobserved_m + moved_m
        for row in rows:
            self._observe(row)
        if elapsed_s < 0.0:  # the clock was set back: a bag restarted, or a simulation
            self.reset()
            elapsed_s = 0.0
        if not self.needs_odometry and elapsed_s > MAX_UNSEEN_S:
            self.reinitialize()
            return
        self._since_update_s += 0.0 if self._by_distance else elapsed_s
        self._elapsed_s += elapsed_s
        self._carry(self.motion.move(self.belief, elapsed_s, moved_m))

    def _observe(self, row: Row) -> None:
        restarted = self._last_index is None or row.index != self._last_index + 1
        if restarted:
            self._moving.clear()
        self._last_index = row.index
        self._moving.append(self.motion.observe(row, self._unobserved_m, restarted))
        self._unobserved_m = np.zeros(2)

    def _carry(self, moved: FloatArray | None) -> None:
        """Adopt a moved belief, where a move was due; the next window counts then."""
        if moved is None:
            return
        if self._by_distance:
            self._since_update_s += self.motion.length_m / self.config.equivalent_m_per_s
        kidnapped = min(1.0, self.config.kidnap_rate_hz * self._since_update_s)
        self._set(moved)
        self.belief = (1.0 - kidnapped) * self.belief + kidnapped * self._anywhere
        self._due = True

    def update_due(self) -> bool:
        """Whether the next window is to be compared with the map; carries the belief on to its end first."""
        self._carry(self.motion.settle(self.belief))
        return self._due

    @property
    def query(self) -> Query:
        """What the model needs to know of the device."""
        return Query(self.device_offset_ut)

    def update(self, prediction: Prediction) -> None:
        """Weigh the belief by a window's likelihood.

        A fraction of windows, `outlier`, is from anywhere: one far below 0 in every cell changes nothing.

        Raises:
            TrackError: another number of cells, NaN, +inf, or no possible cell.
        """
        log_likelihood = prediction.log_likelihood
        if log_likelihood is None:
            assert prediction.posterior is not None
            log_likelihood = gaussian(prediction.posterior, self.cells)
        highest = self._highest(log_likelihood)
        scale = max(highest, 0.0)  # taken out of both terms, so that the numbers stay finite
        outlier = self.config.outlier
        likelihood = (1.0 - outlier) * np.exp(log_likelihood - scale) + outlier * np.exp(-scale)
        weight = max(MIN_WEIGHT, sum(self._moving) / len(self._moving)) if self._moving else 1.0
        counted_s = weight * min(self._since_update_s, MAX_UPDATE_S)
        # Two states, on the map or off it, by the mean ratio over the predicted belief: off the map, the best matches
        # of successive windows do not agree with the motion of the device.
        mean_log_ratio = math.log(max(float(self.belief.sum(axis=1) @ likelihood), 1e-300)) + scale
        returned = min(1.0, self._return_per_s * counted_s) * (self._on_map_prior - self._on_map)
        on_map, exponent = self._on_map + returned, self.config.on_map_exponent_per_s * counted_s
        odds = on_map / (1.0 - on_map) * math.exp(min(exponent * mean_log_ratio, MAX_EXPONENT))
        self._on_map = min(max(odds / (1.0 + odds), MIN_OFF_MAP), 1.0 - MIN_OFF_MAP)
        tempered = np.power(likelihood / likelihood.max(), self.config.likelihood_exponent_per_s * counted_s)
        self._set(self.belief * tempered[:, None])
        stationary = self.motion.stationary(self.belief)
        fit_s = counted_s * (1.0 - stationary)
        kept = np.exp(-fit_s / self.config.map_fit_s)
        self._fit = kept * self._fit + fit_s * float(np.clip(highest, *MAP_FIT_BOUNDS))
        self._fit_s = kept * self._fit_s + fit_s
        self.map_fit = self._fit / self._fit_s if self._fit_s > 0.0 else np.nan
        if prediction.device_offset_ut is not None and stationary <= 0.5:
            self._learn_offset(prediction.device_offset_ut, np.exp(log_likelihood - highest))
        self._since_update_s, self._elapsed_s, self._due = 0.0, 0.0, False

    def _highest(self, log_likelihood: RealArray) -> float:
        fits = log_likelihood.shape == self.cells.floor.shape
        highest = float(log_likelihood.max(initial=-np.inf)) if fits else np.nan
        if not np.isfinite(highest) or np.isnan(log_likelihood).any():
            raise TrackError(
                "the likelihood of a window",
                wanted=f"{len(self.cells)} log likelihood ratios",
                found=f"{log_likelihood.shape}, highest {highest:g}, {int(np.isnan(log_likelihood).sum())} NaN",
                fix="check the model and its input",
            )
        return highest

    def _learn_offset(self, rest_ut: FloatArray, likelihood: FloatArray) -> None:
        """Average the constant field that a window still has, where window and belief agree on the position."""
        belief = self.posterior()
        if belief.near < LOCALIZED_FROM:
            return
        distance_m = np.linalg.norm(self.cells.position_m - belief.position_m, axis=1)
        near = (distance_m <= self.near_m) & (self.cells.floor == belief.floor)
        if likelihood[near].sum() < LOCALIZED_FROM * likelihood.sum():
            return
        counted_s = min(self._elapsed_s, MAX_UPDATE_S)
        self._offset_s = float(np.exp(-counted_s / self.config.offset_s)) * self._offset_s + counted_s
        self.device_offset_ut = self.device_offset_ut + rest_ut * min(
            1.0, counted_s / max(self._offset_s, FIRST_OFFSET_S)
        )

    def _set(self, belief: FloatArray) -> None:
        """Adopt a belief, normalized; the one before stays where nothing is left."""
        total = float(belief.sum())
        if total > 0.0:
            self.belief = belief / total
        self._posterior = None

    @property
    def is_stationary(self) -> bool:
        """Whether the device is rather stationary than moving."""
        return self.motion.stationary(self.belief) > 0.5

    @property
    def cell_probability(self) -> FloatArray:
        """(m,) of each cell at the last move; sums to one."""
        total: FloatArray = self.belief.sum(axis=1)
        return total

    def posterior(self) -> Posterior:
        """The mode's neighbourhood (see `belief.decode`), moved by what is pending since the last move."""
        if self._posterior is None:
            probability, config = self.belief.sum(axis=1), self.config
            there = self._on_map * probability
            self._posterior = decode(there, self.cells, config.radius_m, self._covariance_scale, self.near_m)
            near = near_cell(self.cells, int(probability.argmax()), config.radius_m)
            self._mode_columns = self.belief[near].sum(axis=0)
        pending_m = self._mode_columns @ self.motion.pending_m / self._mode_columns.sum()
        return dataclasses.replace(self._posterior, position_m=self._posterior.position_m + pending_m)

    @property
    def odom_yaw(self) -> YawEstimate | None:
        """From odometry's frame to the map's, by the belief around the mode; None without odometry."""
        if not self.needs_odometry:
            return None
        if self._posterior is None:
            self.posterior()
        return mean_yaw(self._mode_columns, self.motion.angle_rad)

    def hypotheses(self, max_count: int = 5, min_weight: float = 0.01) -> list[Hypothesis]:
        """The heaviest positions, `radius_m` wide and not overlapping, heaviest mode first.

        Args:
            max_count: how many at most.
            min_weight: lighter ones are left out.
        """
        probability, found = self.cell_probability, []
        for near in modes(probability, self.cells, self.config.radius_m, max_count, min_weight):
            weight, columns = float(probability[near].sum()), self.belief[near].sum(axis=0)
            pending_m = columns @ self.motion.pending_m / columns.sum()
            mean_m = probability[near] @ self.cells.position_m[near] / weight + pending_m
            found.append(Hypothesis(mean_m, int(self.cells.floor[near][0]), weight))
        return found

    def belief_image(self, floor: int) -> BeliefImage | None:
        """The belief on a floor as an image; None without a cell there."""
        return belief_image(self.cells, self.cell_probability, floor)
