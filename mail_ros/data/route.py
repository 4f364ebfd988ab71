"""A planned route: places to be marked in their order, and the unmarked corners of the way between them.

    route + stamps of marks --> walked() --> landmarks, path
                                             path: with the corners, at constant speed between two marks

The n-th mark is the n-th landmark.
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
    """A place on the way."""

    position_m: tuple[float, float]  # in the map frame
    floor: int = 0
    name: str = ""
    marked: bool = True  # False: a corner that is passed without a mark

    def __str__(self) -> str:
        """As the surveyor is told it."""
        x_m, y_m = self.position_m
        return f"{self.name or 'the place'} at ({x_m:g}, {y_m:g}) m on floor {self.floor}"


class Walked(NamedTuple):
    """What the marks of a walk say."""

    landmarks: tuple[Landmark, ...]  # one for each mark
    path: tuple[Landmark, ...]  # with the corners between them


@dataclass(frozen=True)
class Route:
    """Begins and ends with a landmark, and has two or more (see `route_file.py`)."""

    name: str
    points: tuple[RoutePoint, ...]

    @property
    def landmarks(self) -> tuple[RoutePoint, ...]:
        """The places to be marked."""
        return tuple(point for point in self.points if point.marked)

    def walked(self, mark_ns: Sequence[int]) -> Walked:
        """Landmarks and path of a walk over the route, or over its first part.

        Args:
            mark_ns: stamps of the marks, in their order, not more than there are landmarks.
        """
        stops = [at for at, point in enumerate(self.points) if point.marked][: len(mark_ns)]
        landmarks = [_landmark(self.points[at], stamp_ns) for at, stamp_ns in zip(stops, mark_ns, strict=True)]
        path = landmarks[:1]
        for leg, (start, end) in enumerate(pairwise(stops)):
            path += _corners(self.points[start : end + 1], mark_ns[leg], mark_ns[leg + 1])
            path.append(landmarks[leg + 1])
        return Walked(tuple(landmarks), tuple(path))

    def next_words(self, marks: int) -> str:
        """Which landmark is marked next, after so many marks."""
        landmarks = self.landmarks
        if marks >= len(landmarks):
            return f"none: all {len(landmarks)} are marked"
        return f"{marks + 1} of {len(landmarks)}, {landmarks[marks]}"

    def left(self, marks: int) -> int:
        """How many landmarks are still to be marked."""
        return max(len(self.landmarks) - marks, 0)

    def surplus_words(self, marks: int) -> str:
        """What is wrong where there are more marks than landmarks; else empty."""
        if marks <= len(self.landmarks):
            return ""
        landmarks = len(self.landmarks)
        return f"{marks} marks, and route {self.name} has {landmarks} landmarks: take back what was wrong with ~/unmark"


def _corners(points: Sequence[RoutePoint], start_ns: int, end_ns: int) -> list[Landmark]:
    """When the corners between two landmarks were passed: by the length of the way to each."""
    step_m = np.linalg.norm(np.diff([point.position_m for point in points], axis=0), axis=1)
    way_m = np.cumsum(step_m)
    return [
        _landmark(point, start_ns + round(way_m[at] / way_m[-1] * (end_ns - start_ns)))
        for at, point in enumerate(points[1:-1])
        if min(step_m[at], way_m[-1] - way_m[at]) >= SAME_POSITION_M  # else it is one of the landmarks, drawn twice
    ]


def _landmark(point: RoutePoint, stamp_ns: int) -> Landmark:
    return Landmark(int(stamp_ns), point.position_m, point.floor)
