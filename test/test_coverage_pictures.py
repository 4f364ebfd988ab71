"""The coverage map: paths that lack a pass stand out, with the direction that is missing."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from test_coverage import BACK, THERE, walk

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import Finding
from mail_ros.data.check.site_report import SiteReport, checked_against_site, group_by_site, held_out, judged_site
from mail_ros.data.coverage import Need
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.data.plan_image import FREE, OCCUPIED, UNKNOWN
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import Track
from mail_ros.evaluation.coverage.coverage_marks import (
    LOOKS,
    arrows,
    dashes,
    extent_m,
    line_of,
    numbered,
    one_direction_cost,
    summary,
)
from mail_ros.evaluation.coverage.coverage_picture import draw_coverage


def site(*tracks: Track, name: str = "museum", findings: tuple[Finding, ...] = ()) -> SiteReport:
    reports = [BagReport(track.source, {"path_m": 20.0}, findings, {"site": name}, track) for track in tracks]
    return judged_site(name, reports, ModelConfig())


HALF = site(walk(*THERE), walk((8.0, 0.0), (0.0, 0.0)), walk(*THERE, floor=1), walk(*THERE, floor=1))
WHOLE = site(walk(*THERE), walk(*BACK))


def share_of(path: Path, need: Need) -> float:
    """Of the picture's pixels, above the legend, how many have a need's colour."""
    pixels = imread(path)[:-70, :, :3]
    return float((np.abs(pixels - to_rgb(LOOKS[need].colour)).max(axis=2) < 0.02).mean())


def test_bags_are_gathered_by_the_site_that_they_name() -> None:
    reports = [BagReport(str(n), {}, (), {"site": name}, walk(*THERE)) for n, name in enumerate(["a", "b", "a", ""])]
    assert {name: len(bags) for name, bags in group_by_site(reports).items()} == {"a": 2, "b": 1, "site": 1}


def report_of(name: str, floor: int = 0, **notes: str) -> BagReport:
    return BagReport(name, {}, (), notes, walk(*THERE, floor=floor))


def test_bags_are_held_to_a_site_that_is_given() -> None:
    museum = SiteFile("museum", (0,), path=Path("museum.yaml"))
    fits, other, strange = (
        checked_against_site(museum, report)
        for report in (report_of("a"), report_of("b", site="depot"), report_of("c", floor=3))
    )
    assert (fits.usable, fits.notes["site"]) == (True, "museum")
    assert (other.usable, other.notes["site"]) == (False, "depot")
    assert strange.findings[0].message == (
        "found floor 3, which museum.yaml does not have; "
        "add the floor there, or correct the frame of the landmarks or poses"
    )


def test_the_latest_walk_of_every_route_is_held_out_to_validate() -> None:
    """The tracks begin at the same time: the last by name."""
    walks = [report_of(f"{route}{number}", route=route) for route in "pq" for number in range(3)]
    assert [walks[index].bag for index in held_out(walks)] == ["p2", "q2"]
    assert [walks[index].bag for index in held_out([*walks[:3], report_of("r0", route="r")])] == ["p2"]
    assert held_out([report_of("a"), report_of("b"), report_of("c")]) == [2]
    assert held_out([report_of("a")]) == []
    assert held_out([report_of("a"), report_of("b", floor=1)]) == [], "nothing would teach floor 1"


def test_an_unusable_bag_covers_nothing() -> None:
    assert site(walk(*THERE), findings=(Finding(Level.ERROR, "units", "gauss", "send tesla"),)).floors == ()


def test_arrows_point_the_way_that_is_missing() -> None:
    floor = HALF.floors[1]
    assert dashes(floor, Need.REVERSE).shape == (21, 2, 2)
    assert np.linalg.norm(np.diff(dashes(floor, Need.REVERSE), axis=1), axis=-1) == pytest.approx(1.0)
    wings_x, tips_x = arrows(floor, Need.REVERSE)[:, 0, 0], arrows(floor, Need.REVERSE)[:, 1, 0]
    assert (tips_x < wings_x).all()  # walked towards +x, twice


def test_lines_have_length_and_position() -> None:
    lower, upper = HALF.floors
    assert summary(lower) == "floor 0: 21 m of path, 9 m both ways, 12 m (57%) one way only, 12 m of it once"
    assert (
        one_direction_cost(upper) == "floor 1: on 21 m a walk the other way matches no window, and errs as chance does"
    )
    assert summary(dataclasses.replace(lower, both_directions=False)) == (
        "floor 0: 21 m of path, 9 m twice or more, 12 m once"
    )
    assert summary(WHOLE.floors[0]) == "floor 0: 21 m of path, all of it walked both ways"
    assert line_of(1, numbered(lower)[0]) == "1: walk 12 m once more, from (20.0, 0.0) to (9.0, 0.0)"
    assert line_of(1, numbered(upper)[0]) == "1: walk 21 m the other way, from (20.0, 0.0) to (0.0, 0.0)"


@pytest.mark.slow
def test_the_picture_shows_holes_only_where_there_are_some(tmp_path: Path) -> None:
    draw_coverage(tmp_path / "new" / "half.png", HALF)
    draw_coverage(tmp_path / "whole.png", WHOLE)
    for need in (Need.AGAIN, Need.REVERSE):
        assert share_of(tmp_path / "new" / "half.png", need) > 0.001
        assert share_of(tmp_path / "whole.png", need) == 0.0
    assert share_of(tmp_path / "whole.png", Need.NOTHING) > 0.001


def hall() -> FloorPlan:
    """Free from (-5, -5) to (45, 15) m, with a wall at y = 8 m; unknown around."""
    image = np.full((60, 100), UNKNOWN, np.uint8)
    image[10:30, 20:70] = FREE
    image[17, 20:70] = OCCUPIED
    return FloorPlan(image, np.array([-25.0, -15.0]), np.array([75.0, 45.0]))


def test_a_plan_lies_behind_its_floor_with_its_unwalked_parts(tmp_path: Path) -> None:
    for name, plans in (("with", {0: hall()}), ("without", {})):
        draw_coverage(tmp_path / f"{name}.png", WHOLE, plans)
    grey = imread(tmp_path / "with.png")[..., :3]
    wall = np.abs(grey - 0.7).max(axis=2) < 0.01
    assert wall.sum(axis=1).max() > 500, "the wall goes across"
    assert not (np.abs(imread(tmp_path / "without.png")[..., :3] - 0.7).max(axis=2) < 0.01).sum() > 500
    low_m, size_m = extent_m(WHOLE.floors[0], hall())
    assert low_m[0] == -5.0
    assert size_m[0] == 50.0
