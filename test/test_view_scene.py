"""What is drawn is what was said: where, since when, and in which colour."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from mail_ros.core.localizer.diagnostics import Assessment, Level
from mail_ros.core.neighbourhood import belief_image
from mail_ros.core.types import Cells, Estimate, Hypothesis, Status
from mail_ros.data.plan import Plan
from mail_ros.view.drawing import Curves, Dots, Drawn, Lines, Note, Page
from mail_ros.view.scene import COLOURS, Setting, View, ellipse, status_page

NS = 10**9
PLAN = Plan(np.full((2, 4), 205, np.uint8), np.array([-1.0, -2.0]), np.array([3.0, 0.0]))


class Sketch:
    """A canvas that keeps what is drawn."""

    def __init__(self) -> None:
        self.drawn: list[tuple[str, Drawn, int]] = []

    def draw(self, entity: str, drawn: Drawn, stamp_ns: int) -> None:
        self.drawn.append((entity, drawn, stamp_ns))

    def of(self, entity: str) -> list[tuple[Drawn, int]]:
        return [(drawn, stamp_ns) for name, drawn, stamp_ns in self.drawn if name == entity]

    def last(self, entity: str) -> Drawn:
        return self.of(entity)[-1][0]


def estimate(at_s: float, x_m: float, status: Status = Status.LOCALIZED, floor: int = 0) -> Estimate:
    return Estimate(round(at_s * NS), np.array([x_m, 1.0]), np.diag([4.0, 1.0]), floor, status, (0.25, 0.75))


def assessment(status: str, level: Level = Level.OK, message: str = "fine", **values: str) -> Assessment:
    return Assessment(level, message, {"status": status, **values})


@pytest.fixture
def sketch() -> Sketch:
    return Sketch()


def test_the_field_is_drawn_with_its_strength_at_most_fifty_times_a_second(sketch: Sketch) -> None:
    view = View(sketch)
    for number in range(400):  # at 200 Hz
        view.hear_field(number * NS // 200, np.array([3.0, 4.0, 12.0]))
    assert len(sketch.of("field")) == 100
    assert sketch.last("field") == Curves(("x, µT", "y, µT", "z, µT", "|B|, µT"), (3.0, 4.0, 12.0, 13.0))


def test_a_clock_that_is_set_back_does_not_stop_the_field(sketch: Sketch) -> None:
    view = View(sketch)
    for stamp_ns in (5 * NS, 1 * NS):
        view.hear_field(stamp_ns, np.ones(3))
    assert [stamp_ns for _, stamp_ns in sketch.of("field")] == [5 * NS, 1 * NS]


def test_an_estimate_is_a_dot_a_region_and_a_step_of_the_path_in_the_colour_of_its_status(sketch: Sketch) -> None:
    view = View(sketch, Setting(scales=("1 s", "10 s")))
    view.hear_estimate(estimate(1.0, 0.0))
    assert not sketch.of("map/path")
    view.hear_estimate(estimate(2.0, 1.5, Status.UNCERTAIN))
    ((path, stamp_ns),) = sketch.of("map/path")
    assert isinstance(path, Lines)
    assert path.colour == COLOURS[Status.UNCERTAIN]
    np.testing.assert_array_equal(path.strips_m[0], [[0.0, 1.0], [1.5, 1.0]])
    pose = sketch.last("map/pose")
    assert isinstance(pose, Dots)
    np.testing.assert_array_equal(pose.position_m, [[1.5, 1.0]])
    assert stamp_ns == 2 * NS
    assert sketch.last("attention") == Curves(("1 s", "10 s"), (0.25, 0.75))


def test_the_region_holds_the_device_with_nine_tenths_probability() -> None:
    offset_m = ellipse(estimate(0.0, 5.0)) - [5.0, 1.0]
    squared = np.square(offset_m / [2.0, 1.0]).sum(axis=1)
    np.testing.assert_allclose(1.0 - np.exp(-squared / 2.0), 0.9)


@pytest.mark.parametrize(("after_s", "x_m"), [(1.0, 30.0), (60.0, 1.0), (-1.0, 1.0)])
def test_the_path_has_a_hole_where_nobody_walked(sketch: Sketch, after_s: float, x_m: float) -> None:
    view = View(sketch)
    view.hear_estimate(estimate(100.0, 0.0))
    view.hear_estimate(estimate(100.0 + after_s, x_m))
    assert not sketch.of("map/path")
    assert len(sketch.of("map/pose")) == 2


def test_the_floor_of_the_estimate_is_the_one_that_is_shown(sketch: Sketch) -> None:
    way_m = np.array([[0.0, 0.0], [5.0, 0.0]])
    view = View(sketch, Setting({-1: PLAN}, reference_m={0: [way_m]}))
    view.hear_estimate(estimate(1.0, 0.0))
    places = [Hypothesis(np.zeros(2), 0, 0.5), Hypothesis(np.ones(2), -1, 0.3), Hypothesis(np.ones(2), 0, 0.2)]
    view.hear_hypotheses(NS, places)
    hypotheses, reference, none = (sketch.last(f"map/{name}") for name in ("hypotheses", "reference", "plan"))
    assert isinstance(hypotheses, Dots)
    assert hypotheses.labels == ["50%", "20%"]
    np.testing.assert_array_equal(hypotheses.position_m, [[0.0, 0.0], [1.0, 1.0]])
    assert isinstance(reference, Lines)
    assert isinstance(none, Plan)
    assert reference.strips_m == [way_m]
    assert none.image.shape == (1, 1)
    view.hear_estimate(estimate(2.0, 0.5, floor=-1))
    plan, reference = sketch.last("map/plan"), sketch.last("map/reference")
    assert isinstance(plan, Plan)
    assert isinstance(reference, Lines)
    assert plan.image is PLAN.image
    assert not reference.strips_m
    assert not sketch.of("map/path"), "nobody walks from floor to floor"


def test_a_site_of_one_floor_shows_it_before_the_first_estimate(sketch: Sketch) -> None:
    View(sketch, Setting({0: PLAN})).hear_field(NS, np.ones(3))
    assert [stamp_ns for _, stamp_ns in sketch.of("map/plan")] == [NS]


def test_hypotheses_whose_weights_nobody_says_are_numbered(sketch: Sketch) -> None:
    view = View(sketch)
    view.hear_estimate(estimate(1.0, 0.0))
    view.hear_hypotheses(NS, [Hypothesis(np.full(2, x), 0, math.nan) for x in (1.0, 2.0)])
    drawn = sketch.last("map/hypotheses")
    assert isinstance(drawn, Dots)
    assert drawn.labels == ["1", "2"]


def test_the_belief_lies_on_its_cells_and_the_surveyed_ones_are_drawn_once(sketch: Sketch) -> None:
    cells = Cells(np.array([[1.0, 0.0], [1.5, 0.0], [1.5, 0.5]]), np.zeros(3, np.int64))
    view = View(sketch)
    for probability in ([0.2, 0.8, 0.0], [0.0, 0.5, 0.5]):
        image = belief_image(cells, np.array(probability), 0)
        assert image is not None
        view.hear_belief(NS, image)
    (first, _), (second, _) = sketch.of("map/belief")
    ((surveyed, _),) = sketch.of("map/surveyed")
    assert isinstance(first, Dots)
    assert isinstance(second, Dots)
    assert isinstance(surveyed, Dots)
    assert {*map(tuple, first.position_m.tolist())} == {(1.0, 0.0), (1.5, 0.0)}
    assert {*map(tuple, second.position_m.tolist())} == {(1.5, 0.0), (1.5, 0.5)}
    assert {*map(tuple, surveyed.position_m.tolist())} == {*map(tuple, cells.position_m.tolist())}
    faint, strong = first.colours
    assert faint[3] < strong[3] == 255


def test_the_error_is_drawn_where_the_walk_says_where_it_was(sketch: Sketch) -> None:
    view = View(sketch)
    view.hear_reference(NS, np.zeros(2), 0)
    view.hear_estimate(estimate(1.0, 0.0))
    view.hear_reference(NS, np.array([3.0, 5.0]), 0)
    view.hear_reference(NS, np.array([3.0, 5.0]), 2)
    assert sketch.of("error") == [(Curves(("error, m",), (5.0,)), NS)]


def test_status_and_rates_follow_from_the_assessment_at_the_newest_stamp(sketch: Sketch) -> None:
    view = View(sketch)
    said = assessment("LOCALIZED", Level.OK, "fine", **{"rate, Hz": "49.9", "latency median, ms": "1.5"})
    view.hear_assessment(said)
    assert not sketch.drawn, "no sample yet: the time of the samples is not known"
    view.hear_field(7 * NS, np.ones(3))
    view.hear_assessment(said)
    assert sketch.of("rates") == [(Curves(("rate, Hz", "latency median, ms"), (49.9, 1.5)), 7 * NS)]
    assert sketch.of("log") == [(Note("LOCALIZED", Level.OK), 7 * NS)]
    view.hear_assessment(dataclasses.replace(said, level=Level.ERROR, message="no samples"))
    assert sketch.last("log") == Note("no samples", Level.ERROR)


@pytest.mark.parametrize("status", ["FILLING", "SENSOR_FAULT"])
def test_a_place_that_is_not_known_any_more_is_not_shown_any_more(sketch: Sketch, status: str) -> None:
    view = View(sketch)
    view.hear_estimate(estimate(1.0, 0.0))
    view.hear_hypotheses(NS, [Hypothesis(np.zeros(2), 0, 1.0)])
    view.hear_assessment(assessment(status, Level.ERROR))
    for entity in ("pose", "hypotheses", "belief", "truth"):
        drawn = sketch.last(f"map/{entity}")
        assert isinstance(drawn, Dots)
        assert not len(drawn.position_m)
    view.hear_estimate(estimate(2.0, 0.5))
    assert not sketch.of("map/path")


def test_the_status_page_is_a_table_that_a_bar_in_a_name_does_not_break() -> None:
    said = assessment("UNCERTAIN", Level.WARN, "UNCERTAIN; 3 late", **{"|B| median, µT": "48", "model": "site"})
    lines = status_page(said, estimate(1.0, 2.0, floor=-2)).splitlines()
    assert lines[:2] == ["# UNCERTAIN", "UNCERTAIN; 3 late"]
    assert "| floor | -2 |" in lines
    assert "| x, y, ± m | 2.00, 1.00, 2.00 |" in lines
    assert lines[-2:] == [r"| \|B\| median, µT | 48 |", "| model | site |"]


def test_a_page_replaces_the_one_before(sketch: Sketch) -> None:
    view = View(sketch)
    view.hear_estimate(estimate(1.0, 0.0))
    view.hear_assessment(assessment("LOCALIZED"))
    page = sketch.last("status")
    assert isinstance(page, Page)
    assert page.text.startswith("# LOCALIZED")
