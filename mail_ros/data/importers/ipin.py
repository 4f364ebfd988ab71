"""GetSensorData logs of the IPIN competitions: text, `;` between fields, `%` before comments.

    MAGN; app time s; sensor time s; x; y; z µT; accuracy
    ACCE; app time; sensor time; x; y; z m/s²; accuracy
    GYRO; app time; sensor time; x; y; z rad/s; accuracy
    AHRS; app time; sensor time; pitch; roll; yaw °; rotation vector x; y; z; accuracy
    POSI; app time; counter; latitude °; longitude °; floor; building

App time is the time at which the app read a value: it is common to all lines, with a varying delay. Sensor time has
exact intervals. A stamp is therefore sensor time plus the median difference of the two. The date comes from the
`% Date of creation` line.

Source: Torres-Sospedra et al., "Datasets and Supporting Materials for the IPIN 2023 Competition
Track 3", Zenodo record 8362205.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.importers.imported_walk import (
    ImportedWalk,
    Series,
    imu_from_rotation_vector,
    line_error,
    parse_numbers,
)
from mail_ros.data.origin import Origin
from mail_ros.data.track import ImuSeries, Landmark

IPIN_2023_ORIGIN = Origin(49.4611, 11.1109)  # Museum for Industrial Culture, Nuremberg

# Number of numeric fields per line.
FIELDS = {"MAGN": 5, "ACCE": 5, "GYRO": 5, "AHRS": 8, "POSI": 5}
DATE = re.compile(r"% Date of creation:\s*\w+ (\w+ \d+ \d+:\d+:\d+) GMT([+-]\d+):(\d+) (\d+)")
ROUTE = re.compile(r"Trial(\d+)_repetition(\d+)")
MODEL = re.compile(r"% Model:\s*(\S.*)")


def read_ipin_log(path: Path, origin: Origin) -> ImportedWalk:
    """One walk from one log.

    Raises:
        BagError: not a GetSensorData log, no magnetometer lines, or a broken line, which is named.
    """
    comments, lines = _parse(path)
    if "MAGN" not in lines:
        raise BagError(
            path,
            wanted="MAGN lines of a GetSensorData log",
            found=", ".join(sorted(lines)) or "no sensor line at all",
            fix="check that it is such a log",
        )
    start_ns = _start_ns(comments)
    magnetometer = lines["MAGN"]
    delay_s = float(np.median(magnetometer[:, 0] - magnetometer[:, 1]))  # app time minus sensor time
    model = MODEL.search(comments)
    return ImportedWalk(
        name=path.name.removesuffix(".txt"),
        stamp_ns=_stamps(start_ns, magnetometer[:, 1] + delay_s),
        field_ut=magnetometer[:, 2:5],
        landmarks=tuple(
            Landmark(int(stamp), origin.to_local(*row[2:4]), int(row[4]))
            for stamp, row in zip(_stamps(start_ns, lines["POSI"][:, 0]), lines["POSI"], strict=True)
        )
        if "POSI" in lines
        else (),
        imu=_imu(lines, start_ns, delay_s),
        notes={**_labels(path.name), "device": model.group(1).strip() if model else "unknown"},
    )


def _labels(name: str) -> dict[str, str]:
    """Route and repetition, from a file name of the competition."""
    match = ROUTE.search(name)
    return {"route": match.group(1), "repetition": match.group(2)} if match else {}


def _parse(path: Path) -> tuple[str, dict[str, FloatArray]]:
    """Comment lines, and the numbers of each kind of line, (n, fields)."""
    comments: list[str] = []
    rows: dict[str, list[list[float]]] = defaultdict(list)
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(stream, 1):
                kind, *values = line.rstrip().split(";")
                if kind.startswith("%"):
                    comments.append(line)
                elif kind in FIELDS:
                    rows[kind].append(_numbers(path, number, kind, values))
    except OSError as error:
        raise BagError(path, wanted="a readable log", found=str(error), fix="download it again") from None
    return "".join(comments), {kind: np.array(values) for kind, values in rows.items()}


def _numbers(path: Path, number: int, kind: str, values: list[str]) -> list[float]:
    numbers = parse_numbers(values[: FIELDS[kind]], FIELDS[kind])
    if numbers is None:
        raise line_error(path, number, f"{FIELDS[kind]} numbers after {kind}", ";".join(values))
    return numbers


def _start_ns(comments: str) -> int:
    """Zero of app time, ns since the epoch; 0 for a log without date."""
    match = DATE.search(comments)
    if match is None:
        return 0
    day, hours, minutes, year = match.groups()
    local = datetime.strptime(f"{day} {year}", "%b %d %H:%M:%S %Y").replace(tzinfo=timezone.utc)
    sign = -1 if hours.startswith("-") else 1
    offset_s = int(hours) * 3600 + sign * int(minutes) * 60
    return (round(local.timestamp()) - offset_s) * NS_PER_S


def _stamps(start_ns: int, app_time_s: FloatArray) -> IntArray:
    return start_ns + np.round(app_time_s * NS_PER_S).astype(np.int64)


def _imu(lines: dict[str, FloatArray], start_ns: int, delay_s: float) -> ImuSeries | None:
    if not {"AHRS", "ACCE", "GYRO"} <= lines.keys():
        return None

    def series(kind: str, first: int) -> Series:
        return Series(_stamps(start_ns, lines[kind][:, 1] + delay_s), lines[kind][:, first : first + 3])

    return imu_from_rotation_vector(series("AHRS", 5), series("GYRO", 2), series("ACCE", 2))
