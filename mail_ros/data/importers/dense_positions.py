"""From a position that is known all along the way to the landmarks that say the same.

A tracker's poses come many times a second. Landmarks that close would all look like stationary_spans, so only those
are kept between which the walk was straight and steady; the labels between them are then the tracker's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.labels import SAME_POSITION_M, stationary_spans
from mail_ros.data.track import FloatArray, IntArray, Landmark

TOLERANCE_M = 0.1  # how far a label may lie from the known position: below what a map resolves
DENSE_S = 0.5  # positions more frequent than this, in the median, are a tracker's and not landmarks
LEG_S = 20.0  # longest time between two landmarks: keeps the search short
STATIONARY_S = 1.0  # whoever stays within SAME_POSITION_M for so long stationary_spans


def landmarks_from_positions(stamp_ns: IntArray, position_m: FloatArray, floor: IntArray) -> tuple[Landmark, ...]:
    """Landmarks of positions in the order of their stamps; sparse ones are landmarks themselves.

    Args:
        stamp_ns: (n,) increasing.
        position_m: (n, 2).
        floor: (n,); the first and last position of each stay on a floor are always kept.
    """
    kept: Iterable[int] = range(len(stamp_ns))
    if len(stamp_ns) > 2 and np.median(np.diff(stamp_ns)) < DENSE_S * NS_PER_S:
        position_m, cuts = _stands(stamp_ns, position_m)
        cuts |= set(np.flatnonzero(np.diff(floor)).tolist()) | set((np.flatnonzero(np.diff(floor)) + 1).tolist())
        kept = _corners(stamp_ns, position_m, sorted(cuts | {0, len(stamp_ns) - 1}))
    return tuple(
        Landmark(int(stamp_ns[at]), (float(position_m[at, 0]), float(position_m[at, 1])), int(floor[at])) for at in kept
    )


def _stands(stamp_ns: IntArray, position_m: FloatArray) -> tuple[FloatArray, set[int]]:
    """The positions with a tracker's tremor taken out of stationary_spans, and the first and last index of each stand."""
    still_m, ends = position_m.copy(), set[int]()
    for start, end in stationary_spans(stamp_ns, position_m, SAME_POSITION_M, STATIONARY_S):
        still_m[start : end + 1] = position_m[start]
        ends |= {start, end}
    return still_m, ends


def _corners(stamp_ns: IntArray, position_m: FloatArray, cuts: Sequence[int]) -> list[int]:
    """Indices such that straight, steady legs between them stay within the tolerance: each leg as long as can be."""
    kept = [cuts[0]]
    for last in cuts[1:]:
        while kept[-1] < last:
            kept.append(_farthest(stamp_ns, position_m, kept[-1], last))
    return kept


def _farthest(stamp_ns: IntArray, position_m: FloatArray, start: int, last: int) -> int:
    """The end of the longest leg from `start`: doubled as long as it fits, then halved to the exact one."""

    def fits(end: int) -> bool:
        share = (stamp_ns[start : end + 1] - stamp_ns[start]) / max(stamp_ns[end] - stamp_ns[start], 1)
        straight_m = position_m[start] + share[:, None] * (position_m[end] - position_m[start])
        return bool(np.linalg.norm(straight_m - position_m[start : end + 1], axis=1).max() <= TOLERANCE_M)

    latest = int(np.searchsorted(stamp_ns, stamp_ns[start] + round(LEG_S * NS_PER_S), side="right")) - 1
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
