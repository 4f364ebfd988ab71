"""A model at work on one robot: its localizer, odometry and health, and the last that it heard.

odometry --> OdometryFeed --+
field ----------------------+--> Sample --> Health.push --> Estimate --> Placed
                                   |                                     with heading
                                   +--> the last window --> the next model, exchanged while the robot drives
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np

from mail_ros.core.config import OdometrySource, TrackerChoice
from mail_ros.core.errors import ConfigError, MailError
from mail_ros.core.filter.motion import Turn
from mail_ros.core.localizer.diagnostics import Health
from mail_ros.core.localizer.interface import Estimate, Sample, Status
from mail_ros.core.localizer.tracked import localizer_of
from mail_ros.core.models.engine import Loaded
from mail_ros.core.platform.odometry_buffer import OdometryFeed, OdometryPose, StepFeed, WheelFeed
from mail_ros.core.signal.resampling import NS_PER_S, FloatArray
from mail_ros.core.signal.sampling import DistanceSampling, Sampling, TimeSampling

FEEDS: Mapping[OdometrySource, Callable[[], OdometryFeed[Any]]] = {"wheels": WheelFeed, "steps": StepFeed}
TRUSTED = (Status.LOCALIZED, Status.STATIONARY)
KEPT_S = 1.0  # of samples, beside those of a window
MAKE_WAY_S = 2e-4
MOST_KEPT = 5000  # at any rate, and whatever the stamps are
SURE_RAD = math.radians(20.0)  # deviation of odometry's angle up to which the map is placed by it


class Placed(NamedTuple):
    """An estimate, and where the device looks."""

    estimate: Estimate
    heading: Turn | None  # of the device against the map; None where there is no odometry
    odometry: OdometryPose | None  # where odometry was at the estimate's stamp


class Runtime:
    """What a node holds of a model."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        map_frame: str,
        stride_s: float,
        tracker: TrackerChoice,
        odometry: OdometrySource,
        now_ns: Callable[[], int],
        about: Mapping[str, str],
    ) -> None:
        """Put a model to work.

        Args:
            loaded: the model.
            map_frame: of its floor 0.
            stride_s: between two estimates.
            tracker: as of `localizer_of`.
            odometry: what the tracker is told of the way, where it listens to odometry.
            now_ns: the clock that stamps samples.
            about: see `Health`.

        Raises:
            ConfigError: as of `localizer_of`, or odometry of no use to the model.
        """
        self.loaded, self.map_frame = loaded, map_frame
        self.localizer = localizer_of(loaded.model, stride_s, tracker)
        config = loaded.card.config
        _check_odometry(config.sampling, odometry)
        self.feed = FEEDS[odometry]() if tracker == "odometry" or config.needs_odometry else None
        self.tilts = config.axes == "gravity" and odometry == "wheels"  # whether an inertial unit is of use as well
        self.health = Health(self.localizer, now_ns, about)
        self.last: Estimate | None = None
        by_time = isinstance(config.sampling, TimeSampling)  # else a window may have taken any time
        self._kept_ns = (config.sampling.length + KEPT_S) * NS_PER_S if by_time else math.inf
        self._kept: deque[tuple[int, Sample]] = deque(maxlen=MOST_KEPT)  # with their numbers
        self._heard = 0  # samples so far

    def reset(self) -> None:
        """Forget all samples: time was set back."""
        self.localizer.reset()
        self.last = None
        self._kept.clear()
        if self.feed is not None:
            self.feed.reset()

    def push(self, stamp_ns: int, field_ut: FloatArray) -> Placed | None:
        """Take a field reading, (3,) µT; an estimate where one is due."""
        sample = Sample(stamp_ns, field_ut) if self.feed is None else self.feed.sample(stamp_ns, field_ut)
        self._keep(sample)
        estimate = self.health.push(sample)
        if estimate is None:
            return None
        self.last = estimate
        odometry = None if self.feed is None else self.feed.at(estimate.stamp_ns)
        if estimate.turn is None or odometry is None:
            return Placed(estimate, None, odometry)
        angle_rad, variance_rad2 = estimate.turn
        return Placed(estimate, Turn(angle_rad + odometry.yaw_rad, variance_rad2), odometry)

    def prepare(self, successor: Runtime) -> None:
        """Let another one hear what this one did; may run in a thread of its own, while this one goes on.

        It makes way for that after each sample.
        """
        for number, sample in list(self._kept):
            successor.localizer.push(sample)
            successor._heard = number
            time.sleep(MAKE_WAY_S)

    def hand_over(self, successor: Runtime) -> None:
        """Let a prepared one go on from here: no estimate is left out, and none is made twice."""
        for number, sample in self._kept:
            if number > successor._heard:
                successor.localizer.push(sample)
        successor._heard, successor._kept, successor.feed = self._heard, self._kept, self.feed
        if self.last is not None and self.last.status in TRUSTED:
            with suppress(MailError):  # it carries no belief, or its map does not reach here: it looks for itself
                successor.localizer.believe(self.last.position_m, self.last.covariance_m2, self.last.floor)
        successor.health.begin()

    def _keep(self, sample: Sample) -> None:
        self._heard += 1
        self._kept.append((self._heard, sample))
        while sample.stamp_ns - self._kept[0][1].stamp_ns > self._kept_ns:
            self._kept.popleft()


def _check_odometry(sampling: Sampling, odometry: OdometrySource) -> None:
    if isinstance(sampling, DistanceSampling) and odometry == "steps":
        raise ConfigError(
            "parameter odometry",
            wanted='"wheels", which report the distance travelled all the time: the model samples by distance',
            found='"steps"',
            fix="use a model that samples by time for a person",
        )


def map_from_odometry(placed: Placed) -> OdometryPose | None:
    """Where odometry's frame lies in the map's (REP-105); None while the place or the angle is not known."""
    estimate, odometry = placed.estimate, placed.odometry
    if odometry is None or estimate.turn is None or estimate.status not in TRUSTED:
        return None
    angle_rad, variance_rad2 = estimate.turn
    if variance_rad2 > SURE_RAD**2:
        return None
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    x_m, y_m = odometry.position_m.tolist()
    origin_m = estimate.position_m - np.array([cos * x_m - sin * y_m, sin * x_m + cos * y_m])
    return OdometryPose(estimate.stamp_ns, origin_m, angle_rad)
