"""A robot's hard iron, from spins on the spot: the horizontal field then runs around a circle, whose centre it is.

The centre is found without knowing the heading (Kåsa 1976, doi 10.1109/TIM.1976.6312298); spins in several places have
circles of different sizes about the same centre. What points along the axis of the turn is not seen, and taken as none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import NS_PER_S, FloatArray, IntArray

SLOWEST_RAD_S = 0.1  # of a spin
FASTEST_M_S = 0.05  # of what does not move meanwhile
SPOT_M = 0.25
SECTORS = 12  # of headings: a spin has been in all of them
UNEVEN = 0.3  # share of the radius: such a ring is none


@dataclass(frozen=True)
class IronFit:
    """The centre of the circles, and how round they are."""

    hard_iron_ut: FloatArray  # (3,) in the body's axes; the vertical one is 0
    spots: int
    radius_ut: float
    residual_ut: float  # rms, along the radius


def fit_iron(stamp_ns: IntArray, pose: FloatArray, body_ut: FloatArray) -> IronFit | None:
    """The hard iron of a drive; None where it holds no full spin, or rings that are no circles.

    Args:
        stamp_ns: (n,) increasing.
        pose: (n, 3) x, y m and yaw rad, unwrapped.
        body_ut: (n, 3) field without that of the motors, in the body's axes, whose z is the axis of a spin.
    """
    spots = [rows for rows in _spots(stamp_ns, pose) if _goes_round(pose[rows, 2])]
    if not spots:
        return None
    flat = [body_ut[rows, :2] for rows in spots]
    squares = [np.square(each).sum(axis=1) for each in flat]
    centre_ut = np.linalg.lstsq(
        np.concatenate([2.0 * (each - each.mean(axis=0)) for each in flat]),
        np.concatenate([each - each.mean() for each in squares]),
        rcond=None,
    )[0]
    radii = [np.linalg.norm(each - centre_ut, axis=1) for each in flat]
    radius_ut = float(np.mean([each.mean() for each in radii]))
    residual_ut = float(np.sqrt(np.mean(np.concatenate([np.square(each - each.mean()) for each in radii]))))
    if residual_ut > UNEVEN * radius_ut:
        return None
    return IronFit(np.array([*centre_ut, 0.0]), len(spots), radius_ut, residual_ut)


def _spots(stamp_ns: IntArray, pose: FloatArray) -> list[IntArray]:
    """Rows where the robot turned and did not move, by where it stood."""
    if len(stamp_ns) < 2:
        return []
    step_s = np.maximum(np.diff(stamp_ns, prepend=stamp_ns[:1] - 1) / NS_PER_S, 1e-3)
    speed = np.linalg.norm(np.diff(pose[:, :2], axis=0, prepend=pose[:1, :2]), axis=1) / step_s
    rate = np.abs(np.diff(pose[:, 2], prepend=pose[:1, 2])) / step_s
    left = np.flatnonzero((rate > SLOWEST_RAD_S) & (speed < FASTEST_M_S))
    spots = []
    while len(left):
        near = np.linalg.norm(pose[left, :2] - pose[left[0], :2], axis=1) < SPOT_M
        spots.append(left[near])
        left = left[~near]
    return spots


def _goes_round(yaw_rad: FloatArray) -> bool:
    sector = np.floor(yaw_rad % (2 * np.pi) / (2 * np.pi) * SECTORS).astype(np.int64)
    return len(np.unique(sector)) == SECTORS
