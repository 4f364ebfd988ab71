"""Steel in a hall: columns and machines on its floor, racks along its edge, rebar and beams below, beams above."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np

from mail_ros.core.types import FloatArray
from mail_ros.data.simulator.bodies import Block, Wire, rebar
from mail_ros.data.simulator.hall import COLUMN_M, MACHINE_M, Hall

CEILING_M = 3.2
RACK_M = (2.4, 0.8, 2.2)  # along the edge, across, up
MACHINE_HEIGHT_M = 1.5
DOOR_M = 1.5  # from the door to the nearest rack
# Standard deviation of µ0 times the remanent magnetization, along each axis
COLUMN_UT, MACHINE_UT, RACK_UT, SLAB_BEAM_UT, CEILING_BEAM_UT = 1260.0, 380.0, 150.0, 6e3, 2.4e4
BARS = 1.8  # strength of the rebar, as a multiple of that under corridors
BEAM_M, BEAM_DEPTH_M = 0.2, 0.8  # height and width; from the floor to its middle
STRAY_A = 2.0  # standard deviation of the net direct current in a cable


def hall_bodies(hall: Hall, rng: np.random.Generator) -> tuple[list[Block], list[Wire]]:
    """The blocks and wires of one floor."""
    blocks = [
        *_upright(hall.column_m, (COLUMN_M, COLUMN_M, CEILING_M), COLUMN_UT, rng),
        *_upright(hall.machine_m, (*MACHINE_M, MACHINE_HEIGHT_M), MACHINE_UT, rng),
        *_racks(hall, rng),
        *_bars(hall, rng),
        *_beams(hall, -BEAM_DEPTH_M, SLAB_BEAM_UT, rng),
        *_beams(hall, CEILING_M, CEILING_BEAM_UT, rng),
    ]
    return blocks, _cables(hall, rng)


def _upright(
    at_m: FloatArray, size_m: tuple[float, float, float], remanent_ut: float, rng: np.random.Generator
) -> list[Block]:
    """Equal blocks on the floor, magnetized upwards by the Earth, and in all directions from the steel mill."""
    found = []
    for x, y in at_m.tolist():
        pole_ut = rng.normal([0.0, 0.0, -0.4 * remanent_ut], [remanent_ut / 2.0, remanent_ut / 2.0, remanent_ut])
        found.append(Block((x, y, size_m[2] / 2.0), size_m, _triple(pole_ut)))
    return found


def _racks(hall: Hall, rng: np.random.Generator) -> list[Block]:
    """Racks side by side behind the edge of the free floor, except at the door."""
    along_m, across_m, up_m = RACK_M
    found = []
    door_m = np.full(2, np.inf) if hall.doorway is None else hall.doorway.corner_m[1]
    for axis in (0, 1):
        for edge_m, side in ((hall.low_m[1 - axis], -1.0), (hall.high_m[1 - axis], 1.0)):
            for start_m in np.arange(hall.low_m[axis], hall.high_m[axis] - along_m, along_m):
                centre_m = np.empty(2)
                centre_m[axis], centre_m[1 - axis] = start_m + along_m / 2.0, edge_m + side * across_m / 2.0
                pole_ut = rng.normal(scale=RACK_UT, size=3)
                if rng.random() < hall.racks and np.linalg.norm(centre_m - door_m) > along_m / 2.0 + DOOR_M:
                    size_m = (along_m, across_m, up_m) if axis == 0 else (across_m, along_m, up_m)
                    x, y = centre_m.tolist()
                    found.append(Block((x, y, up_m / 2.0), size_m, _triple(pole_ut)))
    return found


def _bars(hall: Hall, rng: np.random.Generator) -> list[Block]:
    """Rebar under the whole floor."""
    length_m, width_m = (hall.high_m - hall.low_m).tolist()
    start_m = hall.low_m + np.array([0.0, width_m / 2.0])
    bars = [bar.block(start_m, np.array([1.0, 0.0])) for bar in rebar(length_m, width_m / 2.0, rng)]
    return [dataclasses.replace(bar, polarization_ut=_triple(BARS * np.array(bar.polarization_ut))) for bar in bars]


def _beams(hall: Hall, up_m: float, remanent_ut: float, rng: np.random.Generator) -> list[Block]:
    """Steel beams under the slab or the ceiling, magnetized lengthwise, from column to column and to the walls."""
    found = []
    for axis in (0, 1):
        ends_m = np.unique(np.concatenate([hall.column_m[:, axis], [hall.low_m[axis], hall.high_m[axis]]]))
        for other_m in np.unique(hall.column_m[:, 1 - axis]):
            for start_m, end_m in itertools.pairwise(ends_m.tolist()):
                centre_m, size_m, pole_ut = np.full(3, up_m), np.full(3, BEAM_M), np.zeros(3)
                centre_m[axis], centre_m[1 - axis] = (start_m + end_m) / 2.0, other_m
                size_m[axis], pole_ut[axis] = end_m - start_m, rng.normal(scale=remanent_ut)
                found.append(Block(_triple(centre_m), _triple(size_m), _triple(pole_ut)))
    return found


def _cables(hall: Hall, rng: np.random.Generator) -> list[Wire]:
    """One under the ceiling along each long edge."""
    (low_x, low_y), (high_x, high_y) = hall.low_m.tolist(), hall.high_m.tolist()
    return [
        Wire((low_x, y, CEILING_M), (high_x, y, CEILING_M), float(rng.normal(scale=STRAY_A))) for y in (low_y, high_y)
    ]


def _triple(vector: FloatArray) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z
