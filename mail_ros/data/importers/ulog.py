"""ULog files of PX4: what an autopilot logs of its magnetometer, attitude and position.

    vehicle_magnetometer, else sensor_mag, else sensor_combined   field, gauss
    vehicle_attitude                                              quaternion w, x, y, z
    sensor_combined                                               rates and accelerations
    vehicle_local_position, else vehicle_odometry                 odometry: metres north and east, heading
    sensor_gps, vehicle_gps_position                              UTC

PX4's axes are forward, right, down, in a world of north, east, down; those of ROS are forward, left, up, and east,
north, up. A stamp is the time of the sample since the start of the autopilot, shifted to UTC where a GPS has it. Of
several magnetometers the first is read. ULog has no landmarks: give them by a second file.

Format and topics: docs.px4.io, "ULog File Format" and "uORB Message Reference"; read by the package `pyulog`.
"""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.signal.attitude import product
from mail_ros.core.signal.field_units import UNITS_PER_UT
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.importers.imported_walk import ImportedWalk, InertialReadings, Series, missing_package
from mail_ros.data.remark import Remark
from mail_ros.data.track import OdometrySeries

# Topics with the field, in order of precedence, and the names of their columns without axis.
FIELDS = {"vehicle_magnetometer": "magnetometer_ga[{}]", "sensor_mag": "xyz", "sensor_combined": "magnetometer_ga[{}]"}
POSITIONS = ("vehicle_local_position", "vehicle_odometry")
CLOCKS = ("sensor_gps", "vehicle_gps_position")
TOPICS = (*FIELDS, *POSITIONS, *CLOCKS, "vehicle_attitude")
NS_PER_US = 1000
MAX_US = 2**31 * 10**6  # a stamp of ROS has 32 bits for seconds
TO_FLU = np.array([1.0, -1.0, -1.0])  # from forward, right, down
FRD_TO_FLU = np.array([1.0, 0.0, 0.0, 0.0])  # the same, as a rotation by half a circle
NED_TO_ENU = np.array([np.sqrt(0.5), np.sqrt(0.5), 0.0, 0.0])

Dataset = dict[str, Any]  # columns by name


def read_ulog(path: Path) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: not a ULog file, no magnetometer in it, or the package `pyulog` is missing.
    """
    log = _load(path)
    topics = {name: [each.data for each in log.data_list if each.name == name] for name in TOPICS}
    name, field = _field(path, topics, sorted({each.name for each in log.data_list}))
    shift_us = _shift_us([data for clock in CLOCKS for data in topics[clock]])
    remarks = [Remark("date", "the log has no time of a GPS: stamps begin in 1970", "nothing needs the date")]
    remarks = remarks if shift_us is None else []
    if (count := len(topics[name])) > 1:
        remarks.append(Remark("sensors", f"{count} magnetometers as {name}: the first is read", "a model is of one"))
    if log.file_corruption:
        remarks.append(Remark("damaged", "the file is damaged: read in part", "download it again for the rest"))
    clock = _Clock(shift_us or 0)
    return ImportedWalk(
        name=path.stem,
        stamp_ns=clock.stamps(field[0]),
        field_ut=field[1] / UNITS_PER_UT["gauss"],
        landmarks=(),
        notes={"device": " ".join(str(log.msg_info_dict.get(key, "")) for key in ("sys_name", "ver_hw")).strip()},
        remarks=tuple(remarks),
        inertial=_inertial(topics, clock),
        odometry=_odometry(topics, clock),
    )


def _load(path: Path) -> Any:
    try:
        from pyulog import ULog
    except ImportError:
        raise missing_package(path, "pyulog", "to read ULog files") from None
    try:
        with path.open("rb") as stream, redirect_stdout(io.StringIO()):  # reports damage by printing
            return ULog(stream, list(TOPICS))
    except OSError as error:
        found = error.strerror or str(error)
    except Exception as error:  # any type, in a damaged file
        found = f"{type(error).__name__}: {error}"
    raise BagError(path, wanted="a ULog file of PX4", found=found, fix="download it again from the autopilot")


class _Clock:
    """From the autopilot's time to stamps."""

    def __init__(self, shift_us: int) -> None:
        self._shift_us = shift_us

    def stamps(self, time_us: IntArray) -> IntArray:
        return (time_us + self._shift_us) * NS_PER_US


def _columns(data: Dataset, names: list[str], valid: str = "") -> tuple[IntArray, FloatArray] | None:
    """Times (n,), µs, in order, and values (n, names) of the finite rows; None without one, or without a column.

    Args:
        data: a topic.
        names: of the columns.
        valid: column that is 0 in rows to leave out, where the topic has it.
    """
    if any(name not in data for name in ("timestamp", *names)):
        return None
    time_us = np.asarray(data.get("timestamp_sample", data["timestamp"]), np.float64)
    time_us = time_us if time_us.any() else np.asarray(data["timestamp"], np.float64)  # older versions leave it at 0
    values = np.column_stack([np.asarray(data[name], np.float64) for name in names])
    kept = np.isfinite(values).all(axis=1) & (time_us >= 0) & (time_us < MAX_US)
    kept &= np.asarray(data.get(valid, np.ones(len(values)))) != 0
    rows = np.flatnonzero(kept)[np.argsort(time_us[kept], kind="stable")]
    return (time_us[rows].astype(np.int64), values[rows]) if len(rows) else None


def _axes(pattern: str, count: int = 3) -> list[str]:
    return list(pattern) if "{}" not in pattern else [pattern.format(axis) for axis in range(count)]


def _field(path: Path, topics: dict[str, list[Dataset]], found: list[str]) -> tuple[str, tuple[IntArray, FloatArray]]:
    """The topic of the field; times and gauss, forward, left, up."""
    for name, pattern in FIELDS.items():
        for data in topics[name]:
            if (read := _columns(data, _axes(pattern))) is not None:
                return name, (read[0], read[1] * TO_FLU)
    raise BagError(
        path,
        wanted=f"a magnetometer on one of {', '.join(FIELDS)}",
        found=", ".join(found) or "none of the topics that are read",
        fix="log it: set SDLOG_PROFILE to the default or to high rate",
    )


def _shift_us(clocks: list[Dataset]) -> int | None:
    """UTC minus the autopilot's time; None where no GPS has a time."""
    for data in clocks:
        if (read := _columns(data, ["timestamp", "time_utc_usec"])) is not None:
            known = read[1][(read[1][:, 1] > 0) & (read[1][:, 1] < MAX_US)]
            if len(known):
                return int(np.median(known[:, 1] - known[:, 0]))
    return None


def _inertial(topics: dict[str, list[Dataset]], clock: _Clock) -> InertialReadings:
    def series(topic: str, pattern: str, count: int = 3) -> Series | None:
        read = _columns(topics[topic][0], _axes(pattern, count)) if topics[topic] else None
        return None if read is None else Series(clock.stamps(read[0]), read[1])

    attitude = series("vehicle_attitude", "q[{}]", 4)
    if attitude is not None:
        attitude = Series(attitude.stamp_ns, np.array([_enu(wxyz[[1, 2, 3, 0]]) for wxyz in attitude.values]))
    return InertialReadings(
        attitude,
        _flu(series("sensor_combined", "gyro_rad[{}]")),
        _flu(series("sensor_combined", "accelerometer_m_s2[{}]")),
    )


def _flu(series: Series | None) -> Series | None:
    return None if series is None else Series(series.stamp_ns, series.values * TO_FLU)


def _enu(xyzw: FloatArray) -> FloatArray:
    """An attitude of forward, left, up in east, north, up, from one of forward, right, down in north, east, down."""
    return product(product(NED_TO_ENU, xyzw), FRD_TO_FLU)


def _odometry(topics: dict[str, list[Dataset]], clock: _Clock) -> OdometrySeries | None:
    """Poses in east, north, up; None without a valid position."""
    for data in topics["vehicle_local_position"]:
        heading = "heading" if "heading" in data else "yaw"
        if (read := _columns(data, ["x", "y", heading], "xy_valid")) is not None:
            north, east, heading_rad = read[1].T
            return OdometrySeries(clock.stamps(read[0]), np.column_stack([east, north, np.pi / 2.0 - heading_rad]))
    for data in topics["vehicle_odometry"]:
        position = ["position[0]", "position[1]"] if "position[0]" in data else ["x", "y"]
        if (read := _columns(data, [*position, *_axes("q[{}]", 4)])) is not None:
            attitude = np.array([_enu(wxyz[[1, 2, 3, 0]]) for wxyz in read[1][:, 2:]])
            yaw_rad = 2.0 * np.arctan2(attitude[:, 2], attitude[:, 3])
            return OdometrySeries(clock.stamps(read[0]), np.column_stack([read[1][:, 1], read[1][:, 0], yaw_rad]))
    return None
