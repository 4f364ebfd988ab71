"""A plan of parallel lanes through an area, before its survey: both ends of a lane are landmarks.

lanes.csv     lane,x0,y0,x1,y1      metres in the map frame, in the order of the walk
              L01,2.0,1.4,11.0,1.4  --> landmarks L01a at (2.0, 1.4) and L01b at (11.0, 1.4) of a site file
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import ConfigError
from mail_ros.core.types import BoolArray, ComplexArray, FloatArray
from mail_ros.data.yaml_text import read_text

COLUMNS = ("lane", "x0", "y0", "x1", "y1")
STEP_M = 0.1  # between positions along a lane that are tested
CLEARANCE_M = 0.4  # distance of lanes from walls and from the border of the area
MIN_LANE_M = 2.0  # shorter lanes are left out
DIRECTIONS = 12  # directions that are tried, every 15 degrees from the x axis

Area = Callable[[FloatArray], BoolArray]  # (n,) whether positions (n, 2) may be walked


class Lane(NamedTuple):
    """A straight line to walk."""

    name: str
    start_m: tuple[float, float]
    end_m: tuple[float, float]

    @property
    def length_m(self) -> float:
        """Its length."""
        return float(np.hypot(self.end_m[0] - self.start_m[0], self.end_m[1] - self.start_m[1]))


def polygon_area(corners_m: FloatArray) -> Area:
    """The inside of a polygon with corners (k, 2), by the number of edges that a ray crosses."""
    following = np.roll(corners_m, -1, axis=0)

    def inside(position_m: FloatArray) -> BoolArray:
        (x, y), found = position_m.T, np.zeros(len(position_m), np.bool_)
        for (x0, y0), (x1, y1) in zip(corners_m.tolist(), following.tolist(), strict=True):
            if y0 != y1:
                found ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        return found

    return inside


def plan_lanes(area: Area, low_m: FloatArray, high_m: FloatArray, spacing_m: float, prefix: str = "L") -> list[Lane]:
    """Lanes at a distance of about `spacing_m`, in the direction that makes them longest, there and back.

    Args:
        area: where to walk.
        low_m: (2,) lower left corner of a box around the area.
        high_m: (2,) upper right corner.
        spacing_m: distance of neighbouring lanes.
        prefix: of their names, before a number.
    """
    directions = np.exp(1j * np.pi * np.arange(DIRECTIONS) / DIRECTIONS)
    plans = [_in_direction(area, low_m, high_m, spacing_m, direction) for direction in directions]
    lengths_m = [np.abs(plan[:, 1] - plan[:, 0]) for plan in plans]
    # A random metre of lane lies in a lane of this mean length.
    score = [float((each**2).sum() / max(each.sum(), 1e-9)) for each in lengths_m]
    best = plans[int(np.argmax(np.round(score, 1)))]
    lanes = []
    for number, ends in enumerate(best, 1):
        (x0, x1), (y0, y1) = np.round(ends.real, 2).tolist(), np.round(ends.imag, 2).tolist()
        lanes.append(Lane(f"{prefix}{number:02d}", (x0, y0), (x1, y1)))
    return lanes


def _in_direction(
    area: Area, low_m: FloatArray, high_m: FloatArray, spacing_m: float, direction: complex
) -> ComplexArray:
    """(k, 2) start and end of lanes as complex numbers, in the order of the walk."""
    corners = np.array([complex(x, y) for x in (low_m[0], high_m[0]) for y in (low_m[1], high_m[1])]) / direction
    along_m = np.arange(corners.real.min(), corners.real.max() + STEP_M, STEP_M)
    across_m = np.arange(corners.imag.min(), corners.imag.max() + STEP_M, STEP_M)
    used = across_m[_walkable(area, (along_m + 1j * across_m[:, None]) * direction).any(axis=1)]
    if not len(used):
        return np.zeros((0, 2), np.complex128)
    border_m = min(0.5 * STEP_M, 0.5 * (used[-1] - used[0]))  # beyond it a lane may lie half outside
    gaps = max(1, round((used[-1] - used[0]) / spacing_m))
    found: list[tuple[complex, complex]] = []
    middle_m = np.linspace(used[0] + border_m, used[-1] - border_m, gaps + 1)
    lines = (along_m + 1j * middle_m[:, None]) * direction
    for number, (line, inside) in enumerate(zip(lines, _walkable(area, lines), strict=True)):
        parts = np.split(np.arange(len(line)), np.flatnonzero(np.diff(inside.astype(np.int64))) + 1)
        long = [part for part in parts if inside[part[0]] and (len(part) - 1) * STEP_M >= MIN_LANE_M]
        lanes = [(line[part[0]], line[part[-1]]) for part in long]
        found += lanes if number % 2 == 0 else [lane[::-1] for lane in reversed(lanes)]
    return np.array(found, np.complex128).reshape(-1, 2)


def _walkable(area: Area, position: ComplexArray) -> BoolArray:
    """Whether positions, of any shape, keep their distance from the border of the area."""
    inside = np.ones(position.size, np.bool_)
    for around in (0.0, *np.exp(0.25j * np.pi * np.arange(8))):
        moved = position.ravel() + CLEARANCE_M * around
        inside &= area(np.column_stack([moved.real, moved.imag]))
    return inside.reshape(position.shape)


def write_lanes(path: Path, lanes: Sequence[Lane]) -> None:
    """Write a plan as CSV; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((lane.name, *lane.start_m, *lane.end_m) for lane in lanes)


def lane_landmarks(path: Path) -> dict[str, list[float]]:
    """Both ends of every lane of a plan by their names, L01a and L01b, in the order of the walk.

    Raises:
        ConfigError: the file does not exist, or is not a plan of lanes.
    """
    wanted = f"lanes as CSV with the columns {', '.join(COLUMNS)}"
    rows = csv.DictReader(read_text(path, wanted).splitlines())
    if tuple(rows.fieldnames or ()) != COLUMNS:
        found = ", ".join(rows.fieldnames or ()) or "an empty file"
        raise ConfigError(path, wanted=wanted, found=found, fix="write them with `mail_ros site lanes`")
    landmarks: dict[str, list[float]] = {}
    for number, row in enumerate(rows, 2):
        try:
            x0, y0, x1, y1 = (float(row[name]) for name in COLUMNS[1:])
        except (TypeError, ValueError):
            found = ",".join(str(value) for value in row.values())
            raise ConfigError(
                f"{path}, line {number}", wanted="a name and four numbers", found=found, fix="correct the line"
            ) from None
        landmarks |= {f"{row['lane']}a": [x0, y0], f"{row['lane']}b": [x1, y1]}
    return landmarks
