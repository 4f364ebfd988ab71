"""Planned routes in site files and GeoJSON, and as a note in the bag's metadata.

    in a site file   [entrance, {at: [11, 2], mark: false}, {at: [11, 9], floor: 1}]
    GeoJSON          a FeatureCollection in the order of the walk
                     Point: a landmark; its properties may have name and floor
                     LineString: corners, without waypoint events

Positions are metres in the map frame. A point without a floor is on the floor of the previous point, the first one on
floor 0. `mark: false` makes a point a corner.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mail_ros.core.errors import ConfigError
from mail_ros.data.route import Route, RoutePoint
from mail_ros.data.yaml_text import are_numbers, is_whole, parse, read_text, short

NOTE = "planned_route"  # key in the bag's notes
KEYS = {"at", "floor", "name", "mark"}
EXAMPLE = "write it as in {at: [2.0, 3.5], floor: 0, name: door}"


def read_geojson(path: Path, name: str) -> Route:
    """A route from a GIS.

    Raises:
        ConfigError: the file does not exist, or is not a route.
    """
    wanted = "a route as a GeoJSON FeatureCollection"
    content = parse(read_text(path, wanted), path, wanted)
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        raise ConfigError(path, wanted=wanted, found=short(content), fix="export it as GeoJSON")
    return parse_route(name, list(_features(content, path)), path)


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
            points.append(_landmark(str(entry), where, known or {}))
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


def _features(collection: Mapping[str, Any], source: object) -> Iterator[Any]:
    """GeoJSON features as the points of a site file."""
    for number, feature in enumerate(collection.get("features") or (), 1):
        try:
            kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
            properties = {key: value for key, value in (feature.get("properties") or {}).items() if key in KEYS}
            if kind == "LineString":
                yield from ({**properties, "at": list(at)[:2], "mark": False} for at in coordinates)
                continue
            point = {**properties, "at": list(coordinates)[:2]}
        except (TypeError, KeyError, AttributeError):
            kind = short(feature)
        if kind != "Point":
            raise ConfigError(
                f"{source}, feature {number}",
                wanted="a Point or a LineString",
                found=str(kind),
                fix="leave it out, or draw it as one of these",
            )
        yield point


def _landmark(name: str, source: str, known: Mapping[str, RoutePoint]) -> RoutePoint:
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
