"""A running recording: its bag, its waypoint events, and its limit of disk space.

write(), add_waypoint_event() --> BagWriter --> OUT/PREFIX_DATE-TIME/
flush(), twice a second: a kill loses at most the last half second, and a full disk is detected
"""

from __future__ import annotations

import errno
import itertools
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from mail_ros.core.errors import BagError
from mail_ros.data.bag_writer import BagWriter, Splitting
from mail_ros.data.mcap_file import Compression
from mail_ros.data.messages import WAYPOINT_EVENT_TYPE, encode_waypoint_event
from mail_ros.data.route import NOTE, Route, route_to_note

FLUSH_S = 0.5  # a kill loses this much, and what waits in the middleware: less than a second together
MB = 1_000_000

Result = TypeVar("Result")


@dataclass(frozen=True)
class RecordingOptions:
    """Destination and format of recordings."""

    out: Path
    prefix: str
    notes: Mapping[str, str] = field(default_factory=dict)  # site, floor, route, direction, device, carrier
    splitting: Splitting = field(default_factory=Splitting)
    compression: Compression = "none"
    min_free_mb: int = 0  # disk space that must stay free
    route: Route | None = None  # the n-th waypoint event is the n-th landmark of this route

    @property
    def custom(self) -> dict[str, str]:
        """Notes for the bag's metadata."""
        if self.route is None:
            return dict(self.notes)
        return {"route": self.route.name, **self.notes, NOTE: route_to_note(self.route)}


class ActiveRecording:
    """A bag that is being recorded. Every method that writes raises a BagError if writing fails."""

    def __init__(self, options: RecordingOptions, waypoint_event_topic: str) -> None:
        """Start recording.

        Raises:
            BagError: the disk has less space than `min_free_mb`, or the folder is not writable.
        """
        self.options, self.waypoint_event_topic, self.waypoint_events = options, waypoint_event_topic, 0
        self.path = _free_name(options.out / f"{options.prefix}_{datetime.now():%Y_%m_%d-%H_%M_%S}")
        self.writer = self._guarded(self._open)

    def _open(self) -> BagWriter:
        self.check_disk_space()
        options = self.options
        return BagWriter(self.path, options.custom, splitting=options.splitting, compression=options.compression)

    def check_disk_space(self) -> None:
        """Raise a BagError if less disk space than `min_free_mb` is free."""
        if (free := free_mb(self.options.out)) < self.options.min_free_mb:
            raise BagError(
                self.path,
                wanted=f"{self.options.min_free_mb} MB that stay free on the disk",
                found=f"{int(free)} MB",
                fix="make room, choose another disk with out, or lower min_free_space_mb",
            )

    def write(self, topic: str, log_time_ns: int, cdr: bytes, publish_time_ns: int | None) -> None:
        """Append a message."""
        self._guarded(lambda: self.writer.write(topic, log_time_ns, cdr, publish_time_ns))

    def add_waypoint_event(self, now_ns: int) -> str:
        """Record and flush that a waypoint is passed now. Returns the event's number and the next landmark."""
        self._write_waypoint_event(now_ns, self.waypoint_events + 1)
        self.waypoint_events += 1
        return f"mark {self.waypoint_events}{self._next_landmark()}"

    def cancel_waypoint_event(self, now_ns: int) -> str:
        """Cancel the last waypoint event. Returns its number and the next landmark, as text.

        Raises:
            BagError: there is no event to cancel.
        """
        if not self.waypoint_events:
            raise BagError(self.path, wanted="a mark to take back", found="none", fix="mark first")
        self._write_waypoint_event(now_ns, -self.waypoint_events)
        self.waypoint_events -= 1
        return f"mark {self.waypoint_events + 1} is taken back{self._next_landmark()}"

    @property
    def progress(self) -> dict[str, str]:
        """Progress along the route, as key-value pairs of diagnostics."""
        if (route := self.options.route) is None:
            return {"marks": str(self.waypoint_events)}
        return {
            "marks": str(self.waypoint_events),
            "route": route.name,
            "next landmark": route.next_landmark_text(self.waypoint_events),
            "landmarks left": str(route.landmarks_left(self.waypoint_events)),
        }

    @property
    def surplus(self) -> str:
        """Warning about more waypoint events than landmarks on the route; else empty."""
        return self.options.route.surplus_text(self.waypoint_events) if self.options.route else ""

    def _next_landmark(self) -> str:
        route = self.options.route
        return f"; {self.surplus or f'next: {route.next_landmark_text(self.waypoint_events)}'}" if route else ""

    def _write_waypoint_event(self, now_ns: int, number: int) -> None:
        self.writer.add_topic(self.waypoint_event_topic, WAYPOINT_EVENT_TYPE)
        self.write(self.waypoint_event_topic, now_ns, encode_waypoint_event(now_ns, number), None)
        self.flush()

    def flush(self) -> None:
        """Make all messages so far safe from a kill.

        Raises:
            BagError: less disk space than `min_free_mb` is free.
        """
        self._guarded(self.writer.flush)
        self.check_disk_space()

    def close(self) -> str:
        """Finish the bag; returns a summary of its content. If this fails, flushed messages are readable."""
        try:
            trouble = self.writer.close()
        except OSError as error:
            raise BagError(
                self.path,
                wanted="room for the bag's index",
                found=error.strerror or str(error),
                fix="make room, then mail_ros repair it; what was recorded is readable as it is",
            ) from None
        counts = ", ".join(f"{topic} {count}" for topic, count in sorted(self.writer.counts.items()) if count)
        lacks = "; without an index, for which there was no room" if trouble else ""
        return f"recorded {counts or 'nothing'}{lacks}"

    def _guarded(self, act: Callable[[], Result]) -> Result:
        """Run an action on the disk; its OSError becomes a BagError."""
        try:
            return act()
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
            raise BagError(
                self.path,
                wanted="room for what comes in" if full else "a writable folder",
                found=error.strerror or str(error),
                fix=f"{'make room, or ' if full else ''}choose another folder with out",
            ) from None


def free_mb(folder: Path) -> float:
    """Free disk space of a folder, or of its nearest existing parent.

    Raises:
        OSError: the disk cannot be queried.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free / MB


def _free_name(path: Path) -> Path:
    """The path, or the path with _2, _3, ... appended: two recordings may start within one second."""
    names = itertools.chain([path], (path.with_name(f"{path.name}_{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())
