"""GeoJSON from a GIS: points and lines in metres of the map frame, or an error.

    crs, or none       coordinates                --> metres
    CRS84, EPSG:4326   longitude, latitude        --> by the site's origin; refused without one
    EPSG:3857          metres of web maps         --> likewise
    another crs        any                        --> refused
    none               look like degrees          --> longitude and latitude, as RFC 7946 has it
    none               others, up to 20 km        --> metres of the map frame

A single-part MultiPoint or MultiLineString is its part; its order among several parts is unknown.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.data.origin import MAX_DISTANCE_M, Origin
from mail_ros.data.yaml_text import is_number, parse, read_text, short

MAX_DEGREES = (90.0, 180.0)  # latitude and longitude
EXTENT_DEG = 0.5  # a building is smaller in degrees; in metres no route is
NEAR_DEG = 0.2  # from the origin, as MAX_DISTANCE_M
DEGREES = ("CRS84", "4326", "4258")  # last parts of the names of coordinate systems
WEB_MERCATOR = "3857"
WEB_MERCATOR_RADIUS_M = 6_378_137.0
PARTS = {"MultiPoint": "Point", "MultiLineString": "LineString"}
REPROJECT = "export it in EPSG:4326, or without crs in metres of the map frame"

Position = tuple[float, float]


class GeoFeature(NamedTuple):
    """A point or a line."""

    source: str  # file and number, for errors
    is_line: bool
    positions: tuple[Position, ...]  # one for a point; metres in the map frame once it is read
    properties: Mapping[str, Any]


def read_features(path: Path, wanted: str, origin: Origin | None) -> list[GeoFeature]:
    """Points and lines of a FeatureCollection, in metres of the map frame.

    Args:
        path: the file.
        wanted: describes the expected file, for errors.
        origin: latitude and longitude of x = y = 0; None: coordinates must be metres.

    Raises:
        ConfigError: the file does not exist, has other geometries, or has coordinates that are not known in the map.
    """
    content = parse(read_text(path, wanted), path, wanted)
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        raise ConfigError(path, wanted=wanted, found=short(content), fix="export it as GeoJSON")
    written = content.get("features")
    features = [_feature(each, f"{path}, feature {number}") for number, each in enumerate(_listed(written), 1)]
    crs = _crs(content, path)
    every = [position for feature in features for position in feature.positions]
    if crs == "" and not looks_like_degrees(every, origin):
        _check_extent(every, path)
        return features
    return [
        feature._replace(positions=tuple(_in_map(at, crs, origin, feature.source) for at in feature.positions))
        for feature in features
    ]


def looks_like_degrees(positions: Sequence[Position], origin: Origin | None = None) -> bool:
    """Whether positions are angles rather than metres: far too close to each other, or all at the origin's angles.

    >>> looks_like_degrees([(11.11090, 49.46110), (11.11131, 49.46142)])
    True
    >>> looks_like_degrees([(11.1, 49.4), (18.6, 49.4)])
    False
    """
    if not positions:
        return False
    values = np.array(positions, np.float64)
    in_range = [bool((np.abs(values) <= limits).all()) for limits in (MAX_DEGREES, MAX_DEGREES[::-1])]
    extent = float(np.ptp(values, axis=0).max())
    if any(in_range) and 0.0 < extent < EXTENT_DEG:
        return True
    angles = (origin.longitude_deg, origin.latitude_deg) if origin else None
    return angles is not None and any(
        bool((np.abs(values - each) < NEAR_DEG).all()) for each in (angles, angles[::-1]) if math.hypot(*each) > 1.0
    )


def refuse_degrees(positions: Iterable[Position], origin: Origin | None, source: object) -> None:
    """Refuse positions of a site file that look like degrees.

    Raises:
        ConfigError: they do.
    """
    if looks_like_degrees(written := list(positions), origin):
        raise ConfigError(
            source,
            wanted="x and y in metres of the map frame",
            found=f"what looks like degrees, ({written[0][0]:g}, {written[0][1]:g})",
            fix="write metres, or degrees as a GeoJSON file and the site's origin: [LATITUDE, LONGITUDE]",
        )


def _listed(written: Any) -> list[Any]:
    return written if isinstance(written, list) else []


def _feature(written: Any, source: str) -> GeoFeature:
    try:
        kind, coordinates = written["geometry"]["type"], written["geometry"]["coordinates"]
        properties = dict(written.get("properties") or {})
    except (TypeError, KeyError, AttributeError, ValueError):
        kind, coordinates, properties = short(written), None, {}
    if kind in PARTS:
        kind = PARTS[kind]
        if len(parts := _listed(coordinates)) != 1:
            raise ConfigError(
                source, wanted=f"one {kind}", found=f"{len(parts)} parts", fix="split it into single parts, in order"
            )
        coordinates = parts[0]
    if kind not in ("Point", "LineString"):
        raise ConfigError(
            source,
            wanted="a Point or a LineString",
            found=str(kind),
            fix="leave it out, or draw it as one of these",
        )
    is_line = kind == "LineString"
    positions = tuple(_position(each, source) for each in (_listed(coordinates) if is_line else [coordinates]))
    return GeoFeature(source, is_line, positions, properties)


def _position(written: Any, source: str) -> Position:
    if not isinstance(written, list) or len(written) < 2 or not all(map(is_number, written[:2])):
        raise ConfigError(source, wanted="x and y as numbers", found=short(written), fix="draw it again")
    return float(written[0]), float(written[1])


def _crs(content: Mapping[str, Any], source: object) -> str:
    """Last part of the name of the coordinate system, as in 4326; empty without one.

    Raises:
        ConfigError: an unknown system, or several.
    """
    members = [content, *(each for each in _listed(content.get("features")) if isinstance(each, dict))]
    members += [each["geometry"] for each in members if isinstance(each.get("geometry"), dict)]
    names = sorted({_crs_name(each["crs"]) for each in members if each.get("crs") is not None})
    if not names:
        return ""
    code = re.split(r"[:/]", names[0])[-1].upper()
    if len(names) > 1 or code not in (*DEGREES, WEB_MERCATOR):
        raise ConfigError(
            f"{source}, crs",
            wanted=f"one of {', '.join(f'EPSG:{name}' for name in DEGREES[1:])}, {DEGREES[0]}, EPSG:{WEB_MERCATOR}",
            found=" and ".join(names),
            fix=REPROJECT,
        )
    return code


def _crs_name(crs: Any) -> str:
    properties = crs.get("properties") if isinstance(crs, dict) else None
    named = properties.get("name", properties.get("code")) if isinstance(properties, dict) else None
    return short(crs) if named is None else str(named)


def _in_map(at: Position, crs: str, origin: Origin | None, source: str) -> Position:
    """A position of a coordinate system, in metres of the map frame."""
    longitude_deg, latitude_deg = at
    if crs == WEB_MERCATOR:
        longitude_deg = math.degrees(at[0] / WEB_MERCATOR_RADIUS_M)
        latitude_deg = math.degrees(math.atan(math.sinh(max(min(at[1] / WEB_MERCATOR_RADIUS_M, 4.0), -4.0))))
    system = f"coordinates of {crs}" if crs else "what looks like degrees"
    if origin is None:
        raise ConfigError(
            source,
            wanted="metres of the map frame, or a site file with an origin",
            found=f"{system}, ({at[0]:g}, {at[1]:g})",
            fix="write origin: [LATITUDE, LONGITUDE] into the site file; or, if these are metres, export without crs",
        )
    offset_m = origin.offset_m(latitude_deg, longitude_deg)
    if math.hypot(*offset_m) > MAX_DISTANCE_M:
        raise ConfigError(
            source,
            wanted=f"a point within {MAX_DISTANCE_M / 1000:.0f} km of the site's origin, as longitude, latitude",
            found=f"{system}, ({at[0]:g}, {at[1]:g}), {math.hypot(*offset_m) / 1000:.0f} km away",
            fix="correct the origin or the order of the angles; or, if these are metres, export without crs",
        )
    return offset_m


def _check_extent(positions: Sequence[Position], source: object) -> None:
    """Refuse coordinates of a national grid, which no map of a building has."""
    far = next((at for at in positions if math.hypot(*at) > MAX_DISTANCE_M), None)
    if far is not None:
        raise ConfigError(
            source,
            wanted=f"metres of the map frame, up to {MAX_DISTANCE_M / 1000:.0f} km",
            found=f"({far[0]:g}, {far[1]:g}), as of a national grid, without crs",
            fix=REPROJECT,
        )
