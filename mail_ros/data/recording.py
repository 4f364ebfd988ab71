"""One take: a bag under way, what it is a take of, and how much room it may use.

write(), mark(), unmark() --> BagWriter --> OUT/PREFIX_DATE-TIME/
flush(), twice a second: no later kill costs more than that, and a disk that fills up is seen
"""

from __future__ import annotations

import errno
import itertools
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from mail_ros.core.errors import BagError
from mail_ros.data.bag_writer import BagWriter, Splitting
from mail_ros.data.mcap_file import Compression
from mail_ros.data.messages import WAYPOINT_EVENT_TYPE, encode_waypoint_event
from mail_ros.data.route import Route
from mail_ros.data.route_file import NOTE, route_to_note

FLUSH_S = 0.5  # a kill costs no more than that and what waits in the middleware: less than a second
MB = 1_000_000


@dataclass(frozen=True)
class RecordingOptions:
    """Where takes go, and how."""

    out: Path
    prefix: str
    notes: Mapping[str, str] = field(default_factory=dict)  # site, floor, route, direction, device, carrier
    splitting: Splitting = field(default_factory=Splitting)
    compression: Compression = "none"
    min_free_mb: int = 0  # on the disk
    route: Route | None = None  # whose landmarks are marked in their order

    @property
    def custom(self) -> dict[str, str]:
        """What the bag is to say of itself."""
        if self.route is None:
            return dict(self.notes)
        return {"route": self.route.name, **self.notes, NOTE: route_to_note(self.route)}


class ActiveRecording:
    """A bag that is being recorded."""

    def __init__(self, options: RecordingOptions, mark_topic: str) -> None:
        """Begin it.

        Args:
            options: where and how.
            mark_topic: that marks are written to.

        Raises:
            BagError: no room, or no place to write.
        """
        self.options, self.mark_topic, self.marks = options, mark_topic, 0
        self.path = _free_name(options.out / f"{options.prefix}_{datetime.now():%Y_%m_%d-%H_%M_%S}")
        try:
            self.check_room()
            self.writer = BagWriter(
                self.path, options.custom, splitting=options.splitting, compression=options.compression
            )
        except OSError as error:
            raise self._cannot_write(error) from None

    def check_room(self) -> None:
        """Go on only while there is room.

        Raises:
            BagError: there is less than is to stay free.
        """
        if (free := free_mb(self.options.out)) < self.options.min_free_mb:
            raise BagError(
                self.path,
                wanted=f"{self.options.min_free_mb} MB that stay free on the disk",
                found=f"{int(free)} MB",
                fix="make room, choose another disk with out, or lower min_free_space_mb",
            )

    def add_topic(self, topic: str, msgtype: str, qos: list[dict[str, Any]]) -> None:
        """As `BagWriter.add_topic`."""
        self.writer.add_topic(topic, msgtype, qos)

    def write(self, topic: str, log_time_ns: int, cdr: bytes, publish_time_ns: int | None) -> None:
        """Append a message.

        Raises:
            BagError: the disk cannot take it.
        """
        try:
            self.writer.write(topic, log_time_ns, cdr, publish_time_ns)
        except OSError as error:
            raise self._cannot_write(error) from None

    def mark(self, now_ns: int) -> str:
        """Write that something is passed now, safe from a kill at once; which mark that was, and what comes next.

        Raises:
            BagError: the disk cannot take it.
        """
        self._write_mark(now_ns, self.marks + 1)
        self.marks += 1
        return f"mark {self.marks}{self._onward()}"

    def unmark(self, now_ns: int) -> str:
        """Take the last mark back that was not taken back yet; which one that was, and what comes next.

        Raises:
            BagError: there is none, or the disk cannot take it.
        """
        if not self.marks:
            raise BagError(self.path, wanted="a mark to take back", found="none", fix="mark first")
        self._write_mark(now_ns, -self.marks)
        self.marks -= 1
        return f"mark {self.marks + 1} is taken back{self._onward()}"

    @property
    def progress(self) -> dict[str, str]:
        """How far it is along its route, as diagnostics say it."""
        if (route := self.options.route) is None:
            return {"marks": str(self.marks)}
        return {
            "marks": str(self.marks),
            "route": route.name,
            "next landmark": route.next_words(self.marks),
            "landmarks left": str(route.left(self.marks)),
        }

    @property
    def surplus(self) -> str:
        """What is wrong where the route has fewer landmarks than were marked; else empty."""
        return self.options.route.surplus_words(self.marks) if self.options.route else ""

    def _onward(self) -> str:
        route = self.options.route
        return f"; {self.surplus or f'next: {route.next_words(self.marks)}'}" if route else ""

    def _write_mark(self, now_ns: int, number: int) -> None:
        self.writer.add_topic(self.mark_topic, WAYPOINT_EVENT_TYPE)
        self.write(self.mark_topic, now_ns, encode_waypoint_event(now_ns, number), None)
        self.flush()

    def flush(self) -> None:
        """Make what came so far safe.

        Raises:
            BagError: the disk cannot take it, or is full but for what is to stay free.
        """
        try:
            self.writer.flush()
        except OSError as error:
            raise self._cannot_write(error) from None
        self.check_room()

    def close(self) -> str:
        """Finish the bag; what it holds.

        Raises:
            BagError: the disk has no room for its end; what was flushed is readable.
        """
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

    def _cannot_write(self, error: OSError) -> BagError:
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        return BagError(
            self.path,
            wanted="room for what comes in" if full else "a place to write",
            found=error.strerror or str(error),
            fix=f"{'make room, or ' if full else ''}choose another place with out",
        )


def free_mb(folder: Path) -> float:
    """Room on the disk of a folder, or of the nearest one above it that is there.

    Raises:
        OSError: it cannot be told.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free / MB


def _free_name(path: Path) -> Path:
    """The path, or with _2, _3 and so on behind it: two takes may begin in one second."""
    names = itertools.chain([path], (path.with_name(f"{path.name}_{number}") for number in itertools.count(2)))
    return next(name for name in names if not name.exists())
