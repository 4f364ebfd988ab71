"""Writing rosbag2 MCAP bags: CDR bytes as they came in, message definitions inside, valid metadata.

    write() --> NAME_0.mcap  --full--> NAME_1.mcap ...   close() --> metadata.yaml
                  flush(): no later SIGKILL takes it away; the disk has it soon after, and meanwhile nobody waits

A bag that was cut off keeps all but what came since the last flush (readers: `bag.py`; mending: `repair.py`).
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
from mail_ros.core.signal.resampling import NS_PER_S
from mail_ros.data.bag_metadata import Span, Topic, metadata, sync_folder, total_span, write_metadata, yaml_text
from mail_ros.data.mcap_file import Compression, McapFile
from mail_ros.data.messages import definition

RESERVE = ".reserve"  # holds room for the bag's end on a disk that others fill
RESERVE_BYTES = 1 << 20


@dataclass(frozen=True)
class Splitting:
    """When a bag goes on in another file; 0 is never."""

    size: int = 0  # of a file, in bytes
    duration_s: float = 0.0  # from the first message of a file


class BagWriter:
    """A new bag: a folder with MCAP files and, once closed, metadata.yaml. Never overwrites."""

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
            custom: kept as rosbag2's custom_data, and at the front of each file.
            file_stem: the MCAP files are named STEM_0.mcap and so on; by default after the folder, as rosbag2 does.
            splitting: when it goes on in another file.
            compression: of the files' chunks.

        Raises:
            BagError: the folder exists.
            OSError: nothing can be written there.
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
        self._ended: dict[str, Span] = {}  # files before the present one
        self._ended_size = 0
        self._sequence: Counter[str] = Counter()  # messages of each topic so far
        self._sync_pool = ThreadPoolExecutor(1, "sync")
        self._syncing: Future[None] | None = None
        self._begin_file()
        _reserve(path / RESERVE)

    def add_topic(self, name: str, msgtype: str, qos: list[dict[str, Any]] | None = None) -> None:
        """Declare a topic before its first message; declaring it again does nothing.

        Args:
            name: absolute, as in /imu/mag.
            msgtype: as in sensor_msgs/msg/MagneticField.
            qos: offered QoS profiles in rosbag2's terms; none means its default.

        Raises:
            BagError: the message type is not known.
        """
        if name not in self.topics:
            topic = Topic(name, msgtype, *definition(msgtype), tuple(qos or ()))
            self._channels[name] = self._file.add_topic(topic)
            self.topics[name] = topic

    def write(self, topic: str, log_time_ns: int, cdr: bytes, publish_time_ns: int | None = None) -> None:
        """Append one message of a declared topic; `log_time_ns` is when it was received.

        Raises:
            OSError: the disk cannot take it.
        """
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
        """Put all into the file, and let the disk have it while others go on.

        Raises:
            OSError: the disk cannot take it.
        """
        self._file.flush()
        if self._syncing is not None and not self._syncing.done():
            return  # a slow disk: the next flush asks again
        self._check_sync()
        self._syncing = self._sync_pool.submit(os.fsync, self._file.descriptor)

    @property
    def size(self) -> int:
        """Size of all files, in bytes."""
        return self._ended_size + (0 if self._file.path.name in self._ended else self._file.size)

    @property
    def span(self) -> Span:
        """What was written so far."""
        return total_span(self._spans)

    @property
    def counts(self) -> dict[str, int]:
        """Messages written so far, by topic."""
        written = self.span.counts
        return {name: written[name] for name in self.topics}

    def close(self) -> OSError | None:
        """Write the index and metadata.yaml; the bag is whole after this.

        Returns:
            What was in the way of an index of the last file, which is readable without; None if nothing was.

        Raises:
            OSError: the disk has no room at all; the bag is one that was cut off.
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

    @property
    def _spans(self) -> list[Span]:
        """Of all files; the present one is among those that ended once the bag is closed."""
        return list({**self._ended, self._file.path.name: self._file.span}.values())

    def _begin_file(self) -> None:
        name = f"{self._stem}_{len(self._ended)}.mcap"
        self._file = McapFile(self.path / name, compression=self._compression, notes=self.custom)
        self._channels = {name: self._file.add_topic(topic) for name, topic in self.topics.items()}

    def _end_file(self) -> OSError | None:
        if self._syncing is not None:
            self._syncing.exception()  # only waits: the file's own end is synced in any case
            self._syncing = None
        name = self._file.path.name
        if name in self._ended:  # and the next one could not be begun
            return None
        so_far = metadata(list(self.topics.values()), {**self._ended, name: self._file.span}, self.custom)
        try:
            return self._file.finish(yaml_text(so_far))
        finally:
            self._ended[name] = self._file.span
            self._ended_size += self._file.size

    def _is_full(self, log_time_ns: int) -> bool:
        span, splitting = self._file.span, self._splitting
        if not span.counts:
            return False
        long = splitting.duration_s and log_time_ns - span.first_ns >= splitting.duration_s * NS_PER_S
        return bool(long or (splitting.size and self._file.size >= splitting.size))

    def _check_sync(self) -> None:
        if self._syncing is not None and (error := self._syncing.exception()):
            raise error


def _reserve(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
    finally:
        os.close(descriptor)
