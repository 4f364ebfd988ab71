"""Sensor Logger (Kelvin Choi; Android and iOS): the zip or folder of CSV files, one per sensor.

    Magnetometer.csv              time, seconds_elapsed, z, y, x      µT; columns in any order
    MagnetometerUncalibrated.csv  the same, used only where the calibrated file is missing
    Orientation.csv               time, ..., qx, qy, qz, qw           see below
    Gyroscope.csv                 rad/s
    TotalAcceleration.csv         m/s², with gravity; Android only, else
    Accelerometer.csv             m/s², without gravity, and Gravity.csv, else
    AccelerometerUncalibrated.csv with gravity, on iOS in g
    Annotation.csv                time, seconds_elapsed, text         marks of the surveyor
    Metadata.csv                  device name, platform, standardisation

Time is ns since the epoch. On iOS, unless "Standardise Units & Frames" was on, accelerations have the opposite sign,
and attitudes are in x north (true), y west, z up; else in x east, y north, z up.

Source: github.com/tszheichoi/awesome-sensor-logger, UNITS.md, COORDINATES.md, CROSSPLATFORM.md; names and order of
columns from projects that read exports. One row of a real Android Orientation.csv was seen: its quaternion and its
angles agree in the frame above. No whole export was at hand.
"""

from __future__ import annotations

from pathlib import Path

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S
from mail_ros.data.importers.app_table import read_export, series
from mail_ros.data.importers.imported_walk import UNCALIBRATED, ImportedWalk, Mark, Series
from mail_ros.data.importers.marks import mark_of_text
from mail_ros.data.importers.phone_imu import G_M_S2, from_quaternions, phone_readings, total_acceleration
from mail_ros.data.importers.table import Table

TIME, QUATERNION = "time", ("qx", "qy", "qz", "qw")


def read_sensor_logger(path: Path) -> ImportedWalk:
    """One walk from the folder of one recording, or from one of its files.

    Raises:
        BagError: no magnetometer, or a broken line, which is named.
    """
    folder = path if path.is_dir() else path.parent
    calibrated = _series(folder / "Magnetometer.csv")
    field = calibrated or _series(folder / "MagnetometerUncalibrated.csv")
    if field is None:
        fix = "turn the magnetometer on in the app, and export CSV as zip"
        raise BagError(path, wanted="readings in Magnetometer.csv", found="none", fix=fix)
    metadata = _metadata(folder / "Metadata.csv")
    is_ios = metadata.get("platform", "").lower() == "ios" and metadata.get("standardisation", "").lower() != "true"
    inertial, remarks = phone_readings(
        lambda: from_quaternions(_series(folder / "Orientation.csv", QUATERNION), north_is_x=is_ios),
        lambda: _series(folder / "Gyroscope.csv"),
        lambda: _acceleration(folder, is_ios),
        gravity_down=is_ios,
    )
    notes, marks = {"device": metadata.get("device name") or "unknown"}, _marks(folder / "Annotation.csv")
    remarks += () if calibrated else (UNCALIBRATED,)
    return ImportedWalk(folder.name, *field, (), notes=notes, marks=marks, remarks=remarks, inertial=inertial)


def _acceleration(folder: Path, is_ios: bool) -> Series | None:
    return (
        _series(folder / "TotalAcceleration.csv")
        or total_acceleration(_series(folder / "Accelerometer.csv"), _series(folder / "Gravity.csv"))
        or _series(folder / "AccelerometerUncalibrated.csv", scale=G_M_S2 if is_ios else 1.0)
    )


def _table(path: Path, free_text: str = "") -> Table | None:
    table = read_export(path, free_text) if path.exists() else None
    return table if table is not None and table.rows else None


def _series(path: Path, names: tuple[str, ...] = ("x", "y", "z"), scale: float = 1.0) -> Series | None:
    """Readings of a file; None without the file or without readings."""
    if (table := _table(path)) is None:
        return None
    if missing := [name for name in (TIME, *names) if name not in table.names]:
        wanted, found = f"columns {', '.join(missing)}", ", ".join(table.names)
        raise BagError(path, wanted=wanted, found=found, fix="export CSV as zip, not another format")
    return series(table, table.unordered_stamps(TIME, NS_PER_S), names, scale)


def _metadata(path: Path) -> dict[str, str]:
    table = _table(path)
    return {} if table is None else dict(zip(table.names, table.rows[0], strict=True))


def _marks(path: Path) -> tuple[Mark, ...]:
    table = _table(path, "text")
    if table is None or TIME not in table.names:
        return ()
    texts = table.cells("text") if "text" in table.names else [""] * len(table.rows)
    stamps = table.unordered_stamps(TIME, NS_PER_S).tolist()
    return tuple(mark_of_text(stamp, text) for stamp, text in zip(stamps, texts, strict=True))
