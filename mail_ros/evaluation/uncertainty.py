"""Whether estimates know how good they are: regions that hold what they claim, and a status that can be relied on."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import Status
from mail_ros.evaluation.estimates import Scored

REGIONS = (0.5, 0.9, 0.95)
NEAR_M = 3.0


@dataclass(frozen=True)
class Doubt:
    """Shares of some estimates, 0 to 1; NaN where none is LOCALIZED."""

    in_50: float  # true position inside the 50 % region of the covariance, and on its floor
    in_90: float
    in_95: float
    localized: float  # with that status
    localized_near: float  # of those, within `NEAR_M`
    localized_floor: float  # of those, on the right floor


def doubt(scored: Sequence[Scored]) -> Doubt:
    """Sum up some estimates, at least one.

    A Gaussian's region of probability p in the plane is where the squared Mahalanobis distance is below
    -2 ln(1 - p).
    """
    offset_m = np.array([one.estimate.position_m - one.reference_m for one in scored])  # (n, 2)
    covariance_m2 = np.array([one.estimate.covariance_m2 for one in scored]) + 1e-9 * np.eye(2)
    squared = np.einsum("ni,ni->n", offset_m, np.linalg.solve(covariance_m2, offset_m[..., None])[..., 0])
    floor = np.array([one.estimate.floor == one.reference_floor for one in scored])
    localized = np.array([one.estimate.status is Status.LOCALIZED for one in scored])
    near = np.linalg.norm(offset_m, axis=1) <= NEAR_M
    in_50, in_90, in_95 = (float(((squared <= -2.0 * np.log(1.0 - p)) & floor).mean()) for p in REGIONS)
    close, level = (float(each[localized].mean()) if localized.any() else np.nan for each in (near & floor, floor))
    return Doubt(in_50, in_90, in_95, float(localized.mean()), close, level)


def doubt_words(doubt: Doubt) -> str:
    """One line for people."""
    shares = {field.name: f"{getattr(doubt, field.name):.1%}" for field in dataclasses.fields(doubt)}
    return (
        f"inside the 50, 90 and 95 % regions: {shares['in_50']}, {shares['in_90']}, {shares['in_95']}; LOCALIZED: "
        f"{shares['localized']}, of these within {NEAR_M:g} m {shares['localized_near']}, "
        f"on the right floor {shares['localized_floor']}"
    )
