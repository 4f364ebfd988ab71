"""Writing rosbag2 MCAP bags: CDR bytes unchanged, message definitions inside, valid metadata.

    write() --> NAME_0.mcap  --full--> NAME_1.mcap ...   close() --> metadata.yaml
                  flush(): data survives a SIGKILL; a background thread syncs it to the disk

A truncated bag holds everything up to the last flush (`bag.py` reads it, `bag_repair.py` completes it).
"""

from __future__ import annotations

import os
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag_metadata import Span, Topic, metadata, sync_folder, total_span, write_metadata
from mail_ros.data.mcap_file import Compression, McapFile
from mail_ros.data.messages import definition
from mail_ros.data.yaml_text import dump_yaml

RESERVE = ".reserve"  # reserves disk space for the bag's index, in case other processes fill the disk
RESERVE_BYTES = 1 << 20


@dataclass(frozen=True)
class Splitting:
    """Limits at which a bag continues in a new file; 0 disables one."""

    size: int = 0  # bytes per file
    duration_s: float = 0.0  # measured from the first message of a file


class BagWriter:
    """A new bag: a folder with MCAP files and, once closed, metadata.yaml. Never overwrites.

    Every method that writes raises an OSError if writing fails.
    """

    def __init__(
        self,
        path: Path,
        custom: dict[str, str] | None = None,
        file_stem: str | None = None,
        splitting: Splitting | None = None,
        compression: Compression = "none",
    ) -> None:
        """Create the folder.

        Args:
            path: the bag's folder; must not exist.
            custom: notes, stored as rosbag2's custom_data and at the front of each file.
            file_stem: stem of the files STEM_0.mcap, STEM_1.mcap, ...; default: name of the folder, as in rosbag2.
            splitting: limits at which the bag continues in a new file.
            compression: compression of the files' chunks.

        Raises:
            BagError: the folder exists.
        """
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            raise BagError(
                path, wanted="a name that is free", found="a bag or another file", fix="choose another or move it away"
            ) from None
        sync_folder(path.parent)
        self.path = path
        self.custom = dict(custom or {})
        self.topics: dict[str, Topic] = {}
        self._splitting, self._compression = splitting or Splitting(), compression
        self._stem = file_stem or path.name
        self._ended: dict[str, Span] = {}  # files before the current one
        self._ended_size = 0
        self._sequence: Counter[str] = Counter()  # messages written per topic
        self._sync_pool = ThreadPoolExecutor(1, "sync")
        self._syncing: Future[None] | None = None
        self._begin_file()
        _reserve(path / RESERVE)

    def add_topic(self, name: str, msgtype: str, qos: list[dict[str, Any]] | None = None) -> None:
        """Declare a topic before its first message; a repeated declaration has no effect. Arguments: see `Topic`.

        Raises:
            BagError: the message type is unknown.
        """
        if name not in self.topics:
            topic = Topic(name, msgtype, *definition(msgtype), tuple(qos or ()))
            self._channels[name] = self._file.add_topic(topic)
            self.topics[name] = topic

    def write(self, topic: str, log_time_ns: int, cdr: bytes, publish_time_ns: int | None = None) -> None:
        """Append one message of a declared topic; `log_time_ns` is its time of receipt."""
        if self._is_full(log_time_ns):
            if trouble := self._end_file():
                raise trouble
            self._begin_file()
        self._file.write(
            self._channels[topic],
            log_time_ns,
            cdr,
            log_time_ns if publish_time_ns is None else publish_time_ns,
            self._sequence[topic],
        )
        self._sequence[topic] += 1

    def flush(self) -> None:
        """Write everything to the file, and start syncing it to the disk in the background."""
        self._file.flush()
        if self._syncing is not None and not self._syncing.done():
            return  # a slow disk is still syncing: the next flush tries again
        if self._syncing is not None and (error := self._syncing.exception()):
            raise error
        self._syncing = self._sync_pool.submit(os.fsync, self._file.descriptor)

    @property
    def size(self) -> int:
        """Size of all files, in bytes."""
        return self._ended_size + (0 if self._file.path.name in self._ended else self._file.size)

    @property
    def span(self) -> Span:
        """Span of all messages written so far; once the bag is closed, the current file is also in `_ended`."""
        return total_span(list({**self._ended, self._file.path.name: self._file.span}.values()))

    @property
    def counts(self) -> dict[str, int]:
        """Messages written so far, by topic."""
        written = self.span.counts
        return {name: written[name] for name in self.topics}

    def close(self) -> OSError | None:
        """Write the index and metadata.yaml, which completes the bag.

        Returns:
            Error that prevented the index of the last file, which is readable without one; None on success.
        """
        (self.path / RESERVE).unlink(missing_ok=True)
        trouble = self._end_file()
        self._sync_pool.shutdown()
        write_metadata(self.path, metadata(list(self.topics.values()), self._ended, self.custom))
        return trouble

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _begin_file(self) -> None:
        name = f"{self._stem}_{len(self._ended)}.mcap"
        self._file = McapFile(self.path / name, compression=self._compression, notes=self.custom)
        self._channels = {name: self._file.add_topic(topic) for name, topic in self.topics.items()}

    def _end_file(self) -> OSError | None:
        if self._syncing is not None:
            self._syncing.exception()  # waits only: finishing the file syncs it again
            self._syncing = None
        name = self._file.path.name
        if name in self._ended:  # the file ended, and the next one failed to open
            return None
        so_far = metadata(list(self.topics.values()), {**self._ended, name: self._file.span}, self.custom)
        try:
            return self._file.finish(dump_yaml(so_far))
        finally:
            self._ended[name] = self._file.span
            self._ended_size += self._file.size

    def _is_full(self, log_time_ns: int) -> bool:
        span, splitting = self._file.span, self._splitting
        if not span.counts:
            return False
        long = splitting.duration_s and log_time_ns - span.first_ns >= splitting.duration_s * NS_PER_S
        return bool(long or (splitting.size and self._file.size >= splitting.size))


def _reserve(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
    finally:
        os.close(descriptor)
