"""What the particle filters share: moving with odometry, weighing, resampling, and an answer from the cloud.

Textbook parts (Thrun, Burgard and Fox, "Probabilistic Robotics", chapters 4 and 5; roughening from Gordon,
Salmond and Smith, 1993), all vectorised over the particles. Odometry's frame is turned by an unknown angle,
so every particle carries its own guess of that angle, of how much longer its steps are than odometry says, and
of how much more this device reads than the one that made the map.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from mail_ros.core.belief import normal
from mail_ros.core.config import check_range
from mail_ros.core.localizer.localizer import status_of
from mail_ros.core.types import NS_PER_S, Estimate, FloatArray, IntArray, Sample
from mail_ros.evaluation.baselines.steps import Step, StepCutter

CLUSTER_M = 2.0  # side of the squares in which the heaviest cluster is looked for
RADIUS_M = 3.0  # particles this near its middle are averaged
SCALES = (0.6, 1.6)  # nobody's steps are shorter or longer than odometry says by more
STANDING_S = 1.0  # between two answers where no step is made
FLOOR_M = 0.1  # no cloud is surer than this: deviation added to every covariance


@dataclass(frozen=True)
class MotionSettings:
    """How far a particle's way may differ from what odometry says."""

    heading_rad: float = 0.1  # per step: drift of odometry's heading
    scale: float = 0.04  # per step, as a share: how step lengths vary
    place_m: float = 0.1  # per step, either axis
    offset_ut: float = 0.1  # per step: keeps copies of a particle apart
    paced_heading_rad: float = 0.4  # per step where there is no odometry: a person may turn
    paced_scale: float = 0.1

    def __post_init__(self) -> None:
        for name in ("heading_rad", "scale", "place_m", "offset_ut", "paced_heading_rad", "paced_scale"):
            check_range(f"motion.{name}", getattr(self, name), 0.0, 10.0)

    def turn_rad(self, paced: bool) -> float:
        """Deviation of the heading per step."""
        return self.paced_heading_rad if paced else self.heading_rad


@dataclass
class Cloud:
    """n weighted guesses of where the device is and how odometry's frame lies on the map."""

    position_m: FloatArray  # (n, 2)
    heading_rad: FloatArray  # (n,) of odometry's frame in the map
    scale: FloatArray  # (n,) true way over odometry's
    offset_ut: FloatArray  # (n,) what this device reads more than the one that made the map
    weight: FloatArray  # (n,) sums to one

    def __len__(self) -> int:
        return len(self.weight)

    def move(self, moved_m: FloatArray, paced: bool, motion: MotionSettings, rng: np.random.Generator) -> None:
        """Every particle goes odometry's way (2,) as it sees it; `paced` is a way that was only guessed."""
        n = len(self)
        self.heading_rad = self.heading_rad + rng.normal(0.0, motion.turn_rad(paced), n)
        stretch = np.exp(rng.normal(0.0, motion.paced_scale if paced else motion.scale, n))
        self.scale = np.clip(self.scale * stretch, *SCALES)
        self.offset_ut = self.offset_ut + rng.normal(0.0, motion.offset_ut, n)
        self.position_m = self.position_m + self.ways_m(moved_m) + rng.normal(0.0, motion.place_m, (n, 2))

    def ways_m(self, moved_m: FloatArray) -> FloatArray:
        """Odometry's way (2,) as each particle sees it, (n, 2)."""
        cos, sin = self.scale * np.cos(self.heading_rad), self.scale * np.sin(self.heading_rad)
        return np.column_stack([cos * moved_m[0] - sin * moved_m[1], sin * moved_m[0] + cos * moved_m[1]])

    def weigh(self, log_likelihood: FloatArray) -> float:
        """Multiply the weights by (n,) likelihoods; returns the log of their weighted mean."""
        highest = float(log_likelihood.max())
        weight = self.weight * np.exp(log_likelihood - highest)
        total = float(weight.sum())
        if total <= 0.0:  # the likely ones had no weight left
            self.weight = np.full(len(self), 1.0 / len(self))
            return highest
        self.weight = weight / total
        return highest + float(np.log(total))

    @property
    def effective(self) -> float:
        """Effective number of particles, 1 to n."""
        return 1.0 / float(np.square(self.weight).sum())

    def take(self, index: IntArray) -> None:
        """Keep these particles, as often as they are named, all with the same weight."""
        self.position_m = self.position_m[index]
        self.heading_rad = self.heading_rad[index]
        self.scale = self.scale[index]
        self.offset_ut = self.offset_ut[index]
        self.weight = np.full(len(index), 1.0 / len(index))

    def resample(self, rng: np.random.Generator, roughening_m: float) -> IntArray:
        """Below half the effective number, resample and spread copies apart; returns who is where (n,)."""
        if self.effective >= len(self) / 2:
            return np.arange(len(self))
        index = systematic(self.weight, rng)
        self.take(index)
        self.position_m = self.position_m + rng.normal(0.0, roughening_m, self.position_m.shape)
        return index

    def replace(self, which: IntArray, other: Cloud) -> None:
        """Put the k particles of another cloud in the places `which` (k,), with the weights that were there."""
        self.position_m[which] = other.position_m
        self.heading_rad[which] = other.heading_rad
        self.scale[which] = other.scale
        self.offset_ut[which] = other.offset_ut

    def mean(self) -> tuple[FloatArray, FloatArray]:
        """Weighted mean (2,) and covariance (2, 2) of all particles' positions."""
        mean_m = self.weight @ self.position_m
        offset_m = self.position_m - mean_m
        return mean_m, (self.weight[:, None] * offset_m).T @ offset_m

    def heaviest(self) -> tuple[FloatArray, FloatArray]:
        """Mean (2,) of the heaviest cluster, and covariance (2, 2) of all particles about it.

        As `belief.decode` has it: the answer lies in one of two look-alike corridors, and the doubt counts both.
        """
        square = np.floor((self.position_m - self.position_m.min(axis=0)) / CLUSTER_M).astype(np.int64)
        _, which = np.unique(square[:, 0] * (square[:, 1].max() + 1) + square[:, 1], return_inverse=True)
        inside = which == np.bincount(which, self.weight).argmax()
        middle_m = self.weight[inside] @ self.position_m[inside] / self.weight[inside].sum()
        near = np.linalg.norm(self.position_m - middle_m, axis=1) <= RADIUS_M
        mean_m: FloatArray = self.weight[near] @ self.position_m[near] / self.weight[near].sum()
        offset_m = self.position_m - mean_m
        return mean_m, (self.weight[:, None] * offset_m).T @ offset_m

    def estimate(self, stamp_ns: int, floor: int) -> Estimate:
        """The heaviest cluster as an answer."""
        position_m, covariance_m2 = self.heaviest()
        return to_estimate(stamp_ns, position_m, covariance_m2, floor)


class StepLocalizer(ABC):
    """A particle filter behind the seam: an answer at the end of each step, and once a second of standing."""

    def __init__(self, points: int, floor: int, seed: int) -> None:
        """Start with |B| at `points` of each step, on this floor, and with this seed for every walk."""
        self._cutter = StepCutter(points)
        self._floor, self._seed = floor, seed
        self.reset()

    def reset(self) -> None:
        """Forget the walk; the next one meets the same chance."""
        self._rng = np.random.default_rng(self._seed)
        self._cutter.reset()
        self._cloud: Cloud | None = None
        self._answered_ns = 0

    def push(self, sample: Sample) -> Estimate | None:
        """Take the next sample; None until the first step is complete, and between answers."""
        step = self._cutter.push(sample)
        if step is not None:
            self._cloud = self.walk(self._cloud, step)
        standing = abs(sample.stamp_ns - self._answered_ns) >= STANDING_S * NS_PER_S
        if self._cloud is None or (step is None and not standing):
            return None
        self._answered_ns = sample.stamp_ns
        return self._cloud.estimate(sample.stamp_ns, self._floor)

    @abstractmethod
    def walk(self, cloud: Cloud | None, step: Step) -> Cloud:
        """The cloud after a step; None before the first."""


def to_estimate(stamp_ns: int, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> Estimate:
    """An answer whose status follows from its spread, as that of every method does."""
    posterior = normal(position_m, covariance_m2 + np.eye(2) * FLOOR_M**2, floor)
    status = status_of(posterior, math.nan, stationary=False)
    return Estimate(stamp_ns, posterior.position_m, posterior.covariance_m2, floor, status, ())


def systematic(weight: FloatArray, rng: np.random.Generator) -> IntArray:
    """(n,) indices drawn by weight with one random number: index i is drawn n·weight[i] times, up to one."""
    n = len(weight)
    edge = np.cumsum(weight)
    edge /= edge[-1]
    index: IntArray = np.searchsorted(edge, (rng.random() + np.arange(n)) / n, side="right")
    return np.minimum(index, n - 1)
