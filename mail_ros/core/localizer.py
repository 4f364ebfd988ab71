"""The seam: magnetometer samples in, position estimates out.

    Sample --> Resampler --> SlidingWindow --> Mail --> Posterior --> Estimate
    push()     rate_hz       the last 10 s     once a stride         metres, map frame

No ROS here, on purpose. The node, the evaluator and the tests all drive the same `push`, so the
error we report is the error the robot has.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np
import torch

from mail_ros.core.config import check_range
from mail_ros.core.model import Mail
from mail_ros.core.signals import FloatArray, Resampler, SlidingWindow

STRIDE_S = 0.1  # between two estimates, where nobody says otherwise
UNCERTAIN_M = 5.0  # an estimate whose standard deviation is above this is not LOCALIZED


@dataclass(frozen=True)
class Sample:
    """One magnetometer reading."""

    stamp_ns: int
    field_ut: FloatArray  # (3,) µT, sensor frame; NaN where an axis is not reported


class Status(Enum):
    """How far an estimate can be trusted."""

    LOCALIZED = "LOCALIZED"
    UNCERTAIN = "UNCERTAIN"


@dataclass(frozen=True)
class Estimate:
    """Where the device was when its newest sample was taken."""

    stamp_ns: int  # of the newest sample used
    position_m: FloatArray  # (2,) in the frame of its floor
    covariance_m2: FloatArray  # (2, 2)
    floor: int
    status: Status
    attention: tuple[float, ...]  # one weight per scale, sums to one


class Localizer(Protocol):
    """What every method of localization looks like from outside."""

    def reset(self) -> None:
        """Forget all samples."""

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; an estimate where one is due, which uses no later sample."""


class MailLocalizer:
    """MAIL behind the seam: the whole window through the network, once a stride.

    Ticks at whole multiples of the stride since the epoch answer, so that two localizers that hear the
    same sensor answer at the same stamps, whenever each was started.
    """

    def __init__(self, model: Mail, stride_s: float = STRIDE_S) -> None:
        features = model.config.features
        check_range("stride_s", stride_s, 1.0 / features.rate_hz, 3600.0)
        self.model = model.eval()
        self.stride = round(stride_s * features.rate_hz)  # ticks
        self.resampler = Resampler(features.rate_hz, features.max_gap_s)
        self.window = SlidingWindow(model.config.samples)

    def reset(self) -> None:
        """Forget all samples."""
        self.resampler.reset()
        self.window.clear()

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; None while the window fills, between strides, and for unusable samples."""
        due = False
        for tick in self.resampler.push(sample.stamp_ns, sample.field_ut):
            self.window.append(tick)
            due = due or tick.index % self.stride == 0
        return self._estimate(sample.stamp_ns) if due and self.window.fill == 1.0 else None

    def _estimate(self, stamp_ns: int) -> Estimate:
        with torch.inference_mode():
            output = self.model(torch.from_numpy(self.window.values).float()[None])
            posterior = self.model.head.posterior(output.raw[0])
        deviation_m = float(np.sqrt(np.linalg.eigvalsh(posterior.covariance_m2)[-1]))
        return Estimate(
            stamp_ns,
            posterior.position_m,
            posterior.covariance_m2,
            posterior.floor,
            Status.LOCALIZED if deviation_m <= UNCERTAIN_M else Status.UNCERTAIN,
            tuple(output.attention[0].tolist()),
        )
