"""Lanes to add to a survey: straight lines through what its map knows least, the longest first.

Greedy: of all bands of a lane's width, in twelve directions, the one with the longest unbroken part through unknown
cells is next; its cells count as surveyed from then on. Lanes along the survey's own axes are preferred.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from mail_ros.core.types import BoolArray, FloatArray, IntArray

BAND_M = 1.2  # width that a lane surveys: a map's reach to both sides
BREAK_M = 1.0  # a longer part without an unknown cell ends a lane
MIN_LANE_M = 2.0  # shorter lanes are not worth a walk
MIN_UNKNOWN_M2 = 1.0  # unknown area that a lane must survey
DIRECTIONS = 12  # an even number: the axes are the first and the middle one
PREFERENCE = 2.0  # another direction than the survey's axes must be better by this factor
MAX_LANES = 12


class AddedLane(NamedTuple):
    """A straight line to walk, in either direction."""

    start_m: tuple[float, float]
    end_m: tuple[float, float]
    area_m2: float  # unknown area along it

    def __str__(self) -> str:
        """The lane for a surveyor."""
        (x0, y0), (x1, y1) = self.start_m, self.end_m
        return f"walk from ({x0:.1f}, {y0:.1f}) to ({x1:.1f}, {y1:.1f}), for {self.area_m2:.0f} m²"


class _Band(NamedTuple):
    """Cells along a line."""

    cells: IntArray
    middle_m: float  # across its direction
    span_m: tuple[float, float]  # along it


def added_lanes(unknown_m: FloatArray, cell_m: float, axis_rad: float) -> list[AddedLane]:
    """Lanes through unknown cells.

    Args:
        unknown_m: (n, 2) centres of the cells of one floor.
        cell_m: their side.
        axis_rad: direction of the survey's lines, or of one perpendicular to them.
    """
    lanes: list[AddedLane] = []
    left = np.ones(len(unknown_m), np.bool_)
    directions = np.exp(1j * (axis_rad + np.pi * np.arange(DIRECTIONS) / DIRECTIONS))
    preference = np.where(np.arange(DIRECTIONS) % (DIRECTIONS // 2) == 0, PREFERENCE, 1.0)
    while len(lanes) < MAX_LANES and left.any():
        bands = [_longest(unknown_m, left, direction, cell_m) for direction in directions]
        best = int(np.argmax(preference * [len(band.cells) for band in bands]))
        band, direction = bands[best], directions[best]
        area_m2 = len(band.cells) * cell_m**2
        if area_m2 < MIN_UNKNOWN_M2 or band.span_m[1] - band.span_m[0] < MIN_LANE_M:
            break
        ends = [direction * complex(at_m, band.middle_m) for at_m in band.span_m]
        start_m, end_m = sorted((float(each.real), float(each.imag)) for each in ends)
        lanes.append(AddedLane(start_m, end_m, area_m2))
        left[band.cells] = False
    return lanes


def _longest(unknown_m: FloatArray, left: BoolArray, direction: complex, cell_m: float) -> _Band:
    """The unbroken part of a band in one direction that has the most cells."""
    index = np.flatnonzero(left)
    along = (unknown_m[index, 0] + 1j * unknown_m[index, 1]) * np.conj(direction)
    best = _Band(index[:0], 0.0, (0.0, 0.0))
    for shift_m in (0.0, BAND_M / 2.0):
        band = np.floor((along.imag - shift_m) / BAND_M)
        order = np.lexsort([along.real, band])
        breaks = (np.diff(band[order]) != 0) | (np.diff(along.real[order]) > BREAK_M)
        parts = np.split(order, np.flatnonzero(breaks) + 1)
        part = max(parts, key=len)
        if len(part) > len(best.cells):
            span_m = (float(along.real[part[0]]) - cell_m / 2.0, float(along.real[part[-1]]) + cell_m / 2.0)
            best = _Band(index[part], float(along.imag[part].mean()), span_m)
    return best
