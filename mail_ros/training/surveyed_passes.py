"""Where the walks of a survey passed, and in which direction: there a model of them can be right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from mail_ros.core.types import BoolArray, ComplexArray, FloatArray, IntArray
from mail_ros.data.scored import Scored
from mail_ros.data.track import Track

STEP_M = 0.5  # between the positions of a walk that are kept
NEAR_M = 1.0  # from a position to one that a walk passed
SAME_DIRECTION = 0.5  # cosine of the largest angle between two passes in one direction
PATH_ESTIMATES = 5  # earlier estimates of a walk that have to lie on a pass too: a window covers a path


class SurveyedPasses:
    """Positions and directions of travel of some walks."""

    def __init__(self, tracks: Sequence[Track], *, directed: bool) -> None:
        """Read the labels.

        Args:
            tracks: the walks.
            directed: whether only passes in the same direction count, as for rows in the device's axes.
        """
        passes = [_passes(track) for track in tracks]
        self._position_m = np.concatenate([position_m for position_m, _, _ in passes])  # (n, 2)
        self._direction = np.concatenate([direction for _, direction, _ in passes])  # (n,) unit vectors
        self._floor = np.concatenate([floor for _, _, floor in passes])  # (n,)
        self._directed = directed

    def passed(self, scored: Sequence[Scored]) -> BoolArray:
        """(k,) whether the survey passed the true positions of estimates and of those before them on the same walk."""
        found: list[bool] = []
        for _, walk in groupby(scored, key=lambda one: one.bag):
            here = self._passed_here(list(walk))
            found += [bool(here[max(0, index - PATH_ESTIMATES) : index + 1].all()) for index in range(len(here))]
        return np.array(found, dtype=np.bool_)

    def _passed_here(self, walk: Sequence[Scored]) -> BoolArray:
        position_m = np.array([one.reference_m for one in walk])
        moved_m = np.diff(position_m, axis=0, prepend=position_m[:1])
        moved_m[:1] = moved_m[1:2] if len(walk) > 1 else 0.0
        direction = _unit(moved_m)
        here = np.zeros(len(walk), np.bool_)
        for index, one in enumerate(walk):
            near = np.square(self._position_m - one.reference_m).sum(axis=1) <= NEAR_M**2
            near &= self._floor == one.reference_floor
            if self._directed:
                near &= (self._direction * direction[index].conjugate()).real >= SAME_DIRECTION
            here[index] = near.any()
        return here


def _passes(track: Track) -> tuple[FloatArray, ComplexArray, IntArray]:
    """Labelled positions `STEP_M` apart, direction of travel to each, and floors."""
    position_m, floor = track.position_m[track.valid], track.floor[track.valid]
    travelled_m = np.linalg.norm(np.diff(position_m, axis=0, prepend=position_m[:1]), axis=1).cumsum()
    kept = np.flatnonzero(np.diff(np.floor(travelled_m / STEP_M), prepend=0.0) > 0.0)
    if not len(kept):
        return np.zeros((0, 2)), np.zeros(0, np.complex128), np.zeros(0, np.int64)
    moved_m = np.diff(position_m[kept], axis=0, prepend=position_m[:1])
    return position_m[kept], _unit(moved_m), floor[kept]


def _unit(vector_m: FloatArray) -> ComplexArray:
    """(n,) unit vectors of (n, 2), zero for none."""
    along = vector_m[:, 0] + 1j * vector_m[:, 1]
    length = np.abs(along)
    direction: ComplexArray = np.where(length > 0.0, along / np.maximum(length, 1e-9), 0.0)
    return direction
