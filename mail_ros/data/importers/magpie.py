"""MagPIE-like CSV: readings of a magnetometer, and positions of a reference.

    walk.csv                 one table with time, field and position in every row, or
    walk/                    a folder of one walk: one table with the field, one with the position
      magnetometer.csv       time, field x y z
      position.csv           time, position x y

MagPIE (Hanley et al., "MagPIE: A Dataset for Indoor Positioning with Magnetic Anomalies", IPIN 2017,
doi 10.1109/IPIN.2017.8115961) has magnetometer and IMU of a phone and of a wheeled robot in three buildings, and a
reference with errors of centimetres.

Uncertain: the paper gives neither names of columns nor the unit of the field, and its files were not available. Columns
are therefore found by usual names of exports (`NAMES`), such as those of `rostopic echo -p`; the unit of time by its
magnitude (seconds, ms, µs or ns since the epoch, else seconds); and the unit of the field by the magnitude of the
Earth's field, which fits one unit only. The bag's notes have the unit. Ambiguous files are refused. Every file is on
floor 0. The bag has field and positions, not the IMU.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.signal.field_units import EARTH_UT, UNITS_PER_UT, likely_unit
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.importers.dense_positions import landmarks_from_positions
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.importers.table import Table, read_table
from mail_ros.data.track import Landmark

# Quantities, and the names of their columns in order of precedence, with "_" for all but letters and digits.
NAMES: dict[str, tuple[str, ...]] = {
    "time": ("header_stamp", "stamp", "timestamp", "time", "t", "time_s", "time_ns"),
    "field x": ("magnetic_field_x", "magnetic_field_vector_x", "mag_x", "magx", "mx", "bx", "b_x"),
    "position x": (
        *("pose_pose_position_x", "pose_position_x", "position_x", "pos_x", "transform_translation_x"),
        *("gt_x", "x"),
    ),
}
AXES = ("x", "y", "z")
EPOCH_UNITS = ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3))  # minimum of a time, and units per second


def read_magpie(path: Path) -> ImportedWalk:
    """One walk from one file, or from the files of one folder.

    Raises:
        BagError: no table with a field, none with a position, an unknown unit, or a broken line, which is named.
    """
    tables = [read_table(file) for file in (sorted(path.glob("*.csv")) if path.is_dir() else [path])]
    magnetometer, reference = _only(path, tables, "field x"), _only(path, tables, "position x")
    field = magnetometer.columns(*_axes(magnetometer, "field x", 3))
    stamp_ns = _stamps(magnetometer)
    finite = np.isfinite(field).all(axis=1)
    factor, unit = _unit(magnetometer.path, field[finite])
    return ImportedWalk(
        name=path.name if path.is_dir() else path.stem,
        stamp_ns=stamp_ns[finite],
        field_ut=field[finite] * factor,
        landmarks=_landmarks(reference),
        notes={"field_unit_of_source": unit},
    )


def _only(path: Path, tables: list[Table], what: str) -> Table:
    """The only table that has time and a quantity."""
    found = [table for table in tables if _find(table, what) and _find(table, "time")]
    if len(found) != 1:
        columns = "; ".join(f"{table.path.name}: {', '.join(table.names)}" for table in tables)
        raise BagError(
            path,
            wanted=f"one table with time ({', '.join(NAMES['time'])}) and {what} ({', '.join(NAMES[what])})",
            found=columns or "no CSV file",
            fix="name the columns so, or write plain CSV (`mail_ros import csv`)",
        )
    return found[0]


def _plain(name: str) -> str:
    """`%time` is `time`, `field.header.stamp` and `/field/header/stamp` are `header_stamp`."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_").removeprefix("field_")


def _find(table: Table, what: str) -> str | None:
    """The plain name of a quantity's column."""
    plain = {_plain(name) for name in table.names}
    return next((name for name in NAMES[what] if name in plain), None)


def _axes(table: Table, what: str, count: int) -> list[str]:
    """Columns of some axes, named like that of x."""
    plain = {_plain(name): name for name in table.names}
    wanted = [str(_find(table, what)).removesuffix("x") + axis for axis in AXES[:count]]
    if missing := [name for name in wanted if name not in plain]:
        raise BagError(
            table.path, wanted=f"columns {', '.join(wanted)}", found=f"no {', '.join(missing)}", fix="export them too"
        )
    return [plain[name] for name in wanted]


def _stamps(table: Table) -> IntArray:
    name = next(name for name in table.names if _plain(name) == _find(table, "time"))
    largest = np.nanmax(table.column(name))
    per_s = next((per_s for minimum, per_s in EPOCH_UNITS if largest >= minimum), 1)
    return table.stamps(name, per_s)


def _unit(path: Path, field: FloatArray) -> tuple[float, str]:
    """Factor to µT, and the unit of the field."""
    magnitude = float(np.median(np.linalg.norm(field, axis=1))) if len(field) else np.nan
    if unit := likely_unit(magnitude, UNITS_PER_UT):
        return 1.0 / UNITS_PER_UT[unit], unit
    raise BagError(
        path,
        wanted=f"a field of {EARTH_UT[0]:g} to {EARTH_UT[1]:g} µT in {', '.join(UNITS_PER_UT)}",
        found=f"a median magnitude of {magnitude:g}",
        fix="write plain CSV in µT (`mail_ros import csv`)",
    )


def _landmarks(table: Table) -> tuple[Landmark, ...]:
    position_m = table.columns(*_axes(table, "position x", 2))
    known = np.isfinite(position_m).all(axis=1)
    floor = np.zeros(int(known.sum()), dtype=np.int64)
    return landmarks_from_positions(_stamps(table)[known], position_m[known], floor)
