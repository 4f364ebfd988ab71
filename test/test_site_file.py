"""A building's site file: what it may hold, what is refused and how, and whether a walk is of it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail_ros.core.errors import ConfigError
from mail_ros.data.route import RoutePoint
from mail_ros.data.site_file import SiteFile, parse_site, read_site, site_text

MUSEUM = """
site: museum
map_frame: museum_map
origin: [49.4611, 11.1109]
floors:
  0:
    plan: plans/ground.yaml
    landmarks:
      door: [2, 2.5]
      lift: [20, 9]
  -2:
    landmarks: {cellar: [20, 9]}
routes:
  hall: [door, {at: [11, 2], mark: false}, lift, lift, {at: [20, 9], floor: -2}, cellar]
  7: tour.geojson
"""
TOUR = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, 0]}, "properties": None} for x in (0, 5)
    ],
}


@pytest.fixture
def museum(tmp_path: Path) -> SiteFile:
    (tmp_path / "museum.yaml").write_text(MUSEUM)
    (tmp_path / "tour.geojson").write_text(json.dumps(TOUR))
    return read_site(tmp_path / "museum.yaml")


def test_a_site_is_read_whole(museum: SiteFile, tmp_path: Path) -> None:
    assert (museum.name, museum.map_frame, museum.origin) == ("museum", "museum_map", (49.4611, 11.1109))
    assert museum.floors == (-2, 0)
    assert museum.plans == {0: tmp_path / "plans" / "ground.yaml"}
    assert museum.landmarks["lift"] == RoutePoint((20.0, 9.0), 0, "lift")
    assert museum.landmarks["cellar"].floor == -2
    hall = museum.routes["hall"]
    assert [point.name for point in hall.landmarks] == ["door", "lift", "lift", "", "cellar"]
    assert [point.floor for point in hall.landmarks] == [0, 0, 0, -2, -2]
    assert [point.position_m for point in museum.routes["7"].points] == [(0.0, 0.0), (5.0, 0.0)]


def test_a_name_is_enough() -> None:
    site = parse_site("site: hall", Path("hall.yaml"))
    assert (site.name, site.map_frame, site.floors, site.origin) == ("hall", "map", (0,), None)
    assert site.route("any") is None


def test_a_planned_route_is_called_by_its_name(museum: SiteFile) -> None:
    assert museum.route("hall") == museum.routes["hall"]
    assert museum.route("") is None
    with pytest.raises(ConfigError, match=r"museum.yaml: wanted one of its routes hall, 7, found hal; correct it"):
        museum.route("hal")


def test_a_walk_of_another_site_or_floor_is_none_of_it(museum: SiteFile) -> None:
    assert museum.mismatch({"site": "museum"}, [0, -2]) is None
    assert museum.mismatch({}, [0]) is None
    other, floor = museum.mismatch({"site": "depot"}, [0]), museum.mismatch({}, [0, 3])
    assert other is not None
    assert floor is not None
    assert other.found == "one at depot"
    assert floor.found.startswith("floor 3, which ")


@pytest.mark.slow
@given(
    st.text(min_size=1).filter(lambda name: name.isprintable() and name.strip() and "/" not in name),
    st.sets(st.integers(-9, 99), min_size=1),
    st.tuples(st.floats(-90, 90), st.floats(-180, 180)) | st.none(),
)
def test_what_is_written_is_read_again(name: str, floors: set[int], origin: tuple[float, float] | None) -> None:
    plans = {floor: Path("plans/floor 1 #: ä.yaml") for floor in sorted(floors)[:1]}
    site = SiteFile(name, tuple(sorted(floors)), plans, "map", origin, path=Path("here/site.yaml"))
    read = parse_site(site_text(site), site.path)
    assert (read.name, read.floors, read.origin) == (site.name, site.floors, origin)
    assert read.plans == {floor: Path("here") / plan for floor, plan in plans.items()}


def test_the_examples_in_a_new_file_are_right_once_they_are_no_comments() -> None:
    text = site_text(SiteFile("museum", (-1, 0)))
    site = parse_site(
        text.replace("# door", "door").replace("# lift", "lift").replace("# hall", "hall"), Path("m.yaml")
    )
    assert set(site.landmarks) == {"door", "lift"}
    assert len(site.routes["hall"].landmarks) == 4


def test_the_site_file_of_the_how_to_is_one(tmp_path: Path) -> None:
    """With a stand at the lift, and a corner before it that is not marked."""
    text = (Path(__file__).resolve().parent.parent / "docs" / "first_site.md").read_text()
    (block,) = re.findall(r"^```yaml\n(site:.*?)^```$", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "tour.geojson").write_text(json.dumps(TOUR))
    hall = parse_site(block, tmp_path / "museum.yaml").routes["hall"]
    assert [point.name for point in hall.landmarks] == ["door", "", "lift", "lift", ""]
    assert not hall.points[2].is_landmark


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[", "m.yaml: wanted a site file, found while parsing a flow node.*; correct the file"),
        (
            "",
            "m.yaml: wanted some of site, map_frame, origin, floors, routes, found None; write one with `mail_ros site",
        ),
        ("name: museum", "wanted some of site, .*, found name; correct it or leave it out"),
        ("floors: {0: {}}", "m.yaml, site: wanted a name without /, found None"),
        ("site: a/b", "m.yaml, site: wanted a name without /, found 'a/b'"),
        ("site: 12", "m.yaml, site: wanted a name without /, found 12"),
        ("site: a\nmap_frame: ''", "m.yaml, map_frame: wanted a name"),
        ("site: a\nsite: b", 'found while constructing a mapping .*found duplicate key "site"'),
        (
            "site: a\norigin: [49.4]",
            r"m.yaml, origin: wanted latitude and longitude in degrees, found \[49.4\]; as in 49",
        ),
        ("site: a\norigin: [111, 49]", r"origin: wanted latitude and longitude in degrees, found \[111, 49\]"),
        (
            "site: a\nfloors: [0, 1]",
            r"m.yaml, floors: wanted floors by whole numbers, found \[0, 1\]; as in floors",
        ),
        ("site: a\nfloors: {ground: {}}", "m.yaml, floors: wanted floors by whole numbers"),
        ("site: a\nfloors: {0: plan.yaml}", "m.yaml, floor 0: wanted some of plan, landmarks, found 'plan.yaml'"),
        ("site: a\nfloors: {0: {map: plan.yaml}}", "m.yaml, floor 0: wanted some of plan, landmarks, found map"),
        ("site: a\nfloors: {0: {plan: 3}}", "m.yaml, floor 0: wanted the path of a file, found 3"),
        (
            "site: a\nfloors: {0: {landmarks: [door]}}",
            r"floor 0, landmarks: wanted landmarks by name, found \['door'\]",
        ),
        (
            "site: a\nfloors: {0: {landmarks: {door: 3}}}",
            r"landmark door: wanted x and y in metres, found 3; as in door: \[",
        ),
        ("site: a\nfloors: {0: {landmarks: {d: [0, .inf]}}}", "floor 0, landmark d: wanted x and y in metres"),
        (
            "site: a\nfloors: {0: {landmarks: {lift: [1, 2]}}, 1: {landmarks: {lift: [1, 2]}}}",
            r"floor 1, landmark lift: wanted a unique name, found also lift at \(1, 2\) m on floor 0; rename one",
        ),
        ("site: a\nroutes: [hall]", r"m.yaml, routes: wanted routes by name, found \['hall'\]"),
        (
            "site: a\nroutes: {hall: [door]}",
            "m.yaml, route hall, point 1: wanted a landmark: none is known, found door",
        ),
        ("site: a\nroutes: {hall: no.geojson}", "no.geojson: wanted a route as a GeoJSON .*found No such file"),
        (
            "site: a\nroutes: {hall: [{at: [0, 0]}, {at: [1, 0], floor: 1}]}",
            "m.yaml, route hall: wanted points on its floors 0, found floor 1; correct the floor, or add it to floors",
        ),
    ],
)
def test_what_is_no_site_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as refused:
        parse_site(text, Path("m.yaml"))
    assert "\n" not in str(refused.value)
