"""CSV exports of phone apps: any separator, decimal commas, units in the names of columns, and times of day.

Names of columns are compared in lower case, without blanks at their ends, and with u for µ.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.importers.imported_walk import MAX_TIME_S, Series, line_error
from mail_ros.data.importers.table import Table

SEPARATORS = ";\t|,"
DECIMAL_COMMA = re.compile(r"\s*[-+]?\d+,\d+([eE][-+]?\d+)?\s*")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
CLOCK = re.compile(
    r"(?:(?P<year>\d{4})[-/](?P<month>\d\d?)[-/](?P<day>\d\d?)|(?P<day2>\d\d?)-(?P<name>[A-Za-z]{3})-(?P<year2>\d{4}))"
    r"[T ]+(?P<hour>\d\d?)[:.-](?P<minute>\d\d)[:.-](?P<second>\d\d)(?:[.,:_](?P<fraction>\d{1,9}))?"
    r"\s*(?P<zone>Z|[-+]\d\d:?\d\d)?"
)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_export(path: Path, free_text: str = "") -> Table:
    """Read the table of an app; it may have no rows.

    A first line `sep=;`, repeated lines of names, empty cells at the ends of lines, and a last line that was cut off
    are left out.

    Args:
        path: the file.
        free_text: column that may contain separators without quotes.

    Raises:
        BagError: the file is unreadable, or a line has another number of cells than the names.
    """
    try:
        lines = _decoded(path.read_bytes()).splitlines()
        first = 1 if lines and lines[0].strip().strip('"').lower().startswith("sep=") else 0
        header = lines[first] if len(lines) > first else ""
        separator = max(SEPARATORS, key=header.count)
        rows = [[_plain(cell) for cell in row] for row in csv.reader(lines[first:], delimiter=separator)]
    except (OSError, csv.Error) as error:
        raise BagError(path, wanted="a readable CSV file", found=str(error), fix="export it again") from None
    names = [plain_name(name) for name in rows[0]] if rows else []
    while names and not names[-1]:
        names.pop()
    if free_text in names:
        rows = [_joined(row, names.index(free_text), len(names), separator) for row in rows]
    kept: list[tuple[int, list[str]]] = []
    for number, row in enumerate(rows[1:], first + 2):
        if not any(row) or [plain_name(cell) for cell in row[: len(names)]] == names:
            continue
        if len(row) < len(names) and number == len(rows) + first:
            continue
        if len(row) < len(names) or any(row[len(names) :]):
            raise line_error(path, number, f"{len(names)} cells as in the line of names", f"{len(row)}")
        kept.append((number, row[: len(names)]))
    return Table(path, names, [row for _, row in kept], [number for number, _ in kept])


def plain_name(name: str) -> str:
    """The name of a column as it is compared."""
    return " ".join(name.lower().replace("µ", "u").replace("μ", "u").replace("²", "^2").split())


def find(table: Table, pattern: str) -> str | None:
    """The first column whose whole plain name matches a regular expression."""
    return next((name for name in table.names if re.fullmatch(pattern, name)), None)


def axes(table: Table, pattern: str, letters: Sequence[str] = "xyz") -> list[str] | None:
    """Columns of some axes, where `pattern` has `{}` for the letter; None if one is missing."""
    found = [find(table, pattern.format(letter)) for letter in letters]
    return None if None in found else [str(name) for name in found]


def series(table: Table, stamp_ns: IntArray, columns: Sequence[str] | None, scale: float = 1.0) -> Series | None:
    """Readings in order of time, each stamp once and without empty ones; None without any.

    Args:
        table: the table.
        stamp_ns: (rows,) stamps of the rows.
        columns: names of the columns; None for no readings.
        scale: factor to the unit of ROS.

    Raises:
        BagError: a cell is not a number; its line is named.
    """
    if columns is None:
        return None
    values: FloatArray = table.columns(*columns) * scale if table.rows else np.empty((0, len(columns)))
    kept = np.flatnonzero(np.isfinite(values).all(axis=1))
    stamps, first = np.unique(stamp_ns[kept], return_index=True)
    return Series(stamps, values[kept[first]]) if len(stamps) else None


def clock_stamps(table: Table, name: str) -> IntArray:
    """(rows,) ns since the epoch from times of day; those without a zone count as UTC.

    Raises:
        BagError: a cell is not a time of day; its line is named.
    """
    cells = zip(table.cells(name), table.lines, strict=True)
    return np.array([clock_ns(text, f"{table.path}, line {line}") for text, line in cells], dtype=np.int64)


def clock_ns(text: str, source: object) -> int:
    """A time of day, such as 2026-12-01T10:00:05.250+01:00 or 01-Dec-2026 10:00:05.250, in ns since the epoch.

    Raises:
        BagError: the text is something else.
    """
    match = CLOCK.fullmatch(text.strip())
    try:
        stamp_ns = _clock_ns(match.groupdict()) if match else -1
    except (ValueError, OverflowError):  # month 13, or a zone that leads out of the calendar
        stamp_ns = -1
    if not 0 <= stamp_ns < MAX_TIME_S * NS_PER_S:
        wanted = "a time of day as 2026-12-01T10:00:05.250+01:00"
        raise BagError(source, wanted=wanted, found=repr(text), fix="correct or delete the line")
    return stamp_ns


def _clock_ns(part: dict[str, str]) -> int:
    """Time of day from the groups of `CLOCK`; an unknown month or an impossible date is a ValueError."""
    month = MONTHS.index(part["name"].lower()) + 1 if part["name"] else int(part["month"])
    year, day = int(part["year"] or part["year2"]), int(part["day"] or part["day2"])
    clock = int(part["hour"]), int(part["minute"]), int(part["second"])
    zone = (part["zone"] or "Z").replace(":", "").replace("Z", "+0000")
    shift = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:])) * (-1 if zone[0] == "-" else 1)
    since = datetime(year, month, day, *clock, tzinfo=timezone.utc) - shift - EPOCH
    return (since.days * 86400 + since.seconds) * NS_PER_S + int((part["fraction"] or "0").ljust(9, "0"))


def anchored(own_ns: IntArray, clock: IntArray) -> IntArray:
    """Exact intervals of a sensor's own clock, at the date of the times at which its readings were first logged."""
    _, first = np.unique(own_ns, return_index=True)
    delay_ns = (clock - clock[0]) - (own_ns - own_ns[0])
    return np.asarray(own_ns - own_ns[0] + clock[0] + round(float(np.median(delay_ns[first]))), dtype=np.int64)


def _decoded(content: bytes) -> str:
    """Text in UTF-8, in UTF-16 with its mark, or else in Latin-1, where any byte is a letter."""
    encoding = "utf-16" if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _joined(row: list[str], at: int, count: int, separator: str) -> list[str]:
    """A row whose cell `at` was split at separators in it."""
    end = at + 1 + max(len(row) - count, 0)
    return [*row[:at], separator.join(row[at:end]), *row[end:]]


def _plain(cell: str) -> str:
    """A cell with a decimal point."""
    return cell.replace(",", ".") if DECIMAL_COMMA.fullmatch(cell) else cell.strip()
