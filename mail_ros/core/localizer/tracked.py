"""Any method that answers windows, followed by the tracker, behind the same seam.

Sample --> WindowLocalizer --> Answer --> log ratios over cells --> Tracker --> Estimate
       |             ^-- device's offset <-- where both agree <--------+
       +-> odometry, or the field's own quiet -------------------------^
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from mail_ros.core.belief import NEAR_M, Cells, Posterior, gaussian
from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.core.filter.device_offset import DeviceOffset
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import FLAT_UT, Hypothesis, Tracker
from mail_ros.core.filter.stationary import Activity, FieldActivity, OdometryActivity
from mail_ros.core.localizer.interface import LOCALIZED_FROM, Estimate, Localizer, Sample, report
from mail_ros.core.localizer.localizer import MailLocalizer, WindowLocalizer
from mail_ros.core.localizer.reader import Answer, Reader
from mail_ros.core.models.mail.mail import Model
from mail_ros.core.neighbourhood import Grid, grid_of
from mail_ros.core.signal.resampling import NS_PER_S, FloatArray, Tick
from mail_ros.core.signal.sampling import DistanceSampling

LEAST_WEIGHT = 0.02  # of a window that stood all the time: whoever only seems to stand is not stuck


class TrackedLocalizer(WindowLocalizer):
    """A window method and the tracker. Answers at the same stamps as the method alone.

    A clock that is set back ends window and belief. A hole in the samples empties the window; the belief outlives it,
    spread by the time that went by, or moved by odometry. A sample whose odometry is not finite is refused as
    `no_odometry`.
    """

    def __init__(self, method: WindowLocalizer, cells: Cells, config: FilterConfig, *, odometry: bool) -> None:
        """Follow a fitted method, which keeps its own windows and can be used beside this.

        Args:
            method: what answers the windows; only its function and its settings are shared.
            cells: those of its answers.
            config: of the tracker.
            odometry: whether every sample carries `moved_m`; if not, walking is guessed.
        """
        super().__init__(method.config, method.new_reader, method.stride_s, cells)
        sampling = method.config.sampling
        self.known_cells = cells
        self.tracker = Tracker(cells, config, odometry=odometry, by_way=isinstance(sampling, DistanceSampling))
        self.offset = DeviceOffset(config.offset_s)
        self._odometry = odometry
        self._activity: Activity = (
            OdometryActivity(sampling.per_unit) if odometry else FieldActivity(sampling.per_unit, config)
        )
        self._moving: deque[float] = deque(maxlen=self.reader.length)  # for each tick of the window, 0 to 1
        self._moved_m = np.zeros(2)  # odometry since the last tick

    def reset(self) -> None:
        """Forget all samples, and where they led."""
        super().reset()
        self.tracker.reset()
        self.offset.reset()
        self._moved_m = np.zeros(2)

    def forget(self) -> None:
        """Know nothing of the place again. What was learned of the device's offset stays: it is the same device."""
        self.tracker.reset()

    def believe(self, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
        """Begin with a Gaussian around a place, see `Tracker.believe`."""
        self.tracker.believe(position_m, covariance_m2, floor)

    def hypotheses(self) -> list[Hypothesis]:
        """The heaviest places of the belief, see `Tracker.hypotheses`."""
        return self.tracker.hypotheses()

    def grid(self, floor: int) -> Grid | None:
        """See `WindowLocalizer`."""
        if not (self.known_cells.floor == floor).any():
            return None
        return grid_of(self.known_cells, self.tracker.cell_probability, floor)

    def hear(self, sample: Sample) -> bool:
        """Take the next sample; whether an estimate is due.

        Raises:
            TrackError: the localizer was told that there is odometry, and the sample has none.
        """
        moved_m = sample.odometry_m() if self._odometry else np.zeros(2)
        if not np.isfinite(moved_m).all():
            self.refuse(sample.stamp_ns, "no_odometry")
            return False
        self._moved_m = self._moved_m + moved_m
        self._stamp_ns = sample.stamp_ns
        before_ns = self.intake.newest_ns
        due = self._hear_field(sample, self.offset.field_ut)
        elapsed_ns = 0 if before_ns is None else (self.intake.newest_ns or 0) - before_ns
        if elapsed_ns < 0:  # the clock was set back: a bag began anew, or a simulation
            self.tracker.reset()
            self.offset.reset()
        change_ut = min(self._activity.change_ut, FLAT_UT)
        self.tracker.advance(max(elapsed_ns, 0) / NS_PER_S, moved_m, change_ut)
        return due

    def say(self) -> Estimate:
        """The belief after the window's answer."""
        answer, new = self._answer()
        if new:
            self._take(answer)
        return self._said(self._tell(answer))

    @property
    def _goes_on(self) -> bool:
        """By the way: odometry carries the belief on while the window fills anew."""
        return True

    def _append(self, tick: Tick) -> None:
        super()._append(tick)
        if self.reader.filled == 1:  # the first after a hole
            self._activity.reset()
            self._moving.clear()
        self._moving.append(self._activity.hear(tick, self._moved_m))
        self._moved_m = np.zeros(2)

    def _take(self, answer: Answer) -> None:
        """Let a window's answer count."""
        evidence = answer.log_ratio
        if evidence is None:
            evidence = gaussian(answer.posterior, self.known_cells)
        self.tracker.update(evidence, max(LEAST_WEIGHT, float(np.mean(self._moving))))
        if answer.offset_ut is not None and not self._stands and _agree(answer.posterior, self.tracker.posterior()):
            self.offset.hear(answer.offset_ut, self.stride_s)

    def _tell(self, answer: Answer) -> Estimate:
        return report(
            self._stamp_ns,
            answer,
            posterior=self.tracker.posterior(),
            support=self.tracker.support,
            standing=self._stands,
            turn=self.tracker.turn(),
        )

    @property
    def _stands(self) -> bool:
        return self.tracker.standing > 0.5


def _agree(window: Posterior, belief: Posterior) -> bool:
    """Whether both are sure of the same place."""
    sure = min(window.near, belief.near) >= LOCALIZED_FROM and window.floor == belief.floor
    return sure and float(np.linalg.norm(window.position_m - belief.position_m)) <= NEAR_M


def tracked(localizer: Localizer, config: FilterConfig | None = None, *, odometry: bool) -> TrackedLocalizer:
    """Follow a fitted method over the cells that it knows.

    Args:
        localizer: a method that answers windows. It can be tracked both ways, and alone, at the same time.
        config: of the tracker; None for the defaults.
        odometry: whether every sample carries `moved_m`.

    Raises:
        ConfigError: a method that does not answer windows, or knows no cells.
    """
    if not isinstance(localizer, WindowLocalizer) or localizer.cells is None:
        raise ConfigError(
            "the tracker",
            wanted="a method that answers windows and knows the map's cells",
            found=type(localizer).__name__,
            fix="use it alone, or a model with a heatmap head",
        )
    return TrackedLocalizer(localizer, localizer.cells, config or FilterConfig(), odometry=odometry)


def localizer_of(
    model: Model, stride_s: float, tracker: TrackerChoice, reader: Callable[[], Reader] | None = None
) -> WindowLocalizer:
    """What node and evaluation make of a model.

    Args:
        model: a loaded model.
        stride_s: between two estimates.
        tracker: "none": each window by itself; "walking" and "odometry": see `tracked`.
        reader: as of `MailLocalizer`.

    Raises:
        ConfigError: a tracker for a model without a map.
    """
    alone = MailLocalizer(model, stride_s, reader=reader)
    return alone if tracker == "none" else tracked(alone, odometry=tracker == "odometry")
