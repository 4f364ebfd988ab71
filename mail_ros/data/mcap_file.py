"""One MCAP file under construction: flushed data stays readable whatever happens later.

    write() --> chunk --> pending --flush()--> page cache --sync--> disk
                          whole records        outlives a SIGKILL   outlives a power loss

Pending records are written completely or not at all: a failed write leaves the file unchanged.
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
NOTES = "mail_ros"  # metadata record with the bag's notes, at the front of each file
PENDING_BYTES = 1 << 20  # flush threshold
MAGIC = b"\x89MCAP0\r\n"  # at both ends of a file
SMALLEST_END = (
    Opcode.DATA_END.to_bytes(1, "little") + (4).to_bytes(8, "little") + bytes(4)  # no checksum
) + (Opcode.FOOTER.to_bytes(1, "little") + (20).to_bytes(8, "little") + bytes(20) + MAGIC)  # no index

Compression = Literal["none", "zstd"]
BYTES = "surrogateescape"  # a schema of other software may have bytes that are no text
CHUNK_BYTES = 16_384  # larger chunks hardly improve zstd's compression


class _Pending:
    """Output stream of mcap's Writer: buffers records until the next flush."""

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
        """Write the pending records to the file; after an OSError it is unchanged, and the records stay pending."""
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
    """A new file, locked against repair while its process lives. `span` counts its messages.

    Every method that writes raises an OSError if writing fails; the file then stays as it was at the last flush.
    """

    def __init__(
        self,
        path: Path,
        *,
        compression: Compression = "none",
        notes: Mapping[str, str] | None = None,
        profile: str = "ros2",
    ) -> None:
        """Create the file under a temporary name: an .mcap file always begins with a complete header.

        Args:
            path: path of the file, in a folder of this bag alone.
            compression: compression of the chunks.
            notes: written first, so that they survive a kill.
            profile: MCAP profile.
        """
        self.path = path
        self.span = Span()
        self._flushed = Span()  # span at the last flush
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
        """Size in bytes, with pending records."""
        return self._stream.tell()

    @property
    def descriptor(self) -> int:
        """File descriptor for `os.fsync`."""
        return self._stream.descriptor

    def add_topic(self, topic: Topic) -> int:
        """Declare a topic; returns the channel number for `write`."""
        schema = 0
        if topic.schema_encoding:
            key = (topic.msgtype, topic.definition)
            if key not in self._schemas:
                self._schemas[key] = self._writer.register_schema(
                    topic.msgtype, topic.schema_encoding, topic.definition.encode(errors=BYTES)
                )
            schema = self._schemas[key]
        channel = self._writer.register_channel(topic.name, topic.encoding, schema, topic.channel)
        self._topics[channel] = topic.name
        return channel

    def write(self, channel: int, log_time_ns: int, data: bytes, publish_time_ns: int, sequence: int) -> None:
        """Append a message."""
        self._writer.add_message(channel, log_time_ns, data, publish_time_ns, sequence)
        self.span.add(self._topics[channel], log_time_ns)
        if len(self._stream.pending) > PENDING_BYTES:
            self.flush()

    def flush(self) -> None:
        """End the chunk and write everything to the file, where it survives a SIGKILL."""
        self._writer.flush()  # type: ignore[no-untyped-call]
        self._flushed = self.span.copy()

    def finish(self, serialized_metadata: str = "") -> OSError | None:
        """Write the index and close.

        On a full disk the file ends after its last flush, without an index. It is still readable, and `span` counts
        the remaining messages.

        Args:
            serialized_metadata: rosbag2's description of the bag, stored in the file.

        Returns:
            Error that prevented the index; None on success.
        """
        try:
            if serialized_metadata:
                self._writer.add_metadata("rosbag2", {"serialized_metadata": serialized_metadata})
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._sync()
        except OSError as error:
            self._stream.pending = bytearray(SMALLEST_END)
            self.span = self._flushed
            self._sync()
            return error
        else:
            return None
        finally:
            os.close(self.descriptor)

    def _sync(self) -> None:
        self._stream.flush()
        os.fsync(self.descriptor)
