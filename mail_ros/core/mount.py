"""The angle between the field's axes and those in which odometry says how the device went: all hypotheses at once.

    what a window says of each cell and angle (m, k) --+--> what is expected of it, (m, k) --> the tracker's belief
    the belief over cells and turns (m, k) ------------+--> how likely each mount is --> its weight

Where the mount of the sensor is known the angle is none, and so it is at first, most likely. Where it is not known, or
wrong, it is the same all the time: how well the places and turns that the belief holds fit the windows tells it.
Belief and angle are held to be independent of each other, which they nearly are once one of them is known.
"""

from __future__ import annotations

import numpy as np

from mail_ros.core.belief import FloatArray


class MountAngle:
    """Weights of k angles, those of the belief's columns."""

    def __init__(self, angle_rad: FloatArray, deviation_rad: float, unknown: float) -> None:
        """Expect none.

        Args:
            angle_rad: (k,) evenly around the circle, from 0 on.
            deviation_rad: of a mount that is known.
            unknown: share of mounts that are not.
        """
        off_rad = (angle_rad + np.pi) % (2.0 * np.pi) - np.pi
        known = np.exp(-0.5 * np.square(off_rad / deviation_rad))
        self._first = (1.0 - unknown) * known / known.sum() + unknown / len(angle_rad)
        columns = np.arange(len(angle_rad))
        self._behind = (columns[:, None] - columns) % len(angle_rad)  # (k, k) column, angle of the window
        self.reset()

    def reset(self) -> None:
        """Know nothing but what is usual."""
        self.weight = self._first.copy()  # (k,), sums to one

    def expect(self, likelihood: FloatArray) -> FloatArray:
        """(m, k) of cells and turns of odometry, where `likelihood` (m, k) is of cells and turns of the window."""
        expected: FloatArray = likelihood @ self.weight[self._behind].T
        return expected

    def learn(self, belief: FloatArray, likelihood: FloatArray) -> None:
        """Weigh each angle by how well it joins a belief (m, k) before the window and what the window says."""
        together = belief.T @ likelihood  # (k, k) turn of odometry, turn of the window
        weight = self.weight * np.bincount(self._behind.ravel(), together.ravel(), minlength=len(self.weight))
        self.weight = weight / weight.sum()
