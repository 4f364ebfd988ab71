"""Covariance of the field at two positions of a floor, for scikit-learn's Gaussian processes.

Away from currents a magnetic field is the gradient of a potential. A Gaussian process as the potential correlates the
axes of the field: the lateral change of its longitudinal part equals the longitudinal change of its lateral part, which
a survey of the corridor's middle has measured. The map therefore extends farther to both sides.

Source: Solin, Kok, Wahlström, Schön and Särkkä, IEEE Transactions on Robotics 34(4):1112, 2018; theirs is a squared
exponential. A potential with Matérn's covariance of 5/2 leaves the field as rough as one of 3/2.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.gaussian_process.kernels import Hyperparameter, Kernel, StationaryKernelMixin

from mail_ros.core.types import FloatArray

ROOT = np.sqrt(5.0)


class PotentialKernel(StationaryKernelMixin, Kernel):  # type: ignore[misc]  # scikit-learn has no types
    """Kernel of rows (x, y, axis), in metres and 0 to 2; the variance of each axis is 1. Methods: see `Kernel`."""

    def __init__(self, length_m: float = 1.0, length_m_bounds: tuple[float, float] = (0.2, 5.0)) -> None:
        self.length_m = length_m
        self.length_m_bounds = length_m_bounds

    @property
    def hyperparameter_length_m(self) -> Any:
        """The fitted hyperparameter."""
        return Hyperparameter("length_m", "numeric", self.length_m_bounds)

    def __call__(self, X: FloatArray, Y: FloatArray | None = None, eval_gradient: bool = False) -> Any:  # noqa: N803
        """(n, m) covariances of rows X (n, 3) with Y (m, 3); with their derivatives (n, m, 1) by the log of the length.

        With u = √5 r / l it is exp(-u) ((1 + u) [i = j] - 5 r_i r_j / l²) for the axes i and j. All positions have one
        height: r_z is 0, and the vertical axis is independent of the others.
        """
        other = X if Y is None else Y
        axis, other_axis = X[:, 2].astype(np.int64), other[:, 2].astype(np.int64)
        apart = np.zeros((3, len(X), len(other)))  # in lengths
        apart[:2] = (X[:, None, :2] - other[None, :, :2]).transpose(2, 0, 1) / self.length_m
        u = ROOT * np.hypot(apart[0], apart[1])
        same = axis[:, None] == other_axis
        rows, columns = np.arange(len(X))[:, None], np.arange(len(other))
        across = 5.0 * apart[axis[:, None], rows, columns] * apart[other_axis[None, :], rows, columns]
        fall = np.exp(-u)
        covariance = fall * ((1.0 + u) * same - across)
        if not eval_gradient:
            return covariance
        return covariance, (fall * (u**2 * same + (2.0 - u) * across))[..., None]

    def diag(self, X: FloatArray) -> FloatArray:  # noqa: N803
        """(n,) variances."""
        return np.ones(len(X))

    def __repr__(self) -> str:
        return f"PotentialKernel(length_m={self.length_m:.3g})"
