"""The seam: what every method of localization looks like from outside, and the nouns that cross it.

    Sample --> Localizer.push --> Estimate
    field, odometry               metres, map frame

No ROS here, on purpose. The node, the evaluator and the tests all drive the same `push`, so the
error we report is the error the robot has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from mail_ros.core.belief import FloatArray, Posterior
from mail_ros.core.errors import TrackError
from mail_ros.core.filter.motion import Turn
from mail_ros.core.localizer.reader import Answer

LOCALIZED_FROM = 0.95  # an estimate is LOCALIZED if it is so surely near its place (see `Posterior.near`)


@dataclass(frozen=True)
class Sample:
    """One magnetometer reading."""

    stamp_ns: int
    field_ut: FloatArray  # (3,) µT, sensor frame; NaN where an axis is not reported
    moved_m: FloatArray | None = None  # (2,) since the last sample, in odometry's own frame; None without odometry
    attitude_xyzw: FloatArray | None = None  # (4,) turns the sensor's axes into odometry's, z up; None: not known

    def odometry_m(self) -> FloatArray:
        """`moved_m`, for who cannot do without.

        Raises:
            TrackError: there is none.
        """
        return _given(self.moved_m, "a method that needs odometry", "odometry", "do without odometry")

    def attitude(self) -> FloatArray:
        """`attitude_xyzw`, likewise.

        Raises:
            TrackError: there is none.
        """
        reader, instead = "a method that reads the field in a gravity-aligned frame", "train with --set axes=device"
        return _given(self.attitude_xyzw, reader, "an attitude", instead)


def _given(value: FloatArray | None, reader: str, wanted: str, instead: str) -> FloatArray:
    if value is None:
        fix = f"record /odom or /imu/data, or {instead}"
        raise TrackError(reader, wanted=f"{wanted} in every sample", found="a sample without", fix=fix)
    return value


class Status(Enum):
    """How far a localizer can be trusted."""

    FILLING = "FILLING"  # no estimate yet: the window is not full
    LOCALIZED = "LOCALIZED"  # within `belief.NEAR_M`, as it believes
    STATIONARY = "STATIONARY"  # it was LOCALIZED and stands: the windows tell nothing new
    UNCERTAIN = "UNCERTAIN"  # several places, or nothing known
    OUT_OF_AREA = "OUT_OF_AREA"  # the survey does not explain the field
    SENSOR_FAULT = "SENSOR_FAULT"  # no estimate: what the sensor sends is no field, see `intake.SensorCheck`


@dataclass(frozen=True)
class Estimate:
    """Where the device was when its newest sample was taken."""

    stamp_ns: int  # of the newest sample used
    position_m: FloatArray  # (2,) in the frame of its floor
    covariance_m2: FloatArray  # (2, 2)
    floor: int
    status: Status
    attention: tuple[float, ...]  # one weight per scale, sums to one
    support: float = math.nan  # how well the map explains the field: highest log likelihood ratio, below 0 not at all
    turn: Turn | None = None  # of odometry's frame against the map, where there is odometry


class Localizer(Protocol):
    """What every method of localization looks like from outside."""

    def reset(self) -> None:
        """Forget all samples."""

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; an estimate where one is due, which uses no later sample."""


def report(
    stamp_ns: int,
    answer: Answer,
    *,
    posterior: Posterior | None = None,
    support: float | None = None,
    standing: bool = False,
    turn: Turn | None = None,
) -> Estimate:
    """An answer as an estimate, whose status follows from it: the same for every method.

    Args:
        stamp_ns: of the newest sample used.
        answer: of the window.
        posterior: of who knows more than the window; None: the answer's own.
        support: likewise.
        standing: whether the device stands, as far as one knows.
        turn: of odometry's frame.
    """
    posterior = answer.posterior if posterior is None else posterior
    support = answer.support if support is None else support
    if support < 0.0 and not standing:
        status = Status.OUT_OF_AREA
    elif posterior.near < LOCALIZED_FROM:
        status = Status.UNCERTAIN
    else:
        status = Status.STATIONARY if standing else Status.LOCALIZED
    return Estimate(
        stamp_ns,
        posterior.position_m,
        posterior.covariance_m2,
        posterior.floor,
        status,
        answer.attention,
        support,
        turn,
    )
