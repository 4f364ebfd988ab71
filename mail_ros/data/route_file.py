"""Planned routes from files, and as the note that makes a bag self-contained.

    YAML     name: hall                               GeoJSON   a FeatureCollection in the order of the walk
             points:                                  Point: a landmark; its properties may say name and floor
             - {at: [2, 2], name: entrance}           LineString: corners that are not marked
             - {at: [11, 2], mark: false}
             - {at: [11, 9], floor: 1}

Metres in the map frame. A point without a floor is on that of the point before it; the first on floor 0.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mail_ros.core.errors import ConfigError
from mail_ros.data.route import Route, RoutePoint

NOTE = "planned_route"  # of a bag
KEYS = {"at", "floor", "name", "mark"}
EXAMPLE = "write it as in {at: [2.0, 3.5], floor: 0, name: door}"


def read_route(path: Path) -> Route:
    """A route from a YAML or a GeoJSON file; where it has no name, the file's is taken.

    Raises:
        ConfigError: nothing there, or not a route.
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        found = "other bytes" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)
        raise ConfigError(path, wanted="a route as YAML or GeoJSON", found=found, fix="correct the path") from None
    return _route(_parsed(text, path), path, path.stem)


def route_to_note(route: Route) -> str:
    """A route as one line, for a bag's notes."""
    points = [
        {"at": list(point.position_m), "floor": point.floor, "name": point.name, "mark": point.marked}
        for point in route.points
    ]
    return json.dumps({"name": route.name, "points": points})


def route_from_note(note: str, bag: object) -> Route:
    """The route that `route_to_note` wrote.

    Raises:
        ConfigError: it is none.
    """
    return _route(_parsed(note, bag), bag, "")


def _parsed(text: str, source: object) -> Any:
    """JSON or YAML, of which JSON is a part but for tabs."""
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return YAML(typ="safe").load(text)
    except YAMLError as error:
        raise ConfigError(
            source, wanted="a route as YAML or GeoJSON", found=" ".join(str(error).split()), fix="correct the file"
        ) from None


def _route(content: Any, source: object, stem: str) -> Route:
    if not isinstance(content, dict):
        raise ConfigError(source, wanted="a list `points`", found=_short(content), fix=EXAMPLE)
    collection = content.get("type") == "FeatureCollection"
    written = list(_features(content, source)) if collection else content.get("points")
    if not isinstance(written, list):
        raise ConfigError(
            source,
            wanted="a list `points`, or a FeatureCollection",
            found=", ".join(map(str, content)) or "nothing",
            fix=EXAMPLE,
        )
    points: list[RoutePoint] = []
    for number, one in enumerate(written, 1):
        points.append(_point(one, f"{source}, point {number}", points[-1].floor if points else 0))
    landmarks = sum(point.marked for point in points)
    if landmarks < 2 or not (points[0].marked and points[-1].marked):
        raise ConfigError(
            source,
            wanted="a route that begins and ends with a landmark",
            found=f"{landmarks} landmarks among {len(points)} points",
            fix="add one, or leave corners before the first and after the last out",
        )
    return Route(str(content.get("name") or stem), tuple(points))


def _features(collection: Mapping[str, Any], source: object) -> Iterator[Any]:
    """GeoJSON as the points that YAML has."""
    for number, feature in enumerate(collection.get("features") or (), 1):
        try:
            kind, coordinates = feature["geometry"]["type"], feature["geometry"]["coordinates"]
            said = {key: value for key, value in (feature.get("properties") or {}).items() if key in KEYS}
            if kind == "LineString":
                yield from ({**said, "at": list(at)[:2], "mark": False} for at in coordinates)
                continue
            point = {**said, "at": list(coordinates)[:2]}
        except (TypeError, KeyError, AttributeError):
            kind = _short(feature)
        if kind != "Point":
            raise ConfigError(
                f"{source}, feature {number}",
                wanted="a Point or a LineString",
                found=str(kind),
                fix="leave it out, or draw it as one of these",
            )
        yield point


def _point(written: Any, source: str, floor: int) -> RoutePoint:
    if not isinstance(written, dict) or "at" not in written or not set(written) <= KEYS:
        raise ConfigError(source, wanted="at, and at most floor, name and mark", found=_short(written), fix=EXAMPLE)
    at, mark = written["at"], written.get("mark", True)
    floor = floor if written.get("floor") is None else written["floor"]
    if not isinstance(at, list) or len(at) != 2 or not all(map(_is_number, at)):
        raise ConfigError(source, wanted="x and y in metres", found=_short(at), fix=EXAMPLE)
    if not isinstance(floor, int) or isinstance(floor, bool):
        raise ConfigError(source, wanted="a floor that is a whole number", found=_short(floor), fix=EXAMPLE)
    if not isinstance(mark, bool):
        raise ConfigError(source, wanted="mark: true or mark: false", found=_short(mark), fix=EXAMPLE)
    return RoutePoint((float(at[0]), float(at[1])), floor, str(written.get("name") or ""), mark)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
