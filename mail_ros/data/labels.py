"""From what is known of a walk to a position for every sample: straight lines at constant speed in between.

landmarks, few -----> labels_from_landmarks() --+
poses, many a second --> labels_from_poses() ----+--> Labels
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.track import BoolArray, FloatArray, IntArray, Labels, Landmark, PoseSeries

SAME_POSITION_M = 0.05  # two landmarks in a row closer than this: the walk paused between them
MAX_POSE_GAP_S = (
    2.0  # between two poses: a localizer that says one every 0.25 m, as AMCL does, is silent for less on a slow walk
)
STATIONARY_M, STATIONARY_S = (
    0.2,
    2.0,
)  # whose poses stay within this for so long stationary_spans: more than a localizer's tremor


def labels_from_landmarks(stamp_ns: IntArray, landmarks: Sequence[Landmark]) -> Labels:
    """Label stamps, in any order, by linear interpolation between the landmarks around them.

    Not valid are stamps before the first landmark and after the last, and those between two landmarks on
    different floors: where on the stairs one was is not known.

    Args:
        stamp_ns: (n,) stamps to label.
        landmarks: in any order; fewer than two label nothing.
    """
    marks = sorted(landmarks, key=lambda mark: mark.stamp_ns)
    if len(marks) < 2:
        return unlabelled(len(stamp_ns))
    known = PoseSeries(
        np.array([mark.stamp_ns for mark in marks]),
        np.array([mark.position_m for mark in marks]),
        np.array([mark.floor for mark in marks], np.int64),
    )
    between = _between(stamp_ns, known)
    length_m = np.linalg.norm(np.diff(known.position_m, axis=0), axis=1)
    return _labels(between, known, between.inside, length_m[between.leg] < SAME_POSITION_M)


def labels_from_poses(stamp_ns: IntArray, poses: PoseSeries, hole_s: float = MAX_POSE_GAP_S) -> Labels:
    """Label stamps, in any order, by linear interpolation between the poses around them.

    Not valid are stamps before the first pose and after the last, those in a hole, and those between two floors.

    Args:
        stamp_ns: (n,) stamps to label.
        poses: their stamps increasing; fewer than two label nothing.
        hole_s: two poses farther apart in time have a hole between them.
    """
    if len(poses.stamp_ns) < 2:
        return unlabelled(len(stamp_ns))
    between = _between(stamp_ns, poses)
    hole = np.diff(poses.stamp_ns) > hole_s * NS_PER_S
    standing = np.zeros(len(poses.stamp_ns) - 1, np.bool_)
    for start, end in stationary_spans(poses.stamp_ns, poses.position_m, STATIONARY_M, STATIONARY_S):
        standing[start:end] = True
    return _labels(between, poses, between.inside & ~hole[between.leg], standing[between.leg])


def stationary_spans(
    stamp_ns: IntArray, position_m: FloatArray, radius_m: float, least_s: float
) -> list[tuple[int, int]]:
    """First and last index of each stay that leaves its first place by less than a radius for long enough.

    Args:
        stamp_ns: (n,) increasing.
        position_m: (n, 2).
        radius_m: of a stay.
        least_s: a shorter stay is none.
    """
    found, start, places = [], 0, position_m.tolist()
    while start < len(places):
        end = start
        while end + 1 < len(places) and math.dist(places[end + 1], places[start]) < radius_m:
            end += 1
        if stamp_ns[end] - stamp_ns[start] >= least_s * NS_PER_S:
            found.append((start, end))
            start = end
        start += 1
    return found


def unlabelled(count: int) -> Labels:
    """Labels of as many samples whose place nobody knows."""
    return Labels(
        np.full((count, 2), np.nan), np.zeros(count, np.int64), np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    )


class _Between(NamedTuple):
    """Where stamps lie between known places."""

    leg: IntArray  # (n,) index of the known place before; the last place belongs to the last leg
    position_m: FloatArray  # (n, 2)
    inside: BoolArray  # (n,) not before the first or after the last


def _between(stamp_ns: IntArray, known: PoseSeries) -> _Between:
    leg = np.clip(np.searchsorted(known.stamp_ns, stamp_ns, side="right") - 1, 0, len(known.stamp_ns) - 2)
    duration_ns = np.maximum(known.stamp_ns[leg + 1] - known.stamp_ns[leg], 1)
    share = (stamp_ns - known.stamp_ns[leg]) / duration_ns
    position_m = known.position_m[leg] + share[:, None] * (known.position_m[leg + 1] - known.position_m[leg])
    return _Between(leg, position_m, (stamp_ns >= known.stamp_ns[0]) & (stamp_ns <= known.stamp_ns[-1]))


def _labels(between: _Between, known: PoseSeries, valid: BoolArray, paused: BoolArray) -> Labels:
    leg = between.leg
    valid = valid & (known.floor[leg] == known.floor[leg + 1])
    position_m = np.where(valid[:, None], between.position_m, np.nan)
    return Labels(position_m, known.floor[leg], valid, valid & paused)
