"""Walks of a survey whose field contradicts that of other walks at the same positions.

    row, nearest row of another walk, less than NEAR_M apart --> difference of their fields / usual one at that distance
    walk --> median over its rows; above MAX_RATIO: the walk is left out, and the rest compared again

Such a walk has wrong positions: a misplaced landmark, marks in another order, or a clock that is ahead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from mail_ros.core.types import BoolArray, FloatArray, IntArray
from mail_ros.training.field_map.survey import APART_M, PER_M, SurveyRows

STEP = 3  # every third row is compared
NEAR_M, BIN_M = 0.8, 0.1  # farthest rows that are compared, and width of the classes of their distances
CLOSE_M = 0.3  # closer rows alone are compared, if a walk has enough of them: some fields change within 0.8 m
LABEL_M = 0.3  # usual error of labels: rows of one walk that are farther apart by this differ as those of two walks
# The greatest ratio of 94 walks through a lobby is 1.6; labels shifted by 3 m make most 1.7 to 4.
MAX_RATIO = 1.7
MIN_UT = 5.0  # a smaller difference is that of two devices
TINY_UT = 1e-9  # copies of one bag differ by nothing
MIN_PATH_M = 2.0  # common path below which a walk is not judged
MAX_NAMED = 3  # walks that a message names


class Contradiction(NamedTuple):
    """A walk whose field is not that of the others."""

    source: str  # name of the walk
    others: tuple[str, ...]  # walks that it contradicts, the longest common path first
    difference_ut: float  # median of the differences
    usual_ut: float  # what the survey's walks differ by at such distances
    path_m: float  # common path

    def __str__(self) -> str:
        """The problem and its fix."""
        more = f" and {len(self.others) - MAX_NAMED} more" if len(self.others) > MAX_NAMED else ""
        return (
            f"its field differs by {self.difference_ut:.0f} µT from that of {', '.join(self.others[:MAX_NAMED])}{more} "
            f"along {self.path_m:.0f} m of common path, where {self.usual_ut:.0f} µT is usual: check its landmarks and "
            "their clock, or leave the walk out"
        )


class _Comparisons(NamedTuple):
    """Rows of walks, each with the nearest row of another walk."""

    row: IntArray  # (k,)
    walk: IntArray  # (k,) its walk
    other: IntArray  # (k,) the other walk
    difference_ut: FloatArray  # (k,)
    usual_ut: FloatArray  # (k,) at their distance
    distance_m: FloatArray  # (k,)

    def at(self, chosen: BoolArray) -> _Comparisons:
        return _Comparisons(
            self.row[chosen],
            self.walk[chosen],
            self.other[chosen],
            self.difference_ut[chosen],
            self.usual_ut[chosen],
            self.distance_m[chosen],
        )

    def of(self, walk: int) -> _Comparisons:
        """Those of one walk: the close ones, if there are enough."""
        own = self.at(self.walk == walk)
        close = own.at(own.distance_m < CLOSE_M)
        return close if close.path_m >= MIN_PATH_M else own

    @property
    def path_m(self) -> float:
        return len(np.unique(self.row)) * STEP / PER_M


def contradictions(rows: SurveyRows) -> list[Contradiction]:
    """Walks that contradict the others, the worst first; their fields must not be rotated against each other."""
    left, found = _compare(rows), []
    while (walk := _worst(left)) is not None:
        found.append(_contradiction(left.of(walk), walk, rows.sources))
        left = left.at((left.walk != walk) & (left.other != walk))
    return found


def _compare(rows: SurveyRows) -> _Comparisons:
    """Every row with the nearest one of each other walk, and the smaller of two usual differences at that distance.

    One is the median between walks, the other that within walks.
    """
    rows = rows.at(slice(None, None, STEP))
    position_m = np.column_stack([rows.position_m, rows.floor * APART_M])
    pairs = cKDTree(position_m).query_pairs(NEAR_M + LABEL_M, output_type="ndarray")
    row, partner = np.concatenate([pairs, pairs[:, ::-1]]).T
    distance_m = np.linalg.norm(position_m[row] - position_m[partner], axis=1)
    order = np.lexsort([distance_m, rows.walk[partner], row])
    row, partner, distance_m = row[order], partner[order], distance_m[order]
    difference_ut = np.linalg.norm(rows.field_ut[row] - rows.field_ut[partner], axis=1)
    walk, other = rows.walk[row], rows.walk[partner]
    nearest = (np.diff(row, prepend=-1) != 0) | (np.diff(other, prepend=-1) != 0)
    within, between = walk == other, (walk != other) & nearest & (distance_m < NEAR_M)
    classes = np.floor(distance_m / BIN_M).astype(np.int64)
    usual_ut = np.fmin(
        _medians(difference_ut[between], classes[between]),
        _medians(difference_ut[within], classes[within] - round(LABEL_M / BIN_M)),
    )
    columns = row[between], walk[between], other[between], difference_ut[between]
    return _Comparisons(*columns, usual_ut[classes[between]], distance_m[between])


def _medians(value: FloatArray, classes: IntArray) -> FloatArray:
    """(classes,) medians, NaN of a class without values."""
    parts = [value[classes == number] for number in range(round(NEAR_M / BIN_M) + 1)]
    return np.array([np.median(part) if len(part) else np.nan for part in parts])


def _worst(comparisons: _Comparisons) -> int | None:
    """The walk of the greatest median ratio, if that is above the limit."""
    worst, limit = None, MAX_RATIO
    for walk in np.unique(comparisons.walk).tolist():
        own = comparisons.of(walk)
        median = float(np.median(own.difference_ut / np.maximum(own.usual_ut, TINY_UT)))
        if median > limit and np.median(own.difference_ut) > MIN_UT and own.path_m >= MIN_PATH_M:
            worst, limit = walk, median
    return worst


def _contradiction(own: _Comparisons, walk: int, sources: Sequence[str]) -> Contradiction:
    others, counts = np.unique(own.other, return_counts=True)
    names = tuple(sources[other] for other in others[np.argsort(-counts, kind="stable")])
    difference_ut, usual_ut = float(np.median(own.difference_ut)), float(np.median(own.usual_ut))
    return Contradiction(sources[walk], names, difference_ut, usual_ut, own.path_m)
