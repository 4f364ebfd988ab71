"""Poses that a drive visits several times: field differences at one pose come from the motors.

The field at a position is unknown, but constant in the sensor's axes while the pose is the same. Each pose therefore
has a field of its own, with a slope across the pose; only the residual is used: the within transformation of panel
regression (Frisch and Waugh 1933, doi 10.2307/1907330). Odometry drifts, and the true pose with it: with many visits
of a pose, its field may also change with time, as a parabola.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray

CELL_M = 0.2
CELL_RAD = np.pi / 9
NEW_VISIT_S = 1.0  # a longer absence from a pose starts a new visit
MAX_DRIFT_DEGREE = 2  # the field of a pose drifts as a parabola at most
VISITS_PER_DEGREE = 3
MIN_SLOPE_DEVIATION = np.array([0.02, 0.02, 0.03])  # m, m, rad: within a pose, from which on a slope is fitted


@dataclass(frozen=True)
class RevisitedPoses:
    """Rows of a drive grouped by pose, and the part of the field that each pose explains."""

    rows: tuple[IntArray, ...]  # rows of the drive in each pose
    basis: tuple[FloatArray, ...]  # (rows, 1 to 6) orthonormal: a constant, slopes, and a drift

    @property
    def row(self) -> IntArray:
        """(m,) rows of the drive, pose after pose."""
        return np.concatenate([*self.rows, np.zeros(0, np.int64)])

    @property
    def degrees_of_freedom(self) -> int:
        """Number of rows minus fitted parameters."""
        return sum(len(basis) - basis.shape[1] for basis in self.basis)

    def residual(self, values: FloatArray) -> FloatArray:
        """Residual (m, k), pose after pose, of values (n, k) of the drive that the poses do not explain."""
        parts = [
            values[rows] - basis @ (basis.T @ values[rows]) for rows, basis in zip(self.rows, self.basis, strict=True)
        ]
        return np.concatenate([*parts, np.zeros((0, values.shape[1]))])


def single_pose(stamp_ns: IntArray, usable: BoolArray) -> RevisitedPoses:
    """The one pose of a stationary robot; stamps (n,) are increasing, `usable` (n,) selects rows."""
    rows = np.flatnonzero(usable)
    if len(rows) < 2:
        return RevisitedPoses((), ())
    return RevisitedPoses((rows,), (_orthonormal([*_powers_of_time(stamp_ns[rows], MAX_DRIFT_DEGREE)]),))


def find_revisited_poses(stamp_ns: IntArray, pose: FloatArray, usable: BoolArray) -> RevisitedPoses:
    """Poses with at least two visits.

    Args:
        stamp_ns: (n,) increasing.
        pose: (n, 3) x, y m and yaw rad.
        usable: (n,) rows to use.
    """
    pose = np.column_stack([pose[:, :2], pose[:, 2] % (2 * np.pi)])
    row = np.flatnonzero(usable)
    cell = np.floor(pose[row] / [CELL_M, CELL_M, CELL_RAD]).astype(np.int64)
    order = np.lexsort(cell.T)  # stable: by time within a pose
    new = np.any(np.diff(cell[order], axis=0) != 0, axis=1)
    groups = [rows for rows in np.split(row[order], np.flatnonzero(new) + 1) if _visits(stamp_ns[rows]) > 1]
    pairs = [(rows, _basis(stamp_ns[rows], pose[rows])) for rows in groups]
    pairs = [(rows, basis) for rows, basis in pairs if len(basis) > 2 * basis.shape[1]]
    return RevisitedPoses(tuple(rows for rows, _ in pairs), tuple(basis for _, basis in pairs))


def _visits(stamp_ns: IntArray) -> int:
    return 1 + int((np.diff(stamp_ns) > NEW_VISIT_S * NS_PER_S).sum())


def _basis(stamp_ns: IntArray, pose: FloatArray) -> FloatArray:
    deviation = pose - pose.mean(axis=0)
    slopes = [deviation[:, axis] for axis in np.flatnonzero(deviation.std(axis=0) > MIN_SLOPE_DEVIATION)]
    degree = min(MAX_DRIFT_DEGREE, _visits(stamp_ns) // VISITS_PER_DEGREE)
    return _orthonormal([*_powers_of_time(stamp_ns, degree), *slopes])


def _powers_of_time(stamp_ns: IntArray, degree: int) -> FloatArray:
    """(degree + 1, n) powers of the time, scaled to -1 to 1."""
    time = 2.0 * (stamp_ns - stamp_ns[0]) / (stamp_ns[-1] - stamp_ns[0]) - 1.0
    powers: FloatArray = time ** np.arange(degree + 1)[:, None]
    return powers


def _orthonormal(columns: Sequence[FloatArray]) -> FloatArray:
    left, size, _ = np.linalg.svd(np.column_stack(columns), full_matrices=False)
    return left[:, size > 1e-6 * size[0]]
