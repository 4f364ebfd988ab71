"""Corridors between corners, and routes that surveys and drives take over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mail_ros.core.types import FloatArray, IntArray


@dataclass(frozen=True)
class Plan:
    """A floor of straight corridors between corners."""

    corner_m: FloatArray  # (c, 2)
    corridor: IntArray  # (e, 2) the corners at both ends

    def neighbours(self, corner: int) -> list[int]:
        """The corners at the other ends of a corner's corridors."""
        return [int(a + b - corner) for a, b in self.corridor if corner in (a, b)]


class Premises(Protocol):
    """Floors of one plan, numbered from 0 on, with a field in them."""

    @property
    def plan(self) -> Plan:
        """Of every floor."""

    @property
    def floors(self) -> Sequence[object]:
        """As many as there are."""

    def field_ut(self, floor: int, place_m: FloatArray) -> FloatArray:
        """The field (n, 3) in the map's axes, at places (n, 3) over a floor."""


def survey_route(plan: Plan, seed: int) -> list[int]:
    """A closed way over corners that takes every corridor once in each direction (Hierholzer)."""
    rng = np.random.default_rng([seed, 2])
    left = {corner: list(rng.permutation(plan.neighbours(corner))) for corner in range(len(plan.corner_m))}
    stack, route = [int(rng.integers(len(left)))], []
    while stack:
        if left[stack[-1]]:
            stack.append(int(left[stack[-1]].pop()))
        else:
            route.append(stack.pop())
    return route[::-1]


def drive_route(plan: Plan, length_m: float, seed: int) -> list[int]:
    """A way of at least `length_m` that turns at random and never back."""
    rng = np.random.default_rng([seed, 3])
    route = [int(rng.integers(len(plan.corner_m)))]
    while lengths_m(plan.corner_m[route]).sum() < length_m:
        route.append(int(rng.choice([c for c in plan.neighbours(route[-1]) if c not in route[-2:]])))
    return route


def lengths_m(corner_m: FloatArray) -> FloatArray:
    """(c - 1,) from each corner of a way, (c, 2), to the next."""
    steps_m: FloatArray = np.linalg.norm(np.diff(corner_m, axis=0), axis=1)
    return steps_m


def distance_m(plan: Plan, place_m: FloatArray) -> FloatArray:
    """(k,) on the floor, from each place (k, 2) to the nearest corridor's middle."""
    start_m, end_m = (plan.corner_m[plan.corridor[:, side]] for side in (0, 1))
    leg_m, relative_m = end_m - start_m, place_m[:, None] - start_m  # (e, 2), (k, e, 2)
    share = np.clip((relative_m * leg_m).sum(axis=2) / np.square(leg_m).sum(axis=1), 0.0, 1.0)
    nearest_m: FloatArray = np.linalg.norm(relative_m - share[..., None] * leg_m, axis=2).min(axis=1)
    return nearest_m
