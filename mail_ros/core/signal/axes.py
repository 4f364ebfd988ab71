"""The axes that a window's field is read in.

    Sample --> row() -----> (3,) field in the device's own axes
    attitude                (5,) field in a gravity-aligned frame, and the device's heading in it

In the device's own axes the same corridor reads differently whenever the device is held, mounted or driven another
way. A gravity-aligned frame removes tilt and rotation; what remains is one yaw between it and the map, which matching
solves for. A constant field of the device itself, iron in a robot's body, rotates with it there: rows keep the heading
to account for that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np

from mail_ros.core.signal.attitude import heading_rad, rotate, unit
from mail_ros.core.types import FloatArray

AxesKind = Literal["device", "gravity"]


class DeviceAxes:
    """The device's own axes."""

    width, needs_attitude = 3, False

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray:
        """See `GravityAxes`."""
        return field_ut

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """See `GravityAxes`."""
        corrected: FloatArray = rows - offset_ut
        return corrected


class GravityAxes:
    """A gravity-aligned frame that does not rotate with the device; the device's offset is in its heading's axes."""

    width, needs_attitude = 5, True  # x, y, z of the field, µT; cosine and sine of the heading

    def row(self, field_ut: FloatArray, attitude_xyzw: FloatArray) -> FloatArray | None:
        """(width,) of a reading (3,) µT at an attitude (4,), see `types.Sample`; None where that is not finite."""
        attitude = unit(attitude_xyzw)
        if attitude is None:
            return None
        heading = heading_rad(attitude)
        x, y, z = rotate(attitude, field_ut).tolist()
        return np.array([x, y, z, math.cos(heading), math.sin(heading)])

    def without(self, rows: FloatArray, offset_ut: FloatArray) -> FloatArray:
        """Rows (n, width) minus a constant field (3,) µT of the device."""
        x, y, z = offset_ut.tolist()
        cos, sin = rows[:, 3], rows[:, 4]
        corrected: FloatArray = rows.copy()
        corrected[:, 0] -= cos * x - sin * y
        corrected[:, 1] -= sin * x + cos * y
        corrected[:, 2] -= z
        return corrected


AXES: Mapping[AxesKind, DeviceAxes | GravityAxes] = {"device": DeviceAxes(), "gravity": GravityAxes()}
