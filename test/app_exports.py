"""A simulated walk as each app exports it, with its columns, units, signs, axes and clocks."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

import numpy as np
from helpers import SyntheticWalk, synthetic_walk
from scipy.spatial.transform import Rotation

from mail_ros.core.types import FloatArray

START_NS = 1_764_583_200_000_000_000  # 2025-12-01 10:00 UTC
RATE_HZ = 50.0
G = 9.80665
STEPS_HZ = 1.8
Files = dict[str, str]


class PhoneWalk(NamedTuple):
    """A walk along a circle with a phone that is held at a pitch and sways."""

    name: str
    walk: SyntheticWalk  # the field in the axes of the phone
    attitude: Rotation  # from the phone's axes to east, north, up
    rate_rad_s: FloatArray  # (n, 3)
    acceleration_m_s2: FloatArray  # (n, 3) upwards at rest

    @property
    def since_s(self) -> FloatArray:
        """(n,) seconds since the start."""
        return np.asarray((self.walk.stamp_ns - START_NS) * 1e-9, dtype=np.float64)


def phone_walk(name: str = "monday", duration_s: float = 8.0, seed: int = 0, speed_m_s: float = 1.2) -> PhoneWalk:
    """Stamps are whole milliseconds, as some apps log no more."""
    walk = synthetic_walk(duration_s, RATE_HZ, start_ns=START_NS, seed=seed, speed_m_s=speed_m_s)
    stamp_ns = START_NS + np.round((walk.stamp_ns - START_NS) / 1e6).astype(np.int64) * 1_000_000
    marks = tuple(replace(mark, stamp_ns=mark.stamp_ns // 1_000_000 * 1_000_000) for mark in walk.landmarks)
    at_s = (stamp_ns - START_NS) * 1e-9
    yaw, pitch, roll = speed_m_s * at_s / 5.0, 0.6 + 0.1 * np.sin(at_s), 0.2 * np.cos(0.7 * at_s)
    attitude = Rotation.from_euler("ZXY", np.column_stack([yaw, pitch, roll]))
    up = np.column_stack([np.zeros((len(at_s), 2)), G + 2.0 * np.sin(2 * np.pi * STEPS_HZ * at_s)])
    step = (attitude[:-1].inv() * attitude[1:]).as_rotvec() / np.diff(at_s)[:, None]
    rate = np.vstack([step, step[-1:]])
    field_ut = attitude.inv().apply(walk.field_ut)
    return PhoneWalk(name, SyntheticWalk(stamp_ns, field_ut, marks), attitude, rate, attitude.inv().apply(up))


def write_zip(path: Path, files: Files, *, folder: str = "") -> Path:
    """The files as a zip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as members:
        for name, text in files.items():
            members.writestr(folder + name, text)
    return path


def write_folder(path: Path, files: Files) -> Path:
    """The files in a folder."""
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return path


def sensor_logger(phone: PhoneWalk, *, ios: bool = False) -> Files:
    """Files of Sensor Logger; on iOS without TotalAcceleration, with opposite accelerations and x towards north."""
    sign = -1.0 if ios else 1.0
    gravity = phone.attitude.inv().apply([0.0, 0.0, G])
    frame = Rotation.from_euler("z", -90.0 if ios else 0.0, degrees=True)  # from east, north, up to the app's
    quaternion = (frame * phone.attitude).as_quat()[:, [2, 1, 0, 3]]
    stamps = [[stamp, f"{since:.6f}"] for stamp, since in zip(phone.walk.stamp_ns.tolist(), phone.since_s, strict=True)]

    def file(header: str, values: FloatArray) -> str:
        return table(header, ([*stamp, *row] for stamp, row in zip(stamps, values.tolist(), strict=True)))

    axes = "time,seconds_elapsed,z,y,x"
    files = {
        "Magnetometer.csv": file(axes, phone.walk.field_ut[:, ::-1]),
        "Accelerometer.csv": file(axes, sign * (phone.acceleration_m_s2 - gravity)[:, ::-1]),
        "Gravity.csv": file(axes, sign * gravity[:, ::-1]),
        "Gyroscope.csv": file(axes, phone.rate_rad_s[:, ::-1]),
        "Orientation.csv": file("time,seconds_elapsed,qz,qy,qx,qw", quaternion),
        "Annotation.csv": table(
            "time,seconds_elapsed,text,millisecond_press_duration",
            ([m.stamp_ns, "0", f"{m.position_m[0]}, {m.position_m[1]}", 80] for m in phone.walk.landmarks),
        ),
        "Metadata.csv": "version,device name,recording epoch time,platform,standardisation\n"
        f"3,A phone,{START_NS // 1_000_000},{'ios' if ios else 'android'},false\n",
    }
    return files if ios else {**files, "TotalAcceleration.csv": file(axes, phone.acceleration_m_s2[:, ::-1])}


def phyphox(phone: PhoneWalk, *, separator: str = ",", decimal: str = ".", quoted: bool = True) -> Files:
    """Files of phyphox, with exponents, and with a pause of five seconds before the first reading."""

    def file(names: str, values: FloatArray) -> str:
        rows = ([since + 2.0, *row] for since, row in zip(phone.since_s, values.tolist(), strict=True))
        lines = [separator.join(f"{value:.12E}".replace(".", decimal) for value in row) for row in rows]
        header = separator.join(f'"{name}"' if quoted else name for name in ["Time (s)", *names.split(",")])
        return "\n".join([header, *lines, ""])

    start_s = START_NS // 1_000_000_000
    length = np.linalg.norm(phone.walk.field_ut, axis=1, keepdims=True)
    return {
        "Magnetometer.csv": file(
            "Magnetic field x (µT),Magnetic field y (µT),Magnetic field z (µT),Absolute field (µT)",
            np.hstack([phone.walk.field_ut, length]),
        ),
        "Accelerometer.csv": file("X (m/s^2),Y (m/s^2),Z (m/s^2)", phone.acceleration_m_s2),
        "Linear Accelerometer.csv": file("X (m/s^2),Y (m/s^2),Z (m/s^2)", phone.acceleration_m_s2 * 0.1),
        "Gyroscope.csv": file("X (rad/s),Y (rad/s),Z (rad/s)", phone.rate_rad_s),
        "Orientation.csv": file("w,x,y,z", phone.attitude.as_quat()[:, [3, 0, 1, 2]]),
        "meta/time.csv": '"event","experiment time","system time","system time text"\n'
        f'"START",0.000000000E0,{start_s - 7}.000,"2025"\n"PAUSE",2.0E0,{start_s - 5}.000,"2025"\n'
        f'"START",2.000000000E0,{start_s}.000,"2025"\n',
        "meta/device.csv": '"property","value"\n"deviceModel","A phone"\n',
    }


def sensorlog(phone: PhoneWalk) -> Files:
    """The file of SensorLog: every line twice, as it logs the newest values, 60 ms late on the second."""
    quaternion = (Rotation.from_euler("z", -90.0, degrees=True) * phone.attitude).as_quat()
    header = (
        "loggingTime(txt),locationTimestamp_since1970(s),locationHeadingX(µT),"
        + "accelerometerTimestamp_sinceReboot(s),"
        + ",".join(f"accelerometerAcceleration{axis}(G)" for axis in "XYZ")
        + ",magnetometerTimestamp_sinceReboot(s),magnetometerX(µT),magnetometerY(µT),magnetometerZ(µT),"
        + "motionTimestamp_sinceReboot(s),"
        + ",".join(f"motionRotationRate{axis}(rad/s)" for axis in "XYZ")
        + ",motionAttitudeReferenceFrame(txt),"
        + ",".join(f"motionQuaternion{axis}(R)" for axis in "XYZW")
        + ","
        + ",".join(f"motionMagneticField{axis}(µT)" for axis in "XYZ")
    )
    rows: list[Sequence[object]] = []
    for at, stamp in enumerate(phone.walk.stamp_ns.tolist()):
        own = f"{1234.5 + phone.since_s[at]:.9f}"
        sensors = [
            *(0, 20.5, own, *(-phone.acceleration_m_s2[at] / G), own, *(phone.walk.field_ut[at] + 100.0)),
            *(own, *phone.rate_rad_s[at], "XTrueNorthZVertical", *quaternion[at], *phone.walk.field_ut[at]),
        ]
        rows += [[clock(stamp, "+01:00"), *sensors], [clock(stamp + 2_000_000, "+01:00"), *sensors]]
    return {f"{phone.name}.csv": table(header, rows)}


def androsensor(phone: PhoneWalk) -> Files:
    """The file of AndroSensor, whose line of names comes again in the middle."""
    gravity = phone.attitude.inv().apply([0.0, 0.0, G])
    forward = phone.attitude.apply([0.0, 1.0, 0.0])
    azimuth = np.degrees(np.arctan2(forward[:, 0], forward[:, 1])) % 360.0
    names = [
        *(f"ACCELEROMETER {axis} (m/s²)" for axis in "XYZ"),
        *(f"GRAVITY {axis} (m/s²)" for axis in "XYZ"),
        *(f"GYROSCOPE {axis} (rad/s)" for axis in "XYZ"),
        *(f"MAGNETIC FIELD {axis} (μT)" for axis in "XYZ"),
        *("ORIENTATION Z (azimuth °)", "Satellites in range", "Time since start in ms ", "YYYY-MO-DD HH-MI-SS_SSS"),
    ]
    lines = []
    for at, stamp in enumerate(phone.walk.stamp_ns.tolist()):
        values = [*phone.acceleration_m_s2[at], *gravity[at], *phone.rate_rad_s[at], *phone.walk.field_ut[at]]
        text = clock(stamp).replace("T", " ").replace(".", ":")[:-3]
        since_ms = (stamp - START_NS) // 1_000_000 + 3
        lines.append(";".join([*map(str, map(float, values)), f"{azimuth[at]:.9f}", "0 / 0", str(since_ms), text]))
    middle = len(lines) // 2
    header = ";".join(names)
    return {f"{phone.name}.csv": "\n".join(["sep=;", header, *lines[:middle], header, *lines[middle:], ""])}


def matlab_mobile(phone: PhoneWalk) -> Files:
    """Timetables of MATLAB Mobile as CSV, with MATLAB's own form of dates for one."""
    yaw, pitch, roll = phone.attitude.as_euler("ZXY", degrees=True).T

    def file(values: FloatArray, form: str = "%Y-%m-%d %H:%M:%S.%f") -> str:
        rows = zip(phone.walk.stamp_ns.tolist(), values.tolist(), strict=True)
        return table("Timestamp,X,Y,Z", ([_datetime(stamp).strftime(form)[:-3], *row] for stamp, row in rows))

    return {
        "MagneticField.csv": file(phone.walk.field_ut, "%d-%b-%Y %H:%M:%S.%f"),
        "Acceleration.csv": file(phone.acceleration_m_s2),
        "AngularVelocity.csv": file(phone.rate_rad_s),
        "Orientation.csv": file(np.column_stack([-yaw, -pitch, roll])),
    }


def landmarks_csv(phones: Iterable[PhoneWalk]) -> str:
    """The landmarks of walks as the second file, in a zone of its own."""
    rows = ([p.name, clock(m.stamp_ns, "+02:00"), *m.position_m, m.floor] for p in phones for m in p.walk.landmarks)
    return table("walk,time,x_m,y_m,floor", rows)


def table(header: str, rows: Iterable[Sequence[object]]) -> str:
    """CSV."""
    stream = io.StringIO()
    stream.write(header + "\n")
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()


def clock(stamp_ns: int, zone: str = "") -> str:
    """Time of day with microseconds, in a zone of whole hours."""
    text = (_datetime(stamp_ns) + timedelta(hours=int(zone[:3] or 0))).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return text + zone


def _datetime(stamp_ns: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=stamp_ns // 1000)


Writer = Callable[[PhoneWalk], Files]
EXPORTS: dict[str, tuple[str, Writer]] = {  # kind and files, by what they are
    "sensor-logger": ("sensor-logger", sensor_logger),
    "sensor-logger-ios": ("sensor-logger", lambda phone: sensor_logger(phone, ios=True)),
    "phyphox": ("phyphox", phyphox),
    "phyphox-german": ("phyphox", lambda phone: phyphox(phone, separator=";", decimal=",", quoted=False)),
    "phyphox-tab": ("phyphox", lambda phone: phyphox(phone, separator="\t")),
    "sensorlog": ("sensorlog", sensorlog),
    "androsensor": ("androsensor", androsensor),
    "matlab": ("matlab", matlab_mobile),
}


def write_exports(folder: Path, duration_s: float = 30.0) -> None:
    """Three walks as each app exports them, and their landmarks, as docs/import.md takes them for granted."""
    phones = [phone_walk(name, duration_s, seed) for seed, name in enumerate(("monday_1", "monday_2", "tuesday_1"))]
    for kind in ("sensor-logger", "phyphox", "sensorlog", "androsensor", "matlab"):
        for phone in phones:
            files = EXPORTS[kind][1](phone)
            if len(files) > 1:
                write_zip(folder / kind / f"{phone.name}.zip", files)
            else:
                write_folder(folder / kind, files)
    (folder / "landmarks.csv").write_text(landmarks_csv(phones))
