"""A Gaussian process of the field on one floor: covariance, likelihood, prediction.

Away from currents a magnetic field is the gradient of a potential. With a process as the potential, the axes of the
field depend on each other: the lateral change of its longitudinal part equals the longitudinal change of its lateral
part, which a walk along a line has measured. The map therefore extends farther to both sides.

Source: Solin, Kok, Wahlström, Schön and Särkkä, IEEE Transactions on Robotics 34(4):1112, 2018; theirs is a squared
exponential. A potential with Matérn's covariance of 5/2 leaves the field as rough as one of 3/2. All positions have one
height, so the vertical axis is independent of the others.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize

from mail_ros.core.types import FloatArray

ROOT5 = 5.0**0.5
MEAN_UT2 = 1e3  # variance of the mean field of a region
BOUNDS = (
    (0.5, 1e2),
    (0.5, 1e2),
    (0.3, 2.5),
    (0.5, 10.0),
)  # bounds of `Covariance`: a survey cannot tell longer lengths apart


class Covariance(NamedTuple):
    """What is learned of a floor's field."""

    horizontal_ut: float  # deviation of each horizontal axis
    vertical_ut: float
    length_m: float  # correlation length
    noise_ut: float  # deviation of a row about the field, errors of its label included

    @property
    def variance_ut2(self) -> float:
        """Of an axis, the mean of three."""
        return (2.0 * self.horizontal_ut**2 + self.vertical_ut**2) / 3.0

    @property
    def slope_ut_m(self) -> float:
        """Deviation of an axis's derivative along any direction, as of Matérn's covariance of 3/2."""
        return float((3.0 * self.variance_ut2) ** 0.5 / self.length_m)


class Region(NamedTuple):
    """Some rows that lie close to each other."""

    position_m: FloatArray  # (n, 2)
    field_ut: FloatArray  # (n, 3), or candidates for it, (c, n, 3)


def correlations(first_m: FloatArray, second_m: FloatArray, length_m: float) -> tuple[FloatArray, FloatArray]:
    """Correlations of the horizontal fields (2 n, 2 m), all of x before all of y, and of the vertical ones (n, m).

    With u = √5 r / l they are exp(-u) ((1 + u) [i = j] - 5 r_i r_j / l²) for the axes i and j.
    """
    apart_x, apart_y = (np.subtract.outer(*axis) / length_m for axis in zip(first_m.T, second_m.T, strict=True))
    u = ROOT5 * np.hypot(apart_x, apart_y)
    decay = np.exp(-u)
    vertical = decay * (1.0 + u)
    decay *= 5.0
    across = -decay * apart_x * apart_y
    horizontal = np.block([[vertical - decay * apart_x**2, across], [across, vertical - decay * apart_y**2]])
    return horizontal, vertical


def negative_log_likelihoods(regions: list[Region], covariance: Covariance) -> FloatArray:
    """Of independent regions, whose mean fields are unknown, without the constant.

    Args:
        regions: with c candidates for the field of each, (c, n, 3).
        covariance: of the field.

    Returns:
        (c,) one for each candidate.
    """
    total = np.zeros(len(regions[0].field_ut))
    for position_m, field_ut in regions:
        horizontal, vertical = correlations(position_m, position_m, covariance.length_m)
        axes = np.repeat(np.eye(2), len(position_m), axis=0)
        for part, mean, values, deviation in (
            (horizontal, axes @ axes.T, np.hstack([field_ut[..., 0], field_ut[..., 1]]), covariance.horizontal_ut),
            (vertical, np.ones_like(vertical), field_ut[..., 2], covariance.vertical_ut),
        ):
            noise = covariance.noise_ut**2 * np.eye(len(part))
            factor = np.linalg.cholesky(deviation**2 * part + MEAN_UT2 * mean + noise)
            rest = solve_triangular(factor, values.T, lower=True)
            total += 0.5 * np.square(rest).sum(axis=0) + np.log(np.diag(factor)).sum()
    return total


def fit_covariance(regions: list[Region]) -> Covariance:
    """The covariance of the greatest likelihood, within `BOUNDS`."""
    measured = [Region(position_m, field_ut[None]) for position_m, field_ut in regions]
    start = np.log([10.0, 10.0, 1.5, 1.5])
    found = minimize(
        lambda logs: float(negative_log_likelihoods(measured, Covariance(*np.exp(logs)))[0]),
        start,
        method="L-BFGS-B",
        bounds=np.log(BOUNDS),
    )
    return Covariance(*np.exp(found.x).tolist())


def predict(known: Region, at_m: FloatArray, covariance: Covariance) -> tuple[FloatArray, FloatArray]:
    """Mean and variance, (k, 3) both, of the field at positions (k, 2), without noise.

    Args:
        known: the rows; the cost is cubic in their number.
        at_m: positions.
        covariance: of the floor.
    """
    mean_ut = known.field_ut.mean(axis=0)
    rest_ut = known.field_ut - mean_ut
    parts = zip(
        correlations(known.position_m, known.position_m, covariance.length_m),
        correlations(at_m, known.position_m, covariance.length_m),
        (rest_ut[:, :2].T.ravel(), rest_ut[:, 2]),
        (covariance.horizontal_ut, covariance.vertical_ut),
        strict=True,
    )
    means, variances = [], []
    for among, across, values, deviation in parts:
        between = deviation**2 * across
        factor = cho_factor(deviation**2 * among + covariance.noise_ut**2 * np.eye(len(among)), lower=True)
        means.append((between @ cho_solve(factor, values)).reshape(-1, len(at_m)).T)
        explained = np.square(solve_triangular(factor[0], between.T, lower=True)).sum(axis=0)
        variances.append(np.maximum(deviation**2 - explained, 0.0).reshape(-1, len(at_m)).T)
    return np.concatenate(means, axis=1) + mean_ut, np.concatenate(variances, axis=1)
