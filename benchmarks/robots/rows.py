"""Tables of the measurements, computed from the files of estimates, and whether each bar is met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.robots.cases import STOP_S, Curve
from benchmarks.robots.followed import Followed, joined
from benchmarks.robots.run import Plan
from benchmarks.robots.world import CONFIGS
from benchmarks.robots.yaw import AS_WALKED
from benchmarks.robots.yaw import CONFIGS as AXES

YAW_BAR = 1.5  # ratio to the mean error of the sessions as walked
STILL_M = 0.1  # maximum motion of a pose in a stop
GROWTH = (0.95, 1.05)  # ratio of the deviation at the end and at the start of a stop: there is no new information
PLAIN_BAR, TIME_BAR = 1.05, 1.2  # ratio to the error and the time of the undisturbed drive before


@dataclass(frozen=True)
class Row:
    """One point of a curve by one model."""

    curve: str
    x: float
    model: str
    estimates: int
    mean_m: float
    median_m: float
    over_5m: float
    undisturbed_m: float  # mean error of this model on the undisturbed drives
    ratio: float  # mean over undisturbed mean
    worst: float  # largest ratio of one building
    bar: float  # for the ratio of the model `after`

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.ratio <= self.bar

    @property
    def figures(self) -> list[str]:
        """Columns of tables: mean, median, fraction above 5 m, ratio, worst ratio."""
        ratios = (f"{self.ratio:.2f}", f"{self.worst:.2f}")
        return [f"{self.mean_m:.2f}", f"{self.median_m:.2f}", f"{self.over_5m:.1%}", *ratios]


@dataclass(frozen=True)
class StopRow:
    """Estimates of one model while the robot is stationary."""

    model: str
    stops: int
    moved_m: float  # largest distance of a pose from the first one of its stop
    growth: tuple[float, float, float]  # minimum, median and maximum ratio of the last deviation to the first


@dataclass(frozen=True)
class YawRow:
    """The recorded sessions of one floor."""

    floor: int
    axes: str
    rotated: bool
    estimates: int
    mean_m: float
    median_m: float
    over_5m: float
    ratio: float  # mean over the mean of the same axes, as walked
    ratio_device: float  # mean over the mean of the device's axes, as walked


def curve_rows(planned: Plan, drawn: Sequence[Curve]) -> list[Row]:
    """Rows of both models at every point."""
    return [row for curve in drawn for row in _curve_rows(planned, curve)]


def _curve_rows(planned: Plan, curve: Curve) -> Iterator[Row]:
    for point in curve.points:
        for model in CONFIGS:
            metrics = planned.pooled(point.case, model).metrics()
            undisturbed_m = planned.pooled(point.undisturbed, model).metrics().mean_m
            own = [
                job.read(point.case, model).metrics().mean_m / job.read(point.undisturbed, model).metrics().mean_m
                for job in planned.drives
            ]
            yield Row(
                curve.name,
                point.x,
                model,
                metrics.estimates,
                metrics.mean_m,
                metrics.median_m,
                metrics.over_5m,
                undisturbed_m,
                metrics.mean_m / undisturbed_m,
                max(own),
                point.bar,
            )


def stop_rows(planned: Plan, drawn: Sequence[Curve]) -> list[StopRow]:
    """Both models in the stops of the curve of stops."""
    cases = [point.case for curve in drawn if curve.name == "stops" for point in curve.points if point.x]
    rows = []
    for model in CONFIGS:
        each = [stop for case in cases for stop in stops_of(planned.pooled(case, model))]
        moved_m = max(float(np.linalg.norm(one.position_m - one.position_m[0], axis=1).max()) for one in each)
        growth = np.array([one.deviation_m[-1] / one.deviation_m[0] for one in each])
        rows.append(
            StopRow(model, len(each), moved_m, (float(growth.min()), float(np.median(growth)), float(growth.max())))
        )
    return rows


def stops_of(followed: Followed) -> Iterator[Followed]:
    """The estimates of each stop of about the full duration, first to last."""
    breaks = np.flatnonzero((np.diff(followed.walk) != 0) | (np.diff(followed.paused.astype(int)) != 0)) + 1
    for part in np.split(np.arange(len(followed.walk)), breaks):
        if len(part) and followed.paused[part[0]] and np.ptp(followed.time_s[part]) > 0.9 * STOP_S:
            yield followed.at(part)


def yaw_rows(planned: Plan) -> list[YawRow]:
    """Every floor in both axes; moving estimates, as in all tables of recorded walks."""
    jobs = planned.sessions
    rows = []
    for floor in sorted({job.session.floor for job in jobs}):
        means_m: dict[tuple[str, bool], float] = {}
        for axes in AXES:
            for rotated in (False, True):
                of = [
                    job.read().moving()
                    for job in jobs
                    if (job.session.floor, job.session.axes) == (floor, axes)
                    and (job.session.draw != AS_WALKED) == rotated
                ]
                metrics = joined(of).metrics()
                means_m[axes, rotated] = metrics.mean_m
                rows.append(
                    YawRow(
                        floor,
                        axes,
                        rotated,
                        metrics.estimates,
                        metrics.mean_m,
                        metrics.median_m,
                        metrics.over_5m,
                        metrics.mean_m / means_m[axes, False],
                        metrics.mean_m / means_m["device", False],
                    )
                )
    return rows
