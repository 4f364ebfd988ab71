"""Magnetized blocks and wires, and their field; the only module that imports magpylib."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mail_ros.core.types import FloatArray

NEGLIGIBLE_UT = 0.1  # the field of a block is left out where it is weaker


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
