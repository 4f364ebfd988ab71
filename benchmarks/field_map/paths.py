"""The paths of a survey as a graph: nodes half a metre apart, joined where the survey went from one to the next.

Routes over it follow corridors and junctions in any order and direction, also along bends that no survey took.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from mail_ros.core.types import FloatArray, IntArray

NODE_RADIUS_M = 0.5  # positions within this distance belong to a node
MIN_LEG_M = 5.0  # between two goals
REVERSAL_COS = -0.3  # cosine of the angle between two legs below which a route reverses
TRIES, ATTEMPTS = 20, 10  # goals tried per leg, and attempts per route


class SurveyedPaths:
    """Nodes and the paths between them."""

    def __init__(self, stretches_m: Sequence[FloatArray]) -> None:
        """Join the nodes of a survey's stretches (n, 2), each of which is an unbroken path."""
        node_m: list[FloatArray] = []
        members = [_member(stretch_m, node_m) for stretch_m in stretches_m]
        node, at_m = np.concatenate(members), np.concatenate(list(stretches_m))
        count = np.bincount(node)
        self.node_m = np.column_stack([np.bincount(node, axis) / count for axis in at_m.T])  # (p, 2) means
        pairs = np.concatenate([np.stack([each[:-1], each[1:]], axis=1) for each in members])
        pairs = np.unique(np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1), axis=0)
        length_m = np.linalg.norm(self.node_m[pairs[:, 0]] - self.node_m[pairs[:, 1]], axis=1)
        self._graph = csr_array((length_m, (pairs[:, 0], pairs[:, 1])), shape=(len(count), len(count)))

    def route(self, length_m: float, rng: np.random.Generator) -> FloatArray:
        """Positions (r, 2) of a route from goal to goal by the shortest path, without reversals.

        It has the given length; where paths end and the only way on is a reversal, it is the longest of some attempts.
        """
        longest: list[int] = []
        for _ in range(ATTEMPTS):
            route = [int(rng.integers(len(self.node_m)))]
            while self._length_m(route) < length_m and (leg := self._leg(route, rng)):
                route += leg
            longest = max(longest, route, key=self._length_m)
            if self._length_m(longest) >= length_m:
                break
        return self.node_m[longest]

    def _leg(self, route: Sequence[int], rng: np.random.Generator) -> list[int]:
        """Nodes from a route's end to a goal that is far enough; empty if every tried goal needs a reversal."""
        distance_m, before = dijkstra(self._graph, directed=False, indices=route[-1], return_predecessors=True)
        goals = np.flatnonzero(np.isfinite(distance_m) & (distance_m >= MIN_LEG_M))
        for goal in rng.permutation(goals)[:TRIES].tolist():
            leg = [goal]
            while before[leg[-1]] != route[-1]:
                leg.append(int(before[leg[-1]]))
            if not self._reverses([*route[-3:], *leg[::-1][:2]], len(route[-3:]) - 1):
                return leg[::-1]
        return []

    def _reverses(self, nodes: Sequence[int], at: int) -> bool:
        came_m = self.node_m[nodes[at]] - self.node_m[nodes[0]]
        goes_m = self.node_m[nodes[-1]] - self.node_m[nodes[at]]
        return bool(came_m @ goes_m < REVERSAL_COS * np.linalg.norm(came_m) * np.linalg.norm(goes_m))

    def _length_m(self, route: Sequence[int]) -> float:
        return float(np.linalg.norm(np.diff(self.node_m[list(route)], axis=0), axis=1).sum())


def _member(stretch_m: FloatArray, node_m: list[FloatArray]) -> IntArray:
    """(n,) the node of each row; new nodes are appended to `node_m`."""
    member = []
    for at_m in stretch_m:
        distance_m = np.linalg.norm(np.array(node_m).reshape(-1, 2) - at_m, axis=1)
        nearest = int(distance_m.argmin()) if len(distance_m) else -1
        if nearest < 0 or distance_m[nearest] > NODE_RADIUS_M:
            nearest = len(node_m)
            node_m.append(at_m)
        member.append(nearest)
    return np.array(member)
