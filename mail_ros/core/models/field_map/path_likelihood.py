"""The likelihood of the newest rows of a path, given the rows before: weights that whiten their errors.

The error of a row against the map has three parts: a constant field of the device, which rotates with its heading; an
error of the map, correlated over a length; and white noise. With the covariance C of all rows and its Cholesky factor
L, the last entries of L⁻¹ (rows - map) are independent, and those of the rows alone have the distribution that an
unmapped place of the same statistics would give. So a row is never counted twice, however much its error resembles the
last one's (Rasmussen and Williams, "Gaussian Processes for Machine Learning", appendix A.2).

Horizontal fields are complex numbers, x + iy: a rotation is a factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import ComplexArray, FloatArray

ROOT3 = 3.0**0.5
ERROR_LENGTHS = 0.5  # correlation length of the map's errors, in that of the field
WHITE_UT2 = 1.0  # variance of a row's own noise


@dataclass(frozen=True)
class FieldStatistics:
    """The field of a floor and the errors of its map, as learned from the survey; deviations are per axis."""

    yaw_rad: float  # from the axes in which rows give the field to those of displacements
    length_m: float  # correlation length
    horizontal_ut: float  # deviation of the field over the floor
    vertical_ut: float
    level_ut: float  # root mean square of the field itself
    noise_ut2: float  # variance of a row about the map where the survey went, beyond the map's own


@dataclass(frozen=True)
class PathLikelihood:
    """Whitening of the newest n of L rows."""

    horizontal: ComplexArray  # (n, L) weights of the horizontal fields
    vertical: FloatArray  # (n, L) weights of the vertical fields
    background: FloatArray  # (n,) log density of the rows at an unmapped place, minus that of a map without an error
    outlier: FloatArray  # (n,) variance of a row that has nothing to do with the map, in variances of one that has

    @classmethod
    def of(
        cls, rows: FloatArray, new: int, statistics: FieldStatistics, offset_ut: float, cell_m: float
    ) -> PathLikelihood:
        """Weights for the newest rows of a path.

        Args:
            rows: (L, 7), see `signal.path_resampling`, oldest first.
            new: how many of them count.
            statistics: of the map.
            offset_ut: deviation, per axis, of the device's constant field.
            cell_m: side of a cell of the map: the field varies within.
        """
        apart_m = np.linalg.norm(rows[:, None, :2] - rows[None, :, :2], axis=2)
        heading = rows[:, 5] + 1j * rows[:, 6]
        rotation = np.outer(heading, heading.conj())
        correlation = _matern32(apart_m / statistics.length_m)
        deviations = (statistics.horizontal_ut, statistics.vertical_ut)
        error = statistics.noise_ut2 * _matern32(apart_m / (ERROR_LENGTHS * statistics.length_m))
        # Within a cell the field varies by a fraction of its variance, by Matérn's gradient at 0
        within = 0.5 * (cell_m / statistics.length_m) ** 2
        noises = [error + (WHITE_UT2 + within * each**2) * np.eye(len(rows)) for each in deviations]
        mapped = (rotation * offset_ut**2 + noises[0], offset_ut**2 + noises[1])
        mean_ut2 = statistics.level_ut**2  # the mean field of an unmapped place is unknown
        unmapped = (
            mapped[0] + statistics.horizontal_ut**2 * correlation + mean_ut2,
            mapped[1] + statistics.vertical_ut**2 * correlation + mean_ut2,
        )
        factors = np.linalg.inv(np.linalg.cholesky(np.stack([*mapped, *unmapped])))[:, -new:]
        scales = np.diagonal(factors, len(rows) - new, axis1=1, axis2=2).real
        background, outlier = np.zeros(new), np.ones(new)
        for number, (field, axes) in enumerate(((rows[:, 2] + 1j * rows[:, 3], 2.0), (rows[:, 4], 1.0))):
            outlier += axes / 3.0 * np.square(deviations[number] * scales[number])
            background += axes * np.log(scales[number + 2] / scales[number])
            background -= 0.5 * np.square(np.abs(factors[number + 2] @ field))
        return cls(factors[0], factors[1].real, background, outlier)


def _matern32(lengths: FloatArray) -> FloatArray:
    """Matérn's correlation of 3/2 at distances in correlation lengths."""
    near = ROOT3 * lengths
    correlation: FloatArray = (1.0 + near) * np.exp(-near)
    return correlation
