"""What the baselines on a field map have in common: the map as they read it, and a localizer fed with rows of a path.

    Sample --> Preprocessor --> row --> walk (the method) --> Posterior, yaw --> Estimate
               as a field map's

Rows, strides, the pending displacement, the lever arm and the status are those of `core.localizer`, so that only the
method differs.
"""

from __future__ import annotations

import dataclasses
import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from mail_ros.core.cell_grid import CellGrid
from mail_ros.core.errors import TrackError
from mail_ros.core.filter.odometry_motion import StepInProgress
from mail_ros.core.localizer.localizer import status_of
from mail_ros.core.models.field_map.path_likelihood import FieldStatistics
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.signal.preprocessor import Preprocessor
from mail_ros.core.types import NS_PER_S, BoolArray, ComplexArray, Estimate, FloatArray, Posterior, Sample, YawEstimate
from mail_ros.training.field_map.fit import FittedMap

MIN_FRACTION = 0.25  # weight of the cells around a position from which it is on the map


class MapValues(NamedTuple):
    """The map at n positions; of no meaning where it has no cell."""

    horizontal: ComplexArray  # (n,) x + iy, µT
    vertical: FloatArray  # (n,) µT
    variance_ut2: FloatArray  # (n,) of one axis
    inside: BoolArray  # (n,)


class MappedField:
    """Mean and variance of a field map of one floor, at any position."""

    def __init__(self, fitted: FittedMap, reach_m: float) -> None:
        """Lay out the map.

        Args:
            fitted: the map, see `core.models.field_map.field_map.FieldMap` for its arrays.
            reach_m: longest displacement that is looked up from a cell.

        Raises:
            TrackError: a map of several floors.
        """
        state = fitted.state
        cells = SiteMap.of(state).cells
        floors = np.unique(cells.floor)
        if len(floors) > 1:
            raise TrackError(
                "the map", wanted="walks on one floor", found=f"floors {floors.tolist()}", fix="fit one by one"
            )
        self.config, self.floor = fitted.config, int(floors[0])
        self.grid = CellGrid(cells, reach_m)
        self.statistics = FieldStatistics(*state["statistics"].astype(np.float64).tolist())
        self.position_noise_m = float(state["position_noise_m"])
        mean_ut = state["mean_ut"].astype(np.float64)
        self.horizontal = self.grid.scatter(mean_ut[:, 0] + 1j * mean_ut[:, 1])
        self.vertical = self.grid.scatter(mean_ut[:, 2])
        self.variance_ut2 = self.grid.scatter(state["variance_ut2"].astype(np.float64).mean(axis=1))
        self.there = self.grid.number >= 0
        margin_m = np.full(2, self.grid.size_m)
        self._low_m, self._high_m = cells.position_m.min(axis=0) - margin_m, cells.position_m.max(axis=0) + margin_m

    def at(self, position_m: FloatArray) -> MapValues:
        """Interpolate linearly between the cells around positions (n, 2)."""
        first_m = self.grid.cells.position_m[0]
        at = (np.clip(position_m, self._low_m, self._high_m) - first_m) / self.grid.size_m
        base = np.floor(at)
        rest = at - base  # (n, 2)
        start = self.grid.flat[0] + base.astype(np.int64) @ [self.grid.columns, 1]
        total, horizontal = np.full(len(at), 1e-9), np.zeros(len(at), np.complex128)
        vertical, variance_ut2 = np.zeros((2, len(at)))
        for x in (0, 1):
            for y in (0, 1):
                cell = start + x * self.grid.columns + y
                fraction = np.abs(1 - x - rest[:, 0]) * np.abs(1 - y - rest[:, 1]) * self.there[cell]
                total += fraction
                horizontal += fraction * self.horizontal[cell]
                vertical += fraction * self.vertical[cell]
                variance_ut2 += fraction * self.variance_ut2[cell]
        return MapValues(horizontal / total, vertical / total, variance_ut2 / total, total > MIN_FRACTION)

    def measured(self, row: FloatArray) -> tuple[complex, float]:
        """Horizontal and vertical field of a row (7,), turned as the map's, in odometry's frame."""
        return complex(row[2], row[3]) * np.exp(1j * self.statistics.yaw_rad), float(row[4])


class PathLocalizer(ABC):
    """A method on a field map as a localizer: it receives the rows of a path, and estimates at whole strides."""

    def __init__(self, field: MappedField, stride_s: float) -> None:
        self.field = field
        config = field.config
        self.preprocessor = Preprocessor(
            config.sampling, config.axes, needs_odometry=True, along_path=config.along_path
        )
        self._stride_ns = round(stride_s * NS_PER_S)
        self.reset()

    def reset(self) -> None:
        """Start a new walk."""
        self.preprocessor.reset()
        self._step = StepInProgress()
        self._now_m = np.zeros(2)  # the device, in odometry's frame
        self._at_m: FloatArray | None = None  # the sensor at the last row, likewise
        self._decoded: tuple[Posterior, YawEstimate] | None = None  # None: not known since the last row

    def push(self, sample: Sample) -> Estimate | None:
        """Add a sample; None before the first row, and between strides.

        Raises:
            TrackError: the sample lacks odometry or attitude.
        """
        rows, elapsed_ns = self.preprocessor.push(sample), self.preprocessor.elapsed_ns
        if elapsed_ns < 0:  # the clock was set back: a bag restarted, or a simulation
            self.reset()
            return None
        self._now_m = self._now_m + self.preprocessor.moved_m
        self._step.observe(elapsed_ns / NS_PER_S, self.preprocessor.moved_m)
        for row in rows:
            at_m = row.values[:2]
            self.walk(row.values, np.zeros(2) if self._at_m is None else at_m - self._at_m)
            self._at_m, self._decoded = at_m, None
        newest_ns = self.preprocessor.resampler.newest_ns or 0
        if self._at_m is None or newest_ns // self._stride_ns <= (newest_ns - elapsed_ns) // self._stride_ns:
            return None
        if self._decoded is None:
            self._decoded = self.decoded()
        posterior, yaw = self._decoded
        pending = complex(*(self._now_m - self._at_m + self._step.begun_m)) * np.exp(1j * yaw.angle_rad)
        across_m = np.array([-pending.imag, pending.real])
        posterior = dataclasses.replace(
            posterior,
            position_m=posterior.position_m + np.array([pending.real, pending.imag]),
            covariance_m2=posterior.covariance_m2 + yaw.variance_rad2 * np.outer(across_m, across_m),
        )
        status = status_of(posterior, math.nan, self._step.is_stationary)
        return Estimate(
            sample.stamp_ns, posterior.position_m, posterior.covariance_m2, posterior.floor, status, (), odom_yaw=yaw
        )

    @abstractmethod
    def walk(self, row: FloatArray, moved_m: FloatArray) -> None:
        """Process the next row (7,), see `core.signal.path_resampling`, which lies (2,) m from the last one."""

    @abstractmethod
    def decoded(self) -> tuple[Posterior, YawEstimate]:
        """Where the sensor was at the last row, and the yaw of odometry's frame."""
