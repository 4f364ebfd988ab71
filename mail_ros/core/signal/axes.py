"""The axes that a window's field is read in.

    Sample --> Frame.row --> (3,) field in the device's own axes
    attitude                 (5,) field in level axes that do not turn with the device, and where it looks

In the device's own axes the same corridor looks another way whenever the device is held, mounted or driven another
way. Level axes take tilt and turns out; what is left is one angle between them and the map, which matching solves
for. A constant field of the device itself, iron in a robot's body, turns with it there: the heading is kept to say so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from mail_ros.core.config import FrameKind
from mail_ros.core.signal.attitude import heading_rad, turned, unit
from mail_ros.core.signal.resampling import FloatArray


class Frame(Protocol):
    """Makes rows of samples, and takes a device's own field out of rows."""

    width: int  # of a row

    levels: bool  # whether it needs an attitude

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray | None:
        """(width,) of a reading (3,) µT at an attitude (4,), see `seam.Sample`; None where that is not finite."""

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """Rows (n, width) of a device that has a field (3,) µT of its own, as of one that has none."""


class DeviceFrame:
    """The device's own axes."""

    width, levels = 3, False

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray:
        """See `Frame`."""
        return field_ut

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """See `Frame`."""
        freed: FloatArray = rows - offset_ut
        return freed


class LevelFrame:
    """Level axes that stand still; the device's own field is in axes that are level and look where it looks."""

    width, levels = 5, True  # x, y, z of the field, µT; cosine and sine of the heading

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray | None:
        """See `Frame`."""
        attitude = unit(attitude_xyzw)
        if attitude is None:
            return None
        heading = heading_rad(attitude)
        x, y, z = turned(attitude, field_ut).tolist()
        return np.array([x, y, z, math.cos(heading), math.sin(heading)])

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """See `Frame`."""
        x, y, z = offset_ut.tolist()
        cos, sin = rows[:, 3], rows[:, 4]
        freed: FloatArray = rows.copy()
        freed[:, 0] -= cos * x - sin * y
        freed[:, 1] -= sin * x + cos * y
        freed[:, 2] -= z
        return freed


FRAMES: Mapping[FrameKind, Frame] = {"device": DeviceFrame(), "level": LevelFrame()}
