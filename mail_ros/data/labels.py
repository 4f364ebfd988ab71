"""Labels: a position for every sample, by linear interpolation at constant speed."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.clock_jumps import cuts_ns, reach_into
from mail_ros.data.track import Labels, Landmark, PoseSeries

SAME_POSITION_M = 0.05  # between two closer landmarks in a row the walk paused
MAX_POSE_GAP_S = 2.0  # poses of a reference are closer in time, or else in distance, as those of AMCL, every 0.25 m
MIN_POSE_STEP_M, MAX_POSE_STEP_M = 0.5, 2.0  # bounds of the distance up to which any time may pass between two poses
POSE_STEP_RATIO = 1.5  # that distance over the reference's own step: a reference by distance has the same one always
STATIONARY_M, STATIONARY_S = 0.2, 2.0  # stationary: poses within this radius for this long, beyond a localizer's noise


def labels_from_landmarks(stamp_ns: IntArray, landmarks: Sequence[Landmark]) -> Labels:
    """Label stamps (n,), in log order, by interpolation between the landmarks around them.

    Stamps before the first landmark, after the last one, and between landmarks on different floors are not valid:
    positions on stairs are unknown. Neither are those between two landmarks with a jump of the clock between them.
    Landmarks may be in any order; fewer than two label nothing.
    """
    ordered = sorted(landmarks, key=lambda landmark: landmark.stamp_ns)
    if len(ordered) < 2:
        return unlabelled(len(stamp_ns))
    known = PoseSeries(
        np.array([landmark.stamp_ns for landmark in ordered]),
        np.array([landmark.position_m for landmark in ordered]),
        np.array([landmark.floor for landmark in ordered], np.int64),
    )
    length_m = np.linalg.norm(np.diff(known.position_m, axis=0), axis=1)
    labels = _interpolated(stamp_ns, known, np.zeros(len(length_m), np.bool_), length_m < SAME_POSITION_M)
    return labels._replace(leg=_leg(stamp_ns, known))


def labels_from_poses(stamp_ns: IntArray, poses: PoseSeries, moved_m: FloatArray | None = None) -> Labels:
    """Label stamps (n,), in log order, by interpolation between the poses around them.

    Stamps before the first pose, after the last one, in one of the `pose_gaps`, and between two floors are not valid.
    Fewer than two poses label nothing.

    Args:
        stamp_ns: (n,)
        poses: of the reference.
        moved_m: (n, 2) odometry since the previous stamp: where it leaves the line between two poses that are close
            in distance and not in time, the reference was lost.
    """
    if len(poses.stamp_ns) < 2:
        return unlabelled(len(stamp_ns))
    step_s, step_m = pose_steps(poses)
    stationary = (step_s > MAX_POSE_GAP_S) & (step_m < STATIONARY_M / STATIONARY_S * step_s)
    for start, end in stationary_spans(poses.stamp_ns, poses.position_m, STATIONARY_M, STATIONARY_S):
        stationary[start:end] = True
    gap = pose_gaps(poses)
    if moved_m is not None:
        gap |= (step_s > MAX_POSE_GAP_S) & (_excursion_m(stamp_ns, poses, moved_m) > step_m + pose_step_m(poses))
    return _interpolated(stamp_ns, poses, gap, stationary)


def pose_steps(poses: PoseSeries) -> tuple[FloatArray, FloatArray]:
    """Time, s, and distance, m, between successive poses, (k - 1,) each."""
    step_m: FloatArray = np.linalg.norm(np.diff(poses.position_m, axis=0), axis=1)
    return np.diff(poses.stamp_ns) / NS_PER_S, step_m


def pose_step_m(poses: PoseSeries) -> float:
    """Distance up to which any time may pass between two poses: a reference by distance is silent meanwhile."""
    _, step_m = pose_steps(poses)
    usual_m = float(np.median(step_m[step_m >= SAME_POSITION_M])) if (step_m >= SAME_POSITION_M).any() else 0.0
    return min(max(POSE_STEP_RATIO * usual_m, MIN_POSE_STEP_M), MAX_POSE_STEP_M)


def pose_gaps(poses: PoseSeries) -> BoolArray:
    """(k - 1,) whether successive poses are far apart in time and in distance."""
    step_s, step_m = pose_steps(poses)
    gaps: BoolArray = (step_s > MAX_POSE_GAP_S) & (step_m > pose_step_m(poses))
    return gaps


def _excursion_m(stamp_ns: IntArray, poses: PoseSeries, moved_m: FloatArray) -> FloatArray:
    """(k - 1,) distance by odometry, at most, from where a pose was to where the device was before the next one."""
    leg = _leg(stamp_ns, poses)
    order = np.argsort(leg, kind="stable")
    first = np.searchsorted(leg[order], np.arange(len(poses.stamp_ns) - 1))
    path_m = np.cumsum(np.nan_to_num(moved_m), axis=0)[order]
    started_m = path_m[np.minimum(first, len(order) - 1)][leg[order]]
    found = np.zeros(len(poses.stamp_ns) - 1)
    np.maximum.at(found, leg[order], np.linalg.norm(path_m - started_m, axis=1))
    return found


def stationary_spans(
    stamp_ns: IntArray, position_m: FloatArray, radius_m: float, min_s: float
) -> list[tuple[int, int]]:
    """First and last index of each span that stays within a radius of its first position.

    Args:
        stamp_ns: (n,) increasing.
        position_m: (n, 2).
        radius_m: maximum distance from the first position.
        min_s: minimum duration.
    """
    found, start, positions = [], 0, position_m.tolist()
    while start < len(positions):
        end = start
        while end + 1 < len(positions) and math.dist(positions[end + 1], positions[start]) < radius_m:
            end += 1
        if stamp_ns[end] - stamp_ns[start] >= min_s * NS_PER_S:
            found.append((start, end))
            start = end
        start += 1
    return found


def unlabelled(count: int) -> Labels:
    """Labels of `count` samples without a known position."""
    return Labels(
        np.full((count, 2), np.nan), np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    )


def _interpolated(stamp_ns: IntArray, known: PoseSeries, gap: BoolArray, paused: BoolArray) -> Labels:
    """Labels between k known positions; `gap` and `paused` are (k - 1,), one per leg."""
    leg = _leg(stamp_ns, known)
    duration_ns = np.maximum(known.stamp_ns[leg + 1] - known.stamp_ns[leg], 1)
    weight = ((stamp_ns - known.stamp_ns[leg]) / duration_ns)[:, None]
    position_m = known.position_m[leg] + weight * (known.position_m[leg + 1] - known.position_m[leg])
    inside = (stamp_ns >= known.stamp_ns[0]) & (stamp_ns <= known.stamp_ns[-1])
    gap = gap | reach_into(known.stamp_ns[:-1], known.stamp_ns[1:], cuts_ns(stamp_ns))
    valid = inside & ~gap[leg] & (known.floor[leg] == known.floor[leg + 1])
    return Labels(np.where(valid[:, None], position_m, np.nan), known.floor[leg], valid, valid & paused[leg])


def _leg(stamp_ns: IntArray, known: PoseSeries) -> IntArray:
    """(n,) number of the leg between two known positions that each stamp is in, or nearest to."""
    leg: IntArray = np.clip(np.searchsorted(known.stamp_ns, stamp_ns, side="right") - 1, 0, len(known.stamp_ns) - 2)
    return leg
