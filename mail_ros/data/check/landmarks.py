"""Checks of landmarks and labels: inside the recording, on its clock, plausible legs, enough labelled walking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.check.limits import CheckLimits, Finding, graded
from mail_ros.data.clock_jumps import cuts_ns, reach_into
from mail_ros.data.labels import MAX_POSE_GAP_S, SAME_POSITION_M, pose_gaps, pose_step_m, pose_steps
from mail_ros.data.track import Landmark, PoseSeries, Track
from mail_ros.data.truth import TRUTH_TOPICS, Truth, TruthSource

MAX_NAMED = 3  # legs that one message names


def check_landmarks(track: Track, truth: Truth, clock_offset_s: float, limits: CheckLimits) -> list[Finding]:
    """Check the landmarks of a walk. A reference has none; its poses were checked on reading.

    `clock_offset_s` is the clock of the landmarks minus the clock of the field.
    """
    marks = sorted(truth.landmarks, key=lambda mark: mark.stamp_ns)
    if truth.poses is not None:
        return _reference(track, truth.poses)
    if truth.source is TruthSource.NONE:
        found, fix = (
            f"no sample has a position: found none of {TRUTH_TOPICS}",
            "walk it again, or name a topic with --truth",
        )
        return [Finding(Level.ERROR, "labels", found, fix)]
    if len(marks) < 2:
        found = f"found {len(marks)} landmarks, wanted two or more: no sample has a position"
        return [Finding(Level.ERROR, "labels", found, "mark corners and stops")]
    if broken := sum(not np.isfinite(mark.position_m).all() for mark in marks):
        found = f"{broken} of {len(marks)} landmarks have a position that is not finite"
        return [Finding(Level.ERROR, "labels", found, "check their publisher")]
    findings = _outside(track, marks, limits)
    findings += graded(
        "clock",
        abs(clock_offset_s),
        limits.warn_clock_s,
        limits.max_clock_s,
        f"the landmarks' clock is {abs(clock_offset_s):.1f} s {'behind' if clock_offset_s < 0 else 'ahead of'} the "
        "field's",
        "synchronize the machines (chrony)",
    )
    if truth.source is TruthSource.CLICKS:
        findings += _clicks(marks, int(track.stamp_ns.min()), limits)
    return findings + _legs(track, marks, sorted(truth.path, key=lambda mark: mark.stamp_ns), limits)


def _reference(track: Track, poses: PoseSeries) -> list[Finding]:
    """Whether the poses of a reference are close enough to each other, and of the same clock."""
    stamp_ns, gap = poses.stamp_ns, pose_gaps(poses)
    inside = len(stamp_ns) and ((track.stamp_ns >= stamp_ns[0]) & (track.stamp_ns <= stamp_ns[-1])).any()
    if not track.valid.any() and not (inside and gap.any()):
        found = f"none of the {len(stamp_ns)} poses of the reference fits a sample"
        return [Finding(Level.ERROR, "labels", found, "check their clock")]
    if not gap.any():
        return []
    step_s, step_m = (each[gap] for each in pose_steps(poses))
    found = (
        f"{len(step_s)} of {len(gap)} steps between poses of the reference are longer than {MAX_POSE_GAP_S:g} s and "
        f"{pose_step_m(poses):.1f} m, up to {step_s.max():.1f} s and {step_m.max():.1f} m: no labels between"
    )
    level = Level.WARN if track.valid.any() else Level.ERROR
    return [Finding(level, "reference", found, "let it publish oftener, as with a lower update_min_d of AMCL")]


def _outside(track: Track, marks: Sequence[Landmark], limits: CheckLimits) -> list[Finding]:
    stamp_ns = np.array([mark.stamp_ns for mark in marks])
    outside_s = np.maximum(track.stamp_ns.min() - stamp_ns, stamp_ns - track.stamp_ns.max()) / NS_PER_S
    outside = outside_s > limits.outside_s
    found = (
        f"{int(outside.sum())} of {len(marks)} landmarks are not inside the recording, by {outside_s.max():.1f} s at "
        "most"
    )
    fix = "check their clock, and record from before the first to after the last"
    return graded("labels", float(outside.mean()), 0.0, 0.5, found, fix)


def _clicks(marks: Sequence[Landmark], start_ns: int, limits: CheckLimits) -> list[Finding]:
    """Likely slips among two or more points clicked in RViz: double clicks, and clicks far off the path.

    A click is far off if the legs to and from it are much faster than the other legs, while the leg that skips it
    is not.
    """
    at_s = (np.array([mark.stamp_ns for mark in marks]) - start_ns) / NS_PER_S
    again = np.flatnonzero(np.diff(at_s) < limits.double_click_s) + 1
    single = [index for index in range(len(marks)) if index not in again]  # a double click distorts speeds
    findings = []
    if len(again):
        at = ", ".join(f"{each_s:.0f}" for each_s in at_s[again])
        found = f"clicked twice at {at} s, less than {limits.double_click_s:g} s after the click before"
        findings.append(Finding(Level.WARN, "clicks", found, "was one of the two meant for another position?"))
    far = [single[index] for index in _far_off([marks[index] for index in single], at_s[single], limits)]
    if far:
        clicks = " and ".join(
            f"{at:.0f} s, ({x:.1f}, {y:.1f}) m"
            for at, (x, y) in zip(at_s[far], [marks[index].position_m for index in far], strict=True)
        )
        fix = "click them again on another walk, or leave the bag out"
        findings.append(Finding(Level.WARN, "clicks", f"far off the path are the clicks at {clicks}", fix))
    return findings


def _far_off(marks: Sequence[Landmark], at_s: FloatArray, limits: CheckLimits) -> list[int]:
    """Indices of clicks far off the path. First and last click are ambiguous, and left out."""
    if len(marks) < 4:
        return []
    position_m = np.array([mark.position_m for mark in marks])
    floor = np.array([mark.floor for mark in marks])

    def speed_m_s(ahead: int) -> FloatArray:
        length_m = np.linalg.norm(position_m[ahead:] - position_m[:-ahead], axis=1)
        speed: FloatArray = length_m / (at_s[ahead:] - at_s[:-ahead])
        return speed

    leg_m_s, skipping_m_s = speed_m_s(1), speed_m_s(2)
    far = []
    for index in range(1, len(marks) - 1):
        own = [index - 1, index]
        limit_m_s = limits.far_click_ratio * float(np.median(np.delete(leg_m_s, own)))
        same_floor = len(set(floor[index - 1 : index + 2].tolist())) == 1
        if same_floor and leg_m_s[own].min() > limit_m_s > skipping_m_s[index - 1]:
            far.append(index)
    return far


def _legs(track: Track, marks: Sequence[Landmark], path: Sequence[Landmark], limits: CheckLimits) -> list[Finding]:
    """Implausible legs between successive landmarks; legs to another floor are left out."""
    stamp_ns = np.array([mark.stamp_ns for mark in marks])
    floor = np.array([mark.floor for mark in marks])
    length_m = _leg_lengths_m(path, stamp_ns)
    time_s = np.diff(stamp_ns) / NS_PER_S
    walked = (length_m >= SAME_POSITION_M) & (floor[1:] == floor[:-1])
    walked &= ~reach_into(stamp_ns[:-1], stamp_ns[1:], cuts_ns(track.stamp_ns))
    speed_m_s = length_m / np.maximum(time_s, 1e-9)
    odometry_path_m = _odometry_lengths_m(track, stamp_ns)
    tolerance_m = limits.odometry_mismatch_m + limits.odometry_mismatch_fraction * np.minimum(odometry_path_m, length_m)
    odd = np.abs(odometry_path_m - length_m) > tolerance_m
    slow = (speed_m_s < limits.min_speed_m_s) & (length_m >= limits.min_leg_m)
    fast = speed_m_s > limits.max_speed_m_s
    long = (length_m > limits.max_leg_m) | (time_s > limits.max_leg_s)
    at_s = (stamp_ns - track.stamp_ns.min()) / NS_PER_S

    def finding(name: str, level: Level, which: BoolArray, meaning: str, fix: str) -> list[Finding]:
        found = np.flatnonzero(which & walked)
        legs = [
            f"{at_s[leg]:.0f} to {at_s[leg + 1]:.0f} s ({length_m[leg]:.1f} m, {speed_m_s[leg]:.2f} m/s"
            + (f", odometry {odometry_path_m[leg]:.1f} m)" if np.isfinite(odometry_path_m[leg]) else ")")
            for leg in found[:MAX_NAMED]
        ]
        more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
        problem = f"{meaning} from landmark to landmark at {', '.join(legs)}{more}"
        return [Finding(level, name, problem, fix)] if legs else []

    return [
        *finding("speed", Level.ERROR, fast, "faster than walking", "a landmark has the wrong position or time"),
        *finding("speed", Level.WARN, slow, "stopped on the leg", "mark the start and the end of a stop"),
        *finding("legs", Level.WARN, long & ~slow, "too long for constant speed", "mark more landmarks between"),
        *finding("way", Level.WARN, odd & ~fast, "odometry took another path", "a landmark is missing or misplaced"),
    ]


def _leg_lengths_m(path: Sequence[Landmark], mark_ns: IntArray) -> FloatArray:
    """(k - 1,) path length between landmarks, over the corners of a planned route."""
    step_m = np.linalg.norm(np.diff([point.position_m for point in path], axis=0), axis=1)
    path_m = np.concatenate([[0.0], np.cumsum(step_m)])
    corners = len(path) > len(mark_ns)
    at = np.searchsorted([point.stamp_ns for point in path], mark_ns) if corners else np.arange(len(mark_ns))
    return np.diff(path_m[at])


def _odometry_lengths_m(track: Track, mark_ns: IntArray) -> FloatArray:
    """(k - 1,) distance travelled between landmarks by odometry, NaN without odometry."""
    if track.moved_m is None:
        return np.full(len(mark_ns) - 1, np.nan)
    order = np.argsort(track.stamp_ns, kind="stable")
    known_s = (track.stamp_ns[order] - track.stamp_ns.min()) / NS_PER_S
    travelled_m = np.cumsum(np.linalg.norm(track.moved_m[order], axis=1))
    return np.diff(np.interp((mark_ns - track.stamp_ns.min()) / NS_PER_S, known_s, travelled_m))


def check_labels(
    track: Track, limits: CheckLimits, *, by_poses: bool = False
) -> tuple[dict[str, float], list[Finding]]:
    """Check how much of the recording is labelled, and how much of that is walking.

    `by_poses`: the labels are of a reference, not of landmarks.

    Returns:
        labelled_s, paused_s, path_m and speed_m_s, the median while moving; and the findings.
    """
    step_s = np.diff(track.stamp_ns, append=track.stamp_ns[-1:]) / NS_PER_S
    step_s = np.where((step_s > 0) & (step_s < 1.0), step_s, 0.0)  # without gaps
    total_s = max(float(step_s.sum()), 1e-9)
    labelled_s, paused_s = float(step_s[track.valid].sum()), float(step_s[track.valid & track.paused].sum())
    both = track.valid[1:] & track.valid[:-1] & (track.floor[1:] == track.floor[:-1]) & (step_s[:-1] > 0)
    moved_m = np.where(both, np.linalg.norm(np.nan_to_num(np.diff(track.position_m, axis=0)), axis=1), 0.0)
    moving = both & ~track.paused[1:] & (moved_m > 0)
    speed_m_s = float(np.median(moved_m[moving] / step_s[:-1][moving])) if moving.any() else 0.0
    path_m = float(moved_m.sum())
    numbers = {"labelled_s": labelled_s, "paused_s": paused_s, "path_m": path_m, "speed_m_s": speed_m_s}
    if not labelled_s:
        return numbers, []
    unlabelled = f"only {labelled_s:.0f} s of {total_s:.0f} s lie between landmarks", "begin and end with one"
    if by_poses:
        unlabelled = f"only {labelled_s:.0f} s of {total_s:.0f} s have a position", "let the reference publish oftener"
    paused = f"{paused_s:.0f} s of {labelled_s:.0f} s are stationary and add nothing to training", "walk on"
    return numbers, [
        *graded("unlabelled", 1.0 - labelled_s / total_s, 1.0 - limits.min_labelled_fraction, np.inf, *unlabelled),
        *graded("pauses", paused_s / labelled_s, limits.max_paused_fraction, np.inf, *paused),
    ]
