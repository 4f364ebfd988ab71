"""Corridors between corners, and routes of surveys and drives over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import BoolArray, FloatArray, IntArray

HALF_M = 1.0  # from a corridor's centre line to where its field ends


@dataclass(frozen=True)
class CorridorPlan:
    """A floor of straight corridors between corners."""

    corner_m: FloatArray  # (c, 2)
    corridor: IntArray  # (e, 2) the corners at both ends

    def neighbours(self, corner: int) -> list[int]:
        """The corners at the other ends of a corner's corridors."""
        return [int(a + b - corner) for a, b in self.corridor if corner in (a, b)]

    @property
    def extent_m(self) -> FloatArray:
        """See `WalkableArea`."""
        return np.array([self.corner_m.min(axis=0) - HALF_M, self.corner_m.max(axis=0) + HALF_M])

    def contains(self, position_m: FloatArray, margin_m: float) -> BoolArray:
        """See `WalkableArea`."""
        inside: BoolArray = distance_m(self, position_m) <= HALF_M + margin_m
        return inside


def survey_route(plan: CorridorPlan, seed: int) -> list[int]:
    """A closed route over corners that takes every corridor once in each direction (Hierholzer)."""
    rng = np.random.default_rng([seed, 2])
    left = {corner: list(rng.permutation(plan.neighbours(corner))) for corner in range(len(plan.corner_m))}
    stack, route = [int(rng.integers(len(left)))], []
    while stack:
        if left[stack[-1]]:
            stack.append(int(left[stack[-1]].pop()))
        else:
            route.append(stack.pop())
    return route[::-1]


def drive_route(plan: CorridorPlan, length_m: float, seed: int) -> list[int]:
    """A random route of at least `length_m` without U-turns."""
    rng = np.random.default_rng([seed, 3])
    route = [int(rng.integers(len(plan.corner_m)))]
    while lengths_m(plan.corner_m[route]).sum() < length_m:
        route.append(int(rng.choice([c for c in plan.neighbours(route[-1]) if c not in route[-2:]])))
    return route


def lengths_m(corner_m: FloatArray) -> FloatArray:
    """(c - 1,) distances between consecutive corners (c, 2) of a route."""
    steps_m: FloatArray = np.linalg.norm(np.diff(corner_m, axis=0), axis=1)
    return steps_m


def distance_m(plan: CorridorPlan, position_m: FloatArray) -> FloatArray:
    """(k,) horizontal distance from each position (k, 2) to the centre line of the nearest corridor."""
    start_m, end_m = (plan.corner_m[plan.corridor[:, side]] for side in (0, 1))
    leg_m, relative_m = end_m - start_m, position_m[:, None] - start_m  # (e, 2), (k, e, 2)
    fraction = np.clip((relative_m * leg_m).sum(axis=2) / np.square(leg_m).sum(axis=1), 0.0, 1.0)
    nearest_m: FloatArray = np.linalg.norm(relative_m - fraction[..., None] * leg_m, axis=2).min(axis=1)
    return nearest_m
