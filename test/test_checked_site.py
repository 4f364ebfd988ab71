"""What `check` finds of a site before training: chance, a search by windows, too thin a survey, one line a cause."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Sequence

import numpy as np
import pytest
from hall_lanes import lanes
from small_halls import Hall
from test_coverage import walk

from mail_ros.cli.check_report import (
    cause_rows,
    findings_by_cause,
    model_line,
    print_causes,
    print_reports,
    print_sites,
)
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.types import FloatArray
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import Finding
from mail_ros.evaluation.coverage.checked_site import CheckedSite, checked_site
from mail_ros.evaluation.coverage.site_field import FloorField, floor_fields, rows_of_survey, rows_of_windows
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import run_config

ROUTE = ((0.0, 0.0), (20.0, 0.0), (20.0, 20.0))
BACKWARDS = ROUTE[::-1]


def field_ut(position_m: FloatArray, amplitude_ut: float) -> FloatArray:
    """Waves that repeat nowhere on the route."""
    x, y = position_m.T
    waves = np.column_stack([np.sin(0.9 * x + 0.05 * x * y), np.cos(0.011 * x**2 + 0.7 * y), np.sin(0.013 * y**2)])
    return np.array([20.0, 5.0, -43.0]) + amplitude_ut * waves


def surveyed(*routes: Sequence[tuple[float, float]], amplitude_ut: float = 8.0) -> list[BagReport]:
    """A bag for each walk, with white noise of 0.3 µT."""
    reports = []
    for number, route in enumerate(routes):
        track = walk(*route)
        noise_ut = np.random.default_rng(number).normal(0.0, 0.3, (len(track), 3))
        track = dataclasses.replace(
            track, source=f"walk_{number}", field_ut=field_ut(track.position_m, amplitude_ut) + noise_ut
        )
        numbers = {"path_m": float(np.linalg.norm(np.diff(track.position_m, axis=0), axis=1).sum())}
        reports.append(BagReport(track.source, numbers, (), {}, track))
    return reports


def judged(*routes: Sequence[tuple[float, float]], amplitude_ut: float = 8.0) -> CheckedSite:
    return checked_site("site", surveyed(*routes, amplitude_ut=amplitude_ut), "auto", {})


BOTH = judged(ROUTE, ROUTE, BACKWARDS, BACKWARDS)


def test_the_error_of_chance_is_the_mean_distance_to_the_middle() -> None:
    (field,) = BOTH.fields
    windows = rows_of_windows([bag.windows for bag in BOTH.report.bags if bag.windows is not None])
    end_m = windows.position_m[windows.ends]
    assert field.chance_m == pytest.approx(np.linalg.norm(end_m - end_m.mean(axis=0), axis=1).mean(), rel=0.02)


def test_a_window_finds_the_position_in_another_walk_and_the_survey_suffices() -> None:
    (field,) = BOTH.fields
    assert field.compared > 20
    assert max(field.nearest_m, field.nearest_mean_m) < 0.5
    assert field.field_ut > 2.0 * field.passes_ut
    assert not field.is_weak
    assert BOTH.thin == []
    assert field.summary().startswith(f"floor 0: chance, the middle of its walks, errs by {field.chance_m:.1f} m in")


def test_a_walk_in_the_other_direction_is_no_second_pass_of_a_window_by_time() -> None:
    (field,) = judged(ROUTE, BACKWARDS).fields
    assert field.compared == 0
    assert math.isnan(field.nearest_m)
    assert field.summary().endswith("and there is no second pass to compare windows with")


def causes(site: CheckedSite) -> set[str]:
    return {finding.name for finding in site.thin}


def test_a_field_without_structure_is_too_weak() -> None:
    """With a second pass by its errors; with one pass by its deviation against the usual difference of two."""
    twice, once = judged(ROUTE, ROUTE, amplitude_ut=0.0), judged(ROUTE, amplitude_ut=0.0)
    assert causes(twice) == {"field"}
    assert "the field does not distinguish positions: the most similar window of another walk" in twice.thin[0].message
    assert causes(once) == {"field", "passes"}
    assert "varies along a window no more than between two passes" in once.thin[-1].message
    noise = once.fields[0]
    assert noise.field_ut == pytest.approx(0.3 * math.sqrt(3.0), rel=0.4), "resampling averages a part of it"
    assert not noise._replace(field_ut=2.0).is_weak
    assert noise._replace(field_ut=2.0, noise_ut=2.0).is_weak, "a noisy sensor has no structure"


def test_a_single_pass_and_a_short_path_are_too_thin() -> None:
    assert causes(judged(ROUTE)) == {"passes"}
    assert causes(judged(((0.0, 0.0), (15.0, 0.0)))) == {"passes", "path"}
    assert causes(judged(ROUTE, ((0.0, 30.0), (40.0, 30.0)))) == {"passes"}, "two walks, each along paths of its own"
    assert causes(judged(ROUTE, ROUTE)) == set(), "one way is no reason"


def test_an_area_is_searched_along_its_rows_there_and_back() -> None:
    hall, model = Hall(1), run_config([], "robot").model
    tracks = lanes(hall, np.repeat(np.arange(1.0, 5.1, 2.0), 2), length_m=8.0)  # each there and back
    (field,) = floor_fields(rows_of_survey(survey_walks(tracks).rows, model), model)
    assert field.compared > 40
    assert field.nearest_m < 0.3 < field.chance_m
    (none,) = floor_fields(rows_of_survey(survey_walks(lanes(hall, np.array([1.0]), 3.0)).rows, model), model)
    assert none.compared == 0, "no window of 4 m in lines of 3 m"
    assert none.chance_m == pytest.approx(0.75, abs=0.1)
    assert "nan" not in none.summary()


def test_the_choice_and_its_windows_are_in_words_and_in_json() -> None:
    assert model_line(BOTH).startswith("preset person: not all bags have wheel odometry; 4 of 4 lack what a map of ")
    assert model_line(BOTH).endswith("; matching, windows of 10 s, which match in the direction of the survey only")
    found = json.loads(json.dumps(BOTH.as_json()))
    assert (found["preset"], found["window"]) == ("person", {"length": 10.0, "unit": "s"})
    assert found["too_thin"] == []
    assert FloorField(**{name: found["field"][0][name] for name in FloorField._fields}) == BOTH.fields[0]
    robot = checked_site("site", [], "robot", {})
    assert model_line(robot) == "preset robot: as given; matching, windows of 4 m"


def reports(count: int, *findings: Finding) -> list[BagReport]:
    return [
        BagReport(f"line_{number:02d}", {"path_m": 10.0, "rate_hz": 50.0 + number}, findings) for number in range(count)
    ]


def test_a_cause_of_many_bags_is_one_line() -> None:
    short = [Finding(Level.ERROR, "windows", f"{number} windows", "walk 20 s or more") for number in range(12)]
    bags = [dataclasses.replace(bag, findings=(each,)) for bag, each in zip(reports(12), short, strict=True)]
    gap = Finding(Level.WARN, "gaps", "2 gaps", "walk there again")
    bags[0] = dataclasses.replace(bags[0], findings=(gap, *bags[0].findings))
    assert findings_by_cause(bags, verbose=False) == [
        "ERROR, windows, 12 of 12 bags: walk 20 s or more: line_00, line_01, line_02, ...",
        "line_00: WARN, gaps: 2 gaps; walk there again",
    ]
    assert len(findings_by_cause(bags, verbose=True)) == 13


@pytest.mark.parametrize(("count", "verbose", "rows"), [(20, False, True), (21, False, False), (21, True, True)])
def test_a_table_is_printed_while_it_is_short(
    count: int, verbose: bool, rows: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    print_reports(reports(count), verbose=verbose)
    printed = capsys.readouterr().out
    assert ("line_07" in printed) is rows
    if not rows:
        assert printed.splitlines() == ["21 bags: Hz 50.0 to 70.0; path m 210"]


def test_the_findings_of_many_bags_are_one_table_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """A fix that names the bag or a number is the same fix."""
    bags = [
        dataclasses.replace(
            bag, findings=(Finding(Level.WARN, "gaps", f"{number} gaps", f"walk {bag.bag} again for {number} s"),)
        )
        for number, bag in enumerate(reports(300))
    ]
    bags[7] = dataclasses.replace(bags[7], findings=(Finding(Level.ERROR, "unreadable", "no MCAP file", "check it"),))
    assert cause_rows(bags) == [
        ["ERROR", "unreadable", "1", "check it", "line_07", "no MCAP file"],
        ["WARN", "gaps", "299", "walk line_00 again for 0 s", "line_00", "0 gaps"],
    ]
    print_causes(bags, verbose=False)
    title, heads, *rows = capsys.readouterr().out.splitlines()
    assert title == "findings of 300 bags; --verbose prints each"
    assert heads.split() == ["cause", "bags", "fix", "first", "found", "there"]
    assert len(rows) == 2
    print_causes(bags[:20], verbose=False)
    print_causes(bags, verbose=True)
    assert not capsys.readouterr().out


def test_many_sites_are_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_sites([BOTH] * 6, [[]] * 5 + [[2]], verbose=False)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7
    assert "floor 2 not walked" in lines[-1]
    print_sites([BOTH], [[2]], verbose=False)
    assert "floor 2: not walked" in capsys.readouterr().out
