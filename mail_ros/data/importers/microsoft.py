"""Traces of Microsoft's Indoor Location Competition 2.0 (and its successor on Kaggle): tab-separated text.

    #   startTime:1574659531598
    #   SiteID:5d27...   SiteName:...   FloorId:...   FloorName:F1
    #   Brand:OPPO   Model:PBCM10   AndroidName:8.1.0   APILevel:27
    1574659531598   TYPE_WAYPOINT          x; y                     m on the floor's plan
    1574659531695   TYPE_MAGNETIC_FIELD    x; y; z; accuracy        µT, calibrated by Android
    1574659531695   TYPE_ACCELEROMETER     x; y; z; accuracy        m/s², with gravity
    1574659531695   TYPE_GYROSCOPE         x; y; z; accuracy        rad/s
    1574659531695   TYPE_ROTATION_VECTOR   x; y; z; accuracy        axis times the sine of half the angle

(here with `;` for the tabs between values). Time is Unix time in ms; that of sensors is the event's own, aligned to
Unix time. All other types are skipped. A trace is one walk on one floor. Waypoints count x to the right and y up from
the plan's lower left corner (as the competition's own viewer draws them), in metres; they are taken as they are, so
every site and floor has its own frame. Floors are counted as the Kaggle competition did: F1 and 1F are 0, F2 is 1,
B1 is -1. Kaggle's page warns that a newline is missing here and there: such lines are cut where the next time begins.

Source: github.com/location-competition/indoor-location-competition-20, README.md, and the traces there.

Not certain: whether the plan's y points north. The rotation vector does, so odometry from it is turned against the
map, by an angle that trackers have to find anyway.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.data.importers.imported_walk import END_OF_TIME_S, ImportedWalk
from mail_ros.data.importers.phone_imu import Series, imu_from_rotation_vector
from mail_ros.data.track import ImuSeries, Landmark

NS_PER_MS, MS_PER_S = 1_000_000, 1000
FIELD, WAYPOINT = "TYPE_MAGNETIC_FIELD", "TYPE_WAYPOINT"
ATTITUDE, RATE, ACCELERATION = "TYPE_ROTATION_VECTOR", "TYPE_GYROSCOPE", "TYPE_ACCELEROMETER"
# Values of a line that are numbers: how many of them must be there.
VALUES = {FIELD: 3, WAYPOINT: 2, ATTITUDE: 3, RATE: 3, ACCELERATION: 3}
RECORD = re.compile(r"(?<!^)(?=\d{13}\tTYPE_)")  # where a record begins inside a line
NOTE = re.compile(r"(\w+):([^\t\n]*)")
FLOOR = re.compile(r"(?:(?P<above>F(?P<f>\d+)|(?P<f2>\d+)F)|B(?P<b>\d+)|(?P<b2>\d+)B)")

Rows = dict[str, list[list[float]]]


def read_trace(path: Path) -> ImportedWalk:
    """One walk from one trace.

    Raises:
        BagError: not a trace, or one without the field, or a floor that cannot be told; a broken line is named.
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
        imu=_imu(series),
        notes={
            "source": path.name,
            "importer": "microsoft",
            "device": device or "unknown",
            **({"site": notes["SiteID"]} if notes.get("SiteID") else {}),
        },
    )


def _parse(path: Path) -> tuple[dict[str, str], Rows]:
    """What the head says, and the numbers of every kind of line that is used: ms and values."""
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
                    if kind in VALUES:
                        rows[kind].append(_numbers(path, number, record, stamp, values[: VALUES[kind]]))
    except OSError as error:
        raise BagError(path, wanted="a readable trace", found=str(error), fix="download it again") from None
    return notes, dict(rows)


def _numbers(path: Path, number: int, record: str, stamp: str, values: list[str]) -> list[float]:
    kind = record.split("\t")[1]
    try:
        numbers = [int(stamp), *(float(value) for value in values)]
        if len(values) == VALUES[kind] and np.isfinite(numbers).all() and 0 <= numbers[0] < END_OF_TIME_S * MS_PER_S:
            return numbers
    except ValueError:
        pass
    raise BagError(
        f"{path}, line {number}",
        wanted=f"a time in ms, {kind} and {VALUES[kind]} numbers",
        found=record.replace("\t", " "),
        fix="correct or delete the line",
    )


def _series(rows: list[list[float]]) -> Series:
    """In the order of time; lines of different sensors reach the file a little out of order."""
    table = np.array(rows)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Series(table[:, 0].astype(np.int64) * NS_PER_MS, table[:, 1:])


def _imu(series: Mapping[str, Series]) -> ImuSeries | None:
    if not {ATTITUDE, RATE, ACCELERATION} <= series.keys():
        return None
    return imu_from_rotation_vector(series[ATTITUDE], series[RATE], series[ACCELERATION])


def _floor(path: Path, notes: Mapping[str, str]) -> int:
    """The number of the floor that the head names, or else the folder, as in the data set's own folders."""
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
