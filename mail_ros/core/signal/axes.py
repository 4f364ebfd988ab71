"""The axes that a window's field is read in.

    Sample --> Axes.row --> (3,) field in the device's own axes
    attitude                (5,) field in a gravity-aligned frame that does not turn with the device, and its heading

In the device's own axes the same corridor reads differently whenever the device is held, mounted or driven in another
orientation. A gravity-aligned frame removes tilt and rotation; one yaw angle against the map is left, which matching
solves for. A constant field of the device itself, iron in a robot's body, rotates in that frame with the heading,
which every row therefore keeps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, Protocol

import numpy as np

from mail_ros.core.signal.attitude import heading_rad, turned, unit
from mail_ros.core.signal.resampling import FloatArray

AxesKind = Literal["device", "gravity"]


class Axes(Protocol):
    """Makes rows of samples, and takes a device's own field out of rows."""

    width: int  # numbers in a row
    needs_attitude: bool

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray | None:
        """(width,) row of a reading (3,) µT at an attitude (4,), see `Sample`; None if the attitude is not finite."""

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """Rows (n, width) of a device that has a field (3,) µT of its own, as of one that has none."""


class DeviceAxes:
    """The device's own axes."""

    width, needs_attitude = 3, False

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray:
        """See `Axes`."""
        return field_ut

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """See `Axes`."""
        freed: FloatArray = rows - offset_ut
        return freed


class GravityAxes:
    """A gravity-aligned frame that does not turn; the device's own field is in one that turns with its heading."""

    width, needs_attitude = 5, True  # x, y, z of the field, µT; cosine and sine of the heading

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray | None:
        """See `Axes`."""
        attitude = unit(attitude_xyzw)
        if attitude is None:
            return None
        heading = heading_rad(attitude)
        x, y, z = turned(attitude, field_ut).tolist()
        return np.array([x, y, z, math.cos(heading), math.sin(heading)])

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """See `Axes`."""
        x, y, z = offset_ut.tolist()
        cos, sin = rows[:, 3], rows[:, 4]
        freed: FloatArray = rows.copy()
        freed[:, 0] -= cos * x - sin * y
        freed[:, 1] -= sin * x + cos * y
        freed[:, 2] -= z
        return freed


AXES: Mapping[AxesKind, Axes] = {"device": DeviceAxes(), "gravity": GravityAxes()}
