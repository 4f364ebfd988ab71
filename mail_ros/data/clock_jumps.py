"""Clocks that jump within a bag: stamps leave a hole, or some time is stamped twice.

1970 | today                     --> cut between them: neither labels nor rows are interpolated across
10:00 to 10:20 | 10:10 to 10:40  --> 10:10 to 10:20 has no labels: by its stamps, landmarks of both parts are mixed
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.signal.distance import LATE_S
from mail_ros.core.types import NS_PER_S, BoolArray, IntArray
from mail_ros.data.remark import Remark

HOLE_S = 300.0  # a longer hole is no stop and no outage on a walk: a clock was set, or the recording was interrupted
UNITS = ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes"))


def cuts_ns(stamp_ns: IntArray) -> IntArray:
    """Open intervals (k, 2), sorted: before and after each jump of stamps (n,) in log order, and repeated time."""
    jump, ends = _jumps(stamp_ns), np.iinfo(np.int64)
    ordered = np.concatenate([[ends.min], np.sort(stamp_ns), [ends.max]])
    before_ns, after_ns = stamp_ns[jump], stamp_ns[jump + 1]
    left = np.column_stack([before_ns, ordered[np.searchsorted(ordered, before_ns, side="right")]])
    entered = np.column_stack([ordered[np.searchsorted(ordered, after_ns, side="left") - 1], after_ns])
    cuts: IntArray = np.concatenate([left, entered, repeated_ns(stamp_ns)])
    return cuts[np.argsort(cuts[:, 0], kind="stable")]


def reach_into(start_ns: IntArray, end_ns: IntArray, cuts: IntArray) -> BoolArray:
    """(m,) whether each interval overlaps one of the `cuts_ns`."""
    if not len(cuts):
        return np.zeros(len(start_ns), np.bool_)
    last = np.searchsorted(cuts[:, 0], end_ns, side="left") - 1
    overlaps: BoolArray = (last >= 0) & (np.maximum.accumulate(cuts[:, 1])[last] > start_ns)
    return overlaps


def recorded_s(stamp_ns: IntArray) -> float:
    """Time that stamps (n,) in log order cover, without the jumps."""
    if not len(stamp_ns):
        return 0.0
    low_ns, high_ns = _parts(stamp_ns)
    return float((high_ns - low_ns).sum()) / NS_PER_S


def clock_remarks(stamp_ns: IntArray) -> tuple[Remark, ...]:
    """A remark where the stamps (n,), in log order, jump."""
    step_ns, jumps = np.diff(stamp_ns), _jumps(stamp_ns)
    if not len(jumps):
        return ()
    first, more = int(jumps[0]), f", and {len(jumps) - 1:,} more jumps follow" if len(jumps) > 1 else ""
    found = (
        f"the stamps of the field jump by {_duration(int(step_ns[first]))}, from {_date(stamp_ns[first])} to "
        f"{_date(stamp_ns[first + 1])}{more}: the walk is cut there"
    )
    return (Remark("clock_jump", found, "set the clock before recording, and record in one piece"),)


def repeated_ns(stamp_ns: IntArray) -> IntArray:
    """Intervals (k, 2), sorted, that the clock went through more than once, since it was set back."""
    if not len(stamp_ns):
        return np.zeros((0, 2), np.int64)
    low_ns, high_ns = _parts(stamp_ns)
    order = np.argsort(low_ns, kind="stable")
    low_ns, high_ns = low_ns[order], high_ns[order]
    end_ns = np.minimum(high_ns[1:], np.maximum.accumulate(high_ns)[:-1])
    twice = end_ns > low_ns[1:]
    return np.column_stack([low_ns[1:][twice], end_ns[twice]])


def _jumps(stamp_ns: IntArray) -> IntArray:
    """Indices of the stamps (n,) after which the clock jumps."""
    step_ns = np.diff(stamp_ns)
    return np.flatnonzero((step_ns > HOLE_S * NS_PER_S) | (step_ns < -LATE_S * NS_PER_S))


def _parts(stamp_ns: IntArray) -> tuple[IntArray, IntArray]:
    """First and last stamp of each part between two jumps."""
    at = np.append(0, _jumps(stamp_ns) + 1)
    return np.minimum.reduceat(stamp_ns, at), np.maximum.reduceat(stamp_ns, at)


def _duration(step_ns: int) -> str:
    step_s = step_ns / NS_PER_S
    unit_s, unit = next(((size_s, name) for size_s, name in UNITS if abs(step_s) >= 2.0 * size_s), (1.0, "s"))
    return f"{step_s / unit_s:+,.1f} {unit}"


def _date(stamp_ns: int) -> str:
    return str(np.datetime64(int(stamp_ns) // NS_PER_S, "s")).replace("T", " ")
