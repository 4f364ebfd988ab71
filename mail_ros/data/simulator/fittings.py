"""Steel along a corridor and under it: columns, doors, radiators, machines, rebar, a lift.

Positions are along the corridor, to the left of its centre line and above the floor; `Fitting.block` transforms them
into the map. Corridors that share their fittings look alike to a magnetometer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.bodies import Block

WALL_M = 1.15  # from the centre line
COLUMNS_M, DOORS_M, RADIATORS_M = 6.0, (2.5, 5.0), (4.0, 9.0)  # spacing
REBAR_1_M2, BAR_M, BARS_M = 1.6, 0.012, (0.3, 0.9)  # pieces per square metre; their thickness and length
# Standard deviation of µ0 times the remanent magnetization, along each axis
COLUMN_UT, DOOR_UT, RADIATOR_UT, MACHINE_UT, BAR_UT = 700.0, 4e3, 1.2e3, 380.0, 1e5
MACHINES_M, ROOM_M = (2.0, 5.0), (2.5, 4.5)  # spacing; distance from the centre line
COVER_M = 0.05  # concrete over the rebar
HALF_REBAR_M = 1.4  # from the centre line to the last bar


@dataclass(frozen=True)
class Fitting:
    """A block beside or below a corridor."""

    along_m: float
    left_m: float
    up_m: float
    size_m: tuple[float, float, float]  # along, across, up
    polarization_ut: tuple[float, float, float]  # along, across, up

    def block(self, start_m: FloatArray, ahead: FloatArray) -> Block:
        """The block in a corridor from `start_m` (2,) along an axis of the map, `ahead` (2,)."""
        left = np.array([-ahead[1], ahead[0]])
        x_m, y_m = start_m + self.along_m * ahead + self.left_m * left
        size_x, size_y = np.abs(self.size_m[0] * ahead + self.size_m[1] * left)
        pole_x, pole_y = self.polarization_ut[0] * ahead + self.polarization_ut[1] * left
        return Block(
            (float(x_m), float(y_m), self.up_m),
            (float(size_x), float(size_y), self.size_m[2]),
            (float(pole_x), float(pole_y), self.polarization_ut[2]),
        )


def fittings(length_m: float, rng: np.random.Generator) -> list[Fitting]:
    """All fittings of a corridor of this length."""
    return [
        *_columns(length_m, rng),
        *_doors(length_m, rng),
        *_radiators(length_m, rng),
        *_machines(length_m, rng),
        *_rebar(length_m, rng),
    ]


def mixed(
    pattern: Sequence[Fitting], own: Sequence[Fitting], similarity: float, rng: np.random.Generator
) -> list[Fitting]:
    """A corridor's fittings: this fraction of the pattern's, the rest its own."""
    return [
        *(each for each in pattern if rng.random() < similarity),
        *(each for each in own if rng.random() >= similarity),
    ]


def lift(left_m: float, rng: np.random.Generator) -> Fitting:
    """A lift's shaft, relative to the start of its corridor."""
    vertical_ut = float(rng.choice([-1.0, 1.0]) * rng.uniform(200.0, 400.0))
    lateral_ut = rng.normal(scale=80.0, size=2)
    return Fitting(0.0, left_m, 1.4, (1.6, 1.6, 2.8), (float(lateral_ut[0]), float(lateral_ut[1]), vertical_ut))


def _columns(length_m: float, rng: np.random.Generator) -> list[Fitting]:
    found = []
    for along_m in np.arange(COLUMNS_M / 2.0, length_m, COLUMNS_M):
        for side in (-1.0, 1.0):
            # Induced by the Earth, and remanent from the steel mill
            pole_ut = rng.normal([0.0, 0.0, -300.0], [COLUMN_UT / 2.0, COLUMN_UT / 2.0, COLUMN_UT])
            found.append(Fitting(float(along_m), side * (WALL_M + 0.2), 1.5, (0.25, 0.25, 2.9), _triple(pole_ut)))
    return found


def _doors(length_m: float, rng: np.random.Generator) -> list[Fitting]:
    return [
        Fitting(
            along_m, _side(rng) * (WALL_M + 0.05), 1.0, (0.9, 0.006, 2.0), _triple(rng.normal(scale=DOOR_UT, size=3))
        )
        for along_m in _row(length_m, DOORS_M, rng)
    ]


def _radiators(length_m: float, rng: np.random.Generator) -> list[Fitting]:
    return [
        Fitting(
            along_m, _side(rng) * (WALL_M - 0.05), 0.5, (1.0, 0.02, 0.6), _triple(rng.normal(scale=RADIATOR_UT, size=3))
        )
        for along_m in _row(length_m, RADIATORS_M, rng)
    ]


def _machines(length_m: float, rng: np.random.Generator) -> list[Fitting]:
    """Cabinets, fridges and machines in adjacent rooms: far and large."""
    return [
        Fitting(
            along_m,
            _side(rng) * rng.uniform(*ROOM_M),
            0.9,
            (0.8, 0.8, 1.8),
            _triple(rng.normal(scale=MACHINE_UT, size=3)),
        )
        for along_m in _row(length_m, MACHINES_M, rng)
    ]


def _rebar(length_m: float, rng: np.random.Generator) -> list[Fitting]:
    """Pieces of bars, magnetized lengthwise: the magnetization changes from piece to piece."""
    found = []
    for _ in range(round(REBAR_1_M2 * length_m * 2.0 * HALF_REBAR_M)):
        bar_m, lengthwise = rng.uniform(*BARS_M), rng.random() < 0.5
        pole_ut = rng.normal(scale=BAR_UT)
        up_m = -COVER_M - BAR_M / 2.0 - (0.0 if lengthwise else BAR_M)
        size_m = (bar_m, BAR_M, BAR_M) if lengthwise else (BAR_M, bar_m, BAR_M)
        polarization_ut = (pole_ut, 0.0, 0.0) if lengthwise else (0.0, pole_ut, 0.0)
        position_m = rng.uniform([0.0, -HALF_REBAR_M], [length_m, HALF_REBAR_M])
        found.append(Fitting(float(position_m[0]), float(position_m[1]), up_m, size_m, polarization_ut))
    return found


def _row(length_m: float, spacing_m: tuple[float, float], rng: np.random.Generator) -> list[float]:
    """Positions along a corridor at random spacings."""
    found, at_m = [], rng.uniform(0.5, spacing_m[1])
    while at_m < length_m:
        found.append(float(at_m))
        at_m += rng.uniform(*spacing_m)
    return found


def _side(rng: np.random.Generator) -> float:
    return 1.0 if rng.random() < 0.5 else -1.0


def _triple(vector: FloatArray) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z
