"""Whether the device moves, as odometry or, without it, the field tells.

A window in which the device stood for a while looks like none that the survey walked: its evidence counts less.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.signal.resampling import FloatArray, Tick

BLOCK_S = 0.1  # the field is averaged over this before it is compared: less noise at any rate
LAG_S = 0.5  # over which its change is read
MEAN_S = 1.0  # over which the change is averaged
STEEPNESS = 5.0  # how fast a change beyond `stationary_change_ut` becomes a walk
STEP_S = 1.2  # no step, or no turn of a wheel, for this long is a stand


class Activity(Protocol):
    """Says of every tick how surely the device moves."""

    change_ut: float  # of the field in LAG_S, inf where not known

    def reset(self) -> None:
        """Forget what was heard."""

    def hear(self, tick: Tick, moved_m: FloatArray | None) -> float:
        """Take a tick's field and the odometry since the last tick; 0 for standing to 1 for moving."""


class OdometryActivity:
    """Moving is what odometry says."""

    change_ut = np.inf

    def __init__(self, per_unit: float) -> None:
        """Take so many rows per second, or per metre where windows are sampled by distance."""
        self._patience = round(STEP_S * per_unit)  # ticks
        self.reset()

    def reset(self) -> None:
        """Moving, until odometry is quiet for a while."""
        self._quiet = 0

    def hear(self, tick: Tick, moved_m: FloatArray | None) -> float:
        """See `Activity`."""
        self._quiet = 0 if moved_m is not None and moved_m.any() else self._quiet + 1
        return 1.0 if self._quiet < self._patience else 0.0


class FieldActivity:
    """Moving is what changes the field."""

    def __init__(self, per_unit: float, config: FilterConfig) -> None:
        """As `OdometryActivity`."""
        self.stationary_change_ut = config.stationary_change_ut
        self._block = max(1, round(BLOCK_S * per_unit))  # ticks
        self._lag = round(LAG_S * per_unit)
        self._fields: deque[FloatArray] = deque(maxlen=self._lag + self._block)
        self._changes: deque[float] = deque(maxlen=round(MEAN_S * per_unit))
        self.reset()

    def reset(self) -> None:
        """Moving, until enough was heard."""
        self._fields.clear()
        self._changes.clear()
        self.change_ut = np.inf

    def hear(self, tick: Tick, moved_m: FloatArray | None) -> float:
        """See `Activity`."""
        self._fields.append(tick.field_ut)
        if len(self._fields) < self._lag + self._block:
            return 1.0
        fields_ut = np.array(self._fields)
        change_ut = fields_ut[-self._block :].mean(axis=0) - fields_ut[: self._block].mean(axis=0)
        self._changes.append(float(np.linalg.norm(change_ut)))
        if len(self._changes) < (self._changes.maxlen or 0):
            return 1.0
        self.change_ut = float(np.mean(self._changes))
        return float(1.0 / (1.0 + (self.stationary_change_ut / max(self.change_ut, 1e-9)) ** STEEPNESS))
