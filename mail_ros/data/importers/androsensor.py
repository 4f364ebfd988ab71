"""AndroSensor (Fiv Asim; Android): one CSV file, with a line per tick and the newest value of every sensor in it.

    ACCELEROMETER X (m/s²);...;GRAVITY X (m/s²);...;GYROSCOPE X (rad/s);...;MAGNETIC FIELD X (μT);...;
    ORIENTATION Z (azimuth °);ORIENTATION X (pitch °);ORIENTATION Y (roll °);...;
    Time since start in ms ;YYYY-MO-DD HH-MI-SS_SSS

Cells are separated by `;` or `,`; the first line may be `sep=;`, and the line of names may be repeated. The last column
has the time of day without a zone, as 2026-12-01 10:00:05:250; it is read as UTC. The field is Android's calibrated
one. The attitude is composed of gravity, or else of acceleration, and the azimuth, since the app does not document
the signs of its other angles. Files whose names of columns were changed by others (as in IO-VNBD) may have
`ORIENTATION (Yaw) (°)` and `TIME SINCE START (ms)`.

Source: names of columns and times as in projects that read logs of the app. No whole log was at hand.
"""

from __future__ import annotations

from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.core.types import IntArray
from mail_ros.data.importers.app_table import anchored, axes, clock_stamps, find, read_export, series
from mail_ros.data.importers.imported_walk import MS_PER_S, ImportedWalk, Series
from mail_ros.data.importers.phone_imu import from_gravity_and_azimuth, phone_readings
from mail_ros.data.importers.table import Table

SINCE_START = r"time since start.*"
DATE = r".*yyyy-mo-dd.*"
ACCELERATION = r"accelerometer {}\b.*"
AZIMUTH = r"orientation (z )?\((azimuth|yaw).*"


def read_androsensor(path: Path) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: no times or no field, or a broken line, which is named.
    """
    table = read_export(path)
    elapsed, names = find(table, SINCE_START), axes(table, r"magnetic field {}\b.*")
    if elapsed is None or names is None or not table.rows:
        raise BagError(
            path,
            wanted="lines with MAGNETIC FIELD X (μT), Y, Z and Time since start in ms",
            found=f"{', '.join(table.names) or 'no column'}; {len(table.rows)} lines",
            fix="turn the magnetometer on in the app, or correct the names",
        )
    stamp_ns = table.unordered_stamps(elapsed, MS_PER_S)
    if date := find(table, DATE):
        stamp_ns = anchored(stamp_ns, clock_stamps(table, date))

    def readings(pattern: str) -> Series | None:
        return series(table, stamp_ns, axes(table, pattern))

    field = series(table, stamp_ns, names)
    if field is None:
        raise BagError(path, wanted="readings of the field", found="empty cells only", fix="record it again")
    inertial, remarks = phone_readings(
        lambda: from_gravity_and_azimuth(
            readings(r"gravity {}\b.*") or readings(ACCELERATION), _azimuth(table, stamp_ns)
        ),
        lambda: readings(r"gyroscope {}\b.*"),
        lambda: readings(ACCELERATION),
    )
    return ImportedWalk(path.stem, *field, (), notes={"device": "Android"}, remarks=remarks, inertial=inertial)


def _azimuth(table: Table, stamp_ns: IntArray) -> Series | None:
    name = find(table, AZIMUTH)
    return None if name is None else series(table, stamp_ns, [name])
