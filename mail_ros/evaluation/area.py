"""Whether a method knows that it is outside the survey: on routes and floors that it never learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray, Status
from mail_ros.data.bag import Bag
from mail_ros.evaluation.cells import Cell
from mail_ros.evaluation.estimates import Scored
from mail_ros.evaluation.identity import walk_names

FAR_M = 2.0  # from the ways of all walks whose route was learned: there an estimate is outside


@dataclass(frozen=True)
class Area:
    """How well outside and inside are told apart; NaN where there are no such estimates."""

    outside: int  # estimates
    auroc: float  # of `Estimate.support`: 1 tells all apart, 0.5 none
    said: float  # share of the estimates outside with the status OUT_OF_AREA, 0 to 1
    said_wrongly: float  # share of those on learned routes


def area(cell: Cell, scored: Sequence[Scored]) -> Area:
    """Compare estimates outside the survey with those of walks whose route was learned, on the cell's own floor.

    Where a left-out route goes along a learned one, its estimates count for neither.

    Args:
        cell: says which walks taught.
        scored: its estimates.
    """
    learned = {Bag(bag).notes().get("route") for bag in cell.train}
    known_bags = {
        name
        for name, bag in zip(walk_names(cell.test), cell.test, strict=True)
        if Bag(bag).notes().get("route") in learned
    }
    known = np.array([one.bag in known_bags and one.reference_floor == cell.floor for one in scored], dtype=np.bool_)
    place_m = np.array([one.reference_m for one in scored])  # (n, 2)
    floor = np.array([one.reference_floor for one in scored])
    outside = ~known & ((floor != cell.floor) | (_distance_m(place_m, place_m[known]) > FAR_M))
    support = np.array([one.estimate.map_fit for one in scored])
    said = np.array([one.estimate.status is Status.OUT_OF_AREA for one in scored])
    shares = (float(said[part].mean()) if part.any() else np.nan for part in (outside, known))
    return Area(int(outside.sum()), auroc(-support[outside], -support[known]), *shares)


def auroc(positive: FloatArray, negative: FloatArray) -> float:
    """Chance that one of `positive` is above one of `negative`, ties half; NaN where one is empty or has a NaN."""
    if not (len(positive) and len(negative)) or np.isnan(positive).any() or np.isnan(negative).any():
        return np.nan
    order = np.sort(negative)
    below, up_to = (np.searchsorted(order, positive, side=side) for side in ("left", "right"))
    return float((below + up_to).mean() / (2 * len(order)))


def _distance_m(place_m: FloatArray, way_m: FloatArray) -> FloatArray:
    """(n,) from places (n, 2) to the nearest of other places (m, 2); infinite where there are none."""
    nearest_m = np.full(len(place_m), np.inf)
    for part_m in np.array_split(way_m, max(1, len(way_m) // 256)):
        offset_m = np.linalg.norm(place_m[:, None] - part_m[None], axis=2)
        nearest_m = np.minimum(nearest_m, offset_m.min(axis=1, initial=np.inf))
    return nearest_m
