"""The nouns of the package, their arrays and their units: the ground floor, which imports numpy alone.

Sample --> Localizer.push --> Estimate
field, odometry, attitude     metres, map frame
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Float32Array = npt.NDArray[np.float32]
RealArray = FloatArray | Float32Array
ComplexArray = npt.NDArray[np.complex128]  # horizontal vectors, x + iy
Complex64Array = npt.NDArray[np.complex64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

NS_PER_S = 1_000_000_000
UT_PER_T = 1e6
NEAR_M = 3.0  # a position at most this far off is useful; less in a small site, see `belief.useful_m`
LOCALIZED_FROM = 0.95  # probability of being that near from which an estimate is LOCALIZED, unless a site needs more


@dataclass(frozen=True)
class Sample:
    """One magnetometer reading, with what is known of the platform's motion."""

    stamp_ns: int
    field_ut: FloatArray  # (3,) µT, sensor frame; NaN where an axis is not reported
    moved_m: FloatArray | None = None  # (2,) displacement since the last sample, odometry frame; None without odometry
    attitude_xyzw: FloatArray | None = None  # (4,) rotates sensor axes into odometry's, z up; None if unknown
    lever_m: tuple[float, float] = (0.0, 0.0)  # how far the sensor is ahead and left of where the pose is wanted


@dataclass(frozen=True)
class Row:
    """One resampled sample; consecutive rows have consecutive indices."""

    index: int  # the row's period ends at index * period, of time since the epoch or of distance
    values: FloatArray  # (w,) mean over the period; the first three are the field, µT


class Status(Enum):
    """How far a localizer can be trusted."""

    FILLING = "FILLING"  # no estimate yet: the window is not full
    LOCALIZED = "LOCALIZED"  # within `Estimate.near_m` with probability `LOCALIZED_FROM`, by its own belief
    STATIONARY = "STATIONARY"  # LOCALIZED, and the device does not move: windows bring nothing new
    UNCERTAIN = "UNCERTAIN"  # several candidate positions, or no information
    OUT_OF_AREA = "OUT_OF_AREA"  # the survey does not explain the field
    SENSOR_FAULT = "SENSOR_FAULT"  # no estimate: no readings, or no magnetic field, see `preprocessor.SensorCheck`

    @property
    def is_trusted(self) -> bool:
        """Whether an estimate with this status is one to act upon."""
        return self in (Status.LOCALIZED, Status.STATIONARY)


class YawEstimate(NamedTuple):
    """A rotation about the vertical and its uncertainty."""

    angle_rad: float  # counterclockwise
    variance_rad2: float


@dataclass(frozen=True)
class Cells:
    """The positions that a map distinguishes: squares of one grid, only where the survey went."""

    position_m: FloatArray  # (m, 2) centres, in the frame of their floor
    floor: IntArray  # (m,)

    def __len__(self) -> int:
        return len(self.floor)


@dataclass(frozen=True)
class Posterior:
    """A position and its uncertainty."""

    position_m: FloatArray  # (2,)
    covariance_m2: FloatArray  # (2, 2)
    floor: int
    near: float  # probability of being within `near_m` of the position, 0 to 1
    near_m: float = NEAR_M


@dataclass(frozen=True)
class Prediction:
    """What a model infers from one window."""

    # (m,) ratio against the background model, in the map's cells, or of the queried poses; None: no cells
    log_likelihood: RealArray | None
    posterior: Posterior | None = None  # where the model computes a position itself
    attention: tuple[float, ...] = ()  # one weight per scale, sums to one; empty without scales
    device_offset_ut: FloatArray | None = None  # (3,) of the device against the survey's; None where not estimated


@dataclass(frozen=True)
class Hypothesis:
    """One of several positions where the device may be."""

    position_m: FloatArray  # (2,)
    floor: int
    weight: float  # probability within its neighbourhood


@dataclass(frozen=True)
class BeliefImage:
    """The belief on one floor, as an image."""

    corner_m: FloatArray  # (2,) outer corner of percent[0, 0]
    size_m: float  # side of a cell
    percent: npt.NDArray[np.int8]  # (rows along y, columns along x) of the most probable cell; -1 where no cell is


@dataclass(frozen=True)
class Estimate:
    """Where the device was when its newest sample was taken."""

    stamp_ns: int  # stamp of the newest sample used
    position_m: FloatArray  # (2,) in the frame of its floor
    covariance_m2: FloatArray  # (2, 2)
    floor: int
    status: Status
    attention: tuple[float, ...]  # one weight per scale, sums to one
    map_fit: float = math.nan  # how well the map explains the field: highest log likelihood ratio, below 0 not at all
    odom_yaw: YawEstimate | None = None  # from odometry's frame to the map's; None without odometry
    near_m: float = NEAR_M  # a LOCALIZED position is at most this far off
    near: float = math.nan  # probability of that, by the belief; NaN for methods without one


class SampleLocalizer(Protocol):
    """Every localization method seen from outside: node, evaluator and tests drive this and nothing else."""

    def reset(self) -> None:
        """Drop all samples and what was inferred from them."""

    def push(self, sample: Sample) -> Estimate | None:
        """Process the next sample; return an estimate where one is due, which uses no later sample."""
