"""Lanes through an area before its survey: where they lie, and how their ends become landmarks, a route and labels."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image
from test_cli import mail_ros

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.labels import labels_from_landmarks
from mail_ros.data.lane_plan import CLEARANCE_M, Lane, lane_landmarks, plan_lanes, polygon_area, write_lanes
from mail_ros.data.site_file import read_site

CORNERS_M = np.array([[0.0, 0.0], [12.0, 0.0], [12.0, 8.0], [0.0, 8.0]])
PLAN = "image: hall.png\nresolution: 0.1\norigin: [0, 0, 0]\nnegate: 0\noccupied_thresh: 0.65\nfree_thresh: 0.25\n"
SITE = "site: hall\nfloors:\n  0:\n    plan: hall.yaml\n    landmarks: lanes.csv\nroutes:\n  lanes: lanes.csv\n"


def planned(corners_m: FloatArray, spacing_m: float = 1.0) -> list[Lane]:
    return plan_lanes(polygon_area(corners_m), corners_m.min(axis=0), corners_m.max(axis=0), spacing_m)


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0])
def test_lanes_lie_along_the_long_side_there_and_back(angle_deg: float) -> None:
    rotated = (CORNERS_M[:, 0] + 1j * CORNERS_M[:, 1]) * np.exp(1j * np.radians(angle_deg))
    lanes = planned(np.column_stack([rotated.real, rotated.imag]))
    vectors = np.array([complex(*lane.end_m) - complex(*lane.start_m) for lane in lanes])
    assert len(lanes) == 8  # 8 m less the clearance on both sides, 1 m apart
    assert np.abs(vectors) == pytest.approx(12.0 - 2.0 * CLEARANCE_M, abs=0.25)
    assert abs(np.sin(np.angle(vectors) - np.radians(angle_deg))) == pytest.approx(0.0, abs=1e-2)
    assert (vectors[1:] / vectors[:-1]).real == pytest.approx(-1.0, abs=0.05)
    assert [lane.name for lane in lanes[:2]] == ["L01", "L02"]


def test_the_distance_of_lanes_is_nearly_as_wanted() -> None:
    for spacing_m, count in ((0.6, 13), (2.0, 5), (30.0, 2)):
        assert len(planned(CORNERS_M, spacing_m)) == count


def test_lanes_stay_inside_an_area_with_a_notch() -> None:
    area = polygon_area(np.array([[0, 0], [12, 0], [12, 8], [8, 8], [8, 4], [4, 4], [4, 8], [0, 8.0]]))
    lanes = plan_lanes(area, np.zeros(2), np.array([12.0, 8.0]), 1.0)
    for lane in lanes:
        line_m = np.linspace(lane.start_m, lane.end_m, 50)
        assert area(line_m + np.array([0.0, 0.3])).all() and area(line_m - np.array([0.3, 0.0])).all()
    assert planned(np.array([[0, 0], [1.5, 0], [1.5, 1.5], [0, 1.5]])) == []


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a plan of 12 by 8 m, with a wall across at x = 6 m."""
    monkeypatch.chdir(tmp_path)
    image = np.full((80, 120), 254, np.uint8)
    image[:, 58:62] = 0
    Image.fromarray(image).save(tmp_path / "hall.png")
    (tmp_path / "hall.yaml").write_text(PLAN)
    (tmp_path / "site.yaml").write_text(SITE.replace("    landmarks: lanes.csv\n", "").partition("routes")[0])
    return tmp_path


@pytest.mark.slow
def test_a_plan_becomes_landmarks_a_route_and_labels(here: Path) -> None:
    printed = mail_ros("site", "lanes", "--site-file", "site.yaml", "--spacing", "1.5").splitlines()
    assert printed[0].startswith("floor 0: ")
    assert printed[1:3] == [
        "lanes: lanes.csv   picture: lanes.png",
        "write into site.yaml: `landmarks: lanes.csv` below floor 0, `lanes: lanes.csv` below routes",
    ]
    assert printed[3].endswith("autostart:=false site_file:=site.yaml route:=lanes")
    assert imread(here / "lanes.png").std() > 0.01
    (here / "site.yaml").write_text(SITE)
    site = read_site(here / "site.yaml")
    assert list(site.landmarks)[:3] == ["L01a", "L01b", "L02a"]
    assert all(abs(point.position_m[0] - 6.0) > 0.5 for point in site.landmarks.values())
    route = site.routes["lanes"]
    event_ns = [number * 10 * NS_PER_S for number in range(len(route.landmarks))]
    stamp_ns = np.array([5, 15, 25]) * NS_PER_S
    labels = labels_from_landmarks(stamp_ns, route.stamped(event_ns).path)
    assert labels.valid.all()
    ends = [site.landmarks[name].position_m for name in ("L01a", "L01b", "L02a", "L02b")]
    assert labels.position_m == pytest.approx(np.array([np.mean(ends[at : at + 2], axis=0) for at in range(3)]))


@pytest.mark.slow
def test_the_area_of_a_plan_may_be_a_part_of_it(here: Path) -> None:
    options = ("--site-file", "site.yaml", "--corners", "0,0 5,8", "--json")
    lanes = json.loads(mail_ros("site", "lanes", *options))["lanes"]
    assert lanes and max(max(lane["start_m"][0], lane["end_m"][0]) for lane in lanes) < 5.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            [],
            '--corners: wanted two or more corners "X,Y X,Y", in metres, found neither --corners nor a plan of the '
            "floor",
        ),
        (["--corners", "0,0 1"], "found '0,0 1'; name them"),
        (["--corners", "0,0 nan,2"], "found '0,0 nan,2'; name them"),
        (
            ["--corners", "0,0 1,1"],
            "0,0 1,1: wanted an area with room for a lane of 2 m, found none; name a larger one",
        ),
    ],
)
def test_an_area_without_lanes_is_refused_and_nothing_is_written(
    here: Path, arguments: list[str], message: str
) -> None:
    assert message in mail_ros("site", "lanes", *arguments, "--out", "none.csv", code=1)
    assert not list(here.glob("none*"))


def test_a_plan_is_read_as_it_was_written_and_damage_is_named_by_its_line(tmp_path: Path) -> None:
    write_lanes(tmp_path / "new" / "lanes.csv", [Lane("L01", (0.0, 1.5), (9.25, 1.5))])
    assert lane_landmarks(tmp_path / "new" / "lanes.csv") == {"L01a": [0.0, 1.5], "L01b": [9.25, 1.5]}
    for text, message in (
        ("lane,x0,y0,x1,y1\nL01,0,0,5,0\nL02,0,x,5,1\n", "line 3: wanted a name and four numbers, found L02,0,x,5,1"),
        ("lane,x0,y0,x1,y1\nL01,0,0\n", "line 2: wanted a name and four numbers"),
        ("a,b\n", "wanted lanes as CSV with the columns lane, x0, y0, x1, y1, found a, b; write them with"),
        ("", "found an empty file"),
    ):
        (tmp_path / "lanes.csv").write_text(text)
        with pytest.raises(ConfigError, match=message):
            lane_landmarks(tmp_path / "lanes.csv")
