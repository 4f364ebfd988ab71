"""What a consumer may rely on now: the contents of `~/status`, decided without ROS.

Localizer.push --> StatusMonitor.observe --> StatusReport --> ~/status, and a line in the log
every second ----> StatusMonitor.refresh ---------^
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.core.belief import REGION, REGION_SQUARED
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.types import Estimate, Status

WITHOUT_POSE = (Status.FILLING, Status.SENSOR_FAULT)
HASH_DIGITS = 12  # a model's short name has that many of its SHA-256


@dataclass(frozen=True)
class StatusReport:
    """One message on `~/status`."""

    status: Status
    model: str  # see `model_name`
    near_m: float  # a LOCALIZED position is at most this far off
    estimate: Estimate | None = None  # the newest; None where the status is one of `WITHOUT_POSE`

    @property
    def level(self) -> Level:
        """OK for a status to act upon; WARN without a position to rely on; ERROR where the sensor is the cause."""
        if self.status.is_trusted:
            return Level.OK
        return Level.ERROR if self.status is Status.SENSOR_FAULT else Level.WARN

    @property
    def values(self) -> dict[str, str]:
        """Keys and values of the message; the floor is empty without an estimate."""
        return {
            "status": self.status.name,
            "floor": "" if self.estimate is None else str(self.estimate.floor),
            "radius_m": f"{self.near_m:g}",
            "map_fit": f"{math.nan if self.estimate is None else self.estimate.map_fit:.2f}",
            "model": self.model,
        }

    def differs(self, other: StatusReport | None) -> bool:
        """Whether status, floor or model are others than in another report, or there is no other."""
        return other is None or self._identity != other._identity

    def __str__(self) -> str:
        """One line for the log."""
        if self.estimate is None:
            return self.status.name
        radius_m = math.sqrt(REGION_SQUARED * max(float(np.linalg.eigvalsh(self.estimate.covariance_m2).max()), 0.0))
        return f"{self.status.name}, floor {self.estimate.floor}, {radius_m:.1f} m ({REGION * 100:g} % region)"

    @property
    def _identity(self) -> tuple[Status, int | None, str]:
        return self.status, None if self.estimate is None else self.estimate.floor, self.model


class StatusMonitor:
    """Observes a localizer; a status with a position is reported together with an estimate only."""

    def __init__(self, localizer: Localizer, model: str) -> None:
        """Observe from now on.

        Args:
            localizer: the observed one.
            model: see `model_name`.
        """
        self.localizer, self.model = localizer, model
        self.restart()

    def restart(self) -> None:
        """Report FILLING until the next sample: at the start, and while the node processes no samples."""
        self.report = self._reported(Status.FILLING)
        self._refreshed_ns = self._newest_ns

    def observe(self, estimate: Estimate | None) -> None:
        """Update the report after a sample that was pushed, by the estimate that it gave."""
        status = self.localizer.status
        if estimate is not None:
            self.report = self._reported(estimate.status, estimate)
        elif status is Status.SENSOR_FAULT or (status is Status.FILLING and not self._is_silent):
            self.report = self._reported(status)

    def refresh(self) -> None:
        """Update the report about once a second: SENSOR_FAULT where no sample was used since the last call."""
        if self._is_silent:
            self.report = self._reported(Status.SENSOR_FAULT)
        self._refreshed_ns = self._newest_ns

    def _reported(self, status: Status, estimate: Estimate | None = None) -> StatusReport:
        return StatusReport(status, self.model, self.localizer.filter.near_m, estimate)

    @property
    def _is_silent(self) -> bool:
        return self._newest_ns == self._refreshed_ns

    @property
    def _newest_ns(self) -> int | None:
        return self.localizer.preprocessor.resampler.newest_ns


def model_name(path: Path, sha256: str) -> str:
    """The short name of a model file: its name, and the first digits of what `sha256sum` prints.

    >>> model_name(Path("models/site.safetensors"), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b")
    'site.safetensors 9f86d081884c'
    """
    return f"{path.name} {sha256[:HASH_DIGITS]}"
