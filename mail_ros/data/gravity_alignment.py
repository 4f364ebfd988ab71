"""A survey's gravity-aligned field in the axes of the map, without the device's own offset.

The yaw offset drifts as odometry does: it is fitted piecewise. The device offset is the part of the field that rotates
with the device: least squares over cells and headings, where the field of each cell is unknown.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.types import FloatArray, IntArray

PIECE_M = 10.0  # half the length of a piece with one yaw offset
CELL_M = 0.5  # size of a cell with one field
MIN_CELLS = 6.0  # min effective number of cells in which headings vary: fewer do not give a standard error
MAX_ERROR_UT = 2.5  # max standard error of an offset that is subtracted


def odometry_yaw_offset_rad(source: str, moved_m: FloatArray, position_m: FloatArray) -> FloatArray:
    """Yaw of the odometry frame in the map, counterclockwise, around each row of a walk.

    Args:
        source: name of the walk, for the error.
        moved_m: (n, 2) odometry since the previous row.
        position_m: (n, 2) labels, NaN where unknown.

    Returns:
        (n,)

    Raises:
        TrackError: odometry or labels never move.
    """
    known = np.isfinite(position_m.sum(axis=1))
    step_m = np.diff(np.where(known[:, None], position_m, 0.0), axis=0, prepend=0.0)
    labelled = known & np.roll(known, 1) & (np.arange(len(known)) > 0)
    steps = (np.where(labelled[:, None], part, 0.0) for part in (step_m, moved_m))  # the same rows of both
    by_label, by_odometry = (part[:, 0] + 1j * part[:, 1] for part in steps)
    path_m = np.cumsum(np.abs(by_label))
    centre_m = np.arange(0.0, path_m[-1] + PIECE_M, PIECE_M / 2.0)
    first, last = (np.clip(np.searchsorted(path_m, centre_m + side * PIECE_M), 0, len(path_m) - 1) for side in (-1, 1))
    products = np.cumsum(by_label * np.conj(by_odometry))  # per step: a walk there and back does not cancel
    correlation = products[last] - products[first]
    observable = np.abs(correlation) > 1e-6
    if not observable.any():
        raise TrackError(
            source,
            wanted="odometry and labels that move, to rotate the field to the map",
            found="a walk where one of them is stationary",
            fix="record /odom or /imu/data while walking, or train with --set axes=device",
        )
    angle = np.unwrap(np.angle(correlation[observable]))
    found: FloatArray = np.interp(path_m, centre_m[observable], angle)
    return found


def rotated_rows(rows: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Gravity-aligned rows (n, 5): field, and heading as a unit vector; both rotated counterclockwise."""
    rotation = np.exp(1j * angle_rad)
    field, heading = rotation * (rows[:, 0] + 1j * rows[:, 1]), rotation * (rows[:, 3] + 1j * rows[:, 4])
    return np.column_stack([field.real, field.imag, rows[:, 2], heading.real, heading.imag])


def device_offset_ut(rows: FloatArray, position_m: FloatArray, floor: IntArray) -> FloatArray:
    """Horizontal offset of the device, (3,) µT in axes along its heading. The vertical part is unobservable: 0.

    All 0 where the standard error is too large, with rows of one cell correlated (Liang and Zeger, Biometrika 73,
    1986): a survey by lanes shows the offset in its bends alone.

    Args:
        rows: (n, 5) in the map's axes; NaN where unknown.
        position_m: (n, 2), likewise.
        floor: (n,)
    """
    known = np.isfinite(rows.sum(axis=1) + position_m.sum(axis=1))
    field, heading = (rows[known, at] + 1j * rows[known, at + 1] for at in (0, 3))
    cells = np.column_stack([np.floor(position_m[known] / CELL_M), floor[known]])
    _, cell = np.unique(cells, axis=0, return_inverse=True)
    field, heading = (part - _cell_mean(part, cell)[cell] for part in (field, heading))
    variance = float(np.square(np.abs(heading)).sum())
    variance_in_cell = np.bincount(cell, np.square(np.abs(heading)))
    if variance**2 <= MIN_CELLS * np.square(variance_in_cell).sum():  # also where no heading varies
        return np.zeros(3)
    offset = (np.conj(heading) * field).sum() / variance
    score = np.conj(heading) * (field - offset * heading)
    score_in_cell = np.bincount(cell, score.real) + 1j * np.bincount(cell, score.imag)
    if np.linalg.norm(score_in_cell) > MAX_ERROR_UT * variance:
        return np.zeros(3)
    return np.array([offset.real, offset.imag, 0.0])


def _cell_mean(value: FloatArray, cell: IntArray) -> FloatArray:
    return (np.bincount(cell, value.real) + 1j * np.bincount(cell, value.imag)) / np.bincount(cell)
