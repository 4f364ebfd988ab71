"""UJIIndoorLoc-Mag: continuous walks along the corridors of a laboratory, text with blanks between the values.

    time; field x; y; z; acceleration x; y; z; orientation x; y; z      one line per reading, about ten a second
    <2>                                                                 how many straight legs follow
    latitude; longitude; latitude; longitude; first; last               of a leg's start and end, and its readings

(here with `;` for the blanks). Readings of a leg are counted from zero. A leg's ends become landmarks at its first and
its last reading. Field is taken to be in µT as Android gives it, and all of it on floor 0.

The data set's papers also speak of 40,000 discrete captures. A file of such, readings without legs, is no walk, and is
refused; so is a file whose legs do not continue one another, or whose readings stop for more than a second.

Source: Torres-Sospedra et al., "UJIIndoorLoc-Mag: A New Database for Magnetic Field-Based Localization Problems", IPIN
2015, doi 10.1109/IPIN.2015.7346763; UCI Machine Learning Repository, data set 343. The format was read from programs
that parse the files (the data itself could not be seen when this was written).

Not certain, and therefore checked and refused where it does not fit: time in ms (the median step must be that of 5 to
50 readings a second), and latitude and longitude in degrees. Not certain, and not used: the unit of the orientation.
There is no gyroscope, so the bag has no IMU.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.importers.imported_walk import END_OF_TIME_S, ImportedWalk, Origin
from mail_ros.data.track import FloatArray, Landmark

UJI_ORIGIN = Origin(39.9935, -0.0690)  # on the campus in Castellón: all files of the data set share it

NS_PER_MS, MS_PER_S = 1_000_000, 1000
READING, LEG = 10, 6  # values of a line
MARKER = re.compile(r"<(\d+)>")
STEP_MS = (20.0, 200.0)
LONGEST_STEP_MS = 1000.0
FARTHEST_M = 1.0  # between the end of a leg and the start of the next: one walk goes on where it was

Numbered = tuple[int, list[float]]  # line, and its values


def read_uji(path: Path, origin: Origin) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: not such a file, or not one continuous walk; the line is named.
    """
    readings, legs = _parse(path)
    values = np.array([row for _, row in readings])
    _check_steps(path, readings, values[:, 0])
    stamp_ns = np.round(values[:, 0]).astype(np.int64) * NS_PER_MS
    landmarks: list[Landmark] = []
    for line, leg in legs:
        start, end = _leg(path, line, leg, stamp_ns, origin)
        if landmarks:
            _check_joint(path, line, landmarks[-1], start)
        landmarks += [start, end]
    return ImportedWalk(
        name=path.stem,
        stamp_ns=stamp_ns,
        field_ut=values[:, 1:4],
        landmarks=tuple(_without_doubles(landmarks)),
        notes={
            "source": path.name,
            "importer": "uji",
            "route": path.parent.name,
            "origin": f"{origin.latitude_deg},{origin.longitude_deg}",
        },
    )


def _parse(path: Path) -> tuple[list[Numbered], list[Numbered]]:
    """Readings and legs."""
    readings: list[Numbered] = []
    legs: list[Numbered] = []
    promised = -1
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BagError(path, wanted="a readable text file", found=str(error), fix="download it again") from None
    for number, line in enumerate(lines, 1):
        if match := MARKER.fullmatch(line.strip()):
            promised = int(match.group(1))
        elif line.strip():
            wanted = READING if promised < 0 else LEG
            (readings if promised < 0 else legs).append((number, _numbers(path, number, line, wanted)))
    if promised < 0 or not readings or len(legs) != promised:
        raise BagError(
            path,
            wanted="readings, a line as <2>, and as many legs as it says",
            found=f"{len(readings)} readings, {f'<{promised}>' if promised >= 0 else 'no such line'}, {len(legs)} legs",
            fix="import the continuous files; single captures are no walk",
        )
    return readings, legs


def _numbers(path: Path, number: int, line: str, count: int) -> list[float]:
    try:
        values = [float(value) for value in line.split()]
        if len(values) == count and np.isfinite(values).all():
            return values
    except ValueError:
        pass
    raise BagError(
        f"{path}, line {number}",
        wanted=f"{count} numbers",
        found=line.strip(),
        fix="import the continuous files; in them, correct or delete the line",
    )


def _check_steps(path: Path, readings: list[Numbered], time_ms: FloatArray) -> None:
    """Refuse times that are no ms, that go back, or that stop."""
    step_ms = np.diff(time_ms)
    typical_ms = float(np.median(step_ms)) if len(step_ms) else np.nan
    if not STEP_MS[0] <= typical_ms <= STEP_MS[1]:
        raise BagError(
            path,
            wanted=f"times in ms, {STEP_MS[0]:g} to {STEP_MS[1]:g} apart",
            found=f"a median step of {typical_ms:g}",
            fix="scale the times to ms, or write plain CSV (`mail_ros import csv`)",
        )
    if not 0 <= time_ms[0] <= time_ms[-1] < END_OF_TIME_S * MS_PER_S:
        raise BagError(
            path,
            wanted=f"times of 0 to {END_OF_TIME_S} s",
            found=f"{time_ms[0] / MS_PER_S:g} to {time_ms[-1] / MS_PER_S:g} s",
            fix="correct the times, or leave the file out",
        )
    for at in np.flatnonzero((step_ms < 0) | (step_ms > LONGEST_STEP_MS))[:1]:
        raise BagError(
            f"{path}, line {readings[at + 1][0]}",
            wanted=f"a reading at most {LONGEST_STEP_MS / 1000:g} s after the one above: one continuous walk",
            found=f"{step_ms[at] / 1000:g} s",
            fix="leave this file out, or split it there",
        )


def _leg(path: Path, line: int, leg: list[float], stamp_ns: np.ndarray, origin: Origin) -> tuple[Landmark, Landmark]:
    """Where a leg starts and where it ends."""
    first, last = round(leg[4]), round(leg[5])
    if not 0 <= first < last < len(stamp_ns):
        raise BagError(
            f"{path}, line {line}",
            wanted=f"first and last reading of 0 to {len(stamp_ns) - 1}",
            found=f"{leg[4]:g} to {leg[5]:g}",
            fix="correct or leave out the file",
        )
    if not (abs(leg[0]) <= 90 and abs(leg[2]) <= 90 and abs(leg[1]) <= 180 and abs(leg[3]) <= 180):
        raise BagError(
            f"{path}, line {line}",
            wanted="latitude and longitude in degrees",
            found=" ".join(f"{value:g}" for value in leg[:4]),
            fix="write plain CSV in metres (`mail_ros import csv`)",
        )
    return (
        Landmark(int(stamp_ns[first]), origin.to_local(leg[0], leg[1]), 0),
        Landmark(int(stamp_ns[last]), origin.to_local(leg[2], leg[3]), 0),
    )


def _check_joint(path: Path, line: int, before: Landmark, after: Landmark) -> None:
    """Refuse a leg that does not go on where the last one ended."""
    jump_m = float(np.hypot(*np.subtract(after.position_m, before.position_m)))
    step_s = (after.stamp_ns - before.stamp_ns) / NS_PER_S
    if step_s < 0 or jump_m > FARTHEST_M:
        raise BagError(
            f"{path}, line {line}",
            wanted="a leg that goes on where and when the one above ended: one continuous walk",
            found=f"{jump_m:.1f} m and {step_s:g} s from it",
            fix="leave this file out, or give each leg its own file",
        )


def _without_doubles(landmarks: list[Landmark]) -> list[Landmark]:
    """Where a leg begins with the reading that ended the last one, one landmark is enough."""
    return [mark for at, mark in enumerate(landmarks) if at == 0 or mark.stamp_ns != landmarks[at - 1].stamp_ns]
