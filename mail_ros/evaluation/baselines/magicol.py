"""`magicol`: a bidirectional particle filter on magnetic step vectors, in the manner of Magicol.

Source: Shu, Bo, Shen, Zhao, Li and Zhao, "Magicol: Indoor localization using pervasive magnetic field and
opportunistic WiFi sensing", IEEE JSAC 33(7), 2015, known here in outline only. Faithful: per step a vector of |B|,
several steps compared at once by banded DTW, heading and step length carried per particle, weights exp(-d²/2σ²), and
passes back and forth over the path so far. Ours: no WiFi; the map is the surveys' raster in place of a floor plan, and
leaving it costs; each particle carries the offset between this phone and the survey's, in place of a calibration; a few
particles start again at each step, so that the filter recovers from a wrong start; the passes go over the last steps
while the cloud is wide. All numbers were chosen by fitting repetition 1 and judging on repetition 2 of IPIN 2023
Track 3, as recorded and with artificial offsets of 2.5 µT per axis, as of another phone. DTW is dtaidistance's, in C,
for all particles in one call. The estimate is that of the last forward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from dtaidistance import dtw

from mail_ros.core.types import FloatArray
from mail_ros.evaluation.baselines.particles import Cloud, ParticleSettings
from mail_ros.evaluation.baselines.step_localizer import Step, StepLocalizer


@dataclass(frozen=True)
class MagicolSettings(ParticleSettings):
    """Settings of the filter; a run uses the defaults."""

    particles: int = 3000
    points: int = 8
    steps: int = 6  # compared at once
    band: float = 0.1  # how far DTW may leave the diagonal, as a fraction of the compared length
    off_map_ut: float = 6.0  # distance that a path wholly off the map adds
    passes: int = 1  # back and forth, each time a vector's length was walked and the cloud is still wide
    look_back: int = 24  # steps of such a pass
    wide_m: float = 3.0  # deviation above which a cloud is wide


class Magicol(StepLocalizer[MagicolSettings]):
    """The filter as a localizer."""

    def reset(self) -> None:
        """Start a new walk, with the same random numbers."""
        super().reset()
        self._walked: list[Step] = []
        self._unknown_ut = float(np.nanmean(self.survey.mean_ut))  # expected off the map

    def walk(self, cloud: Cloud | None, step: Step) -> Cloud:
        """One step forward; back and forth over the last ones while the cloud is wide."""
        self._walked.append(step)
        if cloud is None:
            cloud = self.scattered(self.settings.particles, step)
            self._trail_m = np.repeat(cloud.position_m[:, None], 2, axis=1)
        self._advance(cloud, self._walked)
        is_due = self.settings.passes and len(self._walked) % self.settings.steps == 0
        if is_due and np.trace(cloud.mean()[1]) > self.settings.wide_m**2:
            recent = self._walked[-self.settings.look_back :]
            for _ in range(self.settings.passes):
                self._sweep(cloud, [_reversed(one) for one in recent[::-1]], renew=False)
                self._sweep(cloud, recent, renew=True)
        return cloud

    def _advance(self, cloud: Cloud, walked: Sequence[Step], renew: bool = True) -> None:
        """One step of the filter, the last of `walked`; no renewal on the way back: the survey went forwards."""
        step, settings = walked[-1], self.settings
        cloud.move(step.moved_m, step.paced, settings.motion, self._rng)
        self._trail_m = np.concatenate([self._trail_m[:, -settings.steps :], cloud.position_m[:, None]], axis=1)
        if renew:
            self._renew(cloud, walked)
        recent = walked[-(self._trail_m.shape[1] - 1) :]
        cloud.weigh(self._log_likelihood(cloud, np.concatenate([one.norm_ut for one in recent])))
        index = cloud.resample(self._rng, settings.roughening_m)
        self._trail_m = self._trail_m[index]

    def _renew(self, cloud: Cloud, walked: Sequence[Step]) -> None:
        """Start some particles again, with the path that leads to them."""
        n = round(self.settings.renewed * len(cloud))
        if not n:
            return
        which = self._rng.choice(len(cloud), n, replace=False)
        fresh = self.scattered(n, walked[-1])
        cloud.replace(which, fresh)
        self._trail_m[which, -1] = fresh.position_m
        for back in range(1, self._trail_m.shape[1]):
            moved_m = walked[-back].moved_m if back <= len(walked) else np.zeros(2)
            self._trail_m[which, -1 - back] = self._trail_m[which, -back] - fresh.displacement_m(moved_m)

    def _log_likelihood(self, cloud: Cloud, measured_ut: FloatArray) -> FloatArray:
        """(n,) from |B| (steps · points,) against the map along each particle's trail."""
        settings, points = self.settings, self.settings.points
        pieces = len(measured_ut) // points
        trail_m = self._trail_m[:, -pieces - 1 :]
        fraction = (np.arange(1, points + 1) / points)[:, None]
        path_m = trail_m[:, :-1, None] + fraction * np.diff(trail_m, axis=1)[:, :, None]  # (n, pieces, points, 2)
        expected_ut, _ = self.survey.at(path_m.reshape(len(trail_m), -1, 2))
        off_map = np.isnan(expected_ut)
        expected_ut = np.where(off_map, self._unknown_ut, expected_ut) + cloud.offset_ut[:, None]
        distance_ut = distances_ut(measured_ut, expected_ut, settings.band)
        squared = np.square(distance_ut) + settings.off_map_ut**2 * off_map.mean(axis=1)
        log_likelihood: FloatArray = -squared / (2 * settings.sigma_ut**2)
        return log_likelihood

    def _sweep(self, cloud: Cloud, steps: Sequence[Step], renew: bool) -> None:
        """Run the filter over steps, from the cloud's position."""
        self._trail_m = np.repeat(cloud.position_m[:, None], 2, axis=1)
        for count in range(1, len(steps) + 1):
            self._advance(cloud, steps[:count], renew)


def _reversed(step: Step) -> Step:
    """The same step in the opposite direction."""
    return Step(step.stamp_ns, -step.moved_m, step.norm_ut[::-1], step.paced)


def distances_ut(measured_ut: FloatArray, expected_ut: FloatArray, band: float) -> FloatArray:
    """(n,) DTW distances between (m,) and each of (n, m), per root of the length: µT root mean square."""
    rows = np.vstack([measured_ut, expected_ut])
    window = max(1, round(band * len(measured_ut))) + 1
    first_row = ((0, 1), (1, len(rows)))
    distance = dtw.distance_matrix_fast(
        np.ascontiguousarray(rows), block=first_row, window=window, compact=True, parallel=False
    )
    per_sample: FloatArray = np.asarray(distance) / np.sqrt(len(measured_ut))
    return per_sample
