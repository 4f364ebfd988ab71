"""Parts that the particle filters share: the motion model, weighting, resampling, and the estimate of a cloud.

Textbook parts (Thrun, Burgard and Fox, "Probabilistic Robotics", chapters 4 and 5; roughening from Gordon, Salmond and
Smith, 1993), all vectorised over the particles. Odometry's frame is rotated by an unknown angle, so every particle
carries its own guess of that angle, of the ratio of true to measured step length, and of the offset between this
device and the device that surveyed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from mail_ros.core.belief import normal
from mail_ros.core.localizer.localizer import status_of
from mail_ros.core.types import Estimate, FloatArray, IntArray

CLUSTER_M = 2.0  # side of the squares that are searched for the heaviest cluster
RADIUS_M = 3.0  # particles this near its centre are averaged
SCALES = (0.6, 1.6)  # limits of the true distance over odometry's
FLOOR_M = 0.1  # deviation that is added to every covariance


@dataclass(frozen=True)
class MotionSettings:
    """Noise of the motion model, all per step."""

    heading_rad: float = 0.1  # drift of odometry's heading
    scale: float = 0.04  # relative variation of step lengths
    position_noise_m: float = 0.1  # either axis
    offset_ut: float = 0.1  # keeps copies of a particle apart
    paced_heading_rad: float = 0.4  # without odometry: a person may change direction
    paced_scale: float = 0.1


@dataclass(frozen=True)
class ParticleSettings:
    """Settings of a particle filter; a run uses the defaults."""

    particles: int
    points: int  # samples of |B| per step
    sigma_ut: float = 2.0  # deviation of a comparison with the map
    offset_ut: float = 2.0  # deviation of the offset between two phones, or two days
    renewed: float = 0.02  # smallest fraction of the particles that start again at each step
    roughening_m: float = 0.1
    pixel_m: float = 0.2  # side of a pixel of the map
    reach_m: float = 0.3
    motion: MotionSettings = field(default_factory=MotionSettings)


@dataclass
class Cloud:
    """n weighted hypotheses of the device's position and of how odometry's frame lies on the map."""

    position_m: FloatArray  # (n, 2)
    heading_rad: FloatArray  # (n,) of odometry's frame in the map
    scale: FloatArray  # (n,) true distance over odometry's
    offset_ut: FloatArray  # (n,) reading of this device minus that of the survey's
    weight: FloatArray  # (n,) sums to one

    def __len__(self) -> int:
        return len(self.weight)

    def move(self, moved_m: FloatArray, paced: bool, motion: MotionSettings, rng: np.random.Generator) -> None:
        """Move every particle by odometry's displacement (2,) in its own frame; `paced`: it is a guess."""
        n = len(self)
        self.heading_rad = self.heading_rad + rng.normal(
            0.0, motion.paced_heading_rad if paced else motion.heading_rad, n
        )
        stretch = np.exp(rng.normal(0.0, motion.paced_scale if paced else motion.scale, n))
        self.scale = np.clip(self.scale * stretch, *SCALES)
        self.offset_ut = self.offset_ut + rng.normal(0.0, motion.offset_ut, n)
        noise_m = rng.normal(0.0, motion.position_noise_m, (n, 2))
        self.position_m = self.position_m + self.displacement_m(moved_m) + noise_m

    def displacement_m(self, moved_m: FloatArray) -> FloatArray:
        """Odometry's displacement (2,) in the frame of each particle, (n, 2)."""
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

    def select(self, index: IntArray) -> None:
        """Keep the particles of some indices, repeated as there, with equal weights."""
        for name in ("position_m", "heading_rad", "scale", "offset_ut"):
            setattr(self, name, getattr(self, name)[index])
        self.weight = np.full(len(index), 1.0 / len(index))

    def resample(self, rng: np.random.Generator, roughening_m: float) -> IntArray:
        """Resample below half the effective number, and move copies apart; returns the source of each, (n,)."""
        effective = 1.0 / float(np.square(self.weight).sum())  # number of particles, 1 to n
        if effective >= len(self) / 2:
            return np.arange(len(self))
        index = systematic(self.weight, rng)
        self.select(index)
        self.position_m = self.position_m + rng.normal(0.0, roughening_m, self.position_m.shape)
        return index

    def replace(self, which: IntArray, other: Cloud) -> None:
        """Put the k particles of another cloud at the indices `which` (k,); weights stay."""
        for name in ("position_m", "heading_rad", "scale", "offset_ut"):
            getattr(self, name)[which] = getattr(other, name)

    def mean(self) -> tuple[FloatArray, FloatArray]:
        """Weighted mean (2,) and covariance (2, 2) of all particles' positions."""
        mean_m = self.weight @ self.position_m
        return mean_m, self._covariance_m2(mean_m)

    def heaviest(self) -> tuple[FloatArray, FloatArray]:
        """Mean (2,) of the heaviest cluster, and covariance (2, 2) of all particles about it.

        As in `belief.decode`: the mean lies in one of two similar corridors, and the covariance counts both.
        """
        square = np.floor((self.position_m - self.position_m.min(axis=0)) / CLUSTER_M).astype(np.int64)
        _, which = np.unique(square[:, 0] * (square[:, 1].max() + 1) + square[:, 1], return_inverse=True)
        inside = which == np.bincount(which, self.weight).argmax()
        middle_m = self.weight[inside] @ self.position_m[inside] / self.weight[inside].sum()
        near = np.linalg.norm(self.position_m - middle_m, axis=1) <= RADIUS_M
        mean_m: FloatArray = self.weight[near] @ self.position_m[near] / self.weight[near].sum()
        return mean_m, self._covariance_m2(mean_m)

    def _covariance_m2(self, about_m: FloatArray) -> FloatArray:
        offset_m = self.position_m - about_m
        covariance_m2: FloatArray = (self.weight[:, None] * offset_m).T @ offset_m
        return covariance_m2


def to_estimate(stamp_ns: int, position_m: FloatArray, covariance_m2: FloatArray, floor: int) -> Estimate:
    """An estimate whose status follows from its covariance, as that of every method does."""
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
