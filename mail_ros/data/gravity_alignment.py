"""A survey's field in the map's axes: what a model with axes=gravity learns from.

    gravity-aligned rows    --> turned by odometry's angle to the map --> without the device's own field
    of `signal.axes`            from the labels, every few metres           from places seen under several headings

The angle drifts as odometry does, so that it is fitted in pieces. The device's own field is what stays with its heading
where the place is the same: the least squares over cells and headings, with the field of each cell unknown.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.types import FloatArray, IntArray

PIECE_M = 10.0  # over which the angle is fitted
CELL_M = 0.5  # within which the field counts as the same
LEAST_SPREAD = 0.1  # share of the rows' headings that must differ within cells: below, no field is told from another


def odometry_angle_rad(source: str, moved_m: FloatArray, position_m: FloatArray) -> FloatArray:
    """The angle that odometry's frame is turned by against the map's, counterclockwise, around each row of a walk.

    Args:
        source: name of the walk, for the error.
        moved_m: (n, 2) odometry since the row before.
        position_m: (n, 2) by the labels, NaN where not known.

    Returns:
        (n,)

    Raises:
        TrackError: odometry, or the labels, nowhere went anywhere.
    """
    known = np.isfinite(position_m.sum(axis=1))
    step_m = np.diff(np.where(known[:, None], position_m, 0.0), axis=0, prepend=0.0)
    labelled = known & np.roll(known, 1) & (np.arange(len(known)) > 0)
    steps = (np.where(labelled[:, None], part, 0.0) for part in (step_m, moved_m))  # both of the same stretches
    by_label, by_odometry = (part[:, 0] + 1j * part[:, 1] for part in steps)
    way_m = np.cumsum(np.abs(by_label))
    centre_m = np.arange(0.0, way_m[-1] + PIECE_M, PIECE_M / 2.0)
    first, last = (np.clip(np.searchsorted(way_m, centre_m + side * PIECE_M), 0, len(way_m) - 1) for side in (-1, 1))
    turned = np.cumsum(by_label * np.conj(by_odometry))  # step by step: there and back again does not cancel
    agree = turned[last] - turned[first]
    told = np.abs(agree) > 1e-6
    if not told.any():
        raise TrackError(
            source,
            wanted="odometry and labels that move, to turn the field to the map",
            found="a walk where one of them stands",
            fix="record /odom or /imu/data while walking, or train with --set axes=device",
        )
    angle = np.unwrap(np.angle(agree[told]))
    found: FloatArray = np.interp(way_m, centre_m[told], angle)
    return found


def turned_rows(rows: FloatArray, angle_rad: FloatArray) -> FloatArray:
    """Gravity-aligned rows (n, 5), turned counterclockwise: the field and the heading."""
    turn = np.exp(1j * angle_rad)
    field, heading = turn * (rows[:, 0] + 1j * rows[:, 1]), turn * (rows[:, 3] + 1j * rows[:, 4])
    return np.column_stack([field.real, field.imag, rows[:, 2], heading.real, heading.imag])


def own_field_ut(rows: FloatArray, position_m: FloatArray, floor: IntArray) -> FloatArray:
    """A device's own horizontal field in axes that look where it looks, (3,) µT; its vertical part is not told: 0.

    Args:
        rows: (n, 5) in the map's axes; NaN where not known.
        position_m: (n, 2), likewise.
        floor: (n,)
    """
    known = np.isfinite(rows.sum(axis=1) + position_m.sum(axis=1))
    field, heading = (rows[known, at] + 1j * rows[known, at + 1] for at in (0, 3))
    cell = np.column_stack([np.floor(position_m[known] / CELL_M), floor[known]])
    _, which = np.unique(cell, axis=0, return_inverse=True)
    field, heading = (part - _mean_of_cell(part, which)[which] for part in (field, heading))
    spread = float(np.square(np.abs(heading)).sum())
    if spread < LEAST_SPREAD * max(len(heading), 1):
        return np.zeros(3)
    own = (np.conj(heading) * field).sum() / spread
    return np.array([own.real, own.imag, 0.0])


def _mean_of_cell(value: FloatArray, cell: IntArray) -> FloatArray:
    count = np.bincount(cell)
    mean: FloatArray = (np.bincount(cell, value.real) + 1j * np.bincount(cell, value.imag)) / count
    return mean
