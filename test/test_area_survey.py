"""Short lines of an area are usable: a map of the field needs odometry and an attitude, and no windows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from hall_lanes import lane
from small_halls import Hall, drive

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.bag import Recording
from mail_ros.data.check.bag_report import BagReport, check
from mail_ros.data.check.limits import CheckLimits
from mail_ros.data.check.site_report import group_by_site
from mail_ros.data.track import Landmark, Track
from mail_ros.data.truth import Truth, TruthSource
from mail_ros.training.choose import suits_area

LANE = lane(Hall(1), 2.0, 1)
BARE = dataclasses.replace(LANE, source="bare", moved_m=None, attitude_xyzw=None, odometry=None)


def report_of(track: Track) -> BagReport:
    ends = tuple(Landmark(int(track.stamp_ns[at]), tuple(track.position_m[at].tolist()), 0) for at in (0, -1))
    return check(Recording(track, Truth(TruthSource.LANDMARKS, ends, ends)), CheckLimits(good_rate_hz=15.0))


SHORT, WITHOUT = report_of(LANE), report_of(BARE)
ENOUGH = report_of(drive(Hall(1), np.array([[0.5, 6.5], [8.5, 6.5]]), 2, name="long"))


def findings(report: BagReport) -> dict[str, Level]:
    return {finding.name: finding.level for finding in report.findings}


def test_a_short_line_with_odometry_is_no_error_and_the_preset_for_it_is_named() -> None:
    assert findings(SHORT) == {"windows": Level.WARN}
    assert SHORT.findings[0].message.endswith("or train on it with --preset area, which needs no windows")
    assert findings(WITHOUT) == {"windows": Level.ERROR}
    assert "area" not in WITHOUT.findings[0].message


@pytest.mark.parametrize(
    ("reports", "for_area"),
    [([SHORT, SHORT, ENOUGH], True), ([SHORT, ENOUGH], False), ([WITHOUT, WITHOUT], False), ([ENOUGH], False)],
)
def test_a_site_is_an_area_where_most_walks_are_short_and_have_odometry(
    reports: list[BagReport], for_area: bool
) -> None:
    (found,) = group_by_site(reports, suits_area)
    assert found.for_area is found.as_json()["for_area"] is for_area


def test_an_area_is_judged_without_windows_and_a_walk_without_odometry_is_named() -> None:
    (found,) = group_by_site([SHORT, WITHOUT], lambda tracks: True)
    assert [findings(report) for report in found.bags] == [{}, {"odometry": Level.ERROR}]
    assert "found no odometry, which a map of the field needs; record /odom, or" in found.bags[1].findings[0].message
    assert found.tracks == [LANE]
    (by_windows,) = group_by_site([SHORT, WITHOUT], lambda tracks: False)
    assert [findings(report) for report in by_windows.bags] == [{"windows": Level.WARN}, {"windows": Level.ERROR}]


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
