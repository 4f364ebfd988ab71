"""Landmarks of imported walks: from marks in an app, from a planned route, or from a second file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from app_exports import START_NS, PhoneWalk, phone_walk, sensor_logger, sensorlog, table, write_folder
from imported_bags import imported

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.bag import read_track
from mail_ros.data.importers import ImportedBag
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.importers.marks import LandmarkFile
from mail_ros.data.site_file import parse_site

SITE = """\
site: hall
floors: {0: {landmarks: {door: [1.0, 2.0], lift: [5.0, 2.0]}}}
routes: {hall: [door, {at: [3.0, 4.0], mark: false}, lift, door]}
"""
WALK = ImportedWalk("one", np.array([START_NS, START_NS + 9_000_000_000]), np.ones((2, 3)), ())


@pytest.fixture(scope="module")
def phone() -> PhoneWalk:
    return phone_walk(duration_s=6.0)


def test_a_change_of_the_label_of_sensorlog_is_a_mark(tmp_path: Path) -> None:
    (log,) = sensorlog(phone_walk(duration_s=0.5)).values()
    lines = log.splitlines()
    site = parse_site(SITE.replace("door", "'1'").replace("lift", "'2'"), tmp_path / "hall.yaml")
    labels = ["label(N)", *"0011000222"]
    labels += ["2"] * (len(lines) - len(labels))
    text = "\n".join(f"{line},{label}" for line, label in zip(lines, labels, strict=True))
    bag = imported("sensorlog", write_folder(tmp_path, {"a.csv": text}) / "a.csv", site=site)
    track = read_track(bag.path)
    assert track.position_m[track.valid][[0, -1]] == pytest.approx(np.array([[1, 2], [5, 2]]), abs=0.5)


def test_text_of_a_mark_may_have_commas_without_quotes(tmp_path: Path, phone: PhoneWalk) -> None:
    files = sensor_logger(phone)
    files["Annotation.csv"] = files["Annotation.csv"].replace('"', "")
    assert imported("sensor-logger", write_folder(tmp_path / "a", files)).remarks == ()


def test_marks_get_their_places_from_the_app_the_site_or_a_route(tmp_path: Path, phone: PhoneWalk) -> None:
    site, header = parse_site(SITE, tmp_path / "hall.yaml"), "time,seconds_elapsed,text"
    at_ns = [START_NS + second * 1_000_000_000 for second in (1, 3, 5)]

    def bag(name: str, *texts: str, route: str = "") -> ImportedBag:
        annotation = table(header, ([stamp, 0, text] for stamp, text in zip(at_ns, texts, strict=True)))
        folder = write_folder(tmp_path / name, {**sensor_logger(phone), "Annotation.csv": annotation})
        return imported("sensor-logger", folder, site=site, route=route)

    named = read_track(bag("named", "door", "", "5.0, 2.0, 0").path)
    assert named.position_m[named.valid][[0, -1]] == pytest.approx(np.array([[1.0, 2.0], [5.0, 2.0]]), abs=0.05)
    (remark,) = bag("unnamed", "door", "stairs?", "lift").remarks
    assert "1 of 3 marks have no position: stairs?; write x, y in metres" in str(remark)
    routed = bag("routed", "", "what?", "", route="hall")
    track = read_track(routed.path)
    middle = track.position_m[np.searchsorted(track.stamp_ns, START_NS + 2_000_000_000)]
    assert middle == pytest.approx([3.0, 4.0], abs=0.05)  # the corner between two marks
    assert routed.remarks == ()
    (tmp_path / "times.csv").write_text("time_s\n1\n3\n5\n")
    by_file = imported(
        "sensor-logger",
        write_folder(tmp_path / "by_file", sensor_logger(phone)),
        site=site,
        route="hall",
        landmarks=LandmarkFile(tmp_path / "times.csv"),
    )
    np.testing.assert_allclose(read_track(by_file.path).position_m, track.position_m, rtol=0, atol=1e-9)
    with pytest.raises(ConfigError, match=r"wanted a site file with the route, found none; name it with --site-file"):
        imported("sensor-logger", tmp_path / "routed", route="hall")
    with pytest.raises(ConfigError, match=r"wanted one of its routes hall, found attic"):
        imported("sensor-logger", tmp_path / "routed", site=site, route="attic")


@pytest.mark.parametrize(
    ("at", "found"), [("11.1{}, 49.4{}", "which looks like degrees"), ("32{}000, 5481{}00", "as of UTM")]
)
def test_marks_that_are_not_in_metres_are_refused(tmp_path: Path, phone: PhoneWalk, at: str, found: str) -> None:
    rows = ([mark.stamp_ns, 0, at.format(n, n)] for n, mark in enumerate(phone.walk.landmarks))
    files = {**sensor_logger(phone), "Annotation.csv": table("time,seconds_elapsed,text", rows)}
    with pytest.raises(BagError, match=f"wanted marks at x and y in metres of the map frame, found .*{found}"):
        imported("sensor-logger", write_folder(tmp_path / "a", files))


def test_more_marks_than_landmarks_of_the_route_are_refused(tmp_path: Path, phone: PhoneWalk) -> None:
    site = parse_site(SITE, tmp_path / "hall.yaml")
    with pytest.raises(BagError, match="found 4 marks, and route hall has 3 landmarks"):
        imported("sensor-logger", write_folder(tmp_path / "a", sensor_logger(phone)), site=site, route="hall")


@pytest.mark.parametrize(
    ("text", "stamps_s"),
    [
        ("time_s,x_m,y_m\n0.5,1,2\n8,3,4\n", [0.5, 8]),
        (f"time_s,x_m,y_m,floor\n{START_NS // 10**9 + 2}.25,1,2,-1\n", [2.25]),
        ("time,x_m,y_m\n2025-12-01T10:00:04Z,1,2\n", [4]),
        ("time;x_m;y_m\n01-Dec-2025 10:00:04,5;1,5;2,5\n", [4.5]),
        ("walk,time_s,x_m,y_m\none,1,2,3\ntwo,2,3,4\n", [1]),
    ],
)
def test_a_second_file_has_the_landmarks(tmp_path: Path, text: str, stamps_s: list[float]) -> None:
    (tmp_path / "landmarks.csv").write_text(text)
    marks = LandmarkFile(tmp_path / "landmarks.csv").marks(WALK)
    assert [(mark.stamp_ns - START_NS) / 1e9 for mark in marks] == stamps_s
    assert all(mark.position_m is not None for mark in marks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wanted a line with columns of walk, time, time_s"),
        ("x_m,y_m\n1,2\n", "a time among them.*found x_m, y_m, 1 lines; write it as in docs/import.md"),
        ("time_s,x_m,y_m,colour\n1,2,3,red\n", "found time_s, x_m, y_m, colour"),
        ("time_s,x_m,y_m\nsoon,2,3\n", "wanted a number as time_s, found 'soon'"),
        ("time,x_m,y_m\n10:00,2,3\n", "line 2: wanted a time of day as 2026-.*found '10:00'"),
        ("time_s,x_m,y_m\n1,2,\n", "line 2: wanted x_m and y_m in metres"),
        ("time_s,x_m,y_m,floor\n1,2,3,1.5\n", "line 2: wanted x_m and y_m in metres, and a whole number as floor"),
        (
            "time,x_m,y_m\n2025-12-01T10:00:04+01:00,1,2\n",
            "from 2025-12-01T10:00:00 UTC to .*found 1 for it, from .*09:00",
        ),
        ("walk,time_s,x_m,y_m\ntwo,2,3,4\n", "wanted landmarks of one, .* found 0 for it"),
    ],
)
def test_a_wrong_second_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "landmarks.csv").write_text(text)
    with pytest.raises(BagError, match=message):
        LandmarkFile(tmp_path / "landmarks.csv").marks(WALK)


def test_seconds_since_the_start_serve_one_walk_only(tmp_path: Path) -> None:
    (tmp_path / "landmarks.csv").write_text("time_s,x_m,y_m\n0.5,1,2\n8,3,4\n")
    file = LandmarkFile(tmp_path / "landmarks.csv")
    file.marks(WALK)
    other = ImportedWalk("two", WALK.stamp_ns, WALK.field_ut, ())
    with pytest.raises(BagError, match=r"wanted a column walk, .* found one and two; add the column"):
        file.marks(other)
