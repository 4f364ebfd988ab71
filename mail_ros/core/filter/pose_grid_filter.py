"""A recursive Bayes filter over x, y and yaw: where a sensor is on a map of the field, from anywhere, at any yaw.

    rows of the path --> PoseBelief.move --> PoseBelief.weigh <-- log ratios of the model, for the followed poses
    odometry since ----------------------------------------------> Posterior, yaw of odometry's frame

Textbook: Thrun, Burgard and Fox, "Probabilistic Robotics", chapter 8 (grid localization).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from mail_ros.core.belief import decode, gaussian, modes, near_cell, normal
from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.filter.initial_pose import check_initial_pose
from mail_ros.core.filter.odometry_motion import StepInProgress, mean_yaw
from mail_ros.core.filter.pose_belief import MeanLogRatios, PoseBelief
from mail_ros.core.models.field_map_config import FieldMapConfig
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
    Row,
    YawEstimate,
)

MAP_FIT_M = 5.0  # length over which the map fit is averaged
MIN_FIT_M = 0.5  # less says nothing
MAP_FIT_BOUNDS = (-3.0, 5.0)  # bounds of one update in the map fit
SHIFT_CELLS = 3.0  # min displacement of a shift of the belief, in cells: every shift blurs it by a fraction of a cell
KNOWN = 0.5  # probability of being near the position from which an update counts in the map fit and against being lost
LOST_PRIOR = 0.01  # prior odds of being lost; the cumulative sum is the log of a likelihood ratio
LOST_START = -math.log(LOST_PRIOR)  # the sum at first: even odds, since a device may be switched on off the map
LOST_PER_M = 0.4  # added per metre beyond the map, where the field says nothing
LOST_MAX = 5.0  # max cumulative sum; reaching it by the field alone starts a search of the whole map
SEARCH_PROBABILITY = 0.1  # prior probability of all other poses in a search
SEARCH_AGAIN_M = 3.0  # travel between two searches
INITIAL_POSE_OUTLIER = 0.05  # probability that an initial pose is wrong


class PoseGridFilter:
    """The belief over poses of the sensor, and what changes it: `predict` by odometry, `update` by rows of the path."""

    needs_odometry, continuous = True, True

    def __init__(
        self,
        grid: CellGrid,
        config: FieldMapConfig,
        position_noise_m: float,
        label_sigma_m: float = 0.0,
        near_m: float = NEAR_M,
    ) -> None:
        """Start from anywhere.

        Args:
            grid: the cells, laid out.
            config: motion of the belief.
            position_noise_m: standard deviation of odometry after one metre.
            label_sigma_m: standard deviation of the survey's labels: the map is not more exact than they are.
            near_m: distance within which a position is useful.
        """
        self._everywhere_m2 = np.diag(grid.cells.position_m[: grid.mapped].var(axis=0))
        self._posterior: Posterior | None = None
        self._position_noise_m = position_noise_m
        self._label_m2 = label_sigma_m**2 * np.eye(2)
        self.grid, self.config, self.near_m = grid, config, near_m
        self.device_offset_ut = np.zeros(3)  # the model takes any constant field out by itself
        self.belief = PoseBelief(grid, config.yaws)
        self.reset()

    def reset(self) -> None:
        """See `GridFilter`."""
        self._now_m = np.zeros(2)  # the device, in odometry's frame
        self._restart()

    def _restart(self) -> None:
        self._near = 0.0  # belief near the last decoded position: that of a device that is not lost
        self._at_m: FloatArray | None = None  # the sensor at the newest row, in odometry's frame; None before the first
        self._step = StepInProgress()
        self._last_index: int | None = None
        self.reinitialize()

    def reinitialize(self) -> None:
        """See `GridFilter`."""
        self.belief.start_anywhere()
        self._belief_at_m = self._at_m  # where the sensor was, in odometry's frame, when it had the poses of the belief
        self._changed()
        self._new_rows = 0
        self._fit, self._fit_m = 0.0, 0.0  # weighted sums over the last metres
        self._settled = False  # whether a pose was certain since the start
        # Log odds gained for being lost, and by the field alone since the first certain pose; travel since a search
        self._lost, self._unexplained, self._searched_m = LOST_START, 0.0, SEARCH_AGAIN_M
        self._unread_m = 0.0  # travelled since the last update

    def set_initial_pose(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """See `GridFilter`; a covariance smaller than a cell counts as a cell's.

        Raises:
            TrackError: numbers that are not finite, no covariance, or a position far from the survey; the belief stays.
        """
        cells = self.grid.cells
        check_initial_pose(cells, position_m, covariance_m2, floor)
        log_likelihood = gaussian(normal(position_m, covariance_m2, floor), cells)
        self.reinitialize()
        weight = np.exp(log_likelihood - log_likelihood.max())
        weight *= (1.0 - INITIAL_POSE_OUTLIER) / (weight.sum() * self.config.yaws)
        self.belief.set(np.tile(weight, (self.config.yaws, 1)), np.arange(len(cells)), INITIAL_POSE_OUTLIER)
        self._lost = 0.0  # who sets it knows that the device is on the map
        self._changed()

    def predict(self, rows: Sequence[Row], elapsed_s: float, moved_m: FloatArray) -> None:
        """See `GridFilter`."""
        if elapsed_s < 0.0:  # the clock was set back: a bag restarted, or a simulation; odometry goes on
            self._restart()
        self._now_m = self._now_m + moved_m
        self._step.observe(elapsed_s, moved_m)
        for row in rows:
            follows = self._last_index is not None and row.index == self._last_index + 1
            self._last_index = row.index
            self._new_rows = self._new_rows + 1 if follows else 1
        if rows:
            self._move(rows[-1].values[:2])

    def _move(self, to_m: FloatArray) -> None:
        start_m, self._at_m = self._at_m, to_m
        if start_m is None or self._belief_at_m is None:
            self._belief_at_m = to_m
            return
        distance_m = float(np.hypot(*(to_m - start_m)))
        root = math.sqrt(distance_m)
        moved_m = to_m - self._belief_at_m
        if np.hypot(*moved_m) < SHIFT_CELLS * self.grid.size_m:
            moved_m = np.zeros(2)
        else:
            self._belief_at_m = to_m
        self.belief.move(moved_m, self._position_noise_m * root, self.config.yaw_noise_rad * root)
        self.belief.lose(min(1.0, self.config.kidnap_per_m * distance_m))
        if self.belief.background > self.config.recovery:
            self.belief.search()
        self._unread_m += distance_m
        self._changed()

    def update_due(self) -> bool:
        """See `GridFilter`: rows came that were in no update."""
        return self._new_rows > 0

    @property
    def query(self) -> Query:
        """See `GridFilter`; the poses that are followed, and some that stand for all others."""
        return Query(self.device_offset_ut, self.belief.query(self._new_rows, self._ahead_m))

    def update(self, prediction: Prediction) -> None:
        """Weigh the belief by the log ratios (p,) of the new rows, for the poses of `query`.

        The map's errors under one pose and under the next are alike, but those of candidates that are metres apart are
        not: until a pose is certain, rows count for more (`start_gain`).
        """
        assert prediction.log_likelihood is not None
        known = self._near > KNOWN
        log_beyond = self._unread_m * math.log(self.config.beyond_per_m)
        means = self.belief.weigh(np.float32(self._gain) * prediction.log_likelihood, log_beyond)
        self._suspect(means, known)
        kept = math.exp(-self._unread_m / MAP_FIT_M)
        counted_m = self._unread_m * known
        self._fit = kept * self._fit + counted_m * float(np.clip(means.followed - means.random, *MAP_FIT_BOUNDS))
        self._fit_m = kept * self._fit_m + counted_m
        self._new_rows, self._unread_m = 0, 0.0
        self._changed()

    def _suspect(self, means: MeanLogRatios, known: bool) -> None:
        """Add up by how much the followed poses explain the field worse than those of a device that is not lost.

        A cumulative sum (Page, Biometrika 41, 1954): a lost device has a wrong pose that is better than a random
        one, and its true pose is hardly ever among the samples. The belief keeps its pose until another is better.
        Nothing counts while the belief is broad, and before the first certain pose the whole map is followed anyway.
        """
        worse = means.mapped * (self.config.lost_ratio * min(means.random, 0.0) - means.on_map)
        beyond = (1.0 - means.mapped) * LOST_PER_M * self._unread_m
        self._lost = min(max(0.0, self._lost + known * (worse + beyond)), LOST_MAX)
        self._unexplained = min(max(0.0, self._unexplained + self._settled * worse), LOST_MAX)
        self._searched_m += self._unread_m
        if self._unexplained >= LOST_MAX and self._searched_m >= SEARCH_AGAIN_M:
            self.belief.search(SEARCH_PROBABILITY)
            self._searched_m = 0.0

    @property
    def _gain(self) -> float:
        return 1.0 if self._settled else self.config.start_gain

    @property
    def map_fit(self) -> float:
        """Mean log-likelihood ratio of the last updates against an unmapped place; NaN at first."""
        return self._fit / self._fit_m if self._fit_m > MIN_FIT_M else math.nan

    @property
    def is_stationary(self) -> bool:
        """Whether odometry reports no displacement."""
        return self._step.is_stationary

    def posterior(self) -> Posterior:
        """The mode's neighbourhood (see `belief.decode`), moved to where the device is now."""
        if self._posterior is None:
            self._decode()
        assert self._posterior is not None
        moved_m = self._pending_m(self._yaw.angle_rad)
        across_m = np.array([-moved_m[1], moved_m[0]])
        return dataclasses.replace(
            self._posterior,
            position_m=self._posterior.position_m + moved_m,
            covariance_m2=self._posterior.covariance_m2 + self._yaw.variance_rad2 * np.outer(across_m, across_m),
        )

    @property
    def odom_yaw(self) -> YawEstimate:
        """See `GridFilter`; from the belief around the mode."""
        if self._posterior is None:
            self._decode()
        return self._yaw

    def hypotheses(self) -> list[Hypothesis]:
        """The heaviest positions, `radius_m` wide and not overlapping, heaviest mode first."""
        cells, probability, found = self._followed(), self.belief.probability, []
        for near in modes(probability, cells, self.config.radius_m):
            weight = float(probability[near].sum())
            yaw = mean_yaw(self.belief.weight[:, near].sum(axis=1), self.belief.yaw_rad)
            mean_m = probability[near] @ cells.position_m[near] / weight + self._pending_m(yaw.angle_rad)
            found.append(Hypothesis(mean_m, int(cells.floor[near][0]), weight))
        return found

    def belief_image(self, floor: int) -> BeliefImage | None:
        """See `GridFilter`."""
        probability = np.zeros(len(self.grid.cells))
        probability[self.belief.cells] = self.belief.probability
        return belief_image(self.grid.cells, probability, floor)

    def _decode(self) -> None:
        cells, probability = self._followed(), self.belief.probability
        followed = 1.0 - self.belief.background
        posterior = decode(probability / followed, cells, self.config.radius_m, near_m=self.near_m)
        self._near = posterior.near * followed
        near = _tempered(posterior.near, 1.0 / self._gain)
        self._settled |= near * followed >= LOCALIZED_FROM
        there = followed / (1.0 + LOST_PRIOR * math.expm1(self._lost))
        far = max(0.0, posterior.near - near)  # what tempering leaves to poses far from this one
        everywhere_m2 = (1.0 - there * (1.0 - far)) * self._everywhere_m2
        self._posterior = dataclasses.replace(
            posterior,
            covariance_m2=posterior.covariance_m2 + everywhere_m2 + self._label_m2,
            near=near * there,
        )
        at = near_cell(cells, int(probability.argmax()), self.config.radius_m)
        self._yaw = mean_yaw(self.belief.weight[:, at].sum(axis=1), self.belief.yaw_rad)

    def _pending_m(self, yaw_rad: float) -> FloatArray:
        """(2,) m in the map's frame: from where the sensor was at the newest row to where the device is now."""
        pending_m = self._step.begun_m
        if self._belief_at_m is not None:
            pending_m = self._now_m - self._belief_at_m + pending_m
        rotated = complex(*pending_m) * np.exp(1j * yaw_rad)
        return np.array([rotated.real, rotated.imag])

    def _followed(self) -> Cells:
        cells = self.grid.cells
        return Cells(cells.position_m[self.belief.cells], cells.floor[self.belief.cells])

    @property
    def _ahead_m(self) -> FloatArray:
        """(2,) m in odometry's frame: from the poses of the belief to where the sensor was at the newest row."""
        return np.zeros(2) if self._at_m is None or self._belief_at_m is None else self._at_m - self._belief_at_m

    def _changed(self) -> None:
        self._posterior = None


def _tempered(probability: float, exponent: float) -> float:
    """The probability with the log odds of another one times an exponent."""
    if not 0.0 < probability < 1.0:
        return probability
    return 1.0 / (1.0 + math.pow((1.0 - probability) / probability, exponent))
