"""The composition: magnetometer samples in, position estimates out.

    Sample --> Compensation --> Preprocessor --> Window --> Model --> GridFilter --> Estimate
    push()     robot file       rows             last 10 s  log likelihoods  belief  metres, map frame

There is no ROS here. Node, evaluator, fleet, replay and tests drive the same `push`, so the reported error is the
error of the robot.
"""

from __future__ import annotations

from collections.abc import Sequence

from mail_ros.core.config import STRIDE_S, check_range
from mail_ros.core.filter.single_window import PositionFilter
from mail_ros.core.models.model import Model
from mail_ros.core.models.site_calibration import TrackerCalibration
from mail_ros.core.platform.compensation import Compensation
from mail_ros.core.signal.preprocessor import Preprocessor
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import LOCALIZED_FROM, NS_PER_S, Estimate, Posterior, Row, Sample, Status

MIN_STRIDE_S = 0.01  # sampled by distance


class Localizer:
    """One model and one filter on the samples of one device.

    Estimates are due at whole multiples of the stride since the epoch, so that two localizers on the same sensor have
    the same stamps, whenever each was started. A hole in the samples empties the window; a filter's belief outlives it,
    widened by the time that passed, or moved by odometry. A clock that is set back resets both.
    """

    def __init__(
        self,
        model: Model,
        position_filter: PositionFilter,
        stride_s: float = STRIDE_S,
        compensation: Compensation | None = None,
        calibration: TrackerCalibration | None = None,
    ) -> None:
        """Compose; every part starts empty.

        Args:
            model: of the site; several localizers may share it.
            position_filter: of this device alone.
            stride_s: between two estimates.
            compensation: of this device alone; None for a device that adds nothing to the field.
            calibration: of the beliefs; None where they are as wide as their errors are large.

        Raises:
            ConfigError: a stride shorter than a row, or longer than an hour.
        """
        sampling = model.config.sampling
        check_range("stride_s", stride_s, sampling.pick(seconds=1.0 / sampling.per_unit, metres=MIN_STRIDE_S), 3600.0)
        self.model, self.filter, self.stride_s = model, position_filter, stride_s
        self.compensation = compensation or Compensation()
        self.calibration = calibration or TrackerCalibration()
        self.preprocessor = Preprocessor(
            sampling,
            model.config.axes,
            needs_odometry=position_filter.needs_odometry,
            along_path=model.config.along_path,
        )
        self._by_distance = isinstance(sampling, DistanceSampling)
        self._stride_ns = round(stride_s * NS_PER_S)
        self.window = model.window(1 if self._by_distance else round(stride_s * sampling.per_unit))
        self.reset()

    def reset(self) -> None:
        """Drop all samples and what was inferred from them."""
        self.preprocessor.reset()
        self.window.clear()
        self.filter.reset()
        self.status = Status.FILLING  # now; that of the last estimate once the window is full
        self._unread = False  # whether the window has rows that no update or estimate has used
        self._attention: tuple[float, ...] | None = None  # attention of the last compared window; None: there is none

    def push(self, sample: Sample) -> Estimate | None:
        """Process the next sample; return an estimate where one is due, which uses no later sample.

        None while the window fills, between strides, and for samples that are rejected.

        Raises:
            TrackError: the sample lacks odometry or attitude, which model or filter need.
        """
        reading = self.compensation.apply(sample)
        rows = self.preprocessor.push(reading)
        for row in rows:
            self.window.append(row)
        self._update_status(rows)
        self.filter.predict(rows, self.preprocessor.elapsed_ns / NS_PER_S, self.preprocessor.moved_m)
        if not self._stride_elapsed(rows):
            return None
        if self._unread and self.filter.update_due():
            prediction = self.model.predict(self.window, self.filter.query)
            self.filter.update(prediction)
            self._attention = prediction.attention
        self._unread = False
        return None if self._attention is None else self._estimate(sample.stamp_ns, self.filter.posterior())

    def _stride_elapsed(self, rows: Sequence[Row]) -> bool:
        """Whether an estimate is due: a whole window ended, or, by distance, a stride of time has passed."""
        window, elapsed_ns = self.window, self.preprocessor.elapsed_ns
        if not self._by_distance:
            self._unread = bool(rows) and window.full and window.end_index >= rows[0].index
            return self._unread
        if elapsed_ns > self.preprocessor.resampler.max_gap_ns:
            self._unread = False  # the device moved on from where the window ends
        self._unread = (self._unread or bool(rows)) and window.full
        newest_ns = self.preprocessor.resampler.newest_ns or 0
        if elapsed_ns <= 0 or newest_ns // self._stride_ns <= (newest_ns - elapsed_ns) // self._stride_ns:
            return False
        return window.full or self.filter.continuous

    def _estimate(self, stamp_ns: int, posterior: Posterior) -> Estimate:
        map_fit, calibration = self.filter.map_fit, self.calibration
        self.status = status_of(posterior, map_fit, self.filter.is_stationary, calibration.localized_from)
        localized = self.status is Status.LOCALIZED or self.status is Status.STATIONARY
        scale = calibration.localized_scale if localized else calibration.uncertain_scale
        return Estimate(
            stamp_ns,
            posterior.position_m,
            scale * posterior.covariance_m2,
            posterior.floor,
            self.status,
            self._attention or (),
            map_fit,
            self.filter.odom_yaw,
            posterior.near_m,
            posterior.near,
        )

    def _update_status(self, rows: Sequence[Row]) -> None:
        # A filter that has a position keeps it while a window by distance refills.
        goes_on = self._by_distance and self.filter.continuous and self._attention is not None
        if self.preprocessor.faulty:
            self.status = Status.SENSOR_FAULT
        elif self.status is Status.SENSOR_FAULT or (rows and self.window.fill < 1.0 and not goes_on):
            self.status = Status.FILLING


def status_of(posterior: Posterior, map_fit: float, stationary: bool, localized_from: float = LOCALIZED_FROM) -> Status:
    """The status of an estimate: the same rule for every method; NaN is a map fit that is not known."""
    if map_fit < 0.0 and not stationary:
        return Status.OUT_OF_AREA
    if posterior.near < localized_from:
        return Status.UNCERTAIN
    return Status.STATIONARY if stationary else Status.LOCALIZED
