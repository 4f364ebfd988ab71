"""Planned routes: file formats, the n-th waypoint event is the n-th landmark, and constant speed over corners."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.errors import ConfigError
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.route import Route, RoutePoint, parse_route, read_geojson, route_from_note, route_to_note

S = 1_000_000_000
WRITTEN = [
    "door",
    {"at": [6, 0], "mark": False},  # a corner
    {"at": [6, 4]},
    {"at": [6, 4], "floor": 1, "name": "stairs"},
    {"at": [0, 4.5]},
]
HALL = Route(
    "hall",
    (
        RoutePoint((0.0, 0.0), 0, "door"),
        RoutePoint((6.0, 0.0), is_landmark=False),
        RoutePoint((6.0, 4.0)),
        RoutePoint((6.0, 4.0), 1, "stairs"),
        RoutePoint((0.0, 4.5), 1),
    ),
)


def feature(kind: str, coordinates: object, **properties: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties or None,
    }


GEOJSON = {
    "type": "FeatureCollection",
    "features": [
        feature("Point", [0, 0], name="door", colour="red"),
        feature("LineString", [[6, 0]]),
        feature("Point", [6, 4, 0]),
        feature("Point", [6, 4], floor=1, name="stairs"),
        feature("Point", [0, 4.5]),
    ],
}


KNOWN = {"door": HALL.points[0]}


def drawn(folder: Path, content: object) -> Path:
    path = folder / "hall.geojson"
    path.write_text(json.dumps(content, indent="\t"))
    return path


def test_a_list_and_geojson_give_the_same_route(tmp_path: Path) -> None:
    assert parse_route("hall", WRITTEN, "hall", KNOWN) == HALL
    assert read_geojson(drawn(tmp_path, GEOJSON), "hall") == HALL


def test_a_route_survives_as_a_note() -> None:
    assert route_from_note(route_to_note(HALL), "walk") == HALL


@pytest.mark.parametrize(
    ("points", "message"),
    [
        (
            {"at": [1, 2]},
            r"hall: wanted a list of landmarks and points, found \{'at': \[1, 2\]\}; write it as in \{at: ",
        ),
        ([{"at": [0, 0]}], "begins and ends with a landmark, found 1 landmarks among 1 points"),
        ([{"at": [0, 0]}, {"at": [1, 0]}, {"at": [2, 0], "mark": False}], "found 2 landmarks among 3 points"),
        ([{"at": [0, 0]}, {"at": [1]}], r"hall, point 2: wanted x and y in metres, found \[1\]"),
        ([{"at": [0, np.nan]}], "point 1: wanted x and y in metres"),
        ([{"x": 1, "y": 2}], "wanted at, and at most floor, name and mark, found {'x': 1, 'y': 2}"),
        ([{"at": [0, 0], "floor": 1.5}], "wanted a floor that is a whole number, found 1.5"),
        ([{"at": [0, 0], "mark": "maybe"}], "wanted mark: true or mark: false, found 'maybe'"),
        (["door", "dor"], "hall, point 2: wanted a landmark: door, found dor; correct it, or add it"),
    ],
)
def test_what_is_no_route_is_refused(points: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_route("hall", points, "hall", KNOWN)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], r"hall.geojson: wanted a route as a GeoJSON FeatureCollection, found \[1, 2\]; export it"),
        ({"type": "Feature"}, "wanted a route as a GeoJSON FeatureCollection, found {'type': 'Feature'}"),
        ({**GEOJSON, "features": [feature("Polygon", [])]}, "feature 1: wanted a Point or a LineString"),
        ({**GEOJSON, "features": [5]}, "feature 1: wanted a Point or a LineString, found 5"),
    ],
)
def test_what_is_no_drawing_of_a_route_is_refused(tmp_path: Path, content: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_geojson(drawn(tmp_path, content), "hall")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="found No such file or directory; correct the path"):
        read_geojson(tmp_path / "none.geojson", "hall")


def test_a_corner_is_passed_when_its_share_of_the_way_is_walked() -> None:
    landmarks, path = HALL.stamped([0, 10 * S, 30 * S, 42 * S])
    assert [(mark.stamp_ns, mark.position_m, mark.floor) for mark in landmarks] == [
        (0, (0.0, 0.0), 0),
        (10 * S, (6.0, 4.0), 0),
        (30 * S, (6.0, 4.0), 1),
        (42 * S, (0.0, 4.5), 1),
    ]
    assert [(point.stamp_ns, point.position_m) for point in path[:3]] == [
        (0, (0.0, 0.0)),
        (6 * S, (6.0, 0.0)),  # after 6 of 10 m
        (10 * S, (6.0, 4.0)),
    ]
    labels = labels_from_landmarks(np.array([3, 8, 20, 36]) * S, path)
    assert labels.position_m[[0, 1, 3]].tolist() == [[3, 0], [6, 2], [3, 4.25]]
    assert labels.valid.tolist() == [True, True, False, True]
    assert not labels.paused.any()


@given(
    st.lists(st.tuples(*[st.integers(-50, 50)] * 2), min_size=1, max_size=8, unique=True),
    st.integers(1, 600),
)
def test_between_two_marks_the_pace_is_steady_whatever_the_corners(corners: list[tuple[int, int]], time_s: int) -> None:
    """Along the polyline: after a fraction of the time, the same fraction of its length."""
    ends = [RoutePoint((60.0, 0.0)), RoutePoint((0.0, 60.0))]
    via = [RoutePoint((float(x), float(y)), is_landmark=False) for x, y in corners]
    path = Route("any", (ends[0], *via, ends[1])).stamped([5 * S, (5 + time_s) * S]).path
    position_m = np.array([point.position_m for point in path])
    path_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(position_m, axis=0), axis=1))])
    fractions = np.array([(point.stamp_ns - 5 * S) / (time_s * S) for point in path])
    np.testing.assert_allclose(fractions, path_m / path_m[-1], atol=1e-8)
    assert len(path) == len(corners) + 2


def test_a_walk_that_was_broken_off_has_the_first_landmarks() -> None:
    assert HALL.stamped([]).path == ()
    assert len(HALL.stamped([0, 10 * S]).landmarks) == 2


def test_a_stand_is_a_place_that_is_planned_twice() -> None:
    route = Route("stop", (*HALL.points[:3], RoutePoint((6.0, 4.0)), RoutePoint((6.0, 4.0), 1)))
    path = route.stamped([0, 10 * S, 20 * S, 30 * S]).path
    assert labels_from_landmarks(np.array([5, 15]) * S, path).paused.tolist() == [False, True]


def test_a_line_may_be_drawn_from_landmark_to_landmark() -> None:
    """As a GIS snaps it: its ends are no corners."""
    corners = [RoutePoint(at, is_landmark=False) for at in ((0.0, 0.0), (6.0, 0.0), (6.0, 4.0))]
    route = Route("drawn", (RoutePoint((0.0, 0.0)), *corners, RoutePoint((6.0, 4.0))))
    assert [point.stamp_ns for point in route.stamped([0, 10 * S]).path] == [0, 6 * S, 10 * S]


def test_the_text_names_the_next_landmark() -> None:
    assert HALL.next_landmark_text(0) == "1 of 4, door at (0, 0) m on floor 0"
    assert HALL.next_landmark_text(3) == "4 of 4, the point at (0, 4.5) m on floor 1"
    assert HALL.next_landmark_text(4) == "none: all 4 are marked"
    assert [HALL.landmarks_left(marks) for marks in (0, 3, 4, 5)] == [4, 1, 0, 0]
    assert HALL.surplus_text(4) == ""
    assert HALL.surplus_text(5).startswith("5 marks, and route hall has 4 landmarks: take back")
