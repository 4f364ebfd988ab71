"""Whether a pose can start a filter: finite numbers, near the survey."""

from __future__ import annotations

import numpy as np

from mail_ros.core.errors import TrackError
from mail_ros.core.types import NEAR_M, Cells, FloatArray

INITIAL_DEVIATIONS = 3.0  # standard deviations of an initial pose within which the survey must lie


def check_initial_pose(cells: Cells, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> None:
    """Refuse a pose that cannot start a filter over these cells.

    Args:
        cells: the map.
        position_m: (2,) in the frame of its floor.
        covariance_m2: (2, 2).
        floor: of the map.

    Raises:
        TrackError: numbers that are not finite, no covariance, or a position far from the survey.
    """
    numbers = np.append(position_m, covariance_m2)
    if not np.isfinite(numbers).all() or np.linalg.eigvalsh(covariance_m2).min() < -1e-9:
        raise TrackError(
            "the initial pose",
            wanted="finite numbers, and a positive semidefinite covariance",
            found=f"{np.asarray(position_m).tolist()} m, {np.asarray(covariance_m2).tolist()} m²",
            fix="correct its publisher",
        )
    distance_m = np.linalg.norm(cells.position_m - position_m, axis=1)[cells.floor == floor]
    reach_m = max(NEAR_M, INITIAL_DEVIATIONS * float(np.sqrt(np.linalg.eigvalsh(covariance_m2).max())))
    nearest_m = float(distance_m.min(initial=np.inf))
    if nearest_m > reach_m:
        floors = ", ".join(map(str, np.unique(cells.floor)))
        raise TrackError(
            "the initial pose",
            wanted=f"a position within {reach_m:.1f} m of the survey, on one of its floors {floors}",
            found=f"floor {floor}" if np.isinf(nearest_m) else f"one that is {nearest_m:.1f} m off",
            fix="correct it, or survey that place",
        )
