"""`maght`: a magnetic Hough transform for the global start, in the manner of MagHT, and a tracker from there on.

Source: Abdul Raouf et al., "MagHT: a magnetic Hough transform for fast indoor place recognition", ICRA 2024,
arXiv 2312.05015, known here by its abstract only. Faithful: a sequence of measurements with relative positions from
odometry votes by a generalized Hough transform for the transformation from odometry's frame to the map's, on a map
that need not have been surveyed along the same path. Ours: what is voted with, and that a clear peak starts a tracker.

Each row is compared with the row a metre before it, so that the constant field of the device cancels. For every yaw of
odometry's frame, each map cell whose field differs likewise from that of the cell where the row before was taken is
voted for, and odometry carries the vote to where the path ends. A row that fits many poses says little: a vote counts
as much as it is rare. A peak that exceeds every other position's by a ratio starts the filter of a field map with its
position and yaw. Until then the highest peak is published, as UNCERTAIN.

Tuned on the three routes of the lobby, with every, every second and every fourth line of the survey, and on run 4 of
the room (see docs/field_map.md), as the field map itself was; corridors and other buildings were not used. Tolerance
and ratio are those with the earliest starts of which none was wrong on the maps that were fitted then; on later maps of
the lobby two are. Voting on in place of a tracker was worse: the peak of the last ten metres was more than 2.5 m off in
up to 29 % of the checks along a route, with every line.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mail_ros.core.filter.pose_grid_filter import PoseGridFilter
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.field_map.path_likelihood import WHITE_UT2
from mail_ros.core.models.model_file import build
from mail_ros.core.types import Estimate, FloatArray, IntArray, Posterior, Sample, YawEstimate
from mail_ros.evaluation.baselines.path_localizer import MappedField, PathLocalizer
from mail_ros.training.field_map.fit import FittedMap


@dataclass(frozen=True)
class MaghtSettings:
    """Settings of the transform; a run uses the defaults."""

    yaws: int = 36
    window_m: float = 10.0  # travel whose rows vote
    lag_m: float = 1.0  # between the two rows of a difference
    tolerance: float = 1.5  # largest residual of a vote, in deviations of a difference of rows about the map
    offset_ut: float = 15.0  # deviation, per axis, of the device's constant field: counts where the device turned
    blur: int = 1  # cells, along each axis, by which the votes for one pose may be apart
    clear: float = 1.2  # ratio of the highest peak to the highest elsewhere from which it starts the tracker
    min_travel_m: float = 1.0  # least travel whose rows voted before
    separation_m: float = 2.0  # distance from the peak of what is elsewhere
    start_m: float = 0.5  # deviation of a start along each axis
    start_rad: float = 0.15


class Votes(NamedTuple):
    """What one row votes for."""

    at_m: FloatArray  # (2,) the row, in odometry's frame
    yaw: IntArray  # (v,) number of the yaw
    row_at: IntArray  # (v,) flat index of the cell where the row was taken
    weight: float  # each vote counts so much


class Peak(NamedTuple):
    """The highest peak."""

    position_m: FloatArray  # (2,)
    yaw_rad: float
    ratio: float  # its votes over the highest elsewhere


class Maght(PathLocalizer):
    """The transform and its tracker as a localizer."""

    def __init__(self, fitted: FittedMap, stride_s: float, settings: MaghtSettings | None = None) -> None:
        """Compose.

        Args:
            fitted: the map.
            stride_s: between two estimates.
            settings: of the transform; None for the defaults.

        Raises:
            TrackError: a map of several floors.
        """
        self.settings = settings = settings or MaghtSettings()
        field = MappedField(fitted, settings.window_m + settings.lag_m + 1.0)
        self._yaw_rad = 2.0 * np.pi * np.arange(settings.yaws) / settings.yaws
        self._lag = max(1, round(settings.lag_m * field.config.sampling.per_unit))
        self._noise_ut2 = _noise_ut2(field)
        self._tracker = compose(build(fitted.config, fitted.state), "odometry", stride_s)
        super().__init__(field, stride_s)

    def reset(self) -> None:
        """Start a new walk."""
        super().reset()
        self._tracker.reset()
        self._started = False
        self._rows: deque[FloatArray] = deque(maxlen=self._lag + 1)
        self._votes: deque[Votes] = deque(maxlen=round(self.settings.window_m * self.field.config.sampling.per_unit))

    def push(self, sample: Sample) -> Estimate | None:
        """See `PathLocalizer`; once started, that of the tracker."""
        if self._started:
            return self._tracker.push(sample)
        estimate = super().push(sample)
        if estimate is not None and estimate.status.is_trusted:
            self._start(estimate)
        return estimate

    def walk(self, row: FloatArray, moved_m: FloatArray) -> None:
        """Collect the votes of a row."""
        self._rows.append(row)
        if len(self._rows) > self._lag:
            self._votes.append(self._vote(row, self._rows[0]))

    def decoded(self) -> tuple[Posterior, YawEstimate]:
        """The peak; near it only if it is clear."""
        peak, settings = self._highest(), self.settings
        travelled_m = len(self._votes) / self.field.config.sampling.per_unit
        is_clear = peak.ratio >= settings.clear and travelled_m >= settings.min_travel_m
        covariance_m2 = settings.start_m**2 * np.eye(2)
        if not is_clear:
            covariance_m2 = np.cov(self.field.grid.cells.position_m.T)
        posterior = Posterior(peak.position_m, covariance_m2, self.field.floor, float(is_clear))
        return posterior, YawEstimate(peak.yaw_rad, settings.start_rad**2)

    def _start(self, estimate: Estimate) -> None:
        """Hand the pose to the tracker."""
        yaw = estimate.odom_yaw
        assert yaw is not None
        tracker = self._tracker.filter
        assert isinstance(tracker, PoseGridFilter)
        tracker.set_initial_pose(estimate.position_m, estimate.covariance_m2, estimate.floor)
        belief = tracker.belief
        away_rad = np.angle(np.exp(1j * (belief.yaw_rad - yaw.angle_rad)))
        weight = np.exp(-0.5 * np.square(away_rad) / yaw.variance_rad2)
        belief.set(belief.weight * (weight / weight.mean())[:, None], belief.cells, belief.background)
        self._started = True

    def _vote(self, row: FloatArray, before: FloatArray) -> Votes:
        """The poses with which the map explains the difference of two rows."""
        field, grid, settings = self.field, self.field.grid, self.settings
        back = grid.flat - self._offset(row[:2] - before[:2])[:, None]  # (yaws, cells)
        (horizontal, vertical), (horizontal_before, vertical_before) = field.measured(row), field.measured(before)
        rotated = (horizontal - horizontal_before) * np.exp(1j * self._yaw_rad)[:, None]
        across = rotated - field.horizontal[grid.flat] + field.horizontal[back]
        along = vertical - vertical_before - field.vertical[grid.flat] + field.vertical[back]
        noise_ut2 = self._noise_ut2
        rotation_ut2 = settings.offset_ut**2 * float(np.square(row[5:] - before[5:]).sum())
        squared = np.square(np.abs(across)) / (noise_ut2 + 0.5 * rotation_ut2) + np.square(along) / noise_ut2
        explained = field.there[back] & (squared <= 1.5 * settings.tolerance**2)
        yaw, cell = np.nonzero(explained)
        return Votes(row[:2], yaw, grid.flat[cell], math.log(explained.size / max(len(cell), 1)))

    def _highest(self) -> Peak:
        """Add up the votes of all rows, each carried to the end of the path."""
        grid, settings = self.field.grid, self.settings
        position_m = grid.cells.position_m
        if not self._votes:
            return Peak(position_m.mean(axis=0), 0.0, 0.0)
        here_m = self._votes[-1].at_m
        index = [
            each.yaw * grid.size + each.row_at + self._offset(here_m - each.at_m)[each.yaw] for each in self._votes
        ]
        weight = np.repeat([each.weight for each in self._votes], [len(each.yaw) for each in self._votes])
        counts = np.bincount(np.concatenate(index), weight, minlength=settings.yaws * grid.size)
        apart = np.arange(-settings.blur, settings.blur + 1)
        box = (apart[:, None] * grid.columns + apart).ravel()
        counts = counts.reshape(settings.yaws, -1)
        votes = np.sum([counts[:, grid.flat + step] for step in box], axis=0)  # (yaws, cells)
        yaw, cell = np.unravel_index(votes.argmax(), votes.shape)
        distant = np.linalg.norm(position_m - position_m[cell], axis=1) > settings.separation_m
        highest = float(votes[:, distant].max(initial=1e-9))
        return Peak(position_m[cell], float(self._yaw_rad[yaw]), float(votes[yaw, cell]) / highest)

    def _offset(self, displacement_m: FloatArray) -> IntArray:
        """(yaws,) flat offsets of a displacement (2,) in odometry's frame."""
        return self.field.grid.offset(complex(*displacement_m) * np.exp(1j * self._yaw_rad) / self.field.grid.size_m)


def _noise_ut2(field: MappedField) -> float:
    """Variance, per axis, of a difference of two rows about the map, without that of the map itself.

    Where the map is unsure, all would vote.
    """
    statistics = field.statistics
    deviation_ut2 = (2.0 * statistics.horizontal_ut**2 + statistics.vertical_ut**2) / 3.0
    within_ut2 = 0.5 * (field.grid.size_m / statistics.length_m) ** 2 * deviation_ut2  # as in `PathLikelihood`
    return 2.0 * (statistics.noise_ut2 + WHITE_UT2 + within_ut2)
