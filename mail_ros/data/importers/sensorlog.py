"""SensorLog (Bernd Thomas; iOS): one CSV file, with a line per tick and the newest value of every sensor in it.

    loggingTime(txt)                            2026-12-01T10:00:05.250+01:00, or with blanks
    motionMagneticFieldX(µT), Y, Z              calibrated by Core Motion; zeros until it is calibrated
    magnetometerX(µT), Y, Z                     uncalibrated, used only where the calibrated field is missing
    motionQuaternionX(R), Y, Z, W               z up, x towards north or in any direction
    motionRotationRateX(rad/s), Y, Z            or gyroRotationX(rad/s)
    accelerometerAccelerationX(G), Y, Z         at rest -1 g upwards; or motionGravityX(G) plus motionUserAcceleration
    motionTimestamp_sinceReboot(s), magnetometerTimestamp_sinceReboot(s), accelerometerTimestamp_sinceReboot(s), ...
    label(N)                                    a change of it, but to 0, is taken for a mark of the surveyor

Units may be missing in the names, and the separator may be another. A sensor's own time, where it is logged, gives
exact intervals and tells new readings from repeated ones; loggingTime gives the date. locationHeadingX(µT) of the
compass is not read: it has a few readings a second.

Source: columns as in projects that read logs of the app (versions 3 to 5); sensorlog.berndthomas.net. No whole log was
at hand.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import IntArray
from mail_ros.data.importers.app_table import anchored, axes, clock_stamps, find, read_export, series
from mail_ros.data.importers.imported_walk import UNCALIBRATED, ImportedWalk, Mark, Series
from mail_ros.data.importers.marks import mark_of_text
from mail_ros.data.importers.phone_imu import G_M_S2, from_quaternions, phone_readings, total_acceleration
from mail_ros.data.importers.table import Table

UNIT = r"(\(.*\))?"


def read_sensorlog(path: Path) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: no times or no field, or a broken line, which is named.
    """
    table = read_export(path)
    if find(table, f"loggingtime{UNIT}") is None or not table.rows:
        wanted, found = "a column loggingTime(txt), and lines below", f"{', '.join(table.names[:5])}; {len(table.rows)}"
        raise BagError(path, wanted=wanted, found=found, fix="log to CSV with the logging time")
    calibrated = _field(table, "motionmagneticfield", "motion")
    field = calibrated or _field(table, "magnetometer", "magnetometer")
    if field is None:
        wanted, fix = "readings of motionMagneticFieldX(µT) or magnetometerX(µT)", "log Device Motion in the app"
        raise BagError(path, wanted=wanted, found="none", fix=fix)
    inertial, remarks = phone_readings(
        lambda: from_quaternions(_series(table, "motionquaternion", "motion", letters="xyzw"), north_is_x=True),
        lambda: _series(table, "motionrotationrate", "motion") or _series(table, "gyrorotation", "gyro"),
        lambda: _acceleration(table),
        gravity_down=True,
    )
    frame = find(table, f"motionattitudereferenceframe{UNIT}")
    notes = {"device": "iOS"} | ({"attitude_reference": table.cells(frame)[0]} if frame else {})
    remarks += () if calibrated else (UNCALIBRATED,)
    return ImportedWalk(path.stem, *field, (), notes=notes, marks=_marks(table), remarks=remarks, inertial=inertial)


def _field(table: Table, name: str, sensor: str) -> Series | None:
    """Readings of a field; None where the system gives zeros for it."""
    found = _series(table, name, sensor)
    kept = None if found is None else np.abs(found.values).sum(axis=1) > 0
    return None if found is None or kept is None or not kept.any() else Series(found.stamp_ns[kept], found.values[kept])


def _acceleration(table: Table) -> Series | None:
    return _series(table, "accelerometeracceleration", "accelerometer", scale=G_M_S2) or total_acceleration(
        *(_series(table, name, "motion", scale=G_M_S2) for name in ("motionuseracceleration", "motiongravity"))
    )


def _marks(table: Table) -> tuple[Mark, ...]:
    """The lines where the label changes to another one than 0."""
    if (name := find(table, f"label{UNIT}")) is None:
        return ()
    labels, clock = table.cells(name), clock_stamps(table, str(find(table, f"loggingtime{UNIT}")))
    changes = [at for at in range(1, len(labels)) if labels[at] not in ("", "0", labels[at - 1])]
    return tuple(mark_of_text(int(clock[at]), labels[at]) for at in changes)


def _series(table: Table, name: str, sensor: str, *, letters: str = "xyz", scale: float = 1.0) -> Series | None:
    """Readings of some columns at the sensor's own times, or else at the logging times."""
    columns = axes(table, f"{name}{{}}{UNIT}", letters)
    return None if columns is None else series(table, _stamps(table, sensor), columns, scale)


def _stamps(table: Table, sensor: str) -> IntArray:
    clock = clock_stamps(table, str(find(table, f"loggingtime{UNIT}")))
    own = find(table, f"{sensor}timestamp_sincereboot{UNIT}")
    if own is None or not np.isfinite(table.column(own)).all():
        return clock
    return anchored(table.unordered_stamps(own, 1), clock)
