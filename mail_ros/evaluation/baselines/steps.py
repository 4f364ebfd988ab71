"""The field cut by distance travelled: one step of a person, or half a metre of wheels, at a time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.signal.preprocessor import plausible
from mail_ros.core.types import NS_PER_S, FloatArray, Sample

STEP_M = 0.5  # a step ends with the sample that completes this distance
ROUNDING_M = 1e-6
PACE_M_S = 1.0  # assumed speed of a walk without odometry
LONGEST_S = 1.2  # a displacement that arrives at once belongs to this time before it: a person's step
HOLE_S = 1.0  # a longer hole between samples, or a clock set back by more, starts a new step


@dataclass(frozen=True)
class Step:
    """The field along a short displacement."""

    stamp_ns: int  # stamp of its last sample
    moved_m: FloatArray  # (2,) in odometry's frame
    norm_ut: FloatArray  # (points,) |B| at even distances along it, its end last
    paced: bool  # without odometry: straight on at `PACE_M_S`, which is a guess


class StepCutter:
    """Samples in, a step out when one is complete."""

    def __init__(self, points: int) -> None:
        self.points = points
        self.reset()

    def reset(self) -> None:
        """Drop the step in progress."""
        self._last_ns: int | None = None
        self._clear()

    def _clear(self) -> None:
        self._stamp_ns: list[int] = []
        self._norm_ut: list[float] = []
        self._distance_m: list[float] = []  # from the sample before
        self._moved_m = np.zeros(2)
        self._paced = False

    def push(self, sample: Sample) -> Step | None:
        """Add a sample; late ones are skipped, and so are unusable fields, but not their odometry."""
        since_s = 0.0 if self._last_ns is None else (sample.stamp_ns - self._last_ns) / NS_PER_S
        if -HOLE_S <= since_s < 0.0:
            return None
        if abs(since_s) > HOLE_S:
            self._clear()
            since_s = 0.0
        self._last_ns = sample.stamp_ns
        moved_m = sample.moved_m
        if moved_m is None:
            moved_m, self._paced = np.array([PACE_M_S * since_s, 0.0]), True
        if not np.isfinite(moved_m).all():
            moved_m = np.zeros(2)
        self._moved_m = self._moved_m + moved_m
        if plausible(sample.field_ut.tolist()):
            self._stamp_ns.append(sample.stamp_ns)
            self._norm_ut.append(float(np.linalg.norm(sample.field_ut)))
            self._distance_m.append(float(np.linalg.norm(moved_m)))
        if np.linalg.norm(self._moved_m) < STEP_M - ROUNDING_M or not self._norm_ut:
            return None
        step = Step(sample.stamp_ns, self._moved_m, self._resampled(), self._paced)
        self._clear()
        return step

    def _resampled(self) -> FloatArray:
        """|B| at even distances; at even times where one sample has most of the distance (a person's step)."""
        distance_m, norm_ut = np.array(self._distance_m), np.array(self._norm_ut)
        if distance_m.max() > 0.5 * distance_m.sum():
            at = (np.array(self._stamp_ns) - self._stamp_ns[-1]) / NS_PER_S
            recent = at >= -LONGEST_S
            at, norm_ut = at[recent], norm_ut[recent]
        else:
            at = np.cumsum(distance_m)
        fraction = np.arange(1, self.points + 1) / self.points
        norm: FloatArray = np.interp(at[0] + fraction * (at[-1] - at[0]), at, norm_ut)
        return norm
