"""The ways that a survey went, as a graph: places half a metre apart, joined where it went from one to the next.

Routes over it take corridors and junctions in any order and direction, and so also turns that no survey took.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mail_ros.core.types import FloatArray, IntArray

PLACE_M = 0.5  # whatever is so near to a place counts as there
LEG_M = 5.0  # shorter legs between two goals are none
BACK = -0.3  # cosine of the angle between two legs, below which a route would turn back
TRIES, ATTEMPTS = 20, 10  # at goals of a leg, at a route


class SurveyedWays:
    """Places and the ways between them."""

    def __init__(self, stretches_m: Sequence[FloatArray]) -> None:
        """Join the places of a survey's stretches (n, 2), within each of which one row follows another."""
        place_m: list[FloatArray] = []
        members = [_member(stretch_m, place_m) for stretch_m in stretches_m]
        of, at_m = np.concatenate(members), np.concatenate(list(stretches_m))
        count = np.bincount(of)
        self.place_m = np.column_stack([np.bincount(of, axis) / count for axis in at_m.T])  # (p, 2) middles
        pairs = np.concatenate([np.stack([each[:-1], each[1:]], axis=1) for each in members])
        pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
        length_m = np.linalg.norm(self.place_m[pairs[:, 0]] - self.place_m[pairs[:, 1]], axis=1)
        self._graph = csr_array((length_m, (pairs[:, 0], pairs[:, 1])), shape=(len(count), len(count)))

    def route(self, length_m: float, rng: np.random.Generator) -> FloatArray:
        """(r, 2) over places, from goal to goal by the shortest way, never straight back.

        It is as long as is wanted; where ways end, and one could only turn back, it is the longest of some attempts.
        """
        longest: list[int] = []
        for _ in range(ATTEMPTS):
            route = [int(rng.integers(len(self.place_m)))]
            while self._length_m(route) < length_m and (leg := self._leg(route, rng)):
                route += leg
            longest = max(longest, route, key=self._length_m)
            if self._length_m(longest) >= length_m:
                break
        return self.place_m[longest]

    def _leg(self, route: Sequence[int], rng: np.random.Generator) -> list[int]:
        """Places from a route's end to a goal that is far enough; none where the tries were in vain."""
        distance_m, before = dijkstra(self._graph, directed=False, indices=route[-1], return_predecessors=True)
        goals = np.flatnonzero(np.isfinite(distance_m) & (distance_m >= LEG_M))
        for goal in rng.permutation(goals)[:TRIES].tolist():
            leg = [goal]
            while before[leg[-1]] != route[-1]:
                leg.append(int(before[leg[-1]]))
            if not self._turns_back([*route[-3:], *leg[::-1][:2]], len(route[-3:]) - 1):
                return leg[::-1]
        return []

    def _turns_back(self, places: Sequence[int], at: int) -> bool:
        came_m = self.place_m[places[at]] - self.place_m[places[0]]
        goes_m = self.place_m[places[-1]] - self.place_m[places[at]]
        return bool(came_m @ goes_m < BACK * np.linalg.norm(came_m) * np.linalg.norm(goes_m))

    def _length_m(self, route: Sequence[int]) -> float:
        return float(np.linalg.norm(np.diff(self.place_m[list(route)], axis=0), axis=1).sum())


def _member(stretch_m: FloatArray, place_m: list[FloatArray]) -> IntArray:
    """(n,) the place that each row is at; `place_m` grows by those that are new."""
    member = []
    for at_m in stretch_m:
        distance_m = np.linalg.norm(np.array(place_m).reshape(-1, 2) - at_m, axis=1)
        nearest = int(distance_m.argmin()) if len(distance_m) else -1
        if nearest < 0 or distance_m[nearest] > PLACE_M:
            nearest = len(place_m)
            place_m.append(at_m)
        member.append(nearest)
    return np.array(member)
