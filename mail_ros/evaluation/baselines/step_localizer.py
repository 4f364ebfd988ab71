"""Particle filters as localizers: the field cut into steps by distance travelled, and a filter step for each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from mail_ros.core.signal.preprocessor import plausible
from mail_ros.core.types import NS_PER_S, Estimate, FloatArray, Sample
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.magnitude_map import magnitude_map
from mail_ros.evaluation.baselines.particles import Cloud, ParticleSettings, to_estimate

STEP_M = 0.5  # a step ends with the sample that completes this distance
ROUNDING_M = 1e-6
PACE_M_S = 1.0  # assumed speed of a walk without odometry
LONGEST_S = 1.2  # a displacement that arrives at once belongs to this time before it: a person's step
HOLE_S = 1.0  # a longer hole between samples, or a clock set back by more, starts a new step
STATIONARY_S = 1.0  # between two estimates while there is no step

SettingsT = TypeVar("SettingsT", bound=ParticleSettings)


@dataclass(frozen=True)
class Step:
    """The field along a short displacement."""

    stamp_ns: int  # stamp of its last sample
    moved_m: FloatArray  # (2,) in odometry's frame
    norm_ut: FloatArray  # (points,) |B| at even distances along it, its end last
    paced: bool  # without odometry: straight on at `PACE_M_S`, which is a guess

    @property
    def bearing_rad(self) -> float:
        """Direction of travel in odometry's frame."""
        return float(np.arctan2(self.moved_m[1], self.moved_m[0]))


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


class StepLocalizer(ABC, Generic[SettingsT]):
    """A particle filter as a localizer: an estimate after each step, and once a second while stationary."""

    def __init__(self, tracks: Sequence[Track], seed: int, settings: SettingsT) -> None:
        """Make the map of training walks; every walk starts with the same seed.

        Raises:
            TrackError: the walks are unlabelled, or on several floors.
        """
        self.survey = magnitude_map(tracks, settings.pixel_m, settings.reach_m)
        self.settings = settings
        self._cutter = StepCutter(settings.points)
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Start a new walk, with the same random numbers."""
        self._rng = np.random.default_rng(self._seed)
        self._cutter.reset()
        self._cloud: Cloud | None = None
        self._estimate_ns = 0

    def push(self, sample: Sample) -> Estimate | None:
        """Add a sample; None until the first step is complete, and between estimates."""
        step = self._cutter.push(sample)
        if step is not None:
            self._cloud = self.walk(self._cloud, step)
        stationary = abs(sample.stamp_ns - self._estimate_ns) >= STATIONARY_S * NS_PER_S
        if self._cloud is None or (step is None and not stationary):
            return None
        self._estimate_ns = sample.stamp_ns
        return to_estimate(sample.stamp_ns, *self._cloud.heaviest(), self.survey.floor)

    @abstractmethod
    def walk(self, cloud: Cloud | None, step: Step) -> Cloud:
        """The cloud after a step; None before the first."""

    def scattered(self, n: int, step: Step) -> Cloud:
        """Particles anywhere along the survey that go in the direction of a step."""
        return self.survey.scatter(n, step.bearing_rad, self.settings.offset_ut, self._rng)
