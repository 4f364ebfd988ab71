"""Magnetized blocks and wires, their field, and the fittings of a corridor; the only module that imports magpylib.

Fittings are steel along a corridor and under it: columns, doors, radiators, machines, rebar, a lift. Positions are
along the corridor, to the left of its centre line and above the floor; `Fitting.block` transforms them into the map.
Corridors that share their fittings look alike to a magnetometer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray

NEGLIGIBLE_UT = 0.1  # the field of a block is left out where it is weaker
WALL_M = 1.15  # from the centre line
COLUMNS_M, DOORS_M, RADIATORS_M = 6.0, (2.5, 5.0), (4.0, 9.0)  # spacing
REBAR_1_M2, BAR_M, BARS_M = 1.6, 0.012, (0.3, 0.9)  # pieces per square metre; their thickness and length
# Standard deviation of µ0 times the remanent magnetization, along each axis
COLUMN_UT, DOOR_UT, RADIATOR_UT, MACHINE_UT, BAR_UT = 700.0, 4e3, 1.2e3, 380.0, 1e5
MACHINES_M, ROOM_M = (2.0, 5.0), (2.5, 4.5)  # spacing; distance from the centre line
COVER_M = 0.05  # concrete over the rebar
HALF_REBAR_M = 1.4  # from the centre line to the last bar


@dataclass(frozen=True)
class Block:
    """A uniformly magnetized cuboid of steel, with induced and remanent magnetization."""

    centre_m: tuple[float, float, float]  # on its floor
    size_m: tuple[float, float, float]  # along the map's axes
    polarization_ut: tuple[float, float, float]  # µ0 times its magnetization

    @property
    def reach_m(self) -> float:
        """Distance at which its field, on the axis of an equal dipole, has fallen to `NEGLIGIBLE_UT`."""
        moment = float(np.linalg.norm(self.polarization_ut) * np.prod(self.size_m))  # µT m³
        return float(np.cbrt(2.0 * moment / (4.0 * np.pi * NEGLIGIBLE_UT))) + max(self.size_m) / 2.0


@dataclass(frozen=True)
class Wire:
    """A straight cable or pipe with a direct current."""

    start_m: tuple[float, float, float]
    end_m: tuple[float, float, float]
    current_a: float


def bodies_ut(blocks: Sequence[Block], wires: Sequence[Wire], position_m: FloatArray) -> FloatArray:
    """The field (n, 3) of all bodies at positions (n, 3) outside them."""
    import magpylib  # a robot that shows the demo's building has no need to install it

    field_ut = np.zeros_like(position_m)
    for block in blocks:
        near = np.linalg.norm(position_m - np.array(block.centre_m), axis=1) < block.reach_m
        if near.any():
            cuboid = magpylib.magnet.Cuboid(
                position=block.centre_m, dimension=block.size_m, polarization=block.polarization_ut
            )
            field_ut[near] += cuboid.getB(position_m[near])  # linear: µT in, µT out
    for wire in wires:
        line = magpylib.current.Polyline(current=wire.current_a, vertices=[wire.start_m, wire.end_m])
        field_ut += 1e6 * line.getB(position_m)
    return field_ut


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
        *_along_walls(length_m, DOORS_M, WALL_M + 0.05, 1.0, (0.9, 0.006, 2.0), DOOR_UT, rng),
        *_along_walls(length_m, RADIATORS_M, WALL_M - 0.05, 0.5, (1.0, 0.02, 0.6), RADIATOR_UT, rng),
        *_machines(length_m, rng),
        *rebar(length_m, HALF_REBAR_M, rng),
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


def _along_walls(
    length_m: float,
    spacing_m: tuple[float, float],
    left_m: float,
    up_m: float,
    size_m: tuple[float, float, float],
    field_ut: float,
    rng: np.random.Generator,
) -> list[Fitting]:
    """Equal fittings, such as doors, on either wall at random spacings."""
    return [
        Fitting(along_m, _side(rng) * left_m, up_m, size_m, _triple(rng.normal(scale=field_ut, size=3)))
        for along_m in _row(length_m, spacing_m, rng)
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


def rebar(length_m: float, half_m: float, rng: np.random.Generator) -> list[Fitting]:
    """Pieces of bars under a floor that reaches `half_m` to both sides of its centre line.

    They are magnetized lengthwise; the magnetization changes from piece to piece.
    """
    found = []
    for _ in range(round(REBAR_1_M2 * length_m * 2.0 * half_m)):
        bar_m, lengthwise = rng.uniform(*BARS_M), rng.random() < 0.5
        pole_ut = rng.normal(scale=BAR_UT)
        up_m = -COVER_M - BAR_M / 2.0 - (0.0 if lengthwise else BAR_M)
        size_m = (bar_m, BAR_M, BAR_M) if lengthwise else (BAR_M, bar_m, BAR_M)
        polarization_ut = (pole_ut, 0.0, 0.0) if lengthwise else (0.0, pole_ut, 0.0)
        position_m = rng.uniform([0.0, -half_m], [length_m, half_m])
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
