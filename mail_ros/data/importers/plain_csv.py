"""Plain CSV: the format for surveys without a format of their own.

The first line names the columns, in any order:

    time_s,mag_x_ut,mag_y_ut,mag_z_ut,x_m,y_m,floor
    1750000000.00,18.2,-3.1,-44.0,2.0,3.5,0      a reading at a landmark
    1750000000.02,18.3,-3.0,-44.1,,,             a reading
    1750000000.03,,,,9.0,3.5,0                   a landmark between two readings

| column                                      | is                                                             |
|---------------------------------------------|----------------------------------------------------------------|
| time_s                                      | seconds since the epoch or since any start, never decreasing    |
| mag_x_ut, mag_y_ut, mag_z_ut                | field in µT in the sensor's axes; empty without a reading       |
| x_m, y_m (optional)                         | position in the map, metres; empty if unknown                   |
| floor (optional)                            | whole number; empty is 0                                        |
| qx, qy, qz, qw, gyro_x_rad_s, gyro_y_rad_s, | all or none: attitude of the sensor in an east-north-up frame,  |
| gyro_z_rad_s, acc_x_m_s2, acc_y_m_s2,       | angular rates, and acceleration with gravity; empty without a   |
| acc_z_m_s2                                  | reading                                                         |

Every reading may have a position, from a tracker: see `dense_positions.py`. Lines that begin with `#` are skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import BoolArray, FloatArray, IntArray
from mail_ros.data.importers.dense_positions import landmarks_from_positions
from mail_ros.data.importers.imported_walk import ImportedWalk, line_error
from mail_ros.data.importers.table import Table, read_table
from mail_ros.data.track import ImuSeries, Landmark

TIME = "time_s"
FIELD = ("mag_x_ut", "mag_y_ut", "mag_z_ut")
POSITION = ("x_m", "y_m")
FLOOR = "floor"
ATTITUDE = ("qx", "qy", "qz", "qw")
RATE = ("gyro_x_rad_s", "gyro_y_rad_s", "gyro_z_rad_s")
ACCELERATION = ("acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2")
IMU = (*ATTITUDE, *RATE, *ACCELERATION)
MAX_FLOOR = 1000
REQUIRED = (TIME, *FIELD)
KNOWN = (*REQUIRED, *POSITION, FLOOR, *IMU)


def read_plain_csv(path: Path) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: a column is missing or unknown, a cell is not a number, or a triple is incomplete; lines are named.
    """
    table = read_table(path)
    _check_names(table)
    stamp_ns = table.stamps(TIME, per_s=1)
    field_ut = table.columns(*FIELD)
    read = _whole(table, field_ut, FIELD)
    if not read.any():
        raise BagError(path, wanted="readings of the field", found="empty cells only", fix="export it again")
    return ImportedWalk(
        name=path.stem,
        stamp_ns=stamp_ns[read],
        field_ut=field_ut[read],
        landmarks=_landmarks(table, stamp_ns),
        imu=_imu(table, stamp_ns),
    )


def _check_names(table: Table) -> None:
    names = set(table.names)
    missing = [name for name in REQUIRED if name not in names]
    for group in (POSITION, IMU):
        missing += [name for name in group if name not in names and names & set(group)]
    if missing:
        raise BagError(
            table.path,
            wanted=f"the columns {', '.join(missing)}",
            found=", ".join(table.names),
            fix="add them, or name them so in the first line",
        )
    if unknown := [name for name in table.names if name not in KNOWN or table.names.count(name) > 1]:
        raise BagError(
            table.path,
            wanted=f"columns of {', '.join(KNOWN)}, each once",
            found=", ".join(unknown),
            fix="correct the names, or take these columns out",
        )


def _whole(table: Table, values: FloatArray, names: tuple[str, ...]) -> BoolArray:
    """(n,) whether a row has values in all of some columns.

    Raises:
        BagError: a row has values in a part of them.
    """
    given = np.isfinite(values)
    whole = np.asarray(given.all(axis=1), dtype=np.bool_)
    for row in np.flatnonzero(given.any(axis=1) & ~whole)[:1]:
        wanted, found = f"numbers for all or none of {', '.join(names)}", f"{int(given[row].sum())} of {len(names)}"
        raise line_error(table.path, table.lines[row], wanted, found, "complete the line, or empty all of them")
    return whole


def _landmarks(table: Table, stamp_ns: IntArray) -> tuple[Landmark, ...]:
    if POSITION[0] not in table.names:
        return ()
    position_m = table.columns(*POSITION)
    known = _whole(table, position_m, POSITION)
    floor = np.nan_to_num(table.column(FLOOR)) if FLOOR in table.names else np.zeros(len(stamp_ns))
    for row in np.flatnonzero((floor != np.round(floor)) | (np.abs(floor) > MAX_FLOOR))[:1]:
        fix = "number the floors: 0, 1, -1 and so on"
        raise line_error(table.path, table.lines[row], "a whole number as floor", f"{floor[row]:g}", fix)
    return landmarks_from_positions(stamp_ns[known], position_m[known], floor[known].astype(np.int64))


def _imu(table: Table, stamp_ns: IntArray) -> ImuSeries | None:
    if IMU[0] not in table.names:
        return None
    values = table.columns(*IMU)
    read = _whole(table, values, IMU)
    return ImuSeries(stamp_ns[read], values[read, 0:4], values[read, 4:7], values[read, 7:10]) if read.any() else None
