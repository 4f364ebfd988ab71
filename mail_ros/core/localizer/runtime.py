"""A model in use on one robot: its localizer, odometry and diagnostics, and its last samples."""

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
from mail_ros.core.localizer.compose import Tracking, compose
from mail_ros.core.localizer.diagnostics import Diagnostics
from mail_ros.core.localizer.status_report import StatusMonitor
from mail_ros.core.models.model_file import LoadedModel
from mail_ros.core.platform.compensation import Compensation
from mail_ros.core.platform.odometry_buffer import OdometryBuffer, OdometryPose, StepBuffer, WheelBuffer
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import NS_PER_S, Estimate, FloatArray, Sample, YawEstimate

BUFFERS: Mapping[OdometrySource, Callable[[], OdometryBuffer[Any]]] = {"wheels": WheelBuffer, "steps": StepBuffer}
KEPT_S = 1.0  # samples kept in addition to those of a window
YIELD_S = 2e-4  # pause after each sample that another thread processes
MAX_KEPT = 5000  # samples, at any rate and whatever their stamps
MAX_YAW_DEVIATION_RAD = math.radians(20.0)  # largest deviation of odometry's yaw with which map -> odom is published


class PoseEstimate(NamedTuple):
    """An estimate, and the heading of the device."""

    estimate: Estimate
    heading: YawEstimate | None  # heading of the device in the map; None without odometry
    odometry: OdometryPose | None  # odometry's pose at the estimate's stamp


class Runtime:
    """What a node holds of a model."""

    def __init__(
        self,
        loaded: LoadedModel,
        *,
        map_frame: str,
        stride_s: float,
        tracker: TrackerChoice,
        odometry: OdometrySource,
        now_ns: Callable[[], int],
        about: Mapping[str, str],
        model_name: str,
        robot: Robot | None = None,
        near_m: float | None = None,
    ) -> None:
        """Start with a model.

        Args:
            loaded: the model.
            map_frame: frame of its floor 0.
            stride_s: between two estimates.
            tracker: see `compose`.
            odometry: source of displacements, where tracker or model need them.
            now_ns: the clock that stamps samples.
            about: see `Diagnostics`.
            model_name: see `status_report.model_name`.
            robot: the robot file; None for a device that adds nothing to the field.
            near_m: see `compose`.

        Raises:
            ConfigError: see `compose`; or odometry that the model cannot use.
        """
        self.loaded, self.map_frame, self.tracking = loaded, map_frame, Tracking(tracker, odometry)
        config = loaded.card.config
        by_distance = isinstance(config.sampling, DistanceSampling)
        if by_distance and odometry == "steps" and not config.along_path:
            raise ConfigError(
                "parameter odometry",
                wanted='"wheels", which report displacements continuously: the model is sampled by distance',
                found='"steps"',
                fix="use a model sampled by time for a person",
            )
        self.localizer = compose(loaded.model, tracker, stride_s, compensation=Compensation(robot), near_m=near_m)
        needs_odometry = tracker == "odometry" or config.needs_odometry
        self.odometry = BUFFERS[odometry]() if needs_odometry else None
        self.uses_imu_tilt = config.axes == "gravity" and odometry == "wheels"
        self.diagnostics = Diagnostics(self.localizer, now_ns, about)
        self.monitor = StatusMonitor(self.localizer, model_name)
        self.last: Estimate | None = None
        # A window by distance may have taken any time.
        self._kept_ns = math.inf if by_distance else (config.sampling.length + KEPT_S) * NS_PER_S
        self._kept: deque[tuple[int, Sample]] = deque(maxlen=MAX_KEPT)  # with their numbers
        self._count = 0  # samples so far

    def reset(self) -> None:
        """Drop all samples: time was set back."""
        self.localizer.reset()
        self.monitor.restart()
        self.last = None
        self._kept.clear()
        if self.odometry is not None:
            self.odometry.reset()

    def push(self, stamp_ns: int, field_ut: FloatArray) -> PoseEstimate | None:
        """Process a field reading, (3,) µT in the sensor's axes; return an estimate where one is due."""
        sample = Sample(stamp_ns, field_ut) if self.odometry is None else self.odometry.sample(stamp_ns, field_ut)
        self._keep(sample)
        estimate = self.localizer.push(sample)
        self.diagnostics.observe(sample, estimate)
        self.monitor.observe(estimate)
        if estimate is None:
            return None
        self.last = estimate
        odometry = None if self.odometry is None else self.odometry.at(estimate.stamp_ns)
        if estimate.odom_yaw is None or odometry is None:
            return PoseEstimate(estimate, None, odometry)
        angle_rad, variance_rad2 = estimate.odom_yaw
        return PoseEstimate(estimate, YawEstimate(angle_rad + odometry.yaw_rad, variance_rad2), odometry)

    def prepare(self, successor: Runtime) -> None:
        """Let a successor process the samples of this one; may run in a thread of its own, while this one continues.

        It yields to other threads after each sample.

        Raises:
            ConfigError: the successor needs other odometry than this one receives.
        """
        if successor.odometry is not None and type(successor.odometry) is not type(self.odometry):
            raise ConfigError(
                "the new model",
                wanted=f"odometry of {successor.tracking.odometry}",
                found="none" if self.odometry is None else self.tracking.odometry,
                fix="restart the localizer, or set its parameters tracker and odometry",
            )
        successor.localizer.compensation.joints = self.localizer.compensation.joints.copy()
        for number, sample in list(self._kept):
            successor.localizer.push(sample)
            successor._count = number
            time.sleep(YIELD_S)

    def hand_over(self, successor: Runtime) -> None:
        """Let a prepared successor continue from here: no estimate is lost, and none is made twice."""
        successor.localizer.compensation.joints = self.localizer.compensation.joints
        for number, sample in self._kept:
            if number > successor._count:
                successor.localizer.push(sample)
        successor._count, successor._kept, successor.odometry = self._count, self._kept, self.odometry
        if self.last is not None and self.last.status.is_trusted:
            with suppress(MailError):  # without a filter, or where its map does not reach, it starts from anywhere
                last = self.last
                successor.localizer.filter.set_initial_pose(last.position_m, last.covariance_m2, last.floor)
        successor.diagnostics.begin()
        successor.monitor.report = self.monitor.report  # until the successor's own estimate

    def _keep(self, sample: Sample) -> None:
        self._count += 1
        self._kept.append((self._count, sample))
        while sample.stamp_ns - self._kept[0][1].stamp_ns > self._kept_ns:
            self._kept.popleft()


def map_from_odometry(pose: PoseEstimate) -> OdometryPose | None:
    """Pose of odometry's frame in the map's (REP-105); None while the position or the yaw is not known."""
    estimate, odometry = pose.estimate, pose.odometry
    if odometry is None or estimate.odom_yaw is None or not estimate.status.is_trusted:
        return None
    angle_rad, variance_rad2 = estimate.odom_yaw
    if variance_rad2 > MAX_YAW_DEVIATION_RAD**2:
        return None
    cos, sin = math.cos(angle_rad), math.sin(angle_rad)
    x_m, y_m = odometry.position_m.tolist()
    origin_m = estimate.position_m - np.array([cos * x_m - sin * y_m, sin * x_m + cos * y_m])
    return OdometryPose(estimate.stamp_ns, origin_m, angle_rad)
