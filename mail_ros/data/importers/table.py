"""CSV files with a header line: columns as numbers, stamps as exact nanoseconds."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.importers.imported_walk import MAX_NUMBER, MAX_TIME_S, line_error


@dataclass(frozen=True)
class Table:
    """The cells of a file as text, by line."""

    path: Path
    names: list[str]
    rows: list[list[str]]
    lines: list[int]  # line number of each row

    def column(self, name: str) -> FloatArray:
        """(n,) numbers; an empty cell is NaN.

        Raises:
            BagError: a cell is not a number; its line is named.
        """
        return np.array([self._number(text, line, name) for text, line in self._cells(name)])

    def columns(self, *names: str) -> FloatArray:
        """(n, names) numbers, see `column`."""
        return np.column_stack([self.column(name) for name in names])

    def cells(self, name: str) -> list[str]:
        """The texts of a column."""
        return [text for text, _ in self._cells(name)]

    def unordered_stamps(self, name: str, per_s: int) -> IntArray:
        """(n,) exact ns, from a column with `per_s` units per second.

        Raises:
            BagError: a cell is not a time; its line is named.
        """
        return np.array([self._stamp(text, line, name, per_s) for text, line in self._cells(name)], dtype=np.int64)

    def stamps(self, name: str, per_s: int) -> IntArray:
        """The same, where no time is earlier than the previous one.

        Raises:
            BagError: a cell is not a time, or earlier than the previous one; its line is named.
        """
        stamps = self.unordered_stamps(name, per_s)
        for before, after, line in zip(stamps[:-1], stamps[1:], self.lines[1:], strict=True):
            if after < before:
                raise line_error(
                    self.path,
                    line,
                    f"{name} not before that of the line above",
                    f"a step back of {(before - after) / NS_PER_S:g} s",
                    "split the file there: it holds more than one walk",
                )
        return stamps

    def _cells(self, name: str) -> list[tuple[str, int]]:
        at = self.names.index(name)
        return [(row[at].strip(), line) for row, line in zip(self.rows, self.lines, strict=True)]

    def _number(self, text: str, line: int, name: str) -> float:
        try:
            number = float(text) if text else np.nan
            if not abs(number) > MAX_NUMBER:
                return number
        except ValueError:
            pass
        raise line_error(self.path, line, f"a number as {name}", repr(text))

    def _stamp(self, text: str, line: int, name: str, per_s: int) -> int:
        try:
            stamp_ns = Decimal(text) * NS_PER_S / per_s
            if 0 <= stamp_ns < MAX_TIME_S * NS_PER_S:
                return round(stamp_ns)
        except ArithmeticError:  # no number, NaN, or an exponent of seven digits
            pass
        raise line_error(self.path, line, f"a time as {name}, of 0 to {MAX_TIME_S} s", repr(text))


def read_table(path: Path) -> Table:
    """Read a file whose first line names the columns; empty lines and lines that begin with `#` are skipped.

    Raises:
        BagError: the file is unreadable, has no line of data, or has a line of another length than the first.
    """
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            for row in reader:
                if not any(cell.strip() for cell in row) or row[0].startswith("#"):
                    continue
                if rows and len(row) != len(rows[0]):
                    wanted = f"{len(rows[0])} cells as in the first line"
                    raise line_error(path, reader.line_num, wanted, f"{len(row)}")
                rows.append(row)
                lines.append(reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BagError(path, wanted="a readable CSV file", found=str(error), fix="export it again") from None
    names = [name.strip() for name in rows[0]] if rows else []
    if len(rows) < 2:
        raise BagError(
            path, wanted="a line of names and lines of numbers", found=f"{len(names)} names only", fix="export it again"
        )
    return Table(path, names, rows[1:], lines[1:])


def whole_rows(table: Table, values: FloatArray, names: tuple[str, ...]) -> BoolArray:
    """(n,) whether a row has values in all of some columns.

    Raises:
        BagError: a row has values in a part of them; its line is named.
    """
    given = np.isfinite(values)
    whole = np.asarray(given.all(axis=1), dtype=np.bool_)
    for row in np.flatnonzero(given.any(axis=1) & ~whole)[:1]:
        wanted, found = f"numbers for all or none of {', '.join(names)}", f"{int(given[row].sum())} of {len(names)}"
        raise line_error(table.path, table.lines[row], wanted, found, "complete the line, or empty all of them")
    return whole
