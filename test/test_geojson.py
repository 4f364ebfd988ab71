"""GeoJSON of a GIS: degrees and coordinate systems are never read as metres."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from mail_ros.core.errors import ConfigError
from mail_ros.data.geojson import looks_like_degrees, read_features
from mail_ros.data.origin import Origin
from mail_ros.data.route import read_geojson
from mail_ros.data.site_file import SiteFile, parse_site

ORIGIN = Origin(49.4611, 11.1109)
# Two points, 40 m apart to the east and 22.24 m to the north, and the same as degrees and on a web map.
METRES = [[0.0, 0.0], [40.0, 22.24]]
ANGLES = [[11.1109, 49.4611], [11.1109 + 40.0 / 72_346.9, 49.4613]]
WEB = [[1236859.73, 6353465.68], [1236921.28, 6353499.94]]
CRS84 = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}


def named(code: str) -> dict[str, Any]:
    return {"type": "name", "properties": {"name": code}}


def drawn(folder: Path, positions: list[list[float]], kind: str = "Point", **members: Any) -> Path:
    """Points A and B, or their line between them."""
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": "Point", "coordinates": at}}
        for name, at in zip("AB", positions, strict=True)
    ]
    if kind != "Point":
        parts = {"LineString": positions, "MultiLineString": [positions], "MultiPoint": positions[:1]}
        line = {"type": "Feature", "properties": None, "geometry": {"type": kind, "coordinates": parts[kind]}}
        features.insert(1, line)
    path = folder / "tour.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}))
    return path


def positions_m(path: Path, origin: Origin | None = None) -> list[tuple[float, float]]:
    return [point.position_m for point in read_geojson(path, "tour", origin).landmarks]


def test_metres_without_a_crs_are_metres(tmp_path: Path) -> None:
    for origin in (None, ORIGIN):
        assert positions_m(drawn(tmp_path, METRES), origin) == [(0.0, 0.0), (40.0, 22.24)]
        assert positions_m(drawn(tmp_path, METRES, crs=None), origin) == [(0.0, 0.0), (40.0, 22.24)]


@pytest.mark.parametrize(
    ("positions", "crs"),
    [
        (ANGLES, None),  # RFC 7946 has no other coordinates
        (ANGLES, CRS84),
        (ANGLES, named("EPSG:4326")),
        (ANGLES, {"type": "EPSG", "properties": {"code": 4326}}),
        (ANGLES, named("http://www.opengis.net/def/crs/OGC/1.3/CRS84")),
        (WEB, named("urn:ogc:def:crs:EPSG::3857")),
    ],
)
def test_a_known_crs_is_converted_by_the_sites_origin(tmp_path: Path, positions: list[list[float]], crs: Any) -> None:
    path = drawn(tmp_path, positions, **({} if crs is None else {"crs": crs}))
    for found, wanted in zip(positions_m(path, ORIGIN), METRES, strict=True):
        assert found == pytest.approx(wanted, abs=0.15)
    with pytest.raises(ConfigError, match=r"feature 1: wanted metres .* origin, found .*; write origin: \[LATITUDE"):
        positions_m(path)


def test_what_cannot_be_known_in_the_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"crs: wanted one of EPSG:4326, .*, found urn:ogc:def:crs:EPSG::25832; export"
    ):
        positions_m(drawn(tmp_path, METRES, crs=named("urn:ogc:def:crs:EPSG::25832")), ORIGIN)
    with pytest.raises(ConfigError, match=r"crs: .* found {'type': 'link'}; export it in EPSG:4326"):
        positions_m(drawn(tmp_path, METRES, crs={"type": "link"}), ORIGIN)
    with pytest.raises(ConfigError, match=r"up to 20 km, found .*, as of a national grid, without crs"):
        positions_m(drawn(tmp_path, [[653_000.0, 5_480_000.0], [653_040.0, 5_480_022.0]]), ORIGIN)
    with pytest.raises(ConfigError, match=r"within 20 km of the site's origin.*order of the angles"):
        positions_m(drawn(tmp_path, [at[::-1] for at in ANGLES], crs=CRS84), ORIGIN)
    with pytest.raises(ConfigError, match="if these are metres, export without crs"):
        positions_m(drawn(tmp_path, METRES, crs=CRS84), ORIGIN)
    broken = [["11,1", 49.4], [11.2, 49.5]]
    with pytest.raises(ConfigError, match="feature 1: wanted x and y as numbers"):
        positions_m(drawn(tmp_path, broken))  # type: ignore[arg-type]


def test_a_crs_of_a_feature_counts_as_well(tmp_path: Path) -> None:
    path = drawn(tmp_path, METRES)
    content = json.loads(path.read_text())
    content["features"][1]["geometry"]["crs"] = CRS84
    path.write_text(json.dumps(content))
    with pytest.raises(ConfigError, match="wanted metres of the map frame, or a site file with an origin"):
        positions_m(path)


def test_single_parts_are_their_part_and_several_are_refused(tmp_path: Path) -> None:
    simple, multi = (
        read_features(drawn(tmp_path, METRES, kind), "", None) for kind in ("LineString", "MultiLineString")
    )
    assert simple == multi
    assert read_geojson(drawn(tmp_path, METRES, "MultiPoint"), "tour").landmarks[1].position_m == (0.0, 0.0)
    path = drawn(tmp_path, METRES, "MultiLineString")
    content = json.loads(path.read_text())
    content["features"][1]["geometry"]["coordinates"] *= 3
    path.write_text(json.dumps(content))
    with pytest.raises(
        ConfigError, match="feature 2: wanted one LineString, found 3 parts; split it into single parts"
    ):
        positions_m(path)


def test_degrees_are_recognized_by_their_extent_or_the_origin() -> None:
    assert looks_like_degrees([(11.1, 49.4), (11.10001, 49.4)])
    assert looks_like_degrees([(49.4, 11.1), (49.4, 11.10001)])
    assert looks_like_degrees([(11.1108, 49.4612)], ORIGIN)
    assert looks_like_degrees([(49.4612, 11.1108)], ORIGIN)
    assert not looks_like_degrees([(11.1108, 49.4612)])
    assert not looks_like_degrees([(11.0, 49.0)] * 2, Origin(0.0, 0.0))
    assert not looks_like_degrees([(0.0, 0.0), (12.0, 0.3)], ORIGIN)
    assert not looks_like_degrees([(200.0, 10.0), (200.2, 10.0)])
    assert not looks_like_degrees([])


def site(folder: Path, text: str) -> SiteFile:
    return parse_site("site: museum\norigin: [49.4611, 11.1109]\n" + text, folder / "museum.yaml")


def test_landmarks_may_be_drawn_as_routes_are(tmp_path: Path) -> None:
    drawn(tmp_path, ANGLES, crs=CRS84)
    read = site(tmp_path, "floors: {2: {landmarks: tour.geojson}}\nroutes: {hall: [A, B]}")
    assert {name: point.floor for name, point in read.landmarks.items()} == {"A": 2, "B": 2}
    assert read.routes["hall"].points[1].position_m == pytest.approx((40.0, 22.24), abs=0.01)
    drawn(tmp_path, ANGLES, "LineString")
    with pytest.raises(ConfigError, match="feature 2: wanted a Point with a unique name, on floor 2, found a line"):
        site(tmp_path, "floors: {2: {landmarks: tour.geojson}}")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("floors: {0: {landmarks: {A: [49.46110, 11.11090], B: [49.46131, 11.11145]}}}", "landmarks"),
        ("floors: {0: {landmarks: {A: [11.11090, 49.46110]}}}", "landmarks"),
        ("routes: {hall: [{at: [11.1109, 49.4611]}, {at: [11.1113, 49.4615]}]}", "route hall"),
    ],
)
def test_degrees_in_a_site_file_are_refused(tmp_path: Path, text: str, source: str) -> None:
    with pytest.raises(
        ConfigError, match=f"museum.yaml, {source}: wanted x and y in metres of the map frame, found what"
    ):
        site(tmp_path, text)
