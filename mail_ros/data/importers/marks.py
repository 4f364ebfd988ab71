"""Landmarks of a walk whose log has none: from marks in the app, from a second file, or from a planned route.

    mark     "2.0, 3.5" or "2.0, 3.5, 1"     x, y and floor: a landmark
             "door"                          a landmark of the site file
             anything else, or nothing       the next landmark of the route, else no landmark

A route makes every mark a waypoint event, in order, as `mail_ros mark` does for the recorder; see `route.py`. The
second file is CSV:

    walk,time,x_m,y_m,floor,name
    monday,2026-12-01T10:00:05.2+01:00,2.0,3.5,0,
    monday,2026-12-01T10:00:31.9+01:00,,,,door

| column                  | is                                                                                     |
|-------------------------|----------------------------------------------------------------------------------------|
| walk (optional)         | the walk's name, as that of its bag; without it, every walk gets the landmarks in its time |
| time, or                | time of day; without a zone UTC, or the clock of a log that has no zone either         |
| time_s                  | seconds since the epoch, or since the walk's first reading of the field                |
| x_m, y_m, floor         | metres in the map and a whole number; empty floor: 0                                   |
| name                    | a landmark of the site file, where x_m and y_m are empty                               |
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S, IntArray
from mail_ros.data.geojson import looks_like_degrees
from mail_ros.data.importers.app_table import clock_stamps, read_export
from mail_ros.data.importers.imported_walk import ImportedWalk, Mark, line_error
from mail_ros.data.importers.table import Table
from mail_ros.data.messages import WAYPOINT_EVENT_TYPE, Message, encode_waypoint_event
from mail_ros.data.origin import MAX_DISTANCE_M, Origin
from mail_ros.data.remark import Remark
from mail_ros.data.route import NOTE, Route, route_to_note
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import Landmark
from mail_ros.data.truth import WAYPOINT_EVENT_TOPIC

POSITION = re.compile(r"([-+]?\d+(?:\.\d+)?)[,;\s]+([-+]?\d+(?:\.\d+)?)(?:[,;\s]+([-+]?\d+))?")
KNOWN = ("walk", "time", "time_s", "x_m", "y_m", "floor", "name")
MAX_RELATIVE_S = 1e8  # three years: greater times are since the epoch
HOW_TO_LABEL = "import again with --landmarks FILE, or with --site-file and --route for marks of a planned route"


class Labelling(NamedTuple):
    """What labels a walk."""

    landmarks: tuple[Landmark, ...]
    events: tuple[Message, ...]  # waypoint events of a route
    notes: dict[str, str]
    remarks: tuple[Remark, ...]


def mark_of_text(stamp_ns: int, text: str) -> Mark:
    """A mark from what the surveyor wrote in the app."""
    if match := POSITION.fullmatch(text.strip()):
        x, y, floor = match.groups()
        return Mark(stamp_ns, "", (float(x), float(y)), int(floor or 0))
    return Mark(stamp_ns, text.strip())


def label(
    source: object, walk: ImportedWalk, marks: Sequence[Mark], site: SiteFile | None, route: Route | None
) -> Labelling:
    """Landmarks of a walk: its own, and those of its marks.

    Args:
        source: the log, for errors.
        walk: the walk.
        marks: its marks, or those of a second file.
        site: its landmarks by name.
        route: the planned route of the marks.

    Raises:
        BagError: more marks than landmarks of the route, positions in other units than metres, or an unknown floor.
    """
    ordered = sorted(marks, key=lambda mark: mark.stamp_ns)
    if route is not None and ordered:
        if surplus := route.surplus_text(len(ordered)):
            raise BagError(source, wanted="a mark for each landmark of the route", found=surplus, fix=HOW_TO_LABEL)
        events = tuple(_event(mark.stamp_ns, number) for number, mark in enumerate(ordered, 1))
        return Labelling(walk.landmarks, events, {"route": route.name, NOTE: route_to_note(route)}, ())
    _check_metres(source, [mark.position_m for mark in ordered if mark.position_m is not None], site)
    named = {} if site is None else site.landmarks
    landmarks, unknown = list(walk.landmarks), list[Mark]()
    for mark in ordered:
        if mark.position_m is not None:
            landmarks.append(Landmark(mark.stamp_ns, mark.position_m, mark.floor))
        elif mark.name in named:
            landmarks.append(Landmark(mark.stamp_ns, named[mark.name].position_m, named[mark.name].floor))
        else:
            unknown.append(mark)
    remarks = []
    if unknown:
        names = ", ".join(sorted({mark.name or "without a name" for mark in unknown})[:3])
        found = f"{len(unknown)} of {len(ordered)} marks have no position: {names}"
        fix = "write x, y in metres or a landmark of --site-file into the mark, or name the planned --route"
        remarks.append(Remark("marks", found, fix))
    elif not landmarks:
        remarks.append(Remark("landmarks", "the log has no landmarks: no sample has a position", HOW_TO_LABEL))
    if site is not None and (mismatch := site.mismatch({}, {landmark.floor for landmark in landmarks})):
        raise BagError(source, wanted=f"a walk at {site.name}", found=mismatch.found, fix=mismatch.fix)
    return Labelling(tuple(landmarks), (), {}, tuple(remarks))


def _check_metres(source: object, positions: list[tuple[float, float]], site: SiteFile | None) -> None:
    origin = None if site is None or site.origin is None else Origin(*site.origin)
    far = [position for position in positions if math.hypot(*position) > MAX_DISTANCE_M]
    if far or looks_like_degrees(positions, origin):
        x, y = (far or positions)[0]
        found = f"({x:.9g}, {y:.9g}), {'as of UTM or a national grid' if far else 'which looks like degrees'}"
        fix = "write metres from the origin of the map"
        raise BagError(source, wanted="marks at x and y in metres of the map frame", found=found, fix=fix)


class LandmarkFile:
    """The second file of `--landmarks`."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            BagError: other columns, or a cell is not a time or a position; its line is named.
        """
        table = self._table = read_export(path)
        self._relative_for = ""  # the walk that got times without a date
        if not table.rows or not {"time", "time_s"} & set(table.names) or not set(table.names) <= set(KNOWN):
            wanted = f"a line with columns of {', '.join(KNOWN)}, a time among them, and lines of landmarks"
            found = f"{', '.join(table.names) or 'no column'}, {len(table.rows)} lines"
            raise BagError(path, wanted=wanted, found=found, fix="write it as in docs/import.md")
        self._is_relative = "time" not in table.names and bool((table.column("time_s") < MAX_RELATIVE_S).any())
        self._stamp_ns: IntArray = (
            clock_stamps(table, "time") if "time" in table.names else table.unordered_stamps("time_s", 1)
        )
        self._marks = [_mark(table, row, int(stamp)) for row, stamp in enumerate(self._stamp_ns)]

    def marks(self, walk: ImportedWalk) -> tuple[Mark, ...]:
        """The marks of a walk.

        Raises:
            BagError: none of them is in the time of the walk, or their times fit several walks.
        """
        table, rows = self._table, np.ones(len(self._marks), np.bool_)
        if "walk" in table.names:
            rows = np.array([cell == walk.name for cell in table.cells("walk")])
        elif self._is_relative and self._relative_for not in ("", walk.name):
            wanted, found = (
                "a column walk, for seconds since the start of each",
                f"{self._relative_for} and {walk.name}",
            )
            raise BagError(table.path, wanted=wanted, found=found, fix="add the column, or import one walk at a time")
        self._relative_for = walk.name
        start_ns, end_ns = int(walk.stamp_ns[0]), int(walk.stamp_ns[-1])
        stamps = self._stamp_ns + (start_ns if self._is_relative else 0)
        inside = rows & (stamps >= start_ns - NS_PER_S) & (stamps <= end_ns + NS_PER_S)
        if not inside.any():
            wanted = f"landmarks of {walk.name}, from {_clock(start_ns)} to {_clock(end_ns)}"
            found = f"{int(rows.sum())} for it"
            if rows.any():
                found += f", from {_clock(int(stamps[rows].min()))} to {_clock(int(stamps[rows].max()))}"
            raise BagError(table.path, wanted=wanted, found=found, fix="correct the times or their zone")
        return tuple(self._marks[at]._replace(stamp_ns=int(stamps[at])) for at in np.flatnonzero(inside))


def _mark(table: Table, row: int, stamp_ns: int) -> Mark:
    cells = {name: table.rows[row][at].strip() for at, name in enumerate(table.names)}
    x, y, floor = cells.get("x_m", ""), cells.get("y_m", ""), cells.get("floor", "")
    if not x and not y:
        return Mark(stamp_ns, cells.get("name", ""))
    mark = mark_of_text(stamp_ns, " ".join((x, y, floor)))
    if mark.position_m is None:
        wanted, found = "x_m and y_m in metres, and a whole number as floor", repr(f"{x}, {y}, {floor}")
        raise line_error(table.path, table.lines[row], wanted, found)
    return mark


def _event(stamp_ns: int, number: int) -> Message:
    return Message(WAYPOINT_EVENT_TOPIC, WAYPOINT_EVENT_TYPE, stamp_ns, encode_waypoint_event(stamp_ns, number))


def _clock(stamp_ns: int) -> str:
    return f"{np.datetime64(stamp_ns, 'ns').astype('datetime64[s]')} UTC"
