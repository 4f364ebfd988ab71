"""Traces of Microsoft's Indoor Location Competition 2.0 (and its successor on Kaggle): tab-separated text.

    #   startTime:1574659531598
    #   SiteID:5d27...   SiteName:...   FloorId:...   FloorName:F1
    #   Brand:OPPO   Model:PBCM10   AndroidName:8.1.0   APILevel:27
    1574659531598   TYPE_WAYPOINT          x; y                     m on the floor plan
    1574659531695   TYPE_MAGNETIC_FIELD    x; y; z; accuracy        µT, calibrated by Android
    1574659531695   TYPE_ACCELEROMETER     x; y; z; accuracy        m/s², with gravity
    1574659531695   TYPE_GYROSCOPE         x; y; z; accuracy        rad/s
    1574659531695   TYPE_ROTATION_VECTOR   x; y; z; accuracy        axis times the sine of half the angle

(here with `;` for the tabs between values). Time is Unix time in ms; sensors have the time of the event, aligned to
Unix time. Other types are skipped. A trace is one walk on one floor. Waypoints are metres from the plan's lower left
corner, x to the right and y up (as in the competition's own viewer); they are not transformed, so that every site and
floor has its own frame. Floors are numbered as in the Kaggle competition: F1 and 1F are 0, F2 is 1, B1 is -1. Kaggle's
page warns of missing newlines: such lines are split where the next time begins.

Source: github.com/location-competition/indoor-location-competition-20, README.md, and the traces there.

Uncertain: whether the plan's y points north. The rotation vector does; the yaw between odometry and map is then
unknown, which trackers estimate anyway.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.data.importers.imported_walk import (
    MAX_TIME_S,
    MS_PER_S,
    NS_PER_MS,
    ImportedWalk,
    InertialReadings,
    Series,
    attitude_from_rotation_vector,
    line_error,
    parse_numbers,
)
from mail_ros.data.track import Landmark

FIELD, WAYPOINT = "TYPE_MAGNETIC_FIELD", "TYPE_WAYPOINT"
ATTITUDE, RATE, ACCELERATION = "TYPE_ROTATION_VECTOR", "TYPE_GYROSCOPE", "TYPE_ACCELEROMETER"
# Number of numeric values per line.
VALUES = {FIELD: 3, WAYPOINT: 2, ATTITUDE: 3, RATE: 3, ACCELERATION: 3}
RECORD = re.compile(r"(?<!^)(?=\d{13}\tTYPE_)")  # start of a record inside a line
NOTE = re.compile(r"(\w+):([^\t\n]*)")
FLOOR = re.compile(r"(?:(?P<above>F(?P<f>\d+)|(?P<f2>\d+)F)|B(?P<b>\d+)|(?P<b2>\d+)B)")

Rows = dict[str, list[list[float]]]


def read_trace(path: Path) -> ImportedWalk:
    """One walk from one trace.

    Raises:
        BagError: not a trace, no field, an unknown floor, or a broken line, which is named.
    """
    notes, rows = _parse(path)
    if FIELD not in rows:
        raise BagError(
            path,
            wanted=f"lines of {FIELD}",
            found=", ".join(sorted(rows)) or "no line of a type that is read",
            fix="check that it is a trace of this competition",
        )
    series = {kind: _series(values) for kind, values in rows.items() if kind != WAYPOINT}
    floor = _floor(path, notes) if WAYPOINT in rows else 0
    device = " ".join(filter(None, [notes.get("Brand", ""), notes.get("Model", "")]))
    return ImportedWalk(
        name=path.stem,
        stamp_ns=series[FIELD].stamp_ns,
        field_ut=series[FIELD].values,
        landmarks=tuple(Landmark(int(ms) * NS_PER_MS, (x, y), floor) for ms, x, y in rows.get(WAYPOINT, [])),
        inertial=_inertial(series),
        notes={"device": device or "unknown"} | ({"site": notes["SiteID"]} if notes.get("SiteID") else {}),
    )


def _parse(path: Path) -> tuple[dict[str, str], Rows]:
    """Header fields, and the numbers of each kind of line: ms and values."""
    notes: dict[str, str] = {}
    rows: Rows = defaultdict(list)
    try:
        with path.open(encoding="utf-8", errors="replace") as stream:
            for number, line in enumerate(stream, 1):
                if line.startswith("#"):
                    notes.update((key, value.strip()) for key, value in NOTE.findall(line))
                    continue
                for record in RECORD.split(line.rstrip("\n")):
                    stamp, _, rest = record.partition("\t")
                    kind, *values = rest.split("\t")
                    if kind not in VALUES:
                        continue
                    numbers = parse_numbers([stamp, *values[: VALUES[kind]]], 1 + VALUES[kind])
                    if numbers is None or not (np.isfinite(numbers).all() and 0 <= numbers[0] < MAX_TIME_S * MS_PER_S):
                        wanted = f"a time in ms, {kind} and {VALUES[kind]} numbers"
                        raise line_error(path, number, wanted, record.replace("\t", " "))
                    rows[kind].append(numbers)
    except OSError as error:
        raise BagError(path, wanted="a readable trace", found=str(error), fix="download it again") from None
    return notes, dict(rows)


def _series(rows: list[list[float]]) -> Series:
    """Readings in order of time; lines of different sensors are slightly out of order in the file."""
    table = np.array(rows)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Series(table[:, 0].astype(np.int64) * NS_PER_MS, table[:, 1:])


def _inertial(series: Mapping[str, Series]) -> InertialReadings:
    attitude = attitude_from_rotation_vector(series[ATTITUDE]) if ATTITUDE in series else None
    return InertialReadings(attitude, series.get(RATE), series.get(ACCELERATION))


def _floor(path: Path, notes: Mapping[str, str]) -> int:
    """Number of the floor, from the header or else from the folder, as the data set names its folders."""
    names = [name for name in (notes.get("FloorName", ""), path.parent.name, path.parent.parent.name) if name]
    for name in names:
        if match := FLOOR.fullmatch(name.strip().upper()):
            number = int(next(group for group in match.group("f", "f2", "b", "b2") if group))
            return number - 1 if match["above"] else -number
        if name == notes.get("FloorName"):
            break
    raise BagError(
        path,
        wanted="a floor as F1 or B1 in `FloorName:` of the head, or as the folder's name",
        found=", ".join(names) or "none",
        fix="write FloorName:F1 into the head, F1 for floor 0, B1 for floor -1",
    )
