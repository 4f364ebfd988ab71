"""GetSensorData logs, of the IPIN competitions and of the app: text, `;` between fields, `%` before comments.

    MAGN; app time s; sensor time s; x; y; z µT; accuracy
    ACCE; app time; sensor time; x; y; z m/s²; accuracy
    GYRO; app time; sensor time; x; y; z rad/s; accuracy
    AHRS; app time; sensor time; pitch; roll; yaw °; rotation vector x; y; z; accuracy
    POSI; app time; counter; latitude °; longitude °; floor; building

App time is the time at which the app read a value: it is common to all lines, with a varying delay. Sensor time has
exact intervals. A stamp is therefore sensor time plus the median difference of the two. The date comes from the
`% Date of creation` line, in any language and zone (see `log_date.py`).

POSI lines with latitude and longitude 0 are the marks of the app's button: their positions come from a planned route.
Only MAGN and POSI lines must be right. Others that are not, as AHRS lines of five numbers in old versions of the app,
are left out and counted; without AHRS the attitude is estimated from ACCE and GYRO (see `estimated_attitude.py`).

Source: Torres-Sospedra et al., "Datasets and Supporting Materials for the IPIN 2023 Competition
Track 3", Zenodo record 8362205.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.importers.imported_walk import (
    MAX_TIME_S,
    ImportedWalk,
    InertialReadings,
    Mark,
    Series,
    attitude_from_rotation_vector,
    line_error,
    parse_numbers,
)
from mail_ros.data.importers.log_date import parse_log_date
from mail_ros.data.origin import Origin
from mail_ros.data.remark import Remark
from mail_ros.data.track import Landmark

IPIN_2023_ORIGIN = Origin(49.4611, 11.1109)  # Museum for Industrial Culture, Nuremberg

# Number of numeric fields per line.
FIELDS = {"MAGN": 5, "ACCE": 5, "GYRO": 5, "AHRS": 8, "POSI": 5}
OPTIONAL = ("ACCE", "GYRO", "AHRS")
MARK_FIELDS = 4  # a POSI line without floor
MAX_FLOOR = 1000
MAX_APP_S = 1e8  # app time begins with the log
DATE = re.compile(r"^%\s*Date of creation:(.*)$", re.MULTILINE)
ROUTE = re.compile(r"Trial(\d+)_repetition(\d+)")
MODEL = re.compile(r"% Model:\s*(\S.*)")


class _Log(NamedTuple):
    """Content of a log."""

    comments: str
    numbers: Mapping[str, FloatArray]  # (n, fields) of each kind of line
    positions: list[tuple[int, list[float]]]  # line number and numbers of each POSI line
    remarks: tuple[Remark, ...]


def read_ipin_log(path: Path, origin: Origin) -> ImportedWalk:
    """One walk from one log.

    Raises:
        BagError: not a GetSensorData log, no magnetometer lines, or a broken line of these or of positions, which is
            named.
    """
    log = _parse(path)
    if "MAGN" not in log.numbers:
        raise BagError(
            path,
            wanted="MAGN lines of a GetSensorData log",
            found=", ".join(sorted(log.numbers)) or "no sensor line at all",
            fix="check that it is such a log",
        )
    start_ns, assumed = _start(log.comments)
    magnetometer = log.numbers["MAGN"]
    delay_s = float(np.median(magnetometer[:, 0] - magnetometer[:, 1]))  # app time minus sensor time
    model = MODEL.search(log.comments)
    landmarks, marks = _positions(path, log.positions, start_ns, origin)
    return ImportedWalk(
        name=path.stem,
        stamp_ns=_stamps(start_ns, magnetometer[:, 1] + delay_s),
        field_ut=magnetometer[:, 2:5],
        landmarks=landmarks,
        inertial=_inertial(log.numbers, start_ns, delay_s),
        notes={**_labels(path.name), "device": model.group(1).strip() if model else "unknown"},
        marks=marks,
        remarks=(*log.remarks, *assumed),
    )


def _labels(name: str) -> dict[str, str]:
    """Route and repetition, from a file name of the competition."""
    match = ROUTE.search(name)
    return {"route": match.group(1), "repetition": match.group(2)} if match else {}


def _parse(path: Path) -> _Log:
    comments: list[str] = []
    rows: dict[str, list[list[float]]] = defaultdict(list)
    positions: list[tuple[int, list[float]]] = []
    broken: Counter[str] = Counter()
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(stream, 1):
                kind, *values = line.rstrip().split(";")
                if kind.startswith("%"):
                    comments.append(line)
                elif kind in FIELDS:
                    numbers = _numbers(kind, values)
                    if numbers is None and kind not in OPTIONAL:
                        wanted = f"{FIELDS[kind]} numbers after {kind}"
                        raise line_error(path, number, wanted, ";".join(values))
                    if numbers is None:
                        broken[kind] += 1
                    elif kind == "POSI":
                        positions.append((number, numbers))
                    else:
                        rows[kind].append(numbers)
    except OSError as error:
        raise BagError(path, wanted="a readable log", found=str(error), fix="download it again") from None
    counts = ", ".join(f"{count} of {kind}" for kind, count in sorted(broken.items()))
    remarks = [Remark("lines", f"{counts}: lines with other numbers", "they are left out")] if broken else []
    return _Log("".join(comments), {kind: np.array(values) for kind, values in rows.items()}, positions, (*remarks,))


def _numbers(kind: str, values: list[str]) -> list[float] | None:
    """Numbers of a line; None if they are something else, or its times are out of range."""
    numbers = parse_numbers(values[: FIELDS[kind]], FIELDS[kind])
    if kind == "POSI" and numbers is None and (numbers := parse_numbers(values[:MARK_FIELDS], MARK_FIELDS)) is not None:
        numbers = [*numbers, 0.0] if not any(numbers[2:4]) else None
    if numbers is None or not np.isfinite(numbers).all() or abs(numbers[0]) > MAX_APP_S or abs(numbers[1]) > MAX_TIME_S:
        return None
    return numbers


def _positions(
    path: Path, positions: list[tuple[int, list[float]]], start_ns: int, origin: Origin
) -> tuple[tuple[Landmark, ...], tuple[Mark, ...]]:
    """Landmarks, and marks of the app's button."""
    landmarks: list[Landmark] = []
    marks: list[Mark] = []
    for line, (time_s, _, latitude_deg, longitude_deg, floor) in positions:
        stamp_ns = start_ns + round(time_s * NS_PER_S)
        if latitude_deg == longitude_deg == 0.0:
            marks.append(Mark(stamp_ns))
            continue
        if floor != round(floor) or abs(floor) > MAX_FLOOR:
            raise line_error(path, line, "a whole number as floor", f"{floor:g}")
        position_m = origin.to_local(latitude_deg, longitude_deg, f"{path}, line {line}")
        landmarks.append(Landmark(stamp_ns, position_m, int(floor)))
    return tuple(landmarks), tuple(sorted(marks))


def _start(comments: str) -> tuple[int, tuple[Remark, ...]]:
    """Zero of app time, ns since the epoch, and what is assumed; 0 for a log without date."""
    match = DATE.search(comments)
    written = match.group(1).strip() if match else ""
    fix = "write it as in `% Date of creation: Wed Jun 14 10:00:58 GMT+02:00 2023`"
    if (date := parse_log_date(written)) is None or not MAX_APP_S <= date.epoch_s <= MAX_TIME_S - MAX_APP_S:
        found = f"no known date in {written!r}" if written else "no date of creation"
        return 0, (Remark("date", f"{found}: stamps begin in 1970", fix),)
    if date.assumed:
        return date.epoch_s * NS_PER_S, (Remark("date", f"the date {written!r} is read with {date.assumed}", fix),)
    return date.epoch_s * NS_PER_S, ()


def _stamps(start_ns: int, app_time_s: FloatArray) -> IntArray:
    return start_ns + np.round(app_time_s * NS_PER_S).astype(np.int64)


def _inertial(lines: Mapping[str, FloatArray], start_ns: int, delay_s: float) -> InertialReadings:
    def series(kind: str, first: int) -> Series | None:
        if kind not in lines:
            return None
        return Series(_stamps(start_ns, lines[kind][:, 1] + delay_s), lines[kind][:, first : first + 3])

    attitude = series("AHRS", 5)
    attitude = None if attitude is None else attitude_from_rotation_vector(attitude)
    return InertialReadings(attitude, series("GYRO", 2), series("ACCE", 2))
