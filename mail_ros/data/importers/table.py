"""CSV files with one line of names: columns as numbers, and stamps as exact nanoseconds."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.importers.imported_walk import END_OF_TIME_S
from mail_ros.data.track import FloatArray, IntArray


@dataclass(frozen=True)
class Table:
    """The cells of a file as text, by line."""

    path: Path
    names: list[str]
    rows: list[list[str]]
    lines: list[int]  # where each row stands in the file

    def column(self, name: str) -> FloatArray:
        """(n,) numbers; an empty cell is NaN.

        Raises:
            BagError: a cell is not a number; its line is named.
        """
        at = self.names.index(name)
        return np.array(
            [self._number(row[at].strip(), line, name) for row, line in zip(self.rows, self.lines, strict=True)]
        )

    def columns(self, *names: str) -> FloatArray:
        """(n, names) numbers, as `column`."""
        return np.column_stack([self.column(name) for name in names])

    def stamps(self, name: str, per_s: int) -> IntArray:
        """(n,) ns, exact, of a column of which `per_s` are a second.

        Raises:
            BagError: a cell is no number, or earlier than the one before it; its line is named.
        """
        at = self.names.index(name)
        stamps = [
            self._stamp(row[at].strip(), line, name, per_s) for row, line in zip(self.rows, self.lines, strict=True)
        ]
        for before, after, line in zip(stamps[:-1], stamps[1:], self.lines[1:], strict=True):
            if after < before:
                raise BagError(
                    f"{self.path}, line {line}",
                    wanted=f"{name} not before that of the line above",
                    found=f"a step back of {(before - after) / NS_PER_S:g} s",
                    fix="split the file there: it holds more than one walk",
                )
        return np.array(stamps, dtype=np.int64)

    def _number(self, text: str, line: int, name: str) -> float:
        try:
            number = float(text) if text else np.nan
            if not math.isinf(number):
                return number
        except ValueError:
            pass
        raise BagError(
            f"{self.path}, line {line}",
            wanted=f"a number as {name}",
            found=repr(text),
            fix="correct or delete the line",
        )

    def _stamp(self, text: str, line: int, name: str, per_s: int) -> int:
        try:
            stamp_ns = round(Decimal(text) * NS_PER_S / per_s)
            if 0 <= stamp_ns < END_OF_TIME_S * NS_PER_S:
                return stamp_ns
        except (InvalidOperation, ValueError, OverflowError):
            pass
        raise BagError(
            f"{self.path}, line {line}",
            wanted=f"a time as {name}, of 0 to {END_OF_TIME_S} s",
            found=repr(text),
            fix="correct or delete the line",
        )


def read_table(path: Path) -> Table:
    """A file whose first line names the columns; lines that are empty or begin with `#` are skipped.

    Raises:
        BagError: not to be read, without a line of data, or with a line of another length than the first.
    """
    names: list[str] = []
    rows: list[list[str]] = []
    lines: list[int] = []
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            reader = csv.reader(stream)
            for row in reader:
                if not any(cell.strip() for cell in row) or row[0].startswith("#"):
                    continue
                if not names:
                    names = [name.strip() for name in row]
                    continue
                if len(row) != len(names):
                    raise BagError(
                        f"{path}, line {reader.line_num}",
                        wanted=f"{len(names)} cells as in the first line",
                        found=f"{len(row)}",
                        fix="correct or delete the line",
                    )
                rows.append(row)
                lines.append(reader.line_num)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BagError(path, wanted="a readable CSV file", found=str(error), fix="export it again") from None
    if not rows:
        raise BagError(
            path, wanted="a line of names and lines of numbers", found=f"{len(names)} names only", fix="export it again"
        )
    return Table(path, names, rows, lines)
