"""A survey's gravity-aligned field is rotated into the map's axes, and the device offset is removed."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import field_at

from mail_ros.core.errors import TrackError
from mail_ros.core.types import FloatArray
from mail_ros.data.gravity_alignment import device_offset_ut, odometry_yaw_offset_rad, rotated_rows

STEP_M = 0.02
LOOP_M = [(0.0, 0.0), (20.0, 0.0), (20.0, 12.0), (0.0, 12.0), (0.0, 0.0)]
OFFSET_UT = np.array([18.0, -7.0, 5.0])


def path(corners_m: list[tuple[float, float]]) -> FloatArray:
    """(n, 2) positions every two centimetres."""
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
    """(n, 2) odometry in a frame with a yaw offset against the map at each position."""
    return scale * rotated(np.diff(position_m, axis=0, prepend=position_m[:1]), -angle_rad)


def headings(position_m: FloatArray) -> FloatArray:
    """(n,) heading along the path."""
    ahead_m = np.gradient(position_m, axis=0)
    return np.arctan2(ahead_m[:, 1], ahead_m[:, 0])


def rows_of(position_m: FloatArray, offset_ut: FloatArray = OFFSET_UT) -> FloatArray:
    """(n, 5) rows in the map's axes of a device with an offset."""
    heading = headings(position_m)
    field_ut = field_at(position_m)
    field_ut[:, :2] += rotated(np.tile(offset_ut[:2], (len(heading), 1)), heading)
    return np.column_stack([field_ut, np.cos(heading), np.sin(heading)])


# --- yaw offset of odometry --------------------------------------------------------------------------


@pytest.mark.parametrize("angle_rad", [0.0, 1.9, -3.0])
def test_a_constant_angle_is_found_whatever_odometry_s_scale(angle_rad: float) -> None:
    position_m = path(LOOP_M)
    angle = np.full(len(position_m), angle_rad)
    found = odometry_yaw_offset_rad("walk", odometry(position_m, angle, scale=1.05), position_m)
    assert np.exp(1j * found) == pytest.approx(np.exp(1j * angle), abs=1e-6)


def test_a_drifting_angle_is_tracked() -> None:
    """The angle drifts by forty degrees over the walk, past 180°."""
    position_m = path(LOOP_M * 2)
    angle = 3.0 + np.linspace(0.0, 0.7, len(position_m))
    found = odometry_yaw_offset_rad("walk", odometry(position_m, angle), position_m)
    off_rad = np.angle(np.exp(1j * (found - angle)))
    assert np.abs(off_rad).max() < 0.1
    assert np.abs(np.diff(found)).max() < 0.01  # no jump


def test_odometry_without_labels_is_ignored() -> None:
    """Odometry before the first landmark, and between two labelled parts."""
    position_m = path(LOOP_M)
    angle = np.full(len(position_m), 0.8)
    moved_m = odometry(position_m, angle)
    position_m[:600] = np.nan
    position_m[1500:1700] = np.nan
    moved_m[:600] = moved_m[1500:1700] = [0.0, -0.05]  # in another direction
    assert odometry_yaw_offset_rad("walk", moved_m, position_m) == pytest.approx(angle, abs=1e-6)


def test_the_angle_is_accurate_where_a_walk_reverses() -> None:
    """The sum of a walk there and back cancels, which leaves the errors of odometry and labels."""
    position_m = path([(0.0, 0.0), (14.6, 0.0), (0.0, 0.0), (14.6, 0.0)])
    angle = np.full(len(position_m), 0.8)
    moved_m = odometry(position_m, angle)
    off_m = 0.3 * np.sin(np.arange(len(position_m))[:, None] * STEP_M / np.array([1.7, 2.9]))  # error of the labels
    assert np.abs(odometry_yaw_offset_rad("walk", moved_m, position_m + off_m) - angle).max() < 0.1


@pytest.mark.parametrize("stationary", ["odometry", "labels"])
def test_without_motion_of_odometry_or_labels_there_is_no_angle(stationary: str) -> None:
    position_m = path(LOOP_M)
    moved_m = odometry(position_m, np.zeros(len(position_m)))
    if stationary == "odometry":
        moved_m[:] = 0.0
    else:
        position_m[:] = position_m[0]
    with pytest.raises(TrackError, match=r"walk: wanted odometry and labels that move.*axes=device"):
        odometry_yaw_offset_rad("walk", moved_m, position_m)


def test_rotated_rows_are_in_the_map_s_axes() -> None:
    """Field and heading rotate together; the vertical field stays."""
    rows, angle = rows_of(path(LOOP_M)), np.full(len(path(LOOP_M)), 0.7)
    apart = np.column_stack([rotated(rows[:, :2], -angle), rows[:, 2], rotated(rows[:, 3:], -angle)])
    assert rotated_rows(apart, angle) == pytest.approx(rows)


# --- device offset ----------------------------------------------------------------------------

FORTH = [(0.0, 0.0), (20.0, 0.0)]
FORTH_AND_BACK = [*FORTH, (0.0, 0.0)]


def offset_ut(corners_m: list[tuple[float, float]], noise_ut: float = 0.3) -> FloatArray:
    position_m = path(corners_m)
    rows = rows_of(position_m)
    rows[:, :3] += np.random.default_rng(0).normal(0.0, noise_ut, (len(rows), 3))
    rows[100:120] = np.nan  # a gap
    return device_offset_ut(rows, position_m, np.zeros(len(rows), np.int64))


def test_the_device_offset_rotates_with_the_device() -> None:
    """A corridor in both directions; the vertical part is the same in both, and unobservable."""
    assert offset_ut(FORTH_AND_BACK) == pytest.approx([*OFFSET_UT[:2], 0.0], abs=0.5)


def test_parallel_lanes_show_the_device_offset_in_their_bends() -> None:
    lanes = [(x, 2.1 * number) for number in range(12) for x in ((0.0, 20.0) if number % 2 == 0 else (20.0, 0.0))]
    assert offset_ut(lanes) == pytest.approx([*OFFSET_UT[:2], 0.0], abs=2.5)


@pytest.mark.parametrize("corners_m", [FORTH, LOOP_M, [*LOOP_M[:3], (5.0, 12.0)]])
def test_with_one_heading_per_position_the_offset_is_zero(corners_m: list[tuple[float, float]]) -> None:
    assert offset_ut(corners_m).tolist() == [0.0, 0.0, 0.0]


def test_cells_of_two_floors_are_different_cells() -> None:
    """Both directions, but on two floors: the offset is unobservable."""
    position_m = path(FORTH_AND_BACK)
    floor = (np.arange(len(position_m)) >= len(position_m) // 2).astype(np.int64)
    assert device_offset_ut(rows_of(position_m), position_m, floor).tolist() == [0.0, 0.0, 0.0]
