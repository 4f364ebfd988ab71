"""What a drive saw again: poses that it took several times, so that what differs there comes from the motors.

The field of a place, in the sensor's axes, is unknown, but the same whenever the sensor is in the same pose. So every
pose has a field of its own, with a slope across it, and only what is left beside that is looked at: the within
transformation of panel regression (Frisch and Waugh 1933, doi 10.2307/1907330). Odometry drifts, and with it the pose
that it calls the same: where a pose was taken often, its field may change with time, as a parabola does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.track import BoolArray, FloatArray, IntArray

CELL_M = 0.2
CELL_RAD = np.pi / 9
AGAIN_S = 1.0  # a pose that is left for so long is taken again
DRIFT = 2  # degree of the change with time, one for each `VISITS`
VISITS = 3
SPREAD = np.array([0.02, 0.02, 0.03])  # m, m, rad: deviation within a pose from which on a slope is fitted


@dataclass(frozen=True)
class RevisitedPoses:
    """Samples by the pose they were taken in, and what the place itself may explain there."""

    rows: tuple[IntArray, ...]  # of the drive, in each pose
    basis: tuple[FloatArray, ...]  # (rows, 1 to 6) orthonormal: a constant, slopes, and a drift

    @property
    def row(self) -> IntArray:
        """(m,) rows of the drive, pose after pose."""
        return np.concatenate([*self.rows, np.zeros(0, np.int64)])

    @property
    def freedom(self) -> int:
        """Samples, less what the places explain of them."""
        return sum(len(basis) - basis.shape[1] for basis in self.basis)

    def within(self, values: FloatArray) -> FloatArray:
        """What the place does not explain of values (n, k) of the drive: (m, k), pose after pose."""
        parts = [
            values[rows] - basis @ (basis.T @ values[rows]) for rows, basis in zip(self.rows, self.basis, strict=True)
        ]
        return np.concatenate([*parts, np.zeros((0, values.shape[1]))])


def single_pose(stamp_ns: IntArray, usable: BoolArray) -> RevisitedPoses:
    """A robot that does not move.

    Args:
        stamp_ns: (n,) increasing.
        usable: (n,) which rows of the drive count.
    """
    rows = np.flatnonzero(usable)
    return (
        RevisitedPoses((rows,), (_orthonormal([*_drift(stamp_ns[rows], DRIFT)]),))
        if len(rows) > 1
        else RevisitedPoses((), ())
    )


def find_revisited_poses(stamp_ns: IntArray, pose: FloatArray, usable: BoolArray) -> RevisitedPoses:
    """Poses that were taken at least twice.

    Args:
        stamp_ns: (n,) increasing.
        pose: (n, 3) x, y m and yaw rad.
        usable: (n,) which rows count.
    """
    pose = np.column_stack([pose[:, :2], pose[:, 2] % (2 * np.pi)])
    row = np.flatnonzero(usable)
    cell = np.floor(pose[row] / [CELL_M, CELL_M, CELL_RAD]).astype(np.int64)
    order = np.lexsort(cell.T)  # stable: by time within a pose
    new = np.any(np.diff(cell[order], axis=0) != 0, axis=1)
    taken = [rows for rows in np.split(row[order], np.flatnonzero(new) + 1) if _again(stamp_ns[rows])]
    basis = [_basis(stamp_ns[rows], pose[rows]) for rows in taken]
    kept = [number for number, each in enumerate(basis) if len(each) > 2 * each.shape[1]]
    return RevisitedPoses(tuple(taken[number] for number in kept), tuple(basis[number] for number in kept))


def _again(stamp_ns: IntArray) -> bool:
    return len(stamp_ns) > 1 and bool(np.diff(stamp_ns).max() > AGAIN_S * NS_PER_S)


def _basis(stamp_ns: IntArray, pose: FloatArray) -> FloatArray:
    deviation = pose - pose.mean(axis=0)
    slopes = [deviation[:, axis] for axis in np.flatnonzero(deviation.std(axis=0) > SPREAD)]
    visits = 1 + int((np.diff(stamp_ns) > AGAIN_S * NS_PER_S).sum())
    return _orthonormal([*_drift(stamp_ns, min(DRIFT, visits // VISITS)), *slopes])


def _drift(stamp_ns: IntArray, degree: int) -> FloatArray:
    """(degree + 1, n) powers of the time, from 0 on."""
    time = 2.0 * (stamp_ns - stamp_ns[0]) / (stamp_ns[-1] - stamp_ns[0]) - 1.0
    powers: FloatArray = time ** np.arange(degree + 1)[:, None]
    return powers


def _orthonormal(columns: Sequence[FloatArray]) -> FloatArray:
    left, size, _ = np.linalg.svd(np.column_stack(columns), full_matrices=False)
    basis: FloatArray = left[:, size > 1e-6 * size[0]]
    return basis
