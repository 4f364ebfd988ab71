"""phyphox (RWTH Aachen; Android and iOS): the zip of CSV files, one per set of data, or one of them.

    Raw Data.csv, Magnetometer.csv, ...  "Time (s)","Magnetic Field x (µT)","Magnetic Field y (µT)",...
    Accelerometer.csv, ...               "Acceleration x (m/s^2)",... with gravity
    Gyroscope.csv                        "Gyroscope x (rad/s)",...
    Orientation.csv, Attitude.csv        "w","x","y","z",...
    meta/time.csv                        "event","experiment time","system time",...: START and PAUSE
    meta/device.csv                      "property","value"

Names differ between experiments and languages: a column counts by its axis and its unit, also as "X (µT)". Numbers
have a decimal point or comma and may have an exponent, cells are quoted or not, between commas, semicolons or tabs.
Times are seconds since the start without the pauses; meta/time.csv has the date, which a single file lacks. Linear
accelerations (without gravity) are skipped. The app does not note whether its field was uncalibrated, which is a
choice in its menu. Quaternions are assumed to be of the device's axes in a frame whose z points up.

Source: github.com/phyphox/phyphox-experiments (magnetometer.phyphox), phyphox.org/wiki, and projects that read
exports, with their number formats and meta/time.csv. No whole export was at hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import IntArray
from mail_ros.data.importers.app_table import axes, find, read_export, series
from mail_ros.data.importers.imported_walk import ImportedWalk, Series
from mail_ros.data.importers.phone_imu import from_quaternions, phone_readings
from mail_ros.data.importers.table import Table

FIELD, ACCELERATION, RATE = (rf"(?!.*linear)(.*\s)?{{}} \({unit}\)" for unit in ("ut", r"m/s\^?2", "rad/s"))
TIME = r".*\(s\)|time|t"
ZEROS: IntArray = np.zeros(1, np.int64)


def read_phyphox(path: Path) -> ImportedWalk:
    """One walk from the folder of one experiment, or from one file.

    Raises:
        BagError: no table or several with a magnetic field, or a broken line, which is named.
    """
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    tables = [table for table in map(read_export, files) if table.rows and find(table, TIME)]
    fields = [table for table in tables if axes(table, FIELD)]
    if len(fields) != 1:
        found = "; ".join(f"{table.path.name}: {', '.join(table.names)}" for table in fields or tables)
        wanted = "one table with Time (s) and Magnetic Field x, y and z (µT)"
        raise BagError(path, wanted=wanted, found=found or "no table", fix="export as CSV, not Excel")
    meta, name = (path / "meta", path.name) if path.is_dir() else (path.parent / "meta", path.stem)
    clock = _clock(meta / "time.csv")
    field = _series(fields, clock, axes(fields[0], FIELD))
    if field is None:
        raise BagError(fields[0].path, wanted="readings of the field", found="empty cells only", fix="record it again")
    with_gravity = [table for table in tables if "linear" not in table.path.stem.lower()]
    inertial, remarks = phone_readings(
        lambda: from_quaternions(_series(tables, clock, ["x", "y", "z", "w"]), north_is_x=False),
        lambda: _first(tables, clock, RATE),
        lambda: _first(with_gravity, clock, ACCELERATION),
    )
    notes = {"device": _property(meta / "device.csv", "deviceModel")}
    return ImportedWalk(name, *field, (), notes=notes, remarks=remarks, inertial=inertial)


def _first(tables: list[Table], clock: tuple[IntArray, IntArray], pattern: str) -> Series | None:
    """Readings of the first table that has all axes of a unit."""
    columns = (axes(table, pattern) for table in tables)
    return next((_series(tables, clock, names) for names in columns if names), None)


def _series(tables: list[Table], clock: tuple[IntArray, IntArray], names: list[str] | None) -> Series | None:
    """Readings of the first table that has some columns."""
    for table in tables:
        if names and set(names) <= set(table.names):
            since_start_ns = table.unordered_stamps(str(find(table, TIME)), 1)
            at = np.maximum(np.searchsorted(clock[0], since_start_ns, side="right") - 1, 0)
            return series(table, clock[1][at] + since_start_ns - clock[0][at], names)
    return None


def _clock(path: Path) -> tuple[IntArray, IntArray]:
    """Time of the experiment, and time since the epoch, at each start, ns."""
    table = read_export(path) if path.exists() else None
    if table is None or not {"event", "experiment time", "system time"} <= set(table.names):
        return ZEROS, ZEROS
    starts = np.array([event.upper() == "START" for event in table.cells("event")])
    times = [table.unordered_stamps(name, 1)[starts] for name in ("experiment time", "system time")]
    return (times[0], times[1]) if starts.any() else (ZEROS, ZEROS)


def _property(path: Path, name: str) -> str:
    table = read_export(path) if path.exists() else None
    return next((row[1] for row in (table.rows if table else ()) if row[0] == name), "unknown")
