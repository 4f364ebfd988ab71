"""The seam: magnetometer samples in, position estimates out.

    Sample --> Resampler --> SlidingWindow --> Mail --> Posterior --> Estimate
    push()     rate_hz       the last 10 s     once a stride         metres, map frame

No ROS here, on purpose. The node, the evaluator and the tests all drive the same `push`, so the
error we report is the error the robot has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

import torch

from mail_ros.core.belief import Cells, Posterior
from mail_ros.core.checkpoint import Model
from mail_ros.core.config import STRIDE_S, FeatureConfig, check_range
from mail_ros.core.errors import TrackError
from mail_ros.core.signals import FloatArray, Resampler, SlidingWindow, Tick

LOCALIZED_FROM = 0.95  # an estimate is LOCALIZED if it is so surely near its place (see `Posterior.near`)


@dataclass(frozen=True)
class Sample:
    """One magnetometer reading."""

    stamp_ns: int
    field_ut: FloatArray  # (3,) µT, sensor frame; NaN where an axis is not reported
    moved_m: FloatArray | None = None  # (2,) since the last sample, in odometry's own frame; None without odometry

    def odometry_m(self) -> FloatArray:
        """`moved_m`, for who cannot do without.

        Raises:
            TrackError: there is none.
        """
        if self.moved_m is None:
            raise TrackError(
                "a method that needs odometry",
                wanted="odometry in every sample",
                found="a sample without",
                fix="record /odom or /imu/data, or do without odometry",
            )
        return self.moved_m


class Status(Enum):
    """How far a localizer can be trusted."""

    FILLING = "FILLING"  # no estimate yet: the window is not full
    LOCALIZED = "LOCALIZED"  # within `belief.NEAR_M`, as it believes
    STATIONARY = "STATIONARY"  # it was LOCALIZED and stands: the windows tell nothing new
    UNCERTAIN = "UNCERTAIN"  # several places, or nothing known
    OUT_OF_AREA = "OUT_OF_AREA"  # the survey does not explain the field


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


class Localizer(Protocol):
    """What every method of localization looks like from outside."""

    def reset(self) -> None:
        """Forget all samples."""

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; an estimate where one is due, which uses no later sample."""


class Answer(NamedTuple):
    """What a method says of one window."""

    posterior: Posterior
    attention: tuple[float, ...] = ()  # one weight per scale, sums to one; empty where there are no scales
    log_ratio: FloatArray | None = None  # (m,) in the method's cells, see `belief.ratio`; None: the posterior's own
    offset_ut: FloatArray | None = None  # (3,) of the device against the survey's; None where the method does not say

    @property
    def support(self) -> float:
        """How well the map explains the window; NaN where the method does not say."""
        return math.nan if self.log_ratio is None else float(self.log_ratio.max())


class WindowLocalizer:
    """A method that answers whole windows, behind the seam: one answer a stride.

    Ticks at whole multiples of the stride since the epoch answer, so that two localizers that hear the
    same sensor answer at the same stamps, whenever each was started.
    """

    def __init__(
        self,
        features: FeatureConfig,
        samples: int,
        locate: Callable[[FloatArray], Answer],
        stride_s: float = STRIDE_S,
        cells: Cells | None = None,
    ) -> None:
        """Wire resampler, window and method.

        Args:
            features: rate and longest bridged gap of the resampler.
            samples: resampled values in a window.
            locate: from a window (samples, 3) µT, oldest first, to an answer.
            stride_s: between two answers.
            cells: where the tracker may follow this method, those of its answers' log ratios; None for nowhere.
        """
        check_range("stride_s", stride_s, 1.0 / features.rate_hz, 3600.0)
        self.features, self.samples, self.stride_s, self.cells = features, samples, stride_s, cells
        self.stride = round(stride_s * features.rate_hz)  # ticks
        self.resampler = Resampler(features.rate_hz, features.max_gap_s)
        self.window = SlidingWindow(samples)
        self.locate = locate
        self.status = Status.FILLING  # now; that of the last estimate once the window is full

    def reset(self) -> None:
        """Forget all samples."""
        self.resampler.reset()
        self.window.clear()
        self.status = Status.FILLING

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; None while the window fills, between strides, and for unusable samples."""
        return self._answer(sample.stamp_ns) if self._hear(sample) else None

    def _hear(self, sample: Sample) -> bool:
        """Take a sample's field; whether an answer is due."""
        due = False
        for tick in self.resampler.push(sample.stamp_ns, sample.field_ut):
            self._append(tick)
            due = due or tick.index % self.stride == 0
        return due and self.window.fill == 1.0

    def _append(self, tick: Tick) -> None:
        self.window.append(tick)
        if self.window.fill < 1.0:
            self.status = Status.FILLING

    def _answer(self, stamp_ns: int) -> Estimate:
        estimate = self._estimate(stamp_ns)
        self.status = estimate.status
        return estimate

    def _estimate(self, stamp_ns: int) -> Estimate:
        answer = self.locate(self.window.values)
        return report(stamp_ns, answer.posterior, answer.attention, answer.support)


def report(
    stamp_ns: int,
    posterior: Posterior,
    attention: tuple[float, ...] = (),
    support: float = math.nan,
    *,
    standing: bool = False,
) -> Estimate:
    """An answer as an estimate, whose status follows from it: the same for every method."""
    if support < 0.0 and not standing:
        status = Status.OUT_OF_AREA
    elif posterior.near < LOCALIZED_FROM:
        status = Status.UNCERTAIN
    else:
        status = Status.STATIONARY if standing else Status.LOCALIZED
    return Estimate(
        stamp_ns, posterior.position_m, posterior.covariance_m2, posterior.floor, status, attention, support
    )


class MailLocalizer(WindowLocalizer):
    """MAIL behind the seam, or matching: the whole window through the model, once a stride."""

    def __init__(self, model: Model, stride_s: float = STRIDE_S, cells: Cells | None = None) -> None:
        """Put a model behind the seam; `cells` are for the tracker, where its head has none."""
        self.model = model.eval()
        known = model.head.cells
        super().__init__(
            model.config.features, model.config.samples, self._pass, stride_s, cells if known is None else known
        )

    def _pass(self, window_ut: FloatArray) -> Answer:
        with torch.inference_mode():
            output = self.model(torch.from_numpy(window_ut).float()[None])
            raw, head = output.raw[0], self.model.head
            offset_ut = None if output.offset_ut is None else output.offset_ut[0].double().numpy()
            return Answer(head.posterior(raw), tuple(output.attention[0].tolist()), head.log_ratio(raw), offset_ut)
