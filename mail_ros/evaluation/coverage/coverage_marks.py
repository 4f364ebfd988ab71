"""The marks of a floor in the picture: dashes of a metre, arrows along missing directions, numbered stretches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.coverage import METRE_M, Coverage, Need, Stretch
from mail_ros.data.floor_plan import FloorPlan

INK, QUIET = "#1f2933", "#616e7c"
SMALLEST_M = 2.0  # shorter stretches have no number
MAX_NUMBERED = 12  # stretches
MARGIN_M, MARGIN_FRACTION = 2.0, 0.03  # around the paths: a length, plus a fraction of their extent
# Fractions of the floor's size: an arrow's stroke, and the distance between two arrows.
ARROW_FRACTION, ARROW_SPACING = 0.016, 0.055


class Look(NamedTuple):
    """How a need is drawn: by width as well as by colour, for colour-blind readers."""

    colour: str
    width: float  # points
    words: str


LOOKS: dict[Need, Look] = {
    Need.NOTHING: Look("#9bbcad", 3.0, "covered"),
    Need.REVERSE: Look("#f59e0b", 5.5, "walked one way only: walk it the other way"),
    Need.AGAIN: Look("#c81e1e", 7.5, "walked once: walk it the other way"),
}
SHORT = {Need.REVERSE: "the other way", Need.AGAIN: "once more"}


def dashes(floor: Coverage, need: Need) -> FloatArray:
    """(m, 2, 2) start and end of each metre of path with this need."""
    half_m = METRE_M / 2 * _direction(floor.heading_rad)
    ends_m: FloatArray = np.stack([floor.position_m - half_m, floor.position_m + half_m], axis=1)[floor.need == need]
    return ends_m


def arrows(floor: Coverage, need: Need) -> FloatArray:
    """(m, 3, 2) chevrons along metres with this need, in the direction that was walked less."""
    size_m = float(extent_m(floor)[1].max())
    chosen = np.array(_apart(floor.position_m, np.flatnonzero(floor.need == need), ARROW_SPACING * size_m), np.int64)
    missing_rad = np.arctan2(floor.missing[chosen, 1], floor.missing[chosen, 0])
    stroke_m = max(ARROW_FRACTION * size_m, 0.3)
    tip_m = floor.position_m[chosen] + 0.4 * stroke_m * _direction(missing_rad)
    wings = [tip_m + stroke_m * _direction(missing_rad + side * np.radians(145.0)) for side in (1.0, -1.0)]
    return np.stack([wings[0], tip_m, wings[1]], axis=1)


def extent_m(floor: Coverage, plan: FloorPlan | None = None) -> tuple[FloatArray, FloatArray]:
    """Lower left corner (2,) and size (2,) of the map: the paths, and the known part of the plan."""
    low_m, high_m = floor.position_m.min(axis=0), floor.position_m.max(axis=0)
    margin_m = MARGIN_M + MARGIN_FRACTION * (high_m - low_m).max()
    low_m, high_m = low_m - margin_m, high_m + margin_m
    if plan is not None:
        known_low_m, known_high_m = plan.known_m
        low_m, high_m = np.minimum(low_m, known_low_m), np.maximum(high_m, known_high_m)
    return low_m, high_m - low_m


def _apart(position_m: FloatArray, index: IntArray, min_m: float) -> list[int]:
    """Indices of positions with a minimum distance from each other, chosen in order."""
    chosen: list[int] = []
    for at in index.tolist():
        if all(np.hypot(*(position_m[at] - position_m[other])) >= min_m for other in chosen):
            chosen.append(at)
    return chosen


def numbered(floor: Coverage) -> list[Stretch]:
    """The stretches with a number, from 1 on in this order."""
    return [stretch for stretch in floor.stretches() if stretch.length_m >= SMALLEST_M][:MAX_NUMBERED]


def line_of(number: int, stretch: Stretch) -> str:
    """A numbered stretch in words."""
    (x0, y0), (x1, y1) = stretch.start_m, stretch.end_m
    ends = f"from ({x0:.1f}, {y0:.1f}) to ({x1:.1f}, {y1:.1f})"
    return f"{number}: walk {stretch.length_m:.0f} m {SHORT[stretch.need]}, {ends}"


def summary(floor: Coverage) -> str:
    """A floor in one line."""
    total_m, enough_m, once_m = floor.length_m(), floor.length_m(Need.NOTHING), floor.length_m(Need.AGAIN)
    words = f"floor {floor.floor}: {total_m:.0f} m of path"
    enough = "both ways" if floor.both_directions else "twice or more"
    if enough_m == total_m:
        return f"{words}, all of it walked {enough}"
    if not floor.both_directions:
        return f"{words}, {enough_m:.0f} m {enough}, {once_m:.0f} m once"
    single = f"{total_m - enough_m:.0f} m ({1.0 - enough_m / total_m:.0%}) one way only"
    return f"{words}, {enough_m:.0f} m {enough}, {single}, {once_m:.0f} m of it once"


def one_direction_cost(floor: Coverage) -> str:
    """What the metres cost that were walked in one direction only; the error was measured in docs/survey.md."""
    single_m = floor.length_m(Need.REVERSE, Need.AGAIN)
    return f"floor {floor.floor}: on {single_m:.0f} m a walk the other way matches no window, and errs as chance does"


def _direction(heading_rad: FloatArray) -> FloatArray:
    return np.column_stack([np.cos(heading_rad), np.sin(heading_rad)])
