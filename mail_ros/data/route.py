"""Planned routes: landmarks in the order of their waypoint events, and the corners of the path between them.

    in a site file   [entrance, {at: [11, 2], mark: false}, {at: [11, 9], floor: 1}]
    GeoJSON          a FeatureCollection in the order of the walk
                     Point: a landmark; its properties may have name and floor
                     LineString: corners, without waypoint events
    bag              a note in the metadata

    route + stamps of events --> stamped() --> landmarks: the n-th event is the n-th landmark
                                           --> path: with the corners, at constant speed between two landmarks

Positions are metres in the map frame; GeoJSON may be in degrees, see `geojson.py`. A point without a floor is on the
floor of the previous point, the first one on floor 0. `mark: false` makes a point a corner.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.data.geojson import GeoFeature, read_features
from mail_ros.data.labels import SAME_POSITION_M
from mail_ros.data.origin import Origin
from mail_ros.data.track import Landmark
from mail_ros.data.yaml_text import are_numbers, is_whole, parse, short

NOTE = "planned_route"  # key in the bag's notes
KEYS = {"at", "floor", "name", "mark"}
EXAMPLE = "write it as in {at: [2.0, 3.5], floor: 0, name: door}"


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
    """A route of two or more landmarks; its first and its last point are landmarks (see `parse_route`)."""

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


def read_geojson(path: Path, name: str, origin: Origin | None = None) -> Route:
    """A route from a GIS.

    Args:
        path: the file.
        name: name of the route.
        origin: latitude and longitude of x = y = 0, for coordinates in degrees (see `geojson.py`).

    Raises:
        ConfigError: the file does not exist, is not a route, or is not in metres or known degrees.
    """
    features = read_features(path, "a route as a GeoJSON FeatureCollection", origin)
    return parse_route(name, [point for feature in features for point in _feature_points(feature)], path)


def geojson_landmarks(path: Path, floor: int, origin: Origin | None = None) -> dict[str, list[float]]:
    """Named points from a GIS: x and y in metres by name.

    Args:
        path: the file.
        floor: floor of the landmarks.
        origin: see `read_geojson`.

    Raises:
        ConfigError: as `read_geojson`, or a feature is not a point with a unique name on this floor.
    """
    landmarks: dict[str, list[float]] = {}
    for feature in read_features(path, "landmarks as a GeoJSON FeatureCollection", origin):
        name, on_floor = feature.properties.get("name"), feature.properties.get("floor")
        if feature.is_line or name in (None, "") or str(name) in landmarks or on_floor not in (None, floor):
            found = "a line" if feature.is_line else f"name {short(name)}, floor {short(on_floor)}"
            raise ConfigError(
                feature.source,
                wanted=f"a Point with a unique name, on floor {floor}",
                found=found,
                fix="correct its properties, or leave it out",
            )
        landmarks[str(name)] = list(feature.positions[0])
    return landmarks


def parse_route(name: str, written: Any, source: object, known: Mapping[str, RoutePoint] | None = None) -> Route:
    """A route from a list of points and landmark names.

    Args:
        name: name of the route.
        written: parsed YAML or JSON.
        source: file or bag, for errors.
        known: landmarks by name.

    Raises:
        ConfigError: the list is not a route, or names an unknown landmark.
    """
    if not isinstance(written, list):
        raise ConfigError(source, wanted="a list of landmarks and points", found=short(written), fix=EXAMPLE)
    points: list[RoutePoint] = []
    for number, entry in enumerate(written, 1):
        where = f"{source}, point {number}"
        if isinstance(entry, str) or is_whole(entry):  # a landmark may have the name 12
            points.append(_known_landmark(str(entry), where, known or {}))
        else:
            points.append(_point(entry, where, points[-1].floor if points else 0))
    landmarks = sum(point.is_landmark for point in points)
    if landmarks < 2 or not (points[0].is_landmark and points[-1].is_landmark):
        raise ConfigError(
            source,
            wanted="a route that begins and ends with a landmark",
            found=f"{landmarks} landmarks among {len(points)} points",
            fix="add one, or leave corners before the first and after the last out",
        )
    return Route(name, tuple(points))


def route_to_note(route: Route) -> str:
    """A route as one line of JSON for a bag's notes."""
    points = [
        {"at": list(point.position_m), "floor": point.floor, "name": point.name, "mark": point.is_landmark}
        for point in route.points
    ]
    return json.dumps({"name": route.name, "points": points})


def route_from_note(note: str, bag: object) -> Route:
    """The route from a note of `route_to_note`.

    Raises:
        ConfigError: the note is not a route.
    """
    content = parse(note, bag, "a planned route as mail_recorder notes it")
    if not isinstance(content, dict):
        content = {"points": content}
    return parse_route(str(content.get("name") or ""), content.get("points"), bag)


def _feature_points(feature: GeoFeature) -> list[dict[str, Any]]:
    """A GeoJSON feature as points of a site file; a line is corners."""
    properties = {key: value for key, value in feature.properties.items() if key in KEYS}
    if feature.is_line:
        properties["mark"] = False
    return [{**properties, "at": list(at)} for at in feature.positions]


def _known_landmark(name: str, source: str, known: Mapping[str, RoutePoint]) -> RoutePoint:
    if name not in known:
        raise ConfigError(
            source, wanted=f"a landmark: {', '.join(known) or 'none is known'}", found=name, fix="correct it, or add it"
        )
    return known[name]


def _point(written: Any, source: str, floor: int) -> RoutePoint:
    if not isinstance(written, dict) or "at" not in written or not set(written) <= KEYS:
        raise ConfigError(source, wanted="at, and at most floor, name and mark", found=short(written), fix=EXAMPLE)
    at, mark = written["at"], written.get("mark", True)
    floor = floor if written.get("floor") is None else written["floor"]
    if not are_numbers(at, 2):
        raise ConfigError(source, wanted="x and y in metres", found=short(at), fix=EXAMPLE)
    if not is_whole(floor):
        raise ConfigError(source, wanted="a floor that is a whole number", found=short(floor), fix=EXAMPLE)
    if not isinstance(mark, bool):
        raise ConfigError(source, wanted="mark: true or mark: false", found=short(mark), fix=EXAMPLE)
    return RoutePoint((float(at[0]), float(at[1])), floor, str(written.get("name") or ""), mark)
