"""The robots' measurement: what a point changes, what is kept, what counts as a stop, and what is on the page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_buildings import small_building

from benchmarks.robots.cases import NONE, UNDISTURBED, Case, Curve, Point, cases, curves
from benchmarks.robots.cost import Cost
from benchmarks.robots.followed import Followed, joined, read, write
from benchmarks.robots.page import write_page
from benchmarks.robots.results import Results
from benchmarks.robots.rows import Row, StopRow, YawRow, stops_of
from benchmarks.robots.world import calibrated, corrected
from benchmarks.robots.yaw import rotated_track
from mail_ros.core.errors import TrackError
from mail_ros.core.signal.attitude import about_vertical, product, rotate
from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.simulation_config import DriveConfig
from mail_ros.data.track import Track

pytestmark = pytest.mark.slow


def followed(count: int = 6) -> Followed:
    along = np.arange(count, dtype=np.float64)
    return Followed(
        np.zeros(count, np.int64), along, np.column_stack([along, along]), along, along + 1.0, np.zeros(count, np.bool_)
    )


def row(model: str, x: float, mean_m: float, undisturbed_m: float) -> Row:
    ratio = mean_m / undisturbed_m
    return Row("spins", x, model, 100, mean_m, mean_m, 0.0, undisturbed_m, ratio, ratio, 1.25)


def results(after_m: float) -> Results:
    curve = Curve("spins", "Spins", "turns", (NONE, Point(2.0, Case("spins_2", DriveConfig(spins=2)), UNDISTURBED)))
    rows = [row("before", 0.0, 0.4, 0.4), row("after", 0.0, 0.2, 0.2), row("before", 2.0, 8.0, 0.4)]
    rows.append(row("after", 2.0, after_m, 0.2))
    yaw = [
        YawRow(0, axes, rotate, 9, 1.0, 1.0, 0.0, 1.0, 1.0)
        for axes in ("device", "gravity")
        for rotate in (False, True)
    ]
    stands = [StopRow("before", 1, 0.3, (0.5, 0.6, 0.7)), StopRow("after", 1, 0.0, (1.0, 1.0, 1.0))]
    costs = [Cost("before", 100.0, 60.0, 3000, 1.0), Cost("after", 30.0, 60.0, 3000, 0.3)]
    return Results([curve], rows, stands, yaw, costs, 1, 1)


@pytest.mark.parametrize("quick", [False, True])
def test_every_curve_has_the_undisturbed_drive_and_no_two_cases_share_a_name(quick: bool) -> None:
    drawn = curves(quick=quick)
    for curve in drawn:
        assert UNDISTURBED in [point.case for point in curve.points]
        assert [point.x for point in curve.points] == sorted(point.x for point in curve.points)
    needed = cases(drawn)
    assert len({case.name for case in needed}) == len(needed)


def test_a_point_is_compared_with_drives_as_long() -> None:
    for curve in curves(quick=False):
        for point in curve.points:
            assert point.case.length_m == point.undisturbed.length_m
            assert point.undisturbed.drive == DriveConfig()


def test_what_is_written_is_read_under_its_key_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b.npz"
    write(path, "key", followed())
    back = read(path, "key")
    assert back is not None
    np.testing.assert_array_equal(back.position_m, followed().position_m)
    assert read(path, "another") is None
    path.write_bytes(path.read_bytes()[:50])
    assert read(path, "key") is None


def test_joined_walks_keep_numbers_of_their_own() -> None:
    assert joined([followed(2), followed(3)]).walk.tolist() == [0, 0, 1, 1, 1]


def test_a_stop_is_a_stand_of_its_length() -> None:
    """Shorter ones, as at corners, do not count."""
    time_s = np.arange(0.0, 100.0, 1.0)
    paused = ((time_s > 10.0) & (time_s < 15.0)) | ((time_s >= 20.0) & (time_s <= 80.0))
    walk = Followed(np.zeros(100, np.int64), time_s, np.zeros((100, 2)), time_s, time_s, paused)
    (stand,) = stops_of(walk)
    assert (stand.time_s[0], stand.time_s[-1]) == (20.0, 80.0)


def test_a_turned_walk_reads_in_level_axes_what_it_read_but_turned() -> None:
    tilted = product(about_vertical(0.4), np.array([np.sin(0.1), 0.0, 0.0, np.cos(0.1)]))
    field_ut = np.array([[10.0, 20.0, -40.0], [12.0, 19.0, -41.0]])
    everywhere, floor = np.ones(2, np.bool_), np.zeros(2, np.int64)
    attitude = np.array([tilted, np.full(4, np.nan)])
    track = Track("w", np.arange(2), field_ut, np.zeros((2, 2)), floor, everywhere, ~everywhere, None, attitude)
    seen = rotated_track(track, 1.2).field_ut
    np.testing.assert_allclose(rotate(tilted, seen[0]), rotate(about_vertical(1.2), rotate(tilted, field_ut[0])))
    assert np.isnan(seen[1]).all()
    with pytest.raises(TrackError, match="attitude"):
        rotated_track(dataclasses.replace(track, attitude_xyzw=None), 1.2)


def test_a_robot_file_takes_most_of_the_motors_field_off() -> None:
    building = small_building()
    config = DriveConfig(motor_ut=10.0, offset_ut=0.0)
    with_motors, without = (
        drive(building, dataclasses.replace(config, motor_ut=ut), 3, length_m=30.0, device=1) for ut in (10.0, 0.0)
    )
    robot = calibrated(building, config, 1)
    robot = dataclasses.replace(robot, hard_iron_ut=(0.0, 0.0, 0.0))
    freed = corrected(with_motors.true_track("d"), with_motors, robot)
    left_ut, was_ut = (
        np.linalg.norm(field_ut - without.field_ut, axis=1) for field_ut in (freed.field_ut, with_motors.field_ut)
    )
    assert np.nanmean(left_ut) < 0.2 * was_ut.mean()


@pytest.mark.parametrize(("after_m", "verdict"), [(0.22, "All of them are met."), (0.3, "6 of 7 are met.")])
def test_the_page_lists_the_missed_bars(after_m: float, verdict: str, tmp_path: Path) -> None:
    page = tmp_path / "robots.md"
    write_page(page, results(after_m), "python -m benchmarks robots")
    assert verdict in page.read_text()
    assert page.read_text().count("**missed**") == 2 * ("All" not in verdict)
    assert (tmp_path / "robots_curves.png").stat().st_size > 1000
    results(after_m).write(tmp_path)
    assert (tmp_path / "robots.csv").read_text().count("\n") == 5
