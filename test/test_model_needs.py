"""A walk is judged by the windows of the model that suits the survey; lines of an area need odometry and no windows."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hall_lanes import lane
from small_halls import Hall, drive

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.bag import Recording
from mail_ros.data.check.bag_report import BagReport, check
from mail_ros.data.check.limits import CheckLimits
from mail_ros.data.check.model_needs import judged_for
from mail_ros.data.check.site_report import usable_tracks
from mail_ros.data.track import Landmark, Track
from mail_ros.data.truth import Truth, TruthSource
from mail_ros.training.choose import chosen_preset
from mail_ros.training.run_config import run_config

LANE = lane(Hall(1), 2.0, 1)  # 4 m in 8 s
BARE = dataclasses.replace(LANE, source="bare", moved_m=None, attitude_xyzw=None, odometry=None)
LONG = drive(Hall(1), np.array([[0.5, 6.5], [8.5, 6.5]]), 2, name="long")  # 8 m in 16 s


def report_of(track: Track) -> BagReport:
    ends = tuple(Landmark(int(track.stamp_ns[at]), tuple(track.position_m[at].tolist()), 0) for at in (0, -1))
    return check(Recording(track, Truth(TruthSource.LANDMARKS, ends, ends)), CheckLimits(good_rate_hz=15.0))


SHORT, WITHOUT, ENOUGH = report_of(LANE), report_of(BARE), report_of(LONG)


def findings(report: BagReport, preset: str) -> dict[str, Level]:
    judged = judged_for(report, run_config([], preset).model)
    return {finding.name: finding.level for finding in judged.findings}


@pytest.mark.parametrize(
    ("report", "preset", "expected"),
    [
        (SHORT, "person", {"windows": Level.ERROR}),  # no window of 10 s
        (SHORT, "area", {}),
        (ENOUGH, "person", {"windows": Level.WARN}),
        (ENOUGH, "robot", {"windows": Level.WARN}),  # 4 m after the first window
        (WITHOUT, "area", {"odometry": Level.ERROR}),
        (WITHOUT, "robot", {"odometry": Level.ERROR}),
    ],
)
def test_a_walk_is_judged_by_what_a_preset_needs(report: BagReport, preset: str, expected: dict[str, Level]) -> None:
    assert report.findings == ()
    assert findings(report, preset) == expected


def test_the_finding_names_the_window_and_what_to_walk() -> None:
    by_time, by_distance = (judged_for(ENOUGH, run_config([], preset).model) for preset in ("person", "robot"))
    assert by_time.findings[0].found.endswith(" windows of 10 s that are labelled, moving and without a hole")
    assert by_time.findings[0].fix == "walk 20 s or more without a hole, and mark corners and stops"
    assert by_distance.findings[0].fix.startswith("walk 14 m or more without a hole")
    assert 40 <= by_distance.numbers["windows"] <= 42, "one for each 0.1 m; the ones of the walk back are no more walks"
    (lacks,) = judged_for(WITHOUT, run_config([], "area").model).findings
    assert lacks.message.startswith("found no odometry, which a map of the field needs here; record /odom, or")


def test_windows_of_a_walk_with_an_error_are_not_judged() -> None:
    bad = dataclasses.replace(WITHOUT, findings=judged_for(WITHOUT, run_config([], "area").model).findings)
    assert judged_for(bad, run_config([], "person").model) is bad


@pytest.mark.parametrize(
    ("reports", "preset", "why"),
    [
        ([SHORT, SHORT, ENOUGH], "area", "2 of 3 walks are shorter than 15 s, and have odometry"),
        ([SHORT, ENOUGH], "robot", "all bags have wheel odometry; the walks follow single lines, and most are longer"),
        ([WITHOUT, WITHOUT], "person", "not all bags have wheel odometry; 2 of 2 lack what a map of the field needs"),
    ],
)
def test_the_choice_of_train_names_its_reason(reports: Sequence[BagReport], preset: str, why: str) -> None:
    choice = chosen_preset("auto", usable_tracks(reports))
    assert choice.preset == preset
    assert choice.why.startswith(why)


def test_a_standing_robot_is_refused_in_one_line() -> None:
    """Rows by distance: there is none, and none to walk back."""
    still = dataclasses.replace(LONG, position_m=np.ones_like(LONG.position_m))
    (finding,) = judged_for(dataclasses.replace(ENOUGH, track=still), run_config([], "robot").model).findings
    assert (finding.name, finding.level) == ("windows", Level.ERROR)
    assert finding.message.endswith("; or train with --preset area, which needs no windows")


@pytest.mark.parametrize(
    ("changes", "lacks"),
    [
        ({}, ""),
        ({"odometry": None}, "odometry"),  # wheels that never moved
        ({"moved_m": None}, "odometry"),
        ({"attitude_xyzw": None}, "an attitude"),
        ({"attitude_xyzw": np.full((len(LANE), 4), np.nan)}, "an attitude"),
    ],
)
def test_a_walk_names_what_it_lacks(changes: dict[str, Any], lacks: str) -> None:
    assert dataclasses.replace(LANE, **changes).lacks == lacks
