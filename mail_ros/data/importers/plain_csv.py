"""Plain CSV: the format for surveys without a format of their own.

The first line names the columns, in any order:

    time_s,mag_x_ut,mag_y_ut,mag_z_ut,x_m,y_m,floor
    1750000000.00,18.2,-3.1,-44.0,2.0,3.5,0      a reading at a landmark
    1750000000.02,18.3,-3.0,-44.1,,,             a reading
    1750000000.03,,,,9.0,3.5,0                   a landmark between two readings

| column                                      | is                                                             |
|---------------------------------------------|----------------------------------------------------------------|
| time_s                                      | seconds since the epoch or since any start, never decreasing    |
| mag_x_ut, mag_y_ut, mag_z_ut                | field in µT in the sensor's axes; empty without a reading. Other |
|                                             | units: mag_x_nt, mag_x_mgauss, mag_x_gauss, mag_x_t, and so on   |
| x_m, y_m (optional)                         | position in the map, metres; empty if unknown                   |
| latitude_deg, longitude_deg (optional)      | the same by the site's origin, instead of x_m and y_m           |
| floor (optional)                            | whole number; empty is 0                                        |
| odom_x_m, odom_y_m; or distance_m           | odometry of a robot: position in its own frame, or distance     |
|                                             | travelled in all, which falls in reverse; with one of           |
| yaw_rad; or yaw_deg; or heading_deg         | rotation about the vertical, counterclockwise; or the angle of a |
|                                             | compass, clockwise                                              |
| qx, qy, qz, qw                              | attitude of the sensor in an east-north-up frame; estimated from |
|                                             | the next two, where it is missing                               |
| gyro_x_rad_s, gyro_y_rad_s, gyro_z_rad_s    | angular rates                                                   |
| acc_x_m_s2, acc_y_m_s2, acc_z_m_s2          | acceleration, with gravity                                      |

Cells of a group of columns are empty together, without a reading. Every reading may have a position, from a tracker:
see `dense_positions.py`. Lines that begin with `#` are skipped.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.signal.field_units import UNITS_PER_UT
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.importers.csv_positions import DEGREES, MAX_FLOOR, POSITION, positions_m
from mail_ros.data.importers.dense_positions import landmarks_from_positions
from mail_ros.data.importers.imported_walk import ImportedWalk, InertialReadings, Series, line_error
from mail_ros.data.importers.robot_columns import DISTANCE, ODOMETRY, YAW, robot_odometry
from mail_ros.data.importers.table import Table, read_table, whole_rows
from mail_ros.data.origin import Origin
from mail_ros.data.track import Landmark

TIME, FLOOR = "time_s", "floor"
UNITS = {"ut": "microtesla", "nt": "nanotesla", "mgauss": "milligauss", "gauss": "gauss", "t": "tesla"}
FIELDS = {unit: tuple(f"mag_{axis}_{unit}" for axis in "xyz") for unit in UNITS}
ATTITUDE = ("qx", "qy", "qz", "qw")
RATE = ("gyro_x_rad_s", "gyro_y_rad_s", "gyro_z_rad_s")
ACCELERATION = ("acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2")
GROUPS = (*FIELDS.values(), POSITION, DEGREES, ODOMETRY, ATTITUDE, RATE, ACCELERATION)  # all or none of each
ONE_OF = ((FIELDS["ut"], *list(FIELDS.values())[1:]), (POSITION, DEGREES), (ODOMETRY, DISTANCE), YAW)
KNOWN = (TIME, FLOOR, *DISTANCE, *(name for group in (*GROUPS, *YAW) for name in group))


def read_plain_csv(path: Path, origin: Origin | None = None) -> ImportedWalk:
    """One walk from one file.

    Args:
        path: the file.
        origin: latitude and longitude of the map's origin, for positions in degrees.

    Raises:
        BagError: a column is missing or unknown, a cell is not a number, a group of cells is incomplete, or positions
            or odometry are in another unit; lines are named.
    """
    table = read_table(path)
    _check_names(table)
    stamp_ns = table.stamps(TIME, per_s=1)
    unit = next(unit for unit, names in FIELDS.items() if names[0] in table.names)
    field_ut = table.columns(*FIELDS[unit]) / UNITS_PER_UT[UNITS[unit]]
    read = whole_rows(table, field_ut, FIELDS[unit])
    if not read.any():
        raise BagError(path, wanted="readings of the field", found="empty cells only", fix="export it again")
    return ImportedWalk(
        name=path.stem,
        stamp_ns=stamp_ns[read],
        field_ut=field_ut[read],
        landmarks=_landmarks(table, stamp_ns, origin),
        inertial=InertialReadings(*(_series(table, stamp_ns, names) for names in (ATTITUDE, RATE, ACCELERATION))),
        odometry=robot_odometry(table, stamp_ns),
    )


def _check_names(table: Table) -> None:
    names = set(table.names)
    missing = [name for group in GROUPS for name in group if names & set(group) and name not in names]
    missing += [TIME] if TIME not in names else []
    missing += FIELDS["ut"] if not any(names & set(group) for group in FIELDS.values()) else []
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
    for groups in ONE_OF:
        if len(given := [group for group in groups if names & set(group)]) > 1:
            listed = [", ".join(group) for group in given]
            raise BagError(table.path, wanted=" or ".join(listed), found="both", fix="take one of them out")


def _landmarks(table: Table, stamp_ns: IntArray, origin: Origin | None) -> tuple[Landmark, ...]:
    names = next((group for group in (POSITION, DEGREES) if group[0] in table.names), None)
    if names is None:
        return ()
    known, position_m = positions_m(table, names, origin)
    floor = np.nan_to_num(table.column(FLOOR)) if FLOOR in table.names else np.zeros(len(stamp_ns))
    for row in np.flatnonzero((floor != np.round(floor)) | (np.abs(floor) > MAX_FLOOR))[:1]:
        fix = "number the floors: 0, 1, -1 and so on"
        raise line_error(table.path, table.lines[row], "a whole number as floor", f"{floor[row]:g}", fix)
    return landmarks_from_positions(stamp_ns[known], position_m, floor[known].astype(np.int64))


def _series(table: Table, stamp_ns: IntArray, names: tuple[str, ...]) -> Series | None:
    """Readings of a sensor; None for one without columns or readings."""
    if names[0] not in table.names:
        return None
    values: FloatArray = table.columns(*names)
    read = whole_rows(table, values, names)
    return Series(stamp_ns[read], values[read]) if read.any() else None
