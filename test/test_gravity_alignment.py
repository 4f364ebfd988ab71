"""A survey's levelled field is turned into the map's axes, and freed of the device's own."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import field_at

from mail_ros.core.errors import TrackError
from mail_ros.data.gravity_alignment import device_offset_ut, odometry_yaw_offset_rad, rotated_rows
from mail_ros.data.track import FloatArray

STEP_M = 0.02
LOOP_M = [(0.0, 0.0), (20.0, 0.0), (20.0, 12.0), (0.0, 12.0), (0.0, 0.0)]
OWN_UT = np.array([18.0, -7.0, 5.0])


def way(corners_m: list[tuple[float, float]]) -> FloatArray:
    """(n, 2) places every two centimetres."""
    legs = []
    for start, stop in zip(np.array(corners_m), np.array(corners_m)[1:], strict=False):
        steps = round(float(np.linalg.norm(stop - start)) / STEP_M)
        legs.append(start + (stop - start) * np.arange(steps)[:, None] / steps)
    return np.concatenate(legs)


def rotated(vector: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """(n, 2), counterclockwise."""
    turned = np.exp(1j * angle_rad) * (vector[:, 0] + 1j * vector[:, 1])
    return np.column_stack([turned.real, turned.imag])


def odometry(position_m: FloatArray, angle_rad: FloatArray, scale: float = 1.0) -> FloatArray:
    """(n, 2) of odometry whose frame is turned against the map's by an angle at each place."""
    return scale * rotated(np.diff(position_m, axis=0, prepend=position_m[:1]), -angle_rad)


def headings(position_m: FloatArray) -> FloatArray:
    """(n,) where one looks who looks ahead."""
    ahead_m = np.gradient(position_m, axis=0)
    return np.arctan2(ahead_m[:, 1], ahead_m[:, 0])


def rows_of(position_m: FloatArray, own_ut: FloatArray = OWN_UT) -> FloatArray:
    """(n, 5) in the map's axes, of a device with a field of its own."""
    heading = headings(position_m)
    field_ut = field_at(position_m)
    field_ut[:, :2] += rotated(np.tile(own_ut[:2], (len(heading), 1)), heading)
    return np.column_stack([field_ut, np.cos(heading), np.sin(heading)])


# --- how odometry is turned --------------------------------------------------------------------------


@pytest.mark.parametrize("angle_rad", [0.0, 1.9, -3.0])
def test_a_constant_angle_is_found_whatever_odometry_s_scale(angle_rad: float) -> None:
    position_m = way(LOOP_M)
    angle = np.full(len(position_m), angle_rad)
    found = odometry_yaw_offset_rad("walk", odometry(position_m, angle, scale=1.05), position_m)
    assert np.exp(1j * found) == pytest.approx(np.exp(1j * angle), abs=1e-6)


def test_an_angle_that_drifts_is_followed() -> None:
    """By forty degrees over the walk, past half a turn."""
    position_m = way(LOOP_M * 2)
    angle = 3.0 + np.linspace(0.0, 0.7, len(position_m))
    found = odometry_yaw_offset_rad("walk", odometry(position_m, angle), position_m)
    off_rad = np.angle(np.exp(1j * (found - angle)))
    assert np.abs(off_rad).max() < 0.1
    assert np.abs(np.diff(found)).max() < 0.01  # no jump


def test_what_odometry_says_where_no_label_is_counts_for_nothing() -> None:
    """Metres before the first landmark, and between two stretches that are labelled."""
    position_m = way(LOOP_M)
    angle = np.full(len(position_m), 0.8)
    moved_m = odometry(position_m, angle)
    position_m[:600] = np.nan
    position_m[1500:1700] = np.nan
    moved_m[:600] = moved_m[1500:1700] = [0.0, -0.05]  # another way altogether
    assert odometry_yaw_offset_rad("walk", moved_m, position_m) == pytest.approx(angle, abs=1e-6)


def test_where_a_walk_turns_about_the_angle_is_as_good_as_elsewhere() -> None:
    """There and back again cancel in sum, and what is left are the errors of odometry and labels."""
    position_m = way([(0.0, 0.0), (14.6, 0.0), (0.0, 0.0), (14.6, 0.0)])
    angle = np.full(len(position_m), 0.8)
    moved_m = odometry(position_m, angle)
    off_m = 0.3 * np.sin(np.arange(len(position_m))[:, None] * STEP_M / np.array([1.7, 2.9]))  # of the labels
    assert np.abs(odometry_yaw_offset_rad("walk", moved_m, position_m + off_m) - angle).max() < 0.1


@pytest.mark.parametrize("standing", ["odometry", "labels"])
def test_where_one_of_both_stands_no_angle_is_made_up(standing: str) -> None:
    position_m = way(LOOP_M)
    moved_m = odometry(position_m, np.zeros(len(position_m)))
    if standing == "odometry":
        moved_m[:] = 0.0
    else:
        position_m[:] = position_m[0]
    with pytest.raises(TrackError, match=r"walk: wanted odometry and labels that move.*frame=device"):
        odometry_yaw_offset_rad("walk", moved_m, position_m)


def test_turned_rows_are_the_map_s() -> None:
    """The field and the heading turn together; the vertical field stays."""
    rows, angle = rows_of(way(LOOP_M)), np.full(len(way(LOOP_M)), 0.7)
    apart = np.column_stack([rotated(rows[:, :2], -angle), rows[:, 2], rotated(rows[:, 3:], -angle)])
    assert rotated_rows(apart, angle) == pytest.approx(rows)


# --- the device's own field ----------------------------------------------------------------------------

FORTH = [(0.0, 0.0), (20.0, 0.0)]
FORTH_AND_BACK = [*FORTH, (0.0, 0.0)]


def own_ut(corners_m: list[tuple[float, float]], noise_ut: float = 0.3) -> FloatArray:
    position_m = way(corners_m)
    rows = rows_of(position_m)
    rows[:, :3] += np.random.default_rng(0).normal(0.0, noise_ut, (len(rows), 3))
    rows[100:120] = np.nan  # a hole
    return device_offset_ut(rows, position_m, np.zeros(len(rows), np.int64))


def test_the_device_s_own_field_is_what_turns_with_it() -> None:
    """A corridor both ways; its vertical part is the same both ways, and not told."""
    assert own_ut(FORTH_AND_BACK) == pytest.approx([*OWN_UT[:2], 0.0], abs=0.5)


@pytest.mark.parametrize("corners_m", [FORTH, LOOP_M])
def test_where_each_place_is_seen_under_one_heading_none_is_made_up(corners_m: list[tuple[float, float]]) -> None:
    assert own_ut(corners_m).tolist() == [0.0, 0.0, 0.0]


def test_the_same_place_on_two_floors_is_two() -> None:
    """Both ways, but on two floors: nothing is told."""
    position_m = way(FORTH_AND_BACK)
    floor = (np.arange(len(position_m)) >= len(position_m) // 2).astype(np.int64)
    assert device_offset_ut(rows_of(position_m), position_m, floor).tolist() == [0.0, 0.0, 0.0]
