"""How much a belief is worth at a site, by walks that a model had not learned: part of every model card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from mail_ros.core.config import Range, Settings, TrackerChoice
from mail_ros.core.types import LOCALIZED_FROM

NEVER = 1.1  # a probability that no belief reaches


@dataclass(frozen=True)
class TrackerCalibration(Settings, prefix="calibration."):
    """Of one tracker; the defaults change nothing."""

    # Probability of being near the position from which an estimate is LOCALIZED; `NEVER`: no estimate is.
    localized_from: Annotated[float, Range(0.0, NEVER)] = LOCALIZED_FROM
    localized_scale: Annotated[float, Range(1e-3, 1e3)] = 1.0  # factor on the covariance of such an estimate
    uncertain_scale: Annotated[float, Range(1e-3, 1e3)] = 1.0  # the same of any other


@dataclass(frozen=True)
class SiteCalibration(Settings):
    """Of every tracker that can follow a model."""

    none: TrackerCalibration = field(default_factory=TrackerCalibration)
    walking: TrackerCalibration = field(default_factory=TrackerCalibration)
    odometry: TrackerCalibration = field(default_factory=TrackerCalibration)

    def of(self, tracker: TrackerChoice) -> TrackerCalibration:
        """That of one tracker."""
        return {"none": self.none, "walking": self.walking, "odometry": self.odometry}[tracker]
