"""A planned route: landmarks in the order of their waypoint events, and the corners of the path between them.

    route + stamps of events --> stamped() --> landmarks
                                           --> path: with the corners, at constant speed between two landmarks

The n-th waypoint event is the n-th landmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from mail_ros.data.labels import SAME_POSITION_M
from mail_ros.data.track import Landmark


@dataclass(frozen=True)
class RoutePoint:
    """A landmark or a corner of a route."""

    position_m: tuple[float, float]  # in the map frame
    floor: int = 0
    name: str = ""
    is_landmark: bool = True  # False: a corner without a waypoint event

    def __str__(self) -> str:
        """The point as the surveyor reads it."""
        x_m, y_m = self.position_m
        return f"{self.name or 'the point'} at ({x_m:g}, {y_m:g}) m on floor {self.floor}"


class StampedRoute(NamedTuple):
    """A walk over a route."""

    landmarks: tuple[Landmark, ...]  # one per waypoint event
    path: tuple[Landmark, ...]  # with the corners between them


@dataclass(frozen=True)
class Route:
    """A route of two or more landmarks; its first and its last point are landmarks (see `route_file.py`)."""

    name: str
    points: tuple[RoutePoint, ...]

    @property
    def landmarks(self) -> tuple[RoutePoint, ...]:
        """The points with a waypoint event."""
        return tuple(point for point in self.points if point.is_landmark)

    def stamped(self, event_ns: Sequence[int]) -> StampedRoute:
        """Landmarks and path of a walk over the route, or over its first part.

        Args:
            event_ns: stamps of the waypoint events in order, at most one per landmark.
        """
        at_landmark = [at for at, point in enumerate(self.points) if point.is_landmark][: len(event_ns)]
        landmarks = [_landmark(self.points[at], stamp_ns) for at, stamp_ns in zip(at_landmark, event_ns, strict=True)]
        path = landmarks[:1]
        for leg, (start, end) in enumerate(pairwise(at_landmark)):
            path += _corners(self.points[start : end + 1], event_ns[leg], event_ns[leg + 1])
            path.append(landmarks[leg + 1])
        return StampedRoute(tuple(landmarks), tuple(path))

    def next_landmark_text(self, events: int) -> str:
        """Number and position of the landmark that follows this many waypoint events."""
        landmarks = self.landmarks
        if events >= len(landmarks):
            return f"none: all {len(landmarks)} are marked"
        return f"{events + 1} of {len(landmarks)}, {landmarks[events]}"

    def landmarks_left(self, events: int) -> int:
        """Number of landmarks after this many waypoint events."""
        return max(len(self.landmarks) - events, 0)

    def surplus_text(self, events: int) -> str:
        """Warning about more waypoint events than landmarks; else empty."""
        if events <= (count := len(self.landmarks)):
            return ""
        return f"{events} marks, and route {self.name} has {count} landmarks: take back what was wrong with ~/unmark"


def _corners(points: Sequence[RoutePoint], start_ns: int, end_ns: int) -> list[Landmark]:
    """The corners between two landmarks, stamped by path length."""
    step_m = np.linalg.norm(np.diff([point.position_m for point in points], axis=0), axis=1)
    path_m = np.cumsum(step_m)
    return [
        _landmark(point, start_ns + round(path_m[at] / path_m[-1] * (end_ns - start_ns)))
        for at, point in enumerate(points[1:-1])
        if min(step_m[at], path_m[-1] - path_m[at]) >= SAME_POSITION_M  # a closer corner duplicates a landmark
    ]


def _landmark(point: RoutePoint, stamp_ns: int) -> Landmark:
    return Landmark(int(stamp_ns), point.position_m, point.floor)
