"""Walks through a localizer: every estimate with the surveyed position at its stamp."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import Estimate, FloatArray, SampleLocalizer
from mail_ros.data.track import Track


@dataclass(frozen=True)
class Scored:
    """An estimate, and the true position at its stamp."""

    bag: str
    estimate: Estimate
    reference_m: FloatArray  # (2,)
    reference_floor: int
    paused: bool

    @property
    def error_m(self) -> float:
        """Horizontal distance; positions on different floors are compared as if on one."""
        return float(np.linalg.norm(self.estimate.position_m - self.reference_m))


def follow(localizer: SampleLocalizer, track: Track) -> Iterator[Scored]:
    """Replay the labelled part of a walk through a localizer, as on a robot that is switched on at its start."""
    localizer.reset()
    walk = track.labelled_span()
    for index, sample in enumerate(walk.samples()):
        estimate = localizer.push(sample)
        if estimate is not None and walk.valid[index]:
            yield Scored(
                track.source, estimate, walk.position_m[index], int(walk.floor[index]), bool(walk.paused[index])
            )


def squared_distances(scored: Sequence[Scored]) -> FloatArray:
    """(n,) squared Mahalanobis distance of each error under its own covariance; infinite on a wrong floor."""
    offset_m = np.array([one.estimate.position_m - one.reference_m for one in scored])  # (n, 2)
    covariance_m2 = np.array([one.estimate.covariance_m2 for one in scored]) + 1e-9 * np.eye(2)
    squared = np.einsum("ni,ni->n", offset_m, np.linalg.solve(covariance_m2, offset_m[..., None])[..., 0])
    return np.where([one.estimate.floor == one.reference_floor for one in scored], squared, np.inf)
