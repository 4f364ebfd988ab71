"""`magicol`: a bidirectional particle filter on magnetic step vectors, in the manner of Magicol.

    samples --> steps --> vectors of |B| (points of the last steps)
                  |                 | DTW against the map along each particle's own way
                  +--> move --------+--> weigh --> resample --> heaviest cluster

Source: Shu, Bo, Shen, Zhao, Li and Zhao, "Magicol: Indoor localization using pervasive magnetic field and
opportunistic WiFi sensing", IEEE JSAC 33(7), 2015, known here in outline only. Faithful: per step a vector of
|B|, several steps compared at once by banded DTW, heading and step length carried per particle, weights
exp(-d²/2σ²), and passes back and forth over the way so far. Ours: no WiFi; the map is the surveys' raster in
place of a floor plan, leaving it costs; each particle carries how much more this phone reads than the
survey's, in place of a calibration; a few particles are drawn anew, so that a wrong start heals; the passes go
over the last steps while the cloud is wide. All numbers were chosen by fitting repetition 1 and judging on
repetition 2 of IPIN 2023 Track 3, as recorded and with made-up offsets of 2.5 µT per axis, as another phone
would have. DTW is dtaidistance's, in C, for all particles in one call.

The online answer is that of the last forward pass. `smoothed` gives the track after a backward pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from dtaidistance import dtw

from mail_ros.core.config import check_range
from mail_ros.core.types import FloatArray
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.field_map import FieldMap, field_map
from mail_ros.evaluation.baselines.particles import Cloud, MotionSettings, StepLocalizer
from mail_ros.evaluation.baselines.steps import Step


@dataclass(frozen=True)
class MagicolSettings:
    """What may be chosen."""

    particles: int = 3000
    points: int = 8  # of |B| per step
    steps: int = 6  # compared at once
    band: float = 0.1  # of the compared length, how far DTW may leave the diagonal
    sigma_ut: float = 2.0  # of the distance between vectors of the same place
    off_map_ut: float = 6.0  # distance that a way wholly off the map adds
    offset_ut: float = 2.0  # what another phone, or the same on another day, may read more
    renewed: float = 0.02  # share of particles drawn anew at each step
    roughening_m: float = 0.1
    passes: int = 1  # back and forth, whenever a vector's length was walked and the cloud is still wide
    look_back: int = 24  # steps that such a pass goes over
    wide_m: float = 3.0  # deviation above which a cloud is wide
    pixel_m: float = 0.2
    reach_m: float = 0.3
    motion: MotionSettings = field(default_factory=MotionSettings)

    def __post_init__(self) -> None:
        check_range("magicol.particles", self.particles, 2, 1_000_000)
        check_range("magicol.points", self.points, 2, 1000)
        check_range("magicol.steps", self.steps, 1, 100)
        check_range("magicol.band", self.band, 0.0, 1.0)
        check_range("magicol.sigma_ut", self.sigma_ut, 1e-3, 1e3)
        check_range("magicol.renewed", self.renewed, 0.0, 1.0)


class Magicol(StepLocalizer):
    """The filter behind the seam."""

    def __init__(self, survey: FieldMap, seed: int, settings: MagicolSettings) -> None:
        self.survey, self.settings = survey, settings
        self._unknown_ut = float(np.nanmean(survey.mean_ut))  # read off the map
        super().__init__(settings.points, survey.floor, seed)

    def reset(self) -> None:
        """Forget the walk; the next one meets the same chance."""
        super().reset()
        self._walked: list[Step] = []

    def walk(self, cloud: Cloud | None, step: Step) -> Cloud:
        """One step forward; back and forth over the last ones as long as the cloud is wide, if that was chosen."""
        self._walked.append(step)
        if cloud is None:
            cloud = self._scatter(self.settings.particles, step)
            self._trail_m = np.repeat(cloud.position_m[:, None], 2, axis=1)
        self._advance(cloud, self._walked)
        turn_back = self.settings.passes and len(self._walked) % self.settings.steps == 0
        if turn_back and np.trace(cloud.mean()[1]) > self.settings.wide_m**2:
            recent = self._walked[-self.settings.look_back :]
            for _ in range(self.settings.passes):
                self._sweep(cloud, [_reversed(one) for one in recent[::-1]], renew=False)
                self._sweep(cloud, recent, renew=True)
        return cloud

    def _scatter(self, n: int, step: Step) -> Cloud:
        bearing_rad = float(np.arctan2(step.moved_m[1], step.moved_m[0]))
        return self.survey.scatter(n, bearing_rad, self.settings.offset_ut, self._rng)

    def _advance(self, cloud: Cloud, walked: Sequence[Step], renew: bool = True) -> None:
        """One step of the filter, the last of `walked`; who goes backwards renews nobody: surveys went forwards."""
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
        """Draw some particles anew, with the way that they would have come."""
        n = round(self.settings.renewed * len(cloud))
        if not n:
            return
        which = self._rng.choice(len(cloud), n, replace=False)
        fresh = self._scatter(n, walked[-1])
        cloud.replace(which, fresh)
        self._trail_m[which, -1] = fresh.position_m
        for back in range(1, self._trail_m.shape[1]):
            moved_m = walked[-back].moved_m if back <= len(walked) else np.zeros(2)
            self._trail_m[which, -1 - back] = self._trail_m[which, -back] - fresh.ways_m(moved_m)

    def _log_likelihood(self, cloud: Cloud, measured_ut: FloatArray) -> FloatArray:
        """(n,) from |B| (steps · points,) against the map along each particle's trail."""
        settings, points = self.settings, self.settings.points
        pieces = len(measured_ut) // points
        trail_m = self._trail_m[:, -pieces - 1 :]
        share = (np.arange(1, points + 1) / points)[:, None]
        way_m = trail_m[:, :-1, None] + share * np.diff(trail_m, axis=1)[:, :, None]  # (n, pieces, points, 2)
        expected_ut, _ = self.survey.at(way_m.reshape(len(trail_m), -1, 2))
        off_map = np.isnan(expected_ut)
        expected_ut = np.where(off_map, self._unknown_ut, expected_ut) + cloud.offset_ut[:, None]
        distance_ut = distances_ut(measured_ut, expected_ut, settings.band)
        squared = np.square(distance_ut) + settings.off_map_ut**2 * off_map.mean(axis=1)
        log_likelihood: FloatArray = -squared / (2 * settings.sigma_ut**2)
        return log_likelihood

    def _sweep(self, cloud: Cloud, steps: Sequence[Step], renew: bool) -> FloatArray:
        """Run the filter over steps, from where the cloud is; returns the mean at each, (steps, 2)."""
        self._trail_m = np.repeat(cloud.position_m[:, None], 2, axis=1)
        path_m = []
        for count in range(1, len(steps) + 1):
            self._advance(cloud, steps[:count], renew)
            path_m.append(cloud.heaviest()[0])
        return np.array(path_m)

    def smoothed(self) -> FloatArray:
        """Where the steps so far ended, (steps, 2) m, with what was learned after them; not causal.

        The walk goes on from another cloud afterwards: call this at its end.
        """
        if len(self._walked) < 2 or self._cloud is None:
            return np.zeros((0, 2))
        last_m = self._cloud.heaviest()[0]
        back_m = self._sweep(self._cloud, [_reversed(step) for step in self._walked[:0:-1]], renew=False)
        return np.vstack([back_m[::-1], last_m])


def _reversed(step: Step) -> Step:
    """The same piece, walked the other way."""
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


def fit_magicol(tracks: Sequence[Track], seed: int, settings: MagicolSettings | None = None) -> Magicol:
    """The filter over the map of `tracks`.

    Raises:
        TrackError: the walks are unlabelled, or on several floors.
    """
    settings = settings or MagicolSettings()
    return Magicol(field_map(tracks, settings.pixel_m, settings.reach_m), seed, settings)
