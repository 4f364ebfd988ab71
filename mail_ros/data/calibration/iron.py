"""Hard iron of a robot from rotations on the spot: the centre of the circle that the horizontal field traces.

The centre is found without the heading (Kåsa 1976, doi 10.1109/TIM.1976.6312298); rotations at several spots trace
circles of different radii about the same centre. Hard iron along the rotation axis is unobservable, and set to 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import NS_PER_S, FloatArray, IntArray

MIN_YAW_RATE_RAD_S = 0.1  # a rotation on the spot is faster
MAX_SPEED_M_S = 0.05  # a rotation on the spot is slower
SPOT_RADIUS_M = 0.25
SECTORS = 12  # a full rotation covers all sectors of heading
MAX_RESIDUAL_FRACTION = 0.3  # fraction of the radius above which the trace is not a circle


@dataclass(frozen=True)
class IronFit:
    """Hard iron, and the fit of the circles."""

    hard_iron_ut: FloatArray  # (3,) in the body's axes; z is 0
    spots: int
    radius_ut: float
    residual_ut: float  # rms along the radius


def fit_iron(stamp_ns: IntArray, pose: FloatArray, body_ut: FloatArray) -> IronFit | None:
    """Fit hard iron; None without a full rotation, and where the field traces no circles.

    Args:
        stamp_ns: (n,) increasing.
        pose: (n, 3) x, y m and yaw rad, unwrapped.
        body_ut: (n, 3) field without motor field, in the body's axes; z is the rotation axis.
    """
    spots = [rows for rows in _spots(stamp_ns, pose) if _is_full_rotation(pose[rows, 2])]
    if not spots:
        return None
    horizontal = [body_ut[rows, :2] for rows in spots]
    squares = [np.square(each).sum(axis=1) for each in horizontal]
    centre_ut = np.linalg.lstsq(
        np.concatenate([2.0 * (each - each.mean(axis=0)) for each in horizontal]),
        np.concatenate([each - each.mean() for each in squares]),
        rcond=None,
    )[0]
    radii = [np.linalg.norm(each - centre_ut, axis=1) for each in horizontal]
    radius_ut = float(np.mean([each.mean() for each in radii]))
    residual_ut = float(np.sqrt(np.mean(np.concatenate([np.square(each - each.mean()) for each in radii]))))
    if residual_ut > MAX_RESIDUAL_FRACTION * radius_ut:
        return None
    return IronFit(np.array([*centre_ut, 0.0]), len(spots), radius_ut, residual_ut)


def _spots(stamp_ns: IntArray, pose: FloatArray) -> list[IntArray]:
    """Rows of rotations on the spot, grouped by position."""
    if len(stamp_ns) < 2:
        return []
    step_s = np.maximum(np.diff(stamp_ns, prepend=stamp_ns[:1] - 1) / NS_PER_S, 1e-3)
    speed = np.linalg.norm(np.diff(pose[:, :2], axis=0, prepend=pose[:1, :2]), axis=1) / step_s
    rate = np.abs(np.diff(pose[:, 2], prepend=pose[:1, 2])) / step_s
    left = np.flatnonzero((rate > MIN_YAW_RATE_RAD_S) & (speed < MAX_SPEED_M_S))
    spots = []
    while len(left):
        near = np.linalg.norm(pose[left, :2] - pose[left[0], :2], axis=1) < SPOT_RADIUS_M
        spots.append(left[near])
        left = left[~near]
    return spots


def _is_full_rotation(yaw_rad: FloatArray) -> bool:
    sector = np.floor(yaw_rad % (2 * np.pi) / (2 * np.pi) * SECTORS).astype(np.int64)
    return len(np.unique(sector)) == SECTORS
