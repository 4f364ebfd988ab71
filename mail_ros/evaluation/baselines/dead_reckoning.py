"""`dead_reckoning`: odometry alone from the true start. The field should improve on it.

Source: the textbook. It is the only method that receives where a walk starts and how odometry's frame lies on the map
there, by `begin`, which only the benchmark calls. Ours: its drift is measured on the training walks.
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

START_M = 10.0  # distance over which the direction of odometry's frame is fitted


class Start(NamedTuple):
    """Where a walk begins, and how odometry's frame lies on the map there."""

    position_m: FloatArray  # (2,)
    heading_offset_rad: float
    floor: int


class DeadReckoning:
    """Integrates odometry; one estimate per stride."""

    def __init__(self, drift: float, stride_s: float = STRIDE_S) -> None:
        """Set `drift`, the expected error per metre travelled, and the time between two estimates."""
        self.drift = drift
        self.stride_ns = round(stride_s * NS_PER_S)
        self._start: Start | None = None
        self.reset()

    def begin(self, position_m: FloatArray, heading_offset_rad: float, floor: int) -> None:
        """Set the start of the next walk; `reset` keeps it."""
        self._start = Start(np.asarray(position_m, dtype=np.float64), heading_offset_rad, floor)
        self.reset()

    def reset(self) -> None:
        """Go back to the start."""
        self._moved_m = np.zeros(2)
        self._distance_m = 0.0
        self._stride: int | None = None

    def push(self, sample: Sample) -> Estimate | None:
        """Add a sample; None until `begin` was called, and between estimates.

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
            self._distance_m += float(np.linalg.norm(moved_m))
        stride = sample.stamp_ns // self.stride_ns
        if stride == self._stride:
            return None
        self._stride = stride
        position_m = self._start.position_m + rotated(self._moved_m, self._start.heading_offset_rad)
        deviation_m = self.drift * self._distance_m
        return to_estimate(sample.stamp_ns, position_m, np.eye(2) * deviation_m**2 / 2, self._start.floor)


def true_start(track: Track) -> Start:
    """Where a labelled walk starts, with the direction of odometry's frame that fits the first ten metres best.

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
    path_m = np.where(known[:, None], true_m, 0.0)
    steps_m = np.linalg.norm(np.diff(path_m, axis=0, prepend=path_m[:1]), axis=1)
    begun = known & (np.cumsum(steps_m) <= START_M)
    a, b = np.cumsum(np.nan_to_num(walk.moved_m), axis=0)[begun], true_m[begun]
    across, along = float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()), float((a * b).sum())
    if across == 0.0 and along == 0.0:
        raise TrackError(track.source, wanted="a walk that moves", found="none", fix="leave out dead reckoning")
    return Start(walk.position_m[0], float(np.arctan2(across, along)), int(walk.floor[0]))


def fit_dead_reckoning(tracks: Sequence[Track], stride_s: float = STRIDE_S) -> DeadReckoning:
    """Measure the drift: root mean square of error over distance, beyond the first ten metres of every walk.

    Args:
        tracks: training walks; those without odometry are skipped.
        stride_s: between two estimates.

    Raises:
        TrackError: no walk has odometry and labels.
    """
    ratios = []
    for track in tracks:
        walk = track.labelled_span()
        if not len(walk) or walk.moved_m is None:
            continue
        start, moved_m = true_start(track), np.nan_to_num(walk.moved_m)
        distance_m = np.cumsum(np.linalg.norm(moved_m, axis=1))
        reckoned_m = start.position_m + rotated(np.cumsum(moved_m, axis=0), start.heading_offset_rad)
        far = walk.valid & (distance_m >= START_M)
        ratios.append(np.linalg.norm(reckoned_m - walk.position_m, axis=1)[far] / distance_m[far])
    if not ratios or not sum(map(len, ratios)):
        raise TrackError(
            ", ".join(track.source for track in tracks),
            wanted=f"labelled walks of {START_M:g} m with odometry",
            found="none",
            fix="record /odom or /imu/data, or leave out dead reckoning",
        )
    return DeadReckoning(float(np.sqrt(np.mean(np.square(np.concatenate(ratios))))), stride_s)


def rotated(vector_m: FloatArray, angle_rad: float) -> FloatArray:
    """Vectors (..., 2), rotated counterclockwise."""
    cos, sin = np.cos(angle_rad), np.sin(angle_rad)
    left: FloatArray = vector_m @ np.array([[cos, sin], [-sin, cos]])
    return left
