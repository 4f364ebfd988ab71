"""Whether a change of the code changed an estimate: two folders of CSVs, row by row.

    mail_ros evaluate MODEL BAGS --estimates old/site.csv      # before the change
    mail_ros evaluate MODEL BAGS --estimates new/site.csv      # after it
    python -m benchmarks.guard compare old new

Rows are matched by bag and stamp. Stamps, bags and statuses are compared as text, numbers within 1e-9 (absolute, or
relative for values above 1). Every file has one line; the exit code is 1 if any differs.
"""

from __future__ import annotations

import argparse
import csv
import math
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

TOLERANCE = 1e-9
RENAMED = {"support": "map_fit"}  # columns of earlier versions, by their names since
EXACT = {"stamp_ns"}  # a float64 does not hold every stamp

Row = dict[str, str]
Key = tuple[str, str, int]  # bag, stamp, and which one of equal pairs


@dataclass
class Difference:
    """What two files do not have in common."""

    only_old: int = 0  # rows
    only_new: int = 0
    columns: list[str] = field(default_factory=list)  # columns that one of the files lacks
    rows: int = 0  # rows of both files with a value that differs
    largest: dict[str, float] = field(default_factory=dict)  # by column; inf: text, or a number against none
    mean_m: tuple[float, float] = (float("nan"), float("nan"))  # error of moving rows, old and new

    def __bool__(self) -> bool:
        return bool(self.only_old or self.only_new or self.columns or self.rows)

    def __str__(self) -> str:
        parts = [f"{self.rows} rows differ"] if self.rows else []
        parts += [f"{number} rows only in {name}" for name, number in self._lonely() if number]
        parts += [f"column {name} is in one file only" for name in self.columns]
        parts += [f"{name} by up to {size:.3g}" for name, size in self.largest.items()]
        if not np.isnan(self.mean_m).all():
            parts.append("mean error {:.3f} -> {:.3f} m".format(*self.mean_m))
        return ", ".join(parts)

    def _lonely(self) -> list[tuple[str, int]]:
        return [("OLD", self.only_old), ("NEW", self.only_new)]


def read(path: Path) -> dict[Key, Row]:
    """Rows of a CSV by bag and stamp, with the column names of today."""
    count: Counter[tuple[str, str]] = Counter()
    rows: dict[Key, Row] = {}
    with path.open(newline="") as file:
        for raw in csv.DictReader(file):
            row = {RENAMED.get(name, name): value for name, value in raw.items()}
            pair = row.get("bag", ""), row["stamp_ns"]
            rows[pair[0], pair[1], count[pair]] = row
            count[pair] += 1
    return rows


def compare(old: Path, new: Path) -> Difference:
    """Compare two CSVs of estimates."""
    before, after = read(old), read(new)
    both = [key for key in before if key in after]
    found = Difference(len(before) - len(both), len(after) - len(both), mean_m=(mean_m(before), mean_m(after)))
    if not both:
        return found
    columns = [list(rows[both[0]]) for rows in (before, after)]
    found.columns = sorted(set(columns[0]) ^ set(columns[1]))
    for key in both:
        sizes = {name: distance(name, before[key][name], after[key][name]) for name in columns[0] if name in columns[1]}
        differing = {name: size for name, size in sizes.items() if size}
        found.rows += bool(differing)
        for name, size in differing.items():
            found.largest[name] = max(size, found.largest.get(name, 0.0))
    return found


def distance(column: str, old: str, new: str) -> float:
    """How far two values lie apart: 0 within the tolerance, inf if either is no number and they are not equal."""
    if old == new:
        return 0.0
    if column in EXACT:
        return abs(int(old) - int(new))
    try:
        a, b = (np.array([float(number) for number in text.split(";")]) for text in (old, new))
    except ValueError:
        return float("inf")
    if a.shape != b.shape or (np.isnan(a) != np.isnan(b)).any():
        return float("inf")
    if np.isclose(a, b, TOLERANCE, TOLERANCE, equal_nan=True).all():
        return 0.0
    return float(np.nanmax(np.abs(a - b)))


def mean_m(rows: dict[Key, Row]) -> float:
    """Mean distance to the reference over the rows that are not paused; NaN without a reference."""
    errors = [
        math.dist(*([float(row[f"{name}{axis}_m"]) for axis in "xy"] for name in ("", "reference_")))
        for row in rows.values()
        if "reference_x_m" in row and row.get("paused") != "1"
    ]
    return float(np.mean(errors)) if errors else float("nan")


def compare_folders(old: Path, new: Path) -> bool:
    """Print one line per CSV of either folder; whether all are equal."""
    names = sorted({path.name for folder in (old, new) for path in folder.glob("*.csv")})
    if not names:
        print(f"{old}, {new}: wanted CSVs of `mail_ros evaluate --estimates`, found none")
    equal = bool(names)
    for name in names:
        if missing := [str(folder) for folder in (old, new) if not (folder / name).is_file()]:
            line = f"missing in {missing[0]}"
        elif found := compare(old / name, new / name):
            line = str(found)
        else:
            print(f"{name}: equal, {len(read(new / name))} rows")
            continue
        print(f"{name}: {line}")
        equal = False
    return equal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; its exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.guard", description=str(__doc__).partition("\n")[0])
    verb = parser.add_subparsers(required=True, metavar="compare").add_parser("compare", help="compare two folders")
    verb.add_argument("old", type=Path, help="CSVs from before the change")
    verb.add_argument("new", type=Path, help="CSVs from after it")
    given = parser.parse_args(arguments)
    return 0 if compare_folders(given.old, given.new) else 1


if __name__ == "__main__":
    sys.exit(main())
