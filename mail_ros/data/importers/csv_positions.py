"""Positions of plain CSV: metres of the map, or degrees by the site's origin; other coordinates are refused."""

from __future__ import annotations

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.geojson import MAX_DEGREES, looks_like_degrees
from mail_ros.data.importers.imported_walk import line_error
from mail_ros.data.importers.table import Table, whole_rows
from mail_ros.data.origin import MAX_DISTANCE_M, Origin

POSITION, DEGREES = ("x_m", "y_m"), ("latitude_deg", "longitude_deg")
MAX_FLOOR = 1000
IN_DEGREES = "name the columns latitude_deg and longitude_deg, and import with --site-file, whose origin they need"


def positions_m(table: Table, names: tuple[str, ...], origin: Origin | None) -> tuple[IntArray, FloatArray]:
    """Rows (k,) with a position, and the positions (k, 2) in metres of the map frame.

    Args:
        table: the file.
        names: `POSITION` or `DEGREES`.
        origin: latitude and longitude of the map's origin.

    Raises:
        BagError: a row has one coordinate only; metres look like degrees or like a national grid; degrees are out of
            range or far from the origin, or there is no origin.
    """
    values = table.columns(*names)
    rows = np.flatnonzero(whole_rows(table, values, names))
    if names == DEGREES:
        return rows, _from_degrees(table, rows, values[rows], origin)
    _check_metres(table, rows, values[rows], origin)
    return rows, values[rows]


def _from_degrees(table: Table, rows: IntArray, values: FloatArray, origin: Origin | None) -> FloatArray:
    if origin is None:
        raise BagError(
            table.path,
            wanted="a site file with an origin, for latitudes and longitudes",
            found="none",
            fix="write origin: [LATITUDE, LONGITUDE] into the site file, and import with --site-file",
        )
    position_m = np.empty((len(rows), 2))
    for at, (row, (latitude_deg, longitude_deg)) in enumerate(zip(rows.tolist(), values.tolist(), strict=True)):
        line = table.lines[row]
        if abs(latitude_deg) > MAX_DEGREES[0] or abs(longitude_deg) > MAX_DEGREES[1]:
            found = f"{latitude_deg:g}, {longitude_deg:g}"
            raise line_error(table.path, line, "latitude and longitude in degrees", found)
        position_m[at] = origin.to_local(latitude_deg, longitude_deg, f"{table.path}, line {line}")
    return position_m


def _check_metres(table: Table, rows: IntArray, values: FloatArray, origin: Origin | None) -> None:
    for at in np.flatnonzero(np.hypot(*values.T) > MAX_DISTANCE_M)[:1]:
        raise line_error(
            table.path,
            table.lines[rows[at]],
            f"metres of the map frame, up to {MAX_DISTANCE_M / 1000:.0f} km",
            f"({values[at, 0]:.7g}, {values[at, 1]:.7g}), as of UTM or a national grid",
            "subtract the grid's coordinates of the map's origin, or write latitude_deg and longitude_deg",
        )
    if looks_like_degrees(list(map(tuple, values.tolist())), origin):
        found = f"what looks like degrees, ({values[0, 0]:g}, {values[0, 1]:g})"
        raise line_error(table.path, table.lines[rows[0]], "x_m and y_m in metres of the map frame", found, IN_DEGREES)
