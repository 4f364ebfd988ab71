"""Tables of what was measured, and whether each bar is met: all of it computed from the estimates' files."""

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

YAW_BAR = 1.5  # times the mean error of the sessions as they were walked
STILL_M = 0.1  # the most that a stop may move a pose
GROWTH = (0.95, 1.05)  # of the deviation in a stop: odometry says that nothing moved, and nothing new is heard
PLAIN_BAR, TIME_BAR = 1.05, 1.2  # times the error and the time of the undisturbed drive before


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
    ratio: float  # of the two means
    worst: float  # of the buildings' own ratios
    bar: float  # for the ratio of the model `after`

    @property
    def met(self) -> bool:
        """Whether the bar is."""
        return self.ratio <= self.bar

    @property
    def figures(self) -> list[str]:
        """As tables have them: mean, median, share above 5 m, ratio, worst ratio."""
        ratios = (f"{self.ratio:.2f}", f"{self.worst:.2f}")
        return [f"{self.mean_m:.2f}", f"{self.median_m:.2f}", f"{self.over_5m:.1%}", *ratios]


@dataclass(frozen=True)
class Stand:
    """What one model said while the robot stood."""

    model: str
    stands: int
    moved_m: float  # the farthest that a pose moved from the first one of its stand
    growth: tuple[float, float, float]  # least, median and largest of the deviation's, from first to last


@dataclass(frozen=True)
class YawRow:
    """The recorded sessions of one floor."""

    floor: int
    axes: str
    turned: bool
    estimates: int
    mean_m: float
    median_m: float
    over_5m: float
    ratio: float  # of the mean to that of the same axes, as walked
    ratio_device: float  # to that of the device's axes, as walked


def curve_rows(planned: Plan, drawn: Sequence[Curve]) -> list[Row]:
    """Both models at every point."""
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


def stands(planned: Plan, drawn: Sequence[Curve]) -> list[Stand]:
    """What both models said in the stops of the curve of stops."""
    cases = [point.case for curve in drawn if curve.name == "stops" for point in curve.points if point.x]
    rows = []
    for model in CONFIGS:
        each = [stand for case in cases for stand in stands_of(planned.pooled(case, model))]
        moved_m = max(float(np.linalg.norm(one.position_m - one.position_m[0], axis=1).max()) for one in each)
        growth = np.array([one.deviation_m[-1] / one.deviation_m[0] for one in each])
        rows.append(
            Stand(model, len(each), moved_m, (float(growth.min()), float(np.median(growth)), float(growth.max())))
        )
    return rows


def stands_of(followed: Followed) -> Iterator[Followed]:
    """The estimates of each stand that took about a stop's time, first to last."""
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
            for turned in (False, True):
                of = [
                    job.read().moving()
                    for job in jobs
                    if (job.session.floor, job.session.axes) == (floor, axes)
                    and (job.session.draw != AS_WALKED) == turned
                ]
                metrics = joined(of).metrics()
                means_m[axes, turned] = metrics.mean_m
                rows.append(
                    YawRow(
                        floor,
                        axes,
                        turned,
                        metrics.estimates,
                        metrics.mean_m,
                        metrics.median_m,
                        metrics.over_5m,
                        metrics.mean_m / means_m[axes, False],
                        metrics.mean_m / means_m["device", False],
                    )
                )
    return rows
