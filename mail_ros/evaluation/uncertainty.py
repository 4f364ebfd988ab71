"""Whether estimates know how good they are: their covariance, and the statuses LOCALIZED and OUT_OF_AREA."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import BoolArray, FloatArray, Status
from mail_ros.data.scored import Scored, squared_distances

REGIONS = (0.5, 0.9, 0.95)
PROMISES = (Status.LOCALIZED, Status.STATIONARY)  # to be within `Estimate.near_m`
ESTIMATED = (*PROMISES, Status.UNCERTAIN, Status.OUT_OF_AREA)  # statuses of an estimate
WRONG = "wrong"
FAR_M = 2.0  # an estimate this far from all learned routes is outside the survey


@dataclass(frozen=True)
class Uncertainty:
    """Fractions of some estimates, 0 to 1; the last two of those with status LOCALIZED, NaN if there are none."""

    in_50: float  # true position inside the 50 % region of the covariance, and on its floor
    in_90: float
    in_95: float
    localized: float  # with that status
    localized_near: float  # within `Estimate.near_m`
    localized_floor: float  # on the right floor


def uncertainty(scored: Sequence[Scored]) -> Uncertainty:
    """Compare covariance and status of some estimates, one or more, with their errors.

    A Gaussian's region of probability p in the plane is where the squared Mahalanobis distance is below
    -2 ln(1 - p).
    """
    squared = squared_distances(scored)
    floor = np.array([one.estimate.floor == one.reference_floor for one in scored])
    localized = np.array([one.estimate.status is Status.LOCALIZED for one in scored])
    near = np.array([one.error_m <= one.estimate.near_m for one in scored])
    in_50, in_90, in_95 = (float((squared <= -2.0 * np.log(1.0 - p)).mean()) for p in REGIONS)
    localized_near, localized_floor = (_fraction(each, localized) for each in (near & floor, floor))
    return Uncertainty(in_50, in_90, in_95, float(localized.mean()), localized_near, localized_floor)


def uncertainty_line(found: Uncertainty) -> str:
    """One line for people."""
    inside = ", ".join(f"{part:.1%}" for part in (found.in_50, found.in_90, found.in_95))
    return f"inside the 50, 90 and 95 % regions: {inside}"


def status_fractions(scored: Sequence[Scored]) -> dict[str, float]:
    """Fraction of some estimates with each status, and the wrong ones among those that promise to be near.

    Wrong is farther off than `Estimate.near_m`, or on another floor; NaN where no estimate has the status.
    """
    fractions = {}
    for status in ESTIMATED:
        wrong = [
            one.error_m > one.estimate.near_m or one.estimate.floor != one.reference_floor
            for one in scored
            if one.estimate.status is status
        ]
        fractions[status.value] = len(wrong) / len(scored)
        if status in PROMISES:
            fractions[f"{status.value}, {WRONG}"] = float(np.mean(wrong)) if wrong else np.nan
    return fractions


@dataclass(frozen=True)
class Area:
    """How well estimates outside and inside the survey are separated; NaN where there are no such estimates."""

    outside: int  # estimates
    auroc: float  # AUROC of `Estimate.map_fit`: 1 separates all, 0.5 none
    reported: float  # fraction of the estimates outside with the status OUT_OF_AREA, 0 to 1
    reported_inside: float  # the same of those on learned routes


def area(scored: Sequence[Scored], floor: int, learned: Collection[str]) -> Area:
    """Compare estimates outside the survey with those of walks on a learned route.

    Where a left-out route overlaps a learned one, its estimates count for neither.

    Args:
        scored: the estimates.
        floor: the surveyed floor.
        learned: names of bags whose route was learned.
    """
    on_floor = np.array([one.reference_floor == floor for one in scored], dtype=np.bool_)
    known = on_floor & np.array([one.bag in learned for one in scored], dtype=np.bool_)
    position_m = np.array([one.reference_m for one in scored])  # (n, 2)
    outside = ~known & (~on_floor | (_distance_m(position_m, position_m[known]) > FAR_M))
    map_fit = np.array([one.estimate.map_fit for one in scored])
    reported = np.array([one.estimate.status is Status.OUT_OF_AREA for one in scored])
    separation = auroc(-map_fit[outside], -map_fit[known])
    return Area(int(outside.sum()), separation, _fraction(reported, outside), _fraction(reported, known))


def auroc(positive: FloatArray, negative: FloatArray) -> float:
    """Chance that one of `positive` is above one of `negative`, ties half; NaN where one is empty or has a NaN."""
    if not (len(positive) and len(negative)) or np.isnan(positive).any() or np.isnan(negative).any():
        return np.nan
    order = np.sort(negative)
    below, up_to = (np.searchsorted(order, positive, side=side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(order)))


def _fraction(holds: BoolArray, among: BoolArray) -> float:
    """Fraction of (n,) among some; NaN if there are none."""
    return float(holds[among].mean()) if among.any() else np.nan


def _distance_m(position_m: FloatArray, path_m: FloatArray) -> FloatArray:
    """(n,) from positions (n, 2) to the nearest of others (m, 2); infinite where there are none."""
    nearest_m = np.full(len(position_m), np.inf)
    for part_m in np.array_split(path_m, max(1, len(path_m) // 256)):
        offset_m = np.linalg.norm(position_m[:, None] - part_m[None], axis=2)
        nearest_m = np.minimum(nearest_m, offset_m.min(axis=1, initial=np.inf))
    return nearest_m
