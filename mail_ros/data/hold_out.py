"""Which walks to hold out of training: the latest of each route."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mail_ros.data.track import Track


class RouteWalk(NamedTuple):
    """What decides whether a walk is held out."""

    name: str  # name of the bag; decides between walks that start at the same time
    route: str  # empty without one: such walks count as one route
    start_ns: int
    floors: frozenset[int]

    @classmethod
    def of(cls, bag: str, notes: Mapping[str, str], track: Track | None) -> RouteWalk:
        """The walk of a bag with these notes; without a track it has no floor."""
        if track is None:
            return cls(bag, notes.get("route", ""), 0, frozenset())
        return cls(bag, notes.get("route", ""), int(track.stamp_ns[0]), frozenset(track.floor[track.valid].tolist()))


def latest_of_routes(walks: Sequence[RouteWalk]) -> list[int]:
    """Indices of the latest walk of every route.

    The only walk of a floor or of a route stays in training, so that the result may be empty.
    """
    routes: dict[str, list[int]] = defaultdict(list)
    for index, walk in enumerate(walks):
        routes[walk.route].append(index)
    found: list[int] = []
    for route in routes.values():
        latest = max(route, key=lambda index: (walks[index].start_ns, walks[index].name))
        rest = [walk for index, walk in enumerate(walks) if index not in (*found, latest)]
        if len(route) > 1 and walks[latest].floors <= {floor for walk in rest for floor in walk.floors}:
            found.append(latest)
    return found
