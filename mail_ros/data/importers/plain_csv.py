"""Plain CSV: the format to write if you have none yet.

The first line names the columns, in any order:

    time_s,mag_x_ut,mag_y_ut,mag_z_ut,x_m,y_m,floor
    1750000000.00,18.2,-3.1,-44.0,2.0,3.5,0      a reading, taken where a landmark is
    1750000000.02,18.3,-3.0,-44.1,,,             a reading
    1750000000.03,,,,9.0,3.5,0                   a landmark, passed between two readings

| column                                      | is                                                             |
|---------------------------------------------|----------------------------------------------------------------|
| time_s                                      | seconds, since the epoch or since anything, never going back    |
| mag_x_ut, mag_y_ut, mag_z_ut                | field in µT in the sensor's own axes; empty where none was read |
| x_m, y_m (may be left out)                  | place in the map, metres; empty where it is not known           |
| floor (may be left out)                     | whole number; 0 where it is empty                               |
| qx, qy, qz, qw, gyro_x_rad_s, gyro_y_rad_s, | all or none: attitude of the sensor in an east-north-up frame,  |
| gyro_z_rad_s, acc_x_m_s2, acc_y_m_s2,       | rates, and acceleration with gravity in it; empty where none    |
| acc_z_m_s2                                  | was read                                                        |

Places in every reading, from a tracker, are welcome too: see `truth.py`. Lines that begin with `#` are skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.data.importers.dense_positions import landmarks_from_positions
from mail_ros.data.importers.imported_walk import ImportedWalk
from mail_ros.data.importers.table import Table, read_table
from mail_ros.data.track import BoolArray, FloatArray, ImuSeries, IntArray, Landmark

TIME = "time_s"
FIELD = ("mag_x_ut", "mag_y_ut", "mag_z_ut")
PLACE = ("x_m", "y_m")
FLOOR = "floor"
ATTITUDE = ("qx", "qy", "qz", "qw")
RATE = ("gyro_x_rad_s", "gyro_y_rad_s", "gyro_z_rad_s")
ACCELERATION = ("acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2")
IMU = (*ATTITUDE, *RATE, *ACCELERATION)
HIGHEST_FLOOR = 1000
REQUIRED = (TIME, *FIELD)
KNOWN = (*REQUIRED, *PLACE, FLOOR, *IMU)


def read_plain_csv(path: Path) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: a column is missing or unknown, a cell is no number, or a triple is there in part; lines are named.
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
        notes={"source": path.name, "importer": "csv"},
    )


def _check_names(table: Table) -> None:
    names = set(table.names)
    missing = [name for name in REQUIRED if name not in names]
    for group in (PLACE, IMU):
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
    """(n,) rows where all of some columns are there.

    Raises:
        BagError: a row has some of them.
    """
    there = np.isfinite(values)
    whole = np.asarray(there.all(axis=1), dtype=np.bool_)
    for row in np.flatnonzero(there.any(axis=1) & ~whole)[:1]:
        raise BagError(
            f"{table.path}, line {table.lines[row]}",
            wanted=f"numbers for all or none of {', '.join(names)}",
            found=f"{int(there[row].sum())} of {len(names)}",
            fix="complete the line, or empty all of them",
        )
    return whole


def _landmarks(table: Table, stamp_ns: IntArray) -> tuple[Landmark, ...]:
    if PLACE[0] not in table.names:
        return ()
    position_m = table.columns(*PLACE)
    known = _whole(table, position_m, PLACE)
    floor = np.nan_to_num(table.column(FLOOR)) if FLOOR in table.names else np.zeros(len(stamp_ns))
    for row in np.flatnonzero((floor != np.round(floor)) | (np.abs(floor) > HIGHEST_FLOOR))[:1]:
        raise BagError(
            f"{table.path}, line {table.lines[row]}",
            wanted="a whole number as floor",
            found=f"{floor[row]:g}",
            fix="number the floors: 0, 1, -1 and so on",
        )
    return landmarks_from_positions(stamp_ns[known], position_m[known], floor[known].astype(np.int64))


def _imu(table: Table, stamp_ns: IntArray) -> ImuSeries | None:
    if IMU[0] not in table.names:
        return None
    values = table.columns(*IMU)
    read = _whole(table, values, IMU)
    return ImuSeries(stamp_ns[read], values[read, 0:4], values[read, 4:7], values[read, 7:10]) if read.any() else None
