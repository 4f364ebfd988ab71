"""Lines through a hall: the lanes of a survey, and drives from waypoint to waypoint; both keep clear of obstacles."""

from __future__ import annotations

import itertools

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.corridor_plan import CorridorPlan, lengths_m
from mail_ros.data.simulator.hall import CLEARANCE_M, MARGIN_M, Hall

LEG_M = 2.5  # least distance of two waypoints
ASIDE_M = 0.15  # beyond the clearance, at a corner beside an obstacle
LEAVE_M = 1.0  # from the clearance of an obstacle to where a lane leaves its line
THROUGH_DOOR = 0.1  # probability of the next waypoint
DETOURS = 4  # depth of detours within detours


def lane_line_m(hall: Hall, spacing_m: float) -> FloatArray:
    """(c, 2) corners of a line over parallel lanes, to and fro, from the corridor's corner if there is one.

    Raises:
        ConfigError: the hall has no room for two lanes.
    """
    (first_m, low_m), (last_m, high_m) = (hall.low_m + MARGIN_M).tolist(), (hall.high_m - MARGIN_M).tolist()
    lanes_m = np.arange(low_m, high_m + 1e-9, spacing_m)
    if len(lanes_m) < 2:
        raise ConfigError(
            "lanes", wanted=f"at most {high_m - low_m:g} m apart", found=f"{spacing_m:g}", fix="reduce the distance"
        )
    line_m = [] if hall.doorway is None else list(hall.doorway.corner_m)
    for number, y in enumerate(lanes_m.tolist()):
        ends_m = (first_m, last_m) if number % 2 == 0 else (last_m, first_m)
        line_m += _lane(hall, *(np.array([x, y]) for x in ends_m))
    return _clear_line_m(hall, line_m)


def free_line_m(hall: Hall, plan: CorridorPlan, length_m: float, seed: int) -> FloatArray:
    """(c, 2) corners of a line of at least `length_m` over random waypoints, at times through the door and back."""
    rng = np.random.default_rng([seed, 4])
    line_m = [_waypoint(hall, rng)]
    while len(line_m) < 2 or lengths_m(np.array(line_m)).sum() < length_m:
        if hall.doorway is not None and rng.random() < THROUGH_DOOR:
            corner_m, inside_m = hall.doorway.corner_m
            corner = int(np.linalg.norm(plan.corner_m - corner_m, axis=1).argmin())
            there_m = plan.corner_m[int(rng.choice(plan.neighbours(corner)))]
            onwards = [inside_m, corner_m, there_m, corner_m, inside_m]
        else:
            onwards = [_waypoint(hall, rng)]
        if np.linalg.norm(onwards[0] - line_m[-1]) > LEG_M:
            line_m += [*_detour(hall, line_m[-1], onwards[0]), *onwards]
    return np.array(line_m)


def _clear_line_m(hall: Hall, line_m: list[FloatArray]) -> FloatArray:
    """A line with detours around the obstacles on its legs."""
    legs = [[start_m, *_detour(hall, start_m, end_m)] for start_m, end_m in itertools.pairwise(line_m)]
    return np.array([*itertools.chain.from_iterable(legs), line_m[-1]])


def _lane(hall: Hall, start_m: FloatArray, end_m: FloatArray) -> list[FloatArray]:
    """Both ends of a lane, and where it leaves its line for obstacles and returns to it."""
    ahead = (end_m - start_m) / np.linalg.norm(end_m - start_m)
    centre_m, radius_m = hall.obstacles
    along_m, reach_m = (centre_m - start_m) @ ahead, radius_m + CLEARANCE_M
    blocking = np.abs((centre_m - start_m) @ np.array([-ahead[1], ahead[0]])) < reach_m
    found = [0.0, float(np.linalg.norm(end_m - start_m))]
    for at_m, half_m in sorted(zip(along_m[blocking].tolist(), (reach_m + LEAVE_M)[blocking].tolist(), strict=True)):
        leave_m, return_m = max(at_m - half_m, 0.0), min(at_m + half_m, found[-1])
        if len(found) > 2 and leave_m <= found[-2]:  # before it has returned from the one before
            found[-2] = return_m
        else:
            found[-1:-1] = [leave_m, return_m]
    return [start_m + at_m * ahead for at_m in sorted(set(found))]


def _waypoint(hall: Hall, rng: np.random.Generator) -> FloatArray:
    """A position that is clear of all obstacles."""
    centre_m, radius_m = hall.obstacles
    while True:
        at_m: FloatArray = rng.uniform(hall.low_m + MARGIN_M, hall.high_m - MARGIN_M)
        if (np.linalg.norm(centre_m - at_m, axis=1) > radius_m + CLEARANCE_M).all():
            return at_m


def _detour(hall: Hall, start_m: FloatArray, end_m: FloatArray, depth: int = DETOURS) -> list[FloatArray]:
    """Corners between two positions that lead around the obstacles on the straight line."""
    leg_m = end_m - start_m
    square_m2 = float(leg_m @ leg_m)
    centre_m, radius_m = hall.obstacles
    along = (centre_m - start_m) @ leg_m / max(square_m2, 1e-9)
    nearest_m = start_m + along[:, None] * leg_m
    away_m, reach_m = np.linalg.norm(centre_m - nearest_m, axis=1), radius_m + CLEARANCE_M
    blocking = np.flatnonzero((away_m < reach_m - 1e-6) & (along > 0.0) & (along < 1.0))
    if depth == 0 or not len(blocking):
        return []
    first = blocking[along[blocking].argmin()]
    left = np.array([-leg_m[1], leg_m[0]]) / square_m2**0.5
    side = left if (nearest_m[first] - centre_m[first]) @ left >= 0.0 else -left
    corner_m = centre_m[first] + (reach_m[first] + ASIDE_M) * side
    if not hall.contains(corner_m[None], -MARGIN_M)[0]:
        corner_m = centre_m[first] - (reach_m[first] + ASIDE_M) * side
    return [
        *_detour(hall, start_m, corner_m, depth - 1),
        corner_m,
        *_detour(hall, corner_m, end_m, depth - 1),
    ]
