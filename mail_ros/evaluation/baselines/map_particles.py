"""`map_particles`: a particle filter on the field map, over x, y and yaw of odometry's frame.

Source: Solin et al., "Modeling and interpolation of the ambient magnetic field by Gaussian processes", IEEE
Transactions on Robotics 34(4), 2018, whose filter weighs particles by mean and variance of such a map. Textbook: a
bootstrap filter with systematic resampling and some particles that start again anywhere. A marginalized filter (Schön,
Gustafsson and Nordlund, IEEE Transactions on Signal Processing 53(7), 2005) has a Kalman filter in each particle for
the constant field of the device, in which a row is linear. That field may wander, which also takes up the correlated
error of the map. Off the map, a row is as likely as in the best places of the map, but for a factor per metre.

Tuned on the three routes of the lobby, with every, every second and every fourth line of the survey, and on run 4 of
the room (see docs/field_map.md), as the field map itself was, with seeds 0 and 1; corridors and other buildings were
not used. Temper, outliers and noise of motion were taken from `FieldMapConfig`. Other tempers (1, 2.5), wanderings
(1.5, 6 µT), half the noise of yaw and twice that of rows were worse; half of that was as good. The factors off the map
matter most: with one factor for start and tracking, a walk was lost at one or the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.belief import decode
from mail_ros.core.filter.odometry_motion import mean_yaw
from mail_ros.core.models.field_map.path_likelihood import WHITE_UT2
from mail_ros.core.types import LOCALIZED_FROM, Cells, ComplexArray, FloatArray, IntArray, Posterior, YawEstimate
from mail_ros.evaluation.baselines.particles import Cloud, MotionSettings, systematic
from mail_ros.evaluation.baselines.path_localizer import MappedField, PathLocalizer
from mail_ros.training.field_map.fit import FittedMap

BEST = 0.99  # quantile of the likelihoods on the map that a row off the map has


@dataclass(frozen=True)
class MapParticleSettings:
    """Settings of the filter; a run uses the defaults."""

    particles: int = 30_000  # for an unknown start
    tracking: int = 5_000  # once the position is known
    offset_ut: float = 15.0  # deviation, per axis, of the device's constant field
    offset_walk_ut: float = 3.0  # deviation of its change over a metre
    exponent_per_m: float = 1.5  # exponent of a row's likelihood, per metre between rows
    outlier: float = 0.1  # fraction of rows without information
    beyond_per_m: float = 0.2  # factor on the likelihood of a metre off the map, once the position is known
    start_beyond_per_m: float = 0.05  # the same before: a walk starts on the map
    yaw_noise_rad: float = 0.07  # deviation of odometry's yaw after one metre
    renewed_per_m: float = 0.005  # fraction of the particles that start again, anywhere
    roughening_m: float = 0.05


@dataclass
class OwnField:
    """Kalman filters of the device's field in its own axes, one for each particle."""

    horizontal: ComplexArray  # (n,) µT
    vertical: FloatArray  # (n,) µT
    variance_ut2: FloatArray  # (n,) of each axis

    @classmethod
    def unknown(cls, n: int, deviation_ut: float) -> OwnField:
        """Zero with a deviation."""
        return cls(np.zeros(n, np.complex128), np.zeros(n), np.full(n, deviation_ut**2))

    def select(self, index: IntArray) -> OwnField:
        """Those of some particles."""
        return OwnField(self.horizontal[index], self.vertical[index], self.variance_ut2[index])

    def restart(self, which: IntArray, deviation_ut: float) -> None:
        """Unknown again for some particles."""
        self.horizontal[which], self.vertical[which], self.variance_ut2[which] = 0.0, 0.0, deviation_ut**2


class MapParticles(PathLocalizer):
    """The filter as a localizer."""

    def __init__(
        self, fitted: FittedMap, seed: int, stride_s: float, settings: MapParticleSettings | None = None
    ) -> None:
        """Start; every walk has the same random numbers.

        Args:
            fitted: the map.
            seed: of the random numbers.
            stride_s: between two estimates.
            settings: of the filter; None for the defaults.

        Raises:
            TrackError: a map of several floors.
        """
        self._seed, self.settings = seed, settings or MapParticleSettings()
        super().__init__(MappedField(fitted, reach_m=0.0), stride_s)

    def reset(self) -> None:
        """Start a new walk, with the same random numbers."""
        super().reset()
        self._rng = np.random.default_rng(self._seed)
        self._cloud = self._scattered(self.settings.particles)
        self._own = OwnField.unknown(len(self._cloud), self.settings.offset_ut)

    def walk(self, row: FloatArray, moved_m: FloatArray) -> None:
        """Move, weigh and resample."""
        settings, cloud = self.settings, self._cloud
        distance_m = float(np.hypot(*moved_m))
        root = distance_m**0.5
        noise_m = self.field.position_noise_m * root / 2**0.5
        cloud.move(moved_m, False, MotionSettings(settings.yaw_noise_rad * root, 0.0, noise_m, 0.0), self._rng)
        self._own.variance_ut2 = self._own.variance_ut2 + settings.offset_walk_ut**2 * distance_m
        self._renew(distance_m)
        cloud.weigh(self._log_likelihood(row))
        if np.square(cloud.weight).sum() * len(cloud) > 2.0:  # effective number below half
            self._resample()

    def decoded(self) -> tuple[Posterior, YawEstimate]:
        """The neighbourhood of the mode, of particles that are added up by cells."""
        cloud, grid = self._cloud, self.field.grid
        key = np.round(cloud.position_m / grid.size_m).astype(np.int64)
        which = np.unique(key @ [1 << 32, 1], return_inverse=True)[1]
        weight = np.bincount(which, cloud.weight) + 1e-12  # never zero
        total_m = [np.bincount(which, cloud.weight * axis) for axis in cloud.position_m.T]
        cells = Cells(np.column_stack(total_m) / weight[:, None], np.full(len(weight), self.field.floor))
        radius_m = self.field.config.field_map.radius_m
        posterior = decode(weight / weight.sum(), cells, radius_m)
        near = np.linalg.norm(cloud.position_m - posterior.position_m, axis=1) <= radius_m
        return posterior, mean_yaw(cloud.weight * near + 1e-12, cloud.heading_rad)

    def _scattered(self, n: int) -> Cloud:
        """Particles anywhere on the map, at any yaw."""
        grid = self.field.grid
        cell = self._rng.integers(grid.mapped, size=n)
        position_m = grid.cells.position_m[cell] + self._rng.uniform(-0.5, 0.5, (n, 2)) * grid.size_m
        return Cloud(
            position_m, self._rng.uniform(-np.pi, np.pi, n), np.ones(n), np.zeros(n), np.full(n, 1.0 / max(n, 1))
        )

    def _renew(self, distance_m: float) -> None:
        """Start some particles again."""
        n = self._rng.binomial(len(self._cloud), min(1.0, self.settings.renewed_per_m * distance_m))
        which = self._rng.choice(len(self._cloud), n, replace=False)
        self._cloud.replace(which, self._scattered(n))
        self._own.restart(which, self.settings.offset_ut)

    def _resample(self) -> None:
        """Draw by weight, fewer once the position is known, and move copies apart."""
        index = systematic(self._cloud.weight, self._rng)
        if self.decoded()[0].near >= LOCALIZED_FROM:
            index = self._rng.permutation(index)[: self.settings.tracking]
        self._cloud.select(index)
        self._own = self._own.select(index)
        position_m = self._cloud.position_m
        self._cloud.position_m = position_m + self._rng.normal(0.0, self.settings.roughening_m, position_m.shape)

    def _log_likelihood(self, row: FloatArray) -> FloatArray:
        """(n,) tempered, of a row; the Kalman filters learn from it."""
        settings, own, statistics = self.settings, self._own, self.field.statistics
        seen = self.field.at(self._cloud.position_m)
        horizontal, vertical = self.field.measured(row)
        heading = complex(row[5], row[6])
        across = horizontal - seen.horizontal * np.exp(-1j * self._cloud.heading_rad) - own.horizontal * heading
        along = vertical - seen.vertical - own.vertical
        squared = np.square(across.real) + np.square(across.imag) + np.square(along)
        variance_ut2 = own.variance_ut2 + statistics.noise_ut2 + WHITE_UT2 + seen.variance_ut2
        broad_ut2 = variance_ut2 + (2.0 * statistics.horizontal_ut**2 + statistics.vertical_ut**2) / 3.0
        log_likelihood = np.logaddexp(
            np.log1p(-settings.outlier) - 0.5 * squared / variance_ut2 - 1.5 * np.log(variance_ut2),
            np.log(settings.outlier) - 0.5 * squared / broad_ut2 - 1.5 * np.log(broad_ut2),
        )
        gain = seen.inside * own.variance_ut2 / variance_ut2
        own.horizontal = own.horizontal + gain * across * heading.conjugate()
        own.vertical = own.vertical + gain * along
        own.variance_ut2 = own.variance_ut2 * (1.0 - gain)
        spacing_m = 1.0 / self.field.config.sampling.per_unit
        known = len(self._cloud) <= settings.tracking
        beyond = spacing_m * np.log(settings.beyond_per_m if known else settings.start_beyond_per_m)
        tempered = min(1.0, settings.exponent_per_m * spacing_m) * log_likelihood
        best = np.quantile(tempered[seen.inside], BEST) if seen.inside.any() else 0.0
        weighed: FloatArray = np.where(seen.inside, tempered, best + beyond)
        return weighed
