"""Coverage in square metres: what a map of the field knows, where lanes are missing, which walks contradict others."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hall_lanes import LENGTH_M, lane, lanes, write_lane
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from small_halls import SIZE_M, Hall
from test_cli import mail_ros
from warm_verbs import run_verb

from mail_ros.core.errors import TrackError
from mail_ros.core.models.model_file import load_model
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.site_report import judged_site
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.plan_image import FREE, OCCUPIED
from mail_ros.data.track import Track
from mail_ros.evaluation.coverage.added_lanes import added_lanes
from mail_ros.evaluation.coverage.area_coverage import AreaCoverage, area_coverage
from mail_ros.evaluation.coverage.area_picture import COLOURS, draw_area
from mail_ros.training.field_map.contradictions import contradictions
from mail_ros.training.field_map.known_area import SurveyedArea
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import run_config

pytestmark = pytest.mark.slow

HALL = Hall(1)
DENSE = lanes(HALL, np.arange(1.0, 5.1, 0.5))
THIN = lanes(HALL, np.array([1.0, 5.0]), length_m=7.0)
TWICE = lanes(HALL, np.repeat(np.arange(1.0, 5.1, 1.0), 2), length_m=7.0)  # each lane there and back
GRID_M = np.stack(np.meshgrid(np.arange(0.0, 6.0, 0.25), np.arange(0.0, 3.0, 0.25)), axis=-1).reshape(-1, 2)


@pytest.fixture(scope="module")
def dense() -> AreaCoverage:
    return area_coverage(DENSE, {})


@pytest.fixture(scope="module")
def thin() -> AreaCoverage:
    return area_coverage(THIN, {})


def test_an_area_with_dense_lanes_is_known_in_square_metres(dense: AreaCoverage) -> None:
    (floor,) = dense.floors
    surveyed_m2 = (LENGTH_M + 1.2) * (4.0 + 1.2)  # with the map's reach around it
    assert floor.area.area_m2 == pytest.approx(surveyed_m2, rel=0.15)
    known = [floor.area.known_m2(level) for level in (1.0, 2.0, 4.0)]
    assert known[0] < known[1] < known[2] <= floor.area.area_m2
    assert known[1] > 0.6 * surveyed_m2
    assert not floor.area.is_thin
    assert dense.contradictions == []


def test_a_thin_survey_knows_nothing_between_its_lines_and_lanes_go_there(thin: AreaCoverage) -> None:
    """Two lanes four metres apart: the map leaves out what lies between."""
    (floor,) = thin.floors
    assert floor.area.is_thin
    assert floor.area.known_m2(2.0) < 0.5 * floor.area.area_m2
    assert "the field is known to 2 µT on 0 m² of them; walk lanes between them" in floor.area.thin_text()
    first = floor.lanes[0]
    assert 1.6 < first.start_m[1] < 4.4 and first.start_m[1] == pytest.approx(first.end_m[1], abs=0.1)
    assert first.end_m[0] - first.start_m[0] > 4.0
    found = json.loads(json.dumps(floor.as_json()))
    assert found["thin"] and found["known_m2"]["2"] < found["area_m2"]
    assert tuple(found["lanes"][0]["end_m"]) == first.end_m


def test_lanes_are_proposed_on_free_pixels_of_a_plan_only() -> None:
    """A wall fills what lies between the two lanes."""
    image = np.full((70, 90), FREE, np.uint8)
    image[24:56] = OCCUPIED  # y from 1.4 to 4.6 m
    plan = FloorPlan(image, np.zeros(2), np.array(SIZE_M))
    assert plan.free_at(np.array([[1.0, 1.0], [1.0, 3.0], [1.0, 6.9], [-1.0, 1.0], [1.0, 7.1]])).tolist() == [
        *(True, False, True, False, False)
    ]
    assert not [lane for lane in area_coverage(THIN, {0: plan}).floors[0].lanes if 1.4 < lane.start_m[1] < 4.6]


def test_lanes_follow_the_long_side_of_what_is_unknown() -> None:
    angle = np.exp(1j * np.radians(30.0))
    rotated = (GRID_M[:, 0] + 1j * GRID_M[:, 1]) * angle
    for grid_m, heading_deg in ((GRID_M, 0.0), (np.column_stack([rotated.real, rotated.imag]), 30.0)):
        found = added_lanes(grid_m, 0.25, np.radians(heading_deg - 90.0))
        vector = complex(*found[0].end_m) - complex(*found[0].start_m)
        assert np.degrees(np.angle(vector)) == pytest.approx(heading_deg, abs=1.0)
        assert abs(vector) == pytest.approx(6.0, abs=0.3)
        assert sum(lane.area_m2 for lane in found) > 0.75 * 18.0
    assert added_lanes(GRID_M[:4], 0.25, 0.0) == []
    assert str(found[0]).startswith("walk from (")


def test_the_picture_has_the_classes_of_the_map(dense: AreaCoverage, thin: AreaCoverage, tmp_path: Path) -> None:
    fractions = []
    for name, tracks, area in (("dense", DENSE, dense), ("thin", THIN, thin)):
        reports = [BagReport(track.source, {}, (), {}, track) for track in tracks]
        site = judged_site("hall", reports, run_config([], "area").model)
        draw_area(tmp_path / "new" / f"{name}.png", site, area.floors)
        pixels = imread(tmp_path / "new" / f"{name}.png")[:-70, :, :3]
        shown = [0.85 * np.array(to_rgb(colour)) + 0.15 for colour in (COLOURS[0], COLOURS[1], COLOURS[-1])]
        fractions.append([float((np.abs(pixels - each).max(axis=2) < 0.02).mean()) for each in shown])
    assert sum(fractions[0][:2]) > 3.0 * fractions[0][2]
    assert fractions[1][2] > sum(fractions[1][:2])


def shifted(track: Track, along_m: float) -> Track:
    """Its landmarks were 3 m further along, as after one that was marked twice."""
    return dataclasses.replace(track, position_m=track.position_m + np.array([along_m, 0.0]))


def late(track: Track, delay_s: float) -> Track:
    """The labels of a clock that is behind."""
    rows = round(delay_s * 20.0)
    labels = {name: np.roll(getattr(track, name), rows, axis=0) for name in ("position_m", "valid")}
    labels["valid"][:rows] = False
    labels["position_m"][:rows] = np.nan
    return dataclasses.replace(track, **labels)


def test_walks_that_agree_are_not_named() -> None:
    assert contradictions(survey_walks(TWICE).rows) == contradictions(survey_walks(DENSE).rows) == []


@pytest.mark.parametrize("number", [2, 5])
@pytest.mark.parametrize("wrong", [shifted, late])
def test_a_walk_that_contradicts_the_others_is_named_with_them(
    number: int, wrong: Callable[[Track, float], Track]
) -> None:
    """Each lane was walked there and back: one of the two has labels 3 m off, or 2 s late."""
    tracks = [
        wrong(track, 3.0 if wrong is shifted else 2.0) if at == number else track for at, track in enumerate(TWICE)
    ]
    (found,) = contradictions(survey_walks(tracks).rows)
    assert f"lane_{number:02d}" in (found.source, *found.others)
    assert found.difference_ut > 5.0
    assert found.difference_ut > 1.7 * found.usual_ut
    assert f"its field differs by {found.difference_ut:.0f} µT from that of lane_" in str(found)
    assert "m of common path" in str(found)


def test_of_two_walks_that_contradict_each_other_both_are_named() -> None:
    rows = survey_walks([lane(HALL, 2.0, 1), shifted(lane(HALL, 2.0, 2), 1.5)]).rows
    (found,) = contradictions(rows)
    assert {found.source, *found.others} == {"lane_01", "lane_02"}
    assert contradictions(survey_walks([lane(HALL, 2.0, 1), lane(HALL, 2.0, 2)]).rows) == []


def without_odometry(track: Track) -> Track:
    return dataclasses.replace(track, source="bare", moved_m=None, attitude_xyzw=None)


def test_walks_without_odometry_are_named_and_the_others_used(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        walks = survey_walks([without_odometry(DENSE[0]), *DENSE[1:4]])
    assert [track.source for track in walks.tracks] == ["lane_01", "lane_02", "lane_03"] == list(walks.rows.sources)
    assert "left out: bare: wanted odometry and attitude, for a map of the field, found neither; record" in caplog.text
    assert set(walks.rows.walk) == {0, 1, 2}
    with pytest.raises(TrackError, match="bare: wanted odometry and attitude"):
        survey_walks([without_odometry(DENSE[0])])


def test_an_area_is_checked_and_trained_on(tmp_path: Path) -> None:
    bags = [write_lane(tmp_path / "bags", track) for track in lanes(HALL, np.array([1.0, 5.0]))]
    model = tmp_path / "hall.safetensors"
    done = run_verb("check", *bags, "--coverage", tmp_path / "coverage")
    checked = done.stdout.splitlines()
    assert any(
        line.startswith("site, preset area: 2 of 2 walks are shorter than 15 s, and have odometry") for line in checked
    )
    assert any("site, floor 0: chance, the middle of its walks, errs by " in line for line in checked)
    assert any(line.startswith("  1: walk from (") for line in checked)
    assert checked[-2:] == [
        f"coverage: {tmp_path}/coverage/site.png",
        "next: walk the missing lanes of site, and check again",
    ]
    assert done.returncode == 1
    assert "mail_ros: site: wanted a survey to train on, found its walks have 8 m of path" in done.stderr
    mail_ros("site", "init", "hall", "--floor", "0", "--floor", "1", "--out", tmp_path / "hall.yaml")
    options = ("--site-file", tmp_path / "hall.yaml", "--run", tmp_path / "run", "--out", model)
    done = run_verb("train", *bags, "--preset", "area", *options)
    assert "hall, floor 1: not walked, so the model does not know it" in done.stderr
    assert "floor 0: the survey is thin: " in done.stderr
    (area,) = load_model(model).card.training["area"]
    assert area["thin"]
    assert f"floor 0: {area['known_m2']['2']:.0f} of {area['area_m2']:.0f} m² are known to 2 µT" in done.stdout


def test_an_area_of_known_cells_is_not_thin() -> None:
    position_m = np.zeros((100, 2))
    between = np.arange(100) < 20
    for error_ut, is_thin, is_unknown in ((1.0, False, False), (3.0, True, False), (5.0, True, True)):
        area = SurveyedArea(0, 0.5, position_m, np.where(between, error_ut, 1.0), between)
        assert (area.is_thin, area.is_unknown_between) == (is_thin, is_unknown)
    assert not SurveyedArea(0, 0.5, position_m, np.full(100, 3.0), np.zeros(100, np.bool_)).is_thin
