"""Odometry of plain CSV: poses, or distance travelled with a heading."""

from __future__ import annotations

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.platform.odometry import MAX_SPEED_M_S
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.importers.table import Table, whole_rows
from mail_ros.data.track import OdometrySeries

ODOMETRY = ("odom_x_m", "odom_y_m")
DISTANCE = ("distance_m",)
YAW = (("yaw_rad",), ("yaw_deg",), ("heading_deg",))
MOVED_M = 0.01  # a shorter step is a stop
MAX_DEGREES, MAX_RADIANS = 1e6, 1e4  # a robot may count its rotations


def robot_odometry(table: Table, stamp_ns: IntArray) -> OdometrySeries | None:
    """Poses of a robot; None for a file without columns of odometry, or with empty ones.

    Raises:
        BagError: position or yaw lacks the other, or one is in another unit.
    """
    path = next((group for group in (ODOMETRY, DISTANCE) if group[0] in table.names), None)
    yaw = next((group for group in YAW if group[0] in table.names), None)
    if path is None and yaw is None:
        return None
    if path is None or yaw is None:
        raise BagError(
            table.path,
            wanted="odom_x_m and odom_y_m or distance_m, with yaw_rad, yaw_deg or heading_deg",
            found=", ".join(path or yaw or ()),
            fix="add the missing columns, or take these out",
        )
    values = table.columns(*path, *yaw)
    rows = np.flatnonzero(whole_rows(table, values, (*path, *yaw)))
    if not len(rows):
        return None
    values, stamps = values[rows], stamp_ns[rows]
    yaw_rad = _yaw_rad(table, yaw[0], values[:, -1])
    position_m = values[:, :2] if path == ODOMETRY else _along(values[:, 0], yaw_rad)
    _check_speed(table, path, stamps, position_m)
    return OdometrySeries(stamps, np.column_stack([position_m, yaw_rad]))


def _yaw_rad(table: Table, name: str, values: FloatArray) -> FloatArray:
    """Yaw, counterclockwise."""
    if name == "heading_deg":
        values = 90.0 - values
    if (largest := float(np.abs(values).max())) > (MAX_RADIANS if name == "yaw_rad" else MAX_DEGREES):
        raise BagError(table.path, wanted=f"angles as {name}", found=f"{largest:g}", fix="correct the column")
    yaw_rad: FloatArray = values if name == "yaw_rad" else np.radians(values)
    return yaw_rad


def _along(distance_m: FloatArray, yaw_rad: FloatArray) -> FloatArray:
    """Positions (n, 2) by the distance travelled, each step in the mean direction of its ends."""
    rotation_rad = (np.diff(yaw_rad) + np.pi) % (2.0 * np.pi) - np.pi
    middle_rad = yaw_rad[:-1] + 0.5 * rotation_rad
    step_m = np.diff(distance_m)[:, None] * np.column_stack([np.cos(middle_rad), np.sin(middle_rad)])
    return np.vstack([np.zeros((1, 2)), np.cumsum(step_m, axis=0)])


def _check_speed(table: Table, path: tuple[str, ...], stamp_ns: IntArray, position_m: FloatArray) -> None:
    """Refuse odometry that is mostly faster than a robot: it is not in metres."""
    step_m = np.linalg.norm(np.diff(position_m, axis=0), axis=1)
    step_s = np.diff(stamp_ns) / NS_PER_S
    moved = (step_m > MOVED_M) & (step_s > 0)
    speed_m_s = float(np.median(step_m[moved] / step_s[moved])) if moved.any() else 0.0
    if speed_m_s > MAX_SPEED_M_S:
        raise BagError(
            table.path,
            wanted=f"{' and '.join(path)} in metres",
            found=f"a median speed of {speed_m_s:.3g} m/s",
            fix="scale the columns, as by 0.001 from mm",
        )
