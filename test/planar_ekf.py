"""The part of robot_localization's `ekf_node` that a robot on a floor uses: a test's stand-in for it.

From its sources (ekf.cpp, filter_base.cpp): constant acceleration, `process_noise_covariance` as by default, correction
of the configured fields, rejection by Mahalanobis distance, initialization from the first message. On the messages of
five runs with the real node (2026-12-01), the positions of both differed by 1 mm in the median, and by more only until
a pose that came late was processed.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mail_ros.core.types import FloatArray

FIELDS = [0, 1, 5, 6, 7, 11, 12, 13]  # x, y, yaw, their velocities, and acceleration, among its fifteen
X, Y, YAW, VX, VY, VYAW, AX, AY = range(len(FIELDS))
NOISE = np.diag([0.05, 0.05, 0.06, 0.025, 0.025, 0.02, 0.01, 0.01])  # its default, per second
MIN_VARIANCE = 1e-9


class PlanarEkf:
    """The state of `ekf_node` in `two_d_mode`, with the parameters of its section of a file."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters
        self.state = np.zeros(len(FIELDS))
        self.covariance = np.diag(np.array(parameters["initial_estimate_covariance"], float)[FIELDS])
        self.stamp_s = math.nan  # before the first message

    @property
    def position_m(self) -> FloatArray:
        """(2,) in the map."""
        position_m: FloatArray = self.state[:2].copy()
        return position_m

    def update(self, source: str, stamp_s: float, values: FloatArray, covariance: FloatArray) -> bool:
        """Process a message of `odom0` or `pose0`; False if it is rejected.

        Args:
            source: prefix of its parameters.
            stamp_s: not before that of the last message.
            values: (8,) of the state; only those of the source's configuration are used.
            covariance: (8, 8) of these.
        """
        used = [row for row, field in enumerate(FIELDS) if self.parameters[f"{source}_config"][field]]
        block = np.ix_(used, used)
        if math.isnan(self.stamp_s):
            self.stamp_s, self.state[used], self.covariance[block] = stamp_s, values[used], covariance[block]
            return True
        self._predict(stamp_s - self.stamp_s)
        self.stamp_s = stamp_s
        return self._correct(
            used, values[used], covariance[block], self.parameters.get(f"{source}_rejection_threshold")
        )

    def _predict(self, dt_s: float) -> None:
        _, _, yaw, vx, vy, vyaw, ax, ay = self.state
        cos, sin = math.cos(yaw), math.sin(yaw)
        ahead_m, left_m = vx * dt_s + 0.5 * ax * dt_s**2, vy * dt_s + 0.5 * ay * dt_s**2
        jacobian = np.eye(len(FIELDS))
        for body, at in (((1.0, 0.0), (VX, AX)), ((0.0, 1.0), (VY, AY))):
            along = [cos * body[0] - sin * body[1], sin * body[0] + cos * body[1]]
            jacobian[:2, at[0]], jacobian[:2, at[1]] = np.multiply(along, dt_s), np.multiply(along, 0.5 * dt_s**2)
        jacobian[X, YAW], jacobian[Y, YAW] = -sin * ahead_m - cos * left_m, cos * ahead_m - sin * left_m
        jacobian[YAW, VYAW] = jacobian[VX, AX] = jacobian[VY, AY] = dt_s
        self.state[:2] += [cos * ahead_m - sin * left_m, sin * ahead_m + cos * left_m]
        self.state[[YAW, VX, VY]] += np.multiply([vyaw, ax, ay], dt_s)
        self.state[YAW] = _wrapped(self.state[YAW])
        self.covariance = jacobian @ self.covariance @ jacobian.T + NOISE * dt_s

    def _correct(self, used: list[int], values: FloatArray, noise: FloatArray, threshold: float | None) -> bool:
        noise = noise + np.diag(np.maximum(MIN_VARIANCE - noise.diagonal(), 0.0))
        innovation = values - self.state[used]
        if YAW in used:
            innovation[used.index(YAW)] = _wrapped(innovation[used.index(YAW)])
        certainty = np.linalg.inv(self.covariance[np.ix_(used, used)] + noise)
        if threshold is not None and innovation @ certainty @ innovation >= threshold**2:
            return False
        gain = self.covariance[:, used] @ certainty
        self.state += gain @ innovation
        self.state[YAW] = _wrapped(self.state[YAW])
        left = np.eye(len(FIELDS))
        left[:, used] -= gain
        self.covariance = left @ self.covariance @ left.T + gain @ noise @ gain.T
        return True


def _wrapped(angle_rad: float) -> float:
    return math.remainder(angle_rad, math.tau)
