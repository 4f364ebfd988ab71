"""The labels: landmarks inside the recording and on its clock, believable ways between them, enough of it walked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.check.clicks import check_clicks
from mail_ros.data.check.limits import CheckLimits, Finding, graded
from mail_ros.data.labels import SAME_POSITION_M
from mail_ros.data.track import FloatArray, IntArray, Landmark, Track
from mail_ros.data.truth import TRUTH_TOPICS, Truth, TruthSource

NAMED = 3  # faulty legs that a message names


def check_landmarks(track: Track, truth: Truth, clock_s: float, limits: CheckLimits) -> list[Finding]:
    """Judge landmarks, in any order; a reference has none, and was judged when it was read.

    Args:
        track: the walk that they label.
        truth: as recorded.
        clock_s: how much later the clock of the landmarks is than that of the field.
        limits: from where on something is said.
    """
    marks = sorted(truth.landmarks, key=lambda mark: mark.stamp_ns)
    if truth.poses is not None:
        message = f"none of the {len(truth.poses.stamp_ns)} poses of the reference fits a sample; check their clock"
        return [] if track.valid.any() else [Finding(Level.ERROR, "labels", message)]
    if truth.way is TruthSource.NONE:
        message = (
            f"no sample has a place: found none of {TRUTH_TOPICS}; walk it again, or name another topic with --truth"
        )
        return [Finding(Level.ERROR, "labels", message)]
    if len(marks) < 2:
        message = f"found {len(marks)} landmarks, wanted two or more: no sample has a place; mark every corner and stop"
        return [Finding(Level.ERROR, "labels", message)]
    if broken := sum(not np.isfinite(mark.position_m).all() for mark in marks):
        message = f"{broken} of {len(marks)} landmarks have a place that is no number; look at what publishes them"
        return [Finding(Level.ERROR, "labels", message)]
    findings = _outside(track, marks, limits)
    findings += graded(
        "clock",
        abs(clock_s),
        limits.clock_s,
        limits.clock_most_s,
        f"the landmarks' clock is {abs(clock_s):.1f} s {'behind' if clock_s < 0 else 'ahead of'} the field's; "
        "synchronize the machines (chrony)",
    )
    if truth.way is TruthSource.CLICKS:
        findings += check_clicks(marks, int(track.stamp_ns.min()), limits)
    return findings + _legs(track, marks, sorted(truth.path, key=lambda mark: mark.stamp_ns), limits)


def _outside(track: Track, marks: Sequence[Landmark], limits: CheckLimits) -> list[Finding]:
    before_s = np.array([track.stamp_ns.min() - mark.stamp_ns for mark in marks]) / NS_PER_S
    after_s = np.array([mark.stamp_ns - track.stamp_ns.max() for mark in marks]) / NS_PER_S
    out_s = np.maximum(before_s, after_s)
    outside = out_s > limits.outside_s
    message = (
        f"{int(outside.sum())} of {len(marks)} landmarks are not inside the recording, by {out_s.max():.1f} s at most; "
        "check their clock, and record from before the first to after the last"
    )
    return graded("labels", float(outside.mean()), 0.0, 0.5, message)


def _legs(track: Track, marks: Sequence[Landmark], path: Sequence[Landmark], limits: CheckLimits) -> list[Finding]:
    """What is wrong with the ways along the path from each landmark to the next, those to another floor left out."""
    stamp_ns = np.array([mark.stamp_ns for mark in marks])
    floor = np.array([mark.floor for mark in marks])
    length_m = _along_m(path, stamp_ns)
    time_s = np.diff(stamp_ns) / NS_PER_S
    walked = (length_m >= SAME_POSITION_M) & (floor[1:] == floor[:-1])
    speed_m_s = length_m / np.maximum(time_s, 1e-9)
    way_m = _ways_m(track, stamp_ns)
    odd = np.abs(way_m - length_m) > limits.way_m + limits.way_share * np.minimum(way_m, length_m)
    slow = (speed_m_s < limits.slowest_m_s) & (length_m >= limits.shortest_leg_m)
    long = (length_m > limits.leg_m) | (time_s > limits.leg_s)
    at_s = (stamp_ns - track.stamp_ns.min()) / NS_PER_S

    def named(name: str, level: Level, which: np.ndarray, means: str) -> list[Finding]:
        found = np.flatnonzero(which & walked)
        legs = [
            f"{at_s[leg]:.0f} to {at_s[leg + 1]:.0f} s ({length_m[leg]:.1f} m, {speed_m_s[leg]:.2f} m/s"
            + (f", odometry {way_m[leg]:.1f} m)" if np.isfinite(way_m[leg]) else ")")
            for leg in found[:NAMED]
        ]
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        return [Finding(level, name, f"from landmark to landmark at {', '.join(legs)}{more}: {means}")] if legs else []

    fast = speed_m_s > limits.fastest_m_s
    return [
        *named("speed", Level.ERROR, fast, "nobody walks so fast; a landmark has the wrong place or time"),
        *named("speed", Level.WARN, slow, "somebody stood there; mark the start and the end of a stand"),
        *named("legs", Level.WARN, long & ~slow, "too long for straight and steady walking; mark more places between"),
        *named("way", Level.WARN, odd & ~fast, "odometry went another way; a landmark is missing or misplaced"),
    ]


def _along_m(path: Sequence[Landmark], mark_ns: IntArray) -> FloatArray:
    """(k - 1,) the way between landmarks, over the corners of a planned route."""
    step_m = np.linalg.norm(np.diff([place.position_m for place in path], axis=0), axis=1)
    way_m = np.concatenate([[0.0], np.cumsum(step_m)])
    corners = len(path) > len(mark_ns)
    at = np.searchsorted([place.stamp_ns for place in path], mark_ns) if corners else np.arange(len(mark_ns))
    along_m: FloatArray = np.diff(way_m[at])
    return along_m


def _ways_m(track: Track, mark_ns: IntArray) -> FloatArray:
    """(k - 1,) what odometry measured between landmarks, NaN without odometry."""
    if track.moved_m is None:
        return np.full(len(mark_ns) - 1, np.nan)
    order = np.argsort(track.stamp_ns, kind="stable")
    known_s = (track.stamp_ns[order] - track.stamp_ns.min()) / NS_PER_S
    way_m = np.cumsum(np.linalg.norm(track.moved_m[order], axis=1))
    ways_m: FloatArray = np.diff(np.interp((mark_ns - track.stamp_ns.min()) / NS_PER_S, known_s, way_m))
    return ways_m


def check_labels(track: Track, limits: CheckLimits) -> tuple[dict[str, float], list[Finding]]:
    """Judge how much of the recording is labelled, and how much of that is walking.

    Returns:
        labelled_s, paused_s, path_m and speed_m_s, the typical one on the way, and what is wrong.
    """
    step_s = np.diff(track.stamp_ns, append=track.stamp_ns[-1:]) / NS_PER_S
    step_s = np.where((step_s > 0) & (step_s < 1.0), step_s, 0.0)  # no hole counts
    total_s = max(float(step_s.sum()), 1e-9)
    labelled_s, paused_s = float(step_s[track.valid].sum()), float(step_s[track.valid & track.paused].sum())
    both = track.valid[1:] & track.valid[:-1] & (track.floor[1:] == track.floor[:-1]) & (step_s[:-1] > 0)
    moved_m = np.where(both, np.linalg.norm(np.nan_to_num(np.diff(track.position_m, axis=0)), axis=1), 0.0)
    going = both & ~track.paused[1:] & (moved_m > 0)
    speed_m_s = float(np.median(moved_m[going] / step_s[:-1][going])) if going.any() else 0.0
    numbers = {
        "labelled_s": labelled_s,
        "paused_s": paused_s,
        "path_m": float(moved_m.sum()),
        "speed_m_s": speed_m_s,
    }
    if not labelled_s:
        return numbers, []
    findings = graded(
        "unlabelled",
        1.0 - labelled_s / total_s,
        1.0 - limits.labelled_share,
        np.inf,
        f"only {labelled_s:.0f} s of {total_s:.0f} s lie between landmarks; begin and end with one",
    )
    findings += graded(
        "pauses",
        paused_s / labelled_s,
        limits.paused_share,
        np.inf,
        f"{paused_s:.0f} s of {labelled_s:.0f} s are standing, which trains nothing; walk on",
    )
    return numbers, findings
