"""MATLAB Mobile (Android and iOS): timetables of a sensor log, written as CSV, one file per sensor in a folder or zip.

    MagneticField.csv        Timestamp,X,Y,Z      µT
    Acceleration.csv         Timestamp,X,Y,Z      m/s², with gravity
    AngularVelocity.csv      Timestamp,X,Y,Z      rad/s
    Orientation.csv          Timestamp,X,Y,Z      azimuth, pitch, roll in degrees

The app logs a .mat file of timetables, objects of MATLAB that only MATLAB reads. There, for each of the four:

    MagneticField.Timestamp.Format = 'yyyy-MM-dd HH:mm:ss.SSS'; writetimetable(MagneticField, 'MagneticField.csv')

Without the first command times may lose their milliseconds, which is refused. Times have no zone and are read as UTC.
Azimuth is clockwise from magnetic north to the device's y axis; pitch is negative as the top is lifted, and roll
positive as the right side is lowered, as on Android. The sign of accelerations follows from the attitude.

Source: MathWorks' pages orientlog, magfieldlog, readMobileSensorData, and projects that write such files. No whole
log was at hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.data.importers.app_table import clock_stamps, find, read_export, series
from mail_ros.data.importers.imported_walk import ImportedWalk, Series
from mail_ros.data.importers.phone_imu import from_angles, phone_readings

COMMANDS = (
    "in MATLAB: MagneticField.Timestamp.Format = 'yyyy-MM-dd HH:mm:ss.SSS'; "
    "writetimetable(MagneticField, 'MagneticField.csv'); the same for Acceleration, AngularVelocity and Orientation"
)
MIN_DISTINCT = 0.9  # fraction of times that differ; times in whole seconds are equal tens of times


def read_matlab_mobile(path: Path) -> ImportedWalk:
    """One walk from a folder, or from the file with the field.

    Raises:
        BagError: a .mat file, no field, times without milliseconds, or a broken line, which is named.
    """
    if path.suffix.lower() == ".mat":
        raise BagError(path, wanted="timetables written as CSV", found="a .mat file", fix=COMMANDS)
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]

    def readings(*words: str) -> Series | None:
        return next((_series(file) for file in files if any(word in file.stem.lower() for word in words)), None)

    field = readings("mag")
    if field is None:
        found = ", ".join(file.name for file in files)
        raise BagError(path, wanted="MagneticField.csv with Timestamp, X, Y and Z", found=found, fix=COMMANDS)
    name = path.name if path.is_dir() else path.stem
    inertial, remarks = phone_readings(
        lambda: from_angles(readings("orient", "att")), lambda: readings("ang"), lambda: readings("acc")
    )
    return ImportedWalk(name, *field, (), notes={"device": "unknown"}, remarks=remarks, inertial=inertial)


def _series(file: Path) -> Series | None:
    table = read_export(file)
    time = find(table, "time.*")
    if time is None or not {"x", "y", "z"} <= set(table.names):
        raise BagError(file, wanted="columns Timestamp, X, Y, Z", found=", ".join(table.names), fix=COMMANDS)
    stamp_ns = clock_stamps(table, time)
    if len(stamp_ns) > 1 and len(np.unique(stamp_ns)) < MIN_DISTINCT * len(stamp_ns):
        raise BagError(file, wanted="times with milliseconds", found=repr(table.cells(time)[0]), fix=COMMANDS)
    return series(table, stamp_ns, ["x", "y", "z"])
