"""`dead_reckoning`: odometry alone from the true start: what the field has to improve on.

Source: the textbook. The one method that is told where it starts, and how odometry's frame lies on the map
there; `begin` says so, and nobody calls it but who wants this row in a table. Ours: how fast its doubt grows
is measured on the training walks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from mail_ros.core.config import STRIDE_S
from mail_ros.core.errors import TrackError
from mail_ros.core.types import NS_PER_S, Estimate, FloatArray, Sample
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.particles import to_estimate

START_M = 10.0  # of true way that the direction of odometry's frame is read from


class Start(NamedTuple):
    """Where a walk begins, and how odometry's frame lies on the map there."""

    position_m: FloatArray  # (2,)
    heading_offset_rad: float
    floor: int


class DeadReckoning:
    """Adds up odometry; an answer every stride."""

    def __init__(self, drift: float, stride_s: float = STRIDE_S) -> None:
        """Take `drift`, the error that is expected per metre of the way, and the time between two answers."""
        self.drift = drift
        self.stride_ns = round(stride_s * NS_PER_S)
        self._start: Start | None = None
        self.reset()

    def begin(self, position_m: FloatArray, heading_offset_rad: float, floor: int) -> None:
        """Say where the next walk starts; holds over `reset`, until it is called again."""
        self._start = Start(np.asarray(position_m, dtype=np.float64), heading_offset_rad, floor)
        self.reset()

    def reset(self) -> None:
        """Go back to the start."""
        self._moved_m = np.zeros(2)
        self._way_m = 0.0
        self._tick: int | None = None

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; None until `begin` was called.

        Raises:
            TrackError: the sample carries no odometry.
        """
        if self._start is None:
            return None
        moved_m = sample.moved_m
        if moved_m is None:
            raise TrackError("dead reckoning", wanted="odometry in every sample", found="none", fix="record /odom")
        if np.isfinite(moved_m).all():
            self._moved_m = self._moved_m + moved_m
            self._way_m += float(np.linalg.norm(moved_m))
        tick = sample.stamp_ns // self.stride_ns
        if tick == self._tick:
            return None
        self._tick = tick
        position_m = self._start.position_m + turned(self._moved_m, self._start.heading_offset_rad)
        deviation_m = self.drift * self._way_m
        return to_estimate(sample.stamp_ns, position_m, np.eye(2) * deviation_m**2 / 2, self._start.floor)


def true_start(track: Track) -> Start:
    """Where a labelled walk starts, with odometry's direction as it fits the first ten metres best.

    Raises:
        TrackError: no label, no odometry, or neither moves.
    """
    walk = track.labelled_span()
    if not len(walk) or walk.moved_m is None:
        raise TrackError(
            track.source,
            wanted="a labelled walk with odometry",
            found="no label" if walk.moved_m is not None else "no odometry",
            fix="leave out dead reckoning",
        )
    true_m = walk.position_m - walk.position_m[0]
    known = np.isfinite(true_m).all(axis=1)
    moved_m = np.cumsum(np.nan_to_num(walk.moved_m), axis=0)
    begun = known & (np.cumsum(_steps_m(np.where(known[:, None], true_m, 0.0))) <= START_M)
    a, b = moved_m[begun], true_m[begun]
    across, along = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()), float((a * b).sum())
    if across == 0.0 and along == 0.0:
        raise TrackError(track.source, wanted="a walk that moves", found="none", fix="leave out dead reckoning")
    return Start(walk.position_m[0], float(np.arctan2(across, along)), int(walk.floor[0]))


def fit_dead_reckoning(tracks: Sequence[Track], stride_s: float = STRIDE_S) -> DeadReckoning:
    """Measure the drift on walks: root mean square of error over way, where ten metres or more were walked.

    Args:
        tracks: training walks; those without odometry are passed over.
        stride_s: between two answers.

    Raises:
        TrackError: no walk has odometry and labels.
    """
    ratios = []
    for track in tracks:
        walk = track.labelled_span()
        if not len(walk) or walk.moved_m is None:
            continue
        start = true_start(track)
        way_m = np.cumsum(np.linalg.norm(np.nan_to_num(walk.moved_m), axis=1))
        reckoned_m = start.position_m + turned(np.cumsum(np.nan_to_num(walk.moved_m), axis=0), start.heading_offset_rad)
        far = walk.valid & (way_m >= START_M)
        ratios.append(np.linalg.norm(reckoned_m - walk.position_m, axis=1)[far] / way_m[far])
    if not ratios or not sum(map(len, ratios)):
        raise TrackError(
            ", ".join(track.source for track in tracks),
            wanted=f"labelled walks of {START_M:g} m with odometry",
            found="none",
            fix="record /odom or /imu/data, or leave out dead reckoning",
        )
    return DeadReckoning(float(np.sqrt(np.mean(np.square(np.concatenate(ratios))))), stride_s)


def turned(way_m: FloatArray, angle_rad: float) -> FloatArray:
    """Ways (..., 2), turned to the left."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    left: FloatArray = way_m @ np.array([[cos, sin], [-sin, cos]])
    return left


def _steps_m(path_m: FloatArray) -> FloatArray:
    """(n,) from each place of a path (n, 2) to the one before, 0 first."""
    steps_m: FloatArray = np.linalg.norm(np.diff(path_m, axis=0, prepend=path_m[:1]), axis=1)
    return steps_m
