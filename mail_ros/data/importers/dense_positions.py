"""From dense positions, such as a tracker's, to sparse landmarks with the same labels.

Landmarks as dense as a tracker's poses would all look like stops. Kept are only those between which the walk is
straight and at constant speed, so that interpolated labels equal the tracker's positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.labels import SAME_POSITION_M, stationary_spans
from mail_ros.data.track import Landmark

TOLERANCE_M = 0.1  # maximum error of a label, below the resolution of a map
DENSE_S = 0.5  # median interval: denser positions are a tracker's and not landmarks
MAX_LEG_S = 20.0  # bounds the search
STATIONARY_S = 1.0  # minimum duration of a stop within SAME_POSITION_M


def landmarks_from_positions(stamp_ns: IntArray, position_m: FloatArray, floor: IntArray) -> tuple[Landmark, ...]:
    """Landmarks from positions; sparse positions are landmarks themselves.

    Args:
        stamp_ns: (n,) increasing.
        position_m: (n, 2).
        floor: (n,); first and last position of each visit of a floor are always kept.
    """
    kept: Iterable[int] = range(len(stamp_ns))
    if len(stamp_ns) > 2 and np.median(np.diff(stamp_ns)) < DENSE_S * NS_PER_S:
        position_m, cuts = _still_stops(stamp_ns, position_m)
        changes = np.flatnonzero(np.diff(floor))
        cuts |= {*changes.tolist(), *(changes + 1).tolist(), 0, len(stamp_ns) - 1}
        kept = _corners(stamp_ns, position_m, sorted(cuts))
    return tuple(
        Landmark(int(stamp_ns[at]), (float(position_m[at, 0]), float(position_m[at, 1])), int(floor[at])) for at in kept
    )


def _still_stops(stamp_ns: IntArray, position_m: FloatArray) -> tuple[FloatArray, set[int]]:
    """Positions without the tracker's noise during stops, and first and last index of each stop."""
    still_m, ends = position_m.copy(), set[int]()
    for start, end in stationary_spans(stamp_ns, position_m, SAME_POSITION_M, STATIONARY_S):
        still_m[start : end + 1] = position_m[start]
        ends |= {start, end}
    return still_m, ends


def _corners(stamp_ns: IntArray, position_m: FloatArray, cuts: Sequence[int]) -> list[int]:
    """Indices of landmarks: straight legs at constant speed, each as long as the tolerance allows."""
    kept = [cuts[0]]
    for last in cuts[1:]:
        while kept[-1] < last:
            kept.append(_leg_end(stamp_ns, position_m, kept[-1], last))
    return kept


def _leg_end(stamp_ns: IntArray, position_m: FloatArray, start: int, last: int) -> int:
    """End of the longest leg from `start`, by doubling and bisection."""

    def fits(end: int) -> bool:
        weight = (stamp_ns[start : end + 1] - stamp_ns[start]) / max(stamp_ns[end] - stamp_ns[start], 1)
        straight_m = position_m[start] + weight[:, None] * (position_m[end] - position_m[start])
        return bool(np.linalg.norm(straight_m - position_m[start : end + 1], axis=1).max() <= TOLERANCE_M)

    latest = int(np.searchsorted(stamp_ns, stamp_ns[start] + round(MAX_LEG_S * NS_PER_S), side="right")) - 1
    last = max(start + 1, min(last, latest))
    good, step = start + 1, 1
    while good < last and fits(min(good + step, last)):
        good = min(good + step, last)
        step *= 2
    bad = min(good + step, last + 1)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if fits(middle) else (good, middle)
    return good
