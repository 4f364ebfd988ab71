"""One MCAP file in the making: what was flushed is readable, whatever happens after.

    write() --> chunk --> pending --flush()--> page cache --sync--> disk
                          whole records        outlives a SIGKILL   outlives a power loss

Pending records go into the file all or not at all: a write that fails leaves the file as it was before.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

from mcap.opcode import Opcode
from mcap.writer import CompressionType, Writer

from mail_ros import __version__
from mail_ros.data.bag_metadata import Span, Topic, sync_folder

LIBRARY = "mail_ros"
NOTES = "mail_ros"  # name of the metadata record that holds a bag's notes, at the front of each file
PENDING_BYTES = 1 << 20  # more are flushed at once
MAGIC = b"\x89MCAP0\r\n"  # at both ends of a file
SMALLEST_END = (
    Opcode.DATA_END.to_bytes(1, "little") + (4).to_bytes(8, "little") + bytes(4)  # no checksum
) + (Opcode.FOOTER.to_bytes(1, "little") + (20).to_bytes(8, "little") + bytes(20) + MAGIC)  # no index

Compression = Literal["none", "zstd"]
CHUNK_BYTES = 16_384  # zstd makes little less of larger ones


class _Pending:
    """What mcap's Writer writes to: records that wait for the next flush."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.pending = bytearray()
        self.written = 0

    def write(self, records: bytes) -> int:
        self.pending += records
        return len(records)

    def tell(self) -> int:
        return self.written + len(self.pending)

    def flush(self) -> None:
        """Put them into the file.

        Raises:
            OSError: it cannot take them; it is as before, and they still wait.
        """
        sent, view = 0, memoryview(bytes(self.pending))
        try:
            while sent < len(view):
                sent += os.write(self.descriptor, view[sent:])
        except OSError:
            os.ftruncate(self.descriptor, self.written)
            os.lseek(self.descriptor, self.written, os.SEEK_SET)
            raise
        self.written += sent
        self.pending.clear()


class McapFile:
    """A new file, locked against repair as long as its process lives. `span` says what it holds."""

    def __init__(
        self,
        path: Path,
        *,
        compression: Compression = "none",
        notes: Mapping[str, str] | None = None,
        profile: str = "ros2",
    ) -> None:
        """Create it; a name that ends in .mcap always has a whole beginning.

        Args:
            path: of the file, in a folder of this bag alone.
            compression: of its chunks.
            notes: kept at its front, so that they outlive a kill.
            profile: of MCAP.

        Raises:
            OSError: it cannot be written.
        """
        self.path = path
        self.span = Span()
        self._flushed = Span()  # what the file held at the last flush
        partial = path.with_name(path.name + ".partial")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._stream = _Pending(descriptor)
        kind = CompressionType.ZSTD if compression == "zstd" else CompressionType.NONE
        self._writer = Writer(cast(Any, self._stream), chunk_size=CHUNK_BYTES, compression=kind)
        self._writer.start(profile=profile, library=f"{LIBRARY} {__version__}")
        self._schemas: dict[tuple[str, str], int] = {}
        self._topics: dict[int, str] = {}
        if notes:
            self._writer.add_metadata(NOTES, dict(notes))
        self._stream.flush()
        os.fsync(descriptor)
        partial.replace(path)
        sync_folder(path.parent)

    @property
    def size(self) -> int:
        """Its size, with what waits to be flushed."""
        return self._stream.tell()

    @property
    def descriptor(self) -> int:
        """For `os.fsync`."""
        return self._stream.descriptor

    def add_topic(self, topic: Topic) -> int:
        """Declare a topic; its channel's number is what `write` wants."""
        schema = 0
        if topic.schema_encoding:
            key = (topic.msgtype, topic.definition)
            if key not in self._schemas:
                self._schemas[key] = self._writer.register_schema(
                    topic.msgtype, topic.schema_encoding, topic.definition.encode()
                )
            schema = self._schemas[key]
        channel = self._writer.register_channel(topic.name, topic.encoding, schema, topic.channel)
        self._topics[channel] = topic.name
        return channel

    def write(self, channel: int, log_time_ns: int, data: bytes, publish_time_ns: int, sequence: int) -> None:
        """Append a message.

        Raises:
            OSError: the file cannot take it.
        """
        self._writer.add_message(channel, log_time_ns, data, publish_time_ns, sequence)
        self.span.add(self._topics[channel], log_time_ns)
        if len(self._stream.pending) > PENDING_BYTES:
            self.flush()

    def flush(self) -> None:
        """End the chunk and put all into the file: no later SIGKILL takes it away.

        Raises:
            OSError: the file cannot take it; it stays as it was at the last flush.
        """
        self._writer.flush()  # type: ignore[no-untyped-call]
        self._flushed = self.span.copy()

    def finish(self, serialized_metadata: str = "") -> OSError | None:
        """Write the index and close.

        Where there is no room for that, the file ends behind its last flush, without an index: readable all the
        same, and `span` counts what is left.

        Args:
            serialized_metadata: rosbag2's description of the bag, kept in the file.

        Returns:
            What was in the way of the index; None if nothing was.

        Raises:
            OSError: not even the smallest end found room; the file is one that was cut off.
        """
        try:
            if serialized_metadata:
                self._writer.add_metadata("rosbag2", {"serialized_metadata": serialized_metadata})
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._bring_to_disk()
        except OSError as error:
            self._stream.pending = bytearray(SMALLEST_END)
            self.span = self._flushed
            self._bring_to_disk()
            return error
        else:
            return None
        finally:
            os.close(self.descriptor)

    def _bring_to_disk(self) -> None:
        self._stream.flush()
        os.fsync(self.descriptor)
