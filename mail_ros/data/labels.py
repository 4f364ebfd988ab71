"""From landmarks to a position for every sample: straight lines at constant speed between landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mail_ros.data.track import IntArray, Labels, Landmark

SAME_PLACE_M = 0.05  # two landmarks in a row closer than this: the walk paused between them


def interpolate(stamp_ns: IntArray, landmarks: Sequence[Landmark]) -> Labels:
    """Label stamps, in any order, by linear interpolation between the landmarks around them.

    Not valid are stamps before the first landmark and after the last, and those between two landmarks on
    different floors: where on the stairs one was is not known.

    Args:
        stamp_ns: (n,) stamps to label.
        landmarks: in any order; fewer than two label nothing.
    """
    n = len(stamp_ns)
    marks = sorted(landmarks, key=lambda mark: mark.stamp_ns)
    if len(marks) < 2:
        return Labels(np.full((n, 2), np.nan), np.zeros(n, np.int64), np.zeros(n, np.bool_), np.zeros(n, np.bool_))
    mark_ns = np.array([mark.stamp_ns for mark in marks])
    mark_m = np.array([mark.position_m for mark in marks])
    mark_floor = np.array([mark.floor for mark in marks])

    # A stamp belongs to the leg from landmark `leg` to `leg + 1`; the last landmark to the last leg.
    leg = np.clip(np.searchsorted(mark_ns, stamp_ns, side="right") - 1, 0, len(marks) - 2)
    duration_ns = np.maximum(mark_ns[leg + 1] - mark_ns[leg], 1)
    share = (stamp_ns - mark_ns[leg]) / duration_ns
    position_m = mark_m[leg] + share[:, None] * (mark_m[leg + 1] - mark_m[leg])

    inside = (stamp_ns >= mark_ns[0]) & (stamp_ns <= mark_ns[-1])
    valid = inside & (mark_floor[leg] == mark_floor[leg + 1])
    length_m = np.linalg.norm(np.diff(mark_m, axis=0), axis=1)
    paused = valid & (length_m[leg] < SAME_PLACE_M)
    position_m[~valid] = np.nan
    return Labels(position_m, mark_floor[leg].astype(np.int64), valid, paused)
