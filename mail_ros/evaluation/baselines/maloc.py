"""`maloc`: an augmented particle filter on single readings, in the manner of MaLoc.

Source: Xie, Gu, Tao, Ye and Lu, "MaLoc: A practical magnetic fingerprinting approach to indoor localization using
smartphones", UbiComp 2014, known here in outline only. Faithful: heading and step length are part of every particle
and vary by a few per cent, readings are compared one by one with a Gaussian per map cell, a reliability lowers the
weight of an unreliable step, and resampling adds new particles when the likelihood falls (the fast and slow averages of
AMCL). Ours: |B| alone, since its vertical and horizontal parts need the attitude; a step is unreliable if odometry
rotates during it, or if its likelihood is far below the slow average; the map is the surveys' raster in place of a
floor plan, and off it every reading is as unlikely as one three deviations away; each particle carries the offset
between this phone and the survey's, in place of a calibration; a fiftieth of the particles is new at every step, so
that the filter recovers from a wrong start. All numbers were chosen by fitting repetition 1 and judging on
repetition 2 of IPIN 2023 Track 3, as recorded and with artificial offsets of 2.5 µT per axis, as of another phone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray, IntArray
from mail_ros.evaluation.baselines.particles import Cloud, ParticleSettings, systematic
from mail_ros.evaluation.baselines.step_localizer import Step, StepLocalizer

CANDIDATES = 10  # positions compared for each new particle


@dataclass(frozen=True)
class MalocSettings(ParticleSettings):
    """Settings of the filter; a run uses the defaults."""

    particles: int = 8000
    points: int = 4
    off_map_sigmas: float = 3.0
    yaw_rad: float = 0.5  # a step with a larger rotation is a change of attitude
    unreliable: float = 0.5  # reliability of such a step, and of one that is far less likely than the last ones
    poor: float = 0.3  # likelihood over its slow average, below which a step is unreliable
    slow: float = 0.005  # weight of the newest likelihood in AMCL's averages
    fast: float = 0.1


class Maloc(StepLocalizer[MalocSettings]):
    """The filter as a localizer."""

    def reset(self) -> None:
        """Start a new walk, with the same random numbers."""
        super().reset()
        self._bearing_rad: float | None = None
        self._slow = self._fast = 0.0  # averages of the mean likelihood

    def walk(self, cloud: Cloud | None, step: Step) -> Cloud:
        """Move, weigh, resample, and add new particles if the likelihood fell."""
        if cloud is None:
            cloud = self.scattered(self.settings.particles, step)
        before_m = cloud.position_m
        cloud.move(step.moved_m, step.paced, self.settings.motion, self._rng)
        log_likelihood = self._log_likelihood(step, before_m, cloud)
        mean = float(cloud.weight @ np.exp(log_likelihood))
        cloud.weigh(self._reliability(step.bearing_rad, mean) * log_likelihood)
        cloud.resample(self._rng, self.settings.roughening_m)
        self._renew(cloud, step)
        return cloud

    def _log_likelihood(self, step: Step, before_m: FloatArray, cloud: Cloud) -> FloatArray:
        """(n,) of a step's readings along the paths from (n, 2) to the particles' positions; not above 0."""
        settings = self.settings
        fraction = (np.arange(1, settings.points + 1) / settings.points)[:, None]
        path_m = before_m[:, None] + fraction * (cloud.position_m - before_m)[:, None]  # (n, points, 2)
        expected_ut, deviation_ut = self.survey.at(path_m)
        squared = np.square(step.norm_ut - cloud.offset_ut[:, None] - expected_ut) / (
            np.square(deviation_ut) + settings.sigma_ut**2
        )
        narrow = np.log1p(np.square(deviation_ut / settings.sigma_ut))  # a wide cell explains each reading less
        cost = np.where(np.isnan(expected_ut), settings.off_map_sigmas**2, squared + narrow)
        log_likelihood: FloatArray = -0.5 * cost.mean(axis=1)  # neighbours are not independent: they count as one
        return log_likelihood

    def _reliability(self, bearing_rad: float, mean: float) -> float:
        """Exponent of the step's likelihoods; also keeps its bearing and the averages of their mean."""
        settings = self.settings
        poor = self._slow > 0.0 and mean < settings.poor * self._slow
        before_rad = bearing_rad if self._bearing_rad is None else self._bearing_rad
        yaw_rad = abs(np.angle(np.exp(1j * (bearing_rad - before_rad))))
        self._bearing_rad = bearing_rad
        first = self._slow == 0.0
        self._slow = mean if first else self._slow + settings.slow * (mean - self._slow)
        self._fast = mean if first else self._fast + settings.fast * (mean - self._fast)
        return settings.unreliable if poor or yaw_rad > settings.yaw_rad else 1.0

    def _renew(self, cloud: Cloud, step: Step) -> None:
        """AMCL: the farther the fast average is below the slow one, the more particles start near likely cells."""
        fraction = max(self.settings.renewed, 1.0 - self._fast / self._slow if self._slow > 0.0 else 0.0)
        n = self._rng.binomial(len(cloud), fraction)
        if not n:
            return
        fresh = self.scattered(CANDIDATES * n, step)
        fresh.weigh(self._log_likelihood(step, fresh.position_m - fresh.displacement_m(step.moved_m), fresh))
        likely: IntArray = systematic(fresh.weight, self._rng)[self._rng.integers(CANDIDATES) :: CANDIDATES]
        fresh.select(likely)
        cloud.replace(self._rng.choice(len(cloud), n, replace=False), fresh)
