"""UJIIndoorLoc-Mag: continuous walks along the corridors of a laboratory, text with blanks between the values.

    time; field x; y; z; acceleration x; y; z; orientation x; y; z      one line per reading, about ten a second
    <2>                                                                 number of straight legs that follow
    latitude; longitude; latitude; longitude; first; last               start and end of a leg, and its readings

(here with `;` for the blanks). Readings are counted from zero, and a leg may end one after the last. The ends
of a leg become landmarks at its first and last reading. The field is assumed to be in µT, Android's unit, and on
floor 0.

The data set's papers also mention 40,000 discrete captures. A file of captures, readings without legs, is not a walk
and is refused; so is a file with disconnected legs, or with a gap of more than a second between readings.

Source: Torres-Sospedra et al., "UJIIndoorLoc-Mag: A New Database for Magnetic Field-Based Localization Problems", IPIN
2015, doi 10.1109/IPIN.2015.7346763; UCI Machine Learning Repository, data set 343. The format was read from programs
that parse the files (the data itself could not be seen when this was written).

Uncertain, and therefore checked: time in ms (the median step must correspond to 5 to 50 Hz), and latitude and longitude
in degrees. Uncertain, and not used: the unit of the orientation. Without a gyroscope the bag has no IMU.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.importers.imported_walk import (
    MAX_TIME_S,
    MS_PER_S,
    NS_PER_MS,
    ImportedWalk,
    line_error,
    parse_numbers,
)
from mail_ros.data.origin import Origin
from mail_ros.data.track import Landmark

UJI_ORIGIN = Origin(39.9935, -0.0690)  # campus in Castellón, shared by all files of the data set

READING, LEG = 10, 6  # values per line
MARKER = re.compile(r"<(\d+)>")
MEDIAN_STEP_MS = (20.0, 200.0)
MAX_STEP_MS = 1000.0
MAX_JOINT_M = 1.0  # the next leg starts this close to the end of a leg

Numbered = tuple[int, list[float]]  # line number and values


def read_uji(path: Path, origin: Origin) -> ImportedWalk:
    """One walk from one file.

    Raises:
        BagError: another format, or not one continuous walk; the line is named.
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
        landmarks=tuple(_without_duplicates(landmarks)),
        notes={"route": path.parent.name},
    )


def _parse(path: Path) -> tuple[list[Numbered], list[Numbered]]:
    """Readings and legs of a file."""
    readings: list[Numbered] = []
    legs: list[Numbered] = []
    expected = -1
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BagError(path, wanted="a readable text file", found=str(error), fix="download it again") from None
    for number, line in enumerate(lines, 1):
        if match := MARKER.fullmatch(line.strip()):
            expected = int(match.group(1))
        elif line.strip():
            wanted = READING if expected < 0 else LEG
            (readings if expected < 0 else legs).append((number, _numbers(path, number, line, wanted)))
    if expected < 0 or not readings or len(legs) != expected:
        raise BagError(
            path,
            wanted="readings, a line as <2>, and that many legs",
            found=f"{len(readings)} readings, {f'<{expected}>' if expected >= 0 else 'no such line'}, {len(legs)} legs",
            fix="import the continuous files; single captures are not a walk",
        )
    return readings, legs


def _numbers(path: Path, number: int, line: str, count: int) -> list[float]:
    values = parse_numbers(line.split(), count)
    if values is None or not np.isfinite(values).all():
        fix = "import the continuous files; in them, correct or delete the line"
        raise line_error(path, number, f"{count} numbers", line.strip(), fix)
    return values


def _check_steps(path: Path, readings: list[Numbered], time_ms: FloatArray) -> None:
    """Refuse times that are not in ms, that step back, or that have a gap."""
    step_ms = np.diff(time_ms)
    median_ms = float(np.median(step_ms)) if len(step_ms) else np.nan
    if not MEDIAN_STEP_MS[0] <= median_ms <= MEDIAN_STEP_MS[1]:
        raise BagError(
            path,
            wanted=f"times in ms, {MEDIAN_STEP_MS[0]:g} to {MEDIAN_STEP_MS[1]:g} apart",
            found=f"a median step of {median_ms:g}",
            fix="scale the times to ms, or write plain CSV (`mail_ros import csv`)",
        )
    if not 0 <= time_ms[0] <= time_ms[-1] < MAX_TIME_S * MS_PER_S:
        raise BagError(
            path,
            wanted=f"times of 0 to {MAX_TIME_S} s",
            found=f"{time_ms[0] / MS_PER_S:g} to {time_ms[-1] / MS_PER_S:g} s",
            fix="correct the times, or leave the file out",
        )
    for at in np.flatnonzero((step_ms < 0) | (step_ms > MAX_STEP_MS))[:1]:
        wanted = f"a reading at most {MAX_STEP_MS / MS_PER_S:g} s after the one above: one continuous walk"
        found = f"{step_ms[at] / MS_PER_S:g} s"
        raise line_error(path, readings[at + 1][0], wanted, found, "leave this file out, or split it there")


def _leg(path: Path, line: int, leg: list[float], stamp_ns: IntArray, origin: Origin) -> tuple[Landmark, Landmark]:
    """Landmarks at the start and the end of a leg."""
    first, last = round(leg[4]), round(leg[5])
    last -= last == len(stamp_ns)  # counted as the end of a range
    if not 0 <= first < last < len(stamp_ns):
        wanted = f"first and last reading of 0 to {len(stamp_ns) - 1}"
        raise line_error(path, line, wanted, f"{leg[4]:g} to {leg[5]:g}", "correct or leave out the file")
    if not (abs(leg[0]) <= 90 and abs(leg[2]) <= 90 and abs(leg[1]) <= 180 and abs(leg[3]) <= 180):
        found = " ".join(f"{value:g}" for value in leg[:4])
        fix = "write plain CSV in metres (`mail_ros import csv`)"
        raise line_error(path, line, "latitude and longitude in degrees", found, fix)
    return (
        Landmark(int(stamp_ns[first]), origin.to_local(leg[0], leg[1], f"{path}, line {line}"), 0),
        Landmark(int(stamp_ns[last]), origin.to_local(leg[2], leg[3], f"{path}, line {line}"), 0),
    )


def _check_joint(path: Path, line: int, before: Landmark, after: Landmark) -> None:
    """Refuse a leg that does not start at the end of the previous one."""
    jump_m = float(np.hypot(*np.subtract(after.position_m, before.position_m)))
    step_s = (after.stamp_ns - before.stamp_ns) / NS_PER_S
    if step_s < 0 or jump_m > MAX_JOINT_M:
        wanted = "a leg that starts where and when the one above ended: one continuous walk"
        fix = "leave this file out, or give each leg its own file"
        raise line_error(path, line, wanted, f"{jump_m:.1f} m and {step_s:g} s from it", fix)


def _without_duplicates(landmarks: list[Landmark]) -> list[Landmark]:
    """Landmarks without the second one of a reading that ends one leg and starts the next."""
    return [mark for at, mark in enumerate(landmarks) if at == 0 or mark.stamp_ns != landmarks[at - 1].stamp_ns]
