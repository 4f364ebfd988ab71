"""Reading an MCAP file from its front, without its index.

A chunk with a wrong checksum is skipped, since its messages may be corrupt; chunks after it are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mcap.records import Channel, Chunk, DataEnd, Footer, Header, Message, Metadata, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from mail_ros.data.mcap_file import NOTES


class ByteRange(NamedTuple):
    """An unreadable part of a file."""

    start: int  # bytes from the start of the file
    end: int


class Salvage:
    """Reads one file. Attributes hold what has been read so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.profile = self.library = ""
        self.compression = ""  # compression of the first chunk
        self.notes: dict[str, str] = {}
        self.channels: dict[int, Channel] = {}
        self.schemas: dict[int, Schema] = {}
        self.unread: list[ByteRange] = []  # ranges that contain messages, or may contain some

    def read_front(self) -> Salvage:
        """Read up to the first chunk, which includes the notes."""
        for where, record in self._records():
            if isinstance(record, Chunk):
                self.compression = record.compression
            if not isinstance(record, (Header, Metadata)):
                break
            self._process(where, record)
        return self

    def messages(self) -> Iterator[tuple[Schema | None, Channel, Message]]:
        """All complete messages with schema and channel, in the order of writing.

        Raises:
            OSError: the file is not readable.
        """
        for where, record in self._records():
            for message in self._process(where, record):
                channel = self.channels.get(message.channel_id)
                if channel is None:  # a damaged chunk contained the channel
                    self._skip(where)
                else:
                    yield self.schemas.get(channel.schema_id), channel, message

    def _records(self) -> Iterator[tuple[ByteRange, Any]]:
        """Each record and its byte range, up to the first broken record."""
        size, ended = self.path.stat().st_size, False
        with self.path.open("rb") as stream:
            records = StreamReader(stream, emit_chunks=True, record_size_limit=size).records
            while True:
                start = stream.tell()
                try:
                    record = next(records, None)
                except Exception:
                    self.unread += [] if ended else _unless_zeros(self.path, ByteRange(start, size))
                    return
                if record is None:
                    return
                ended = ended or isinstance(record, (DataEnd, Footer))  # an index follows, without messages
                yield ByteRange(start, stream.tell()), record

    def _process(self, where: ByteRange, record: Any) -> list[Message]:
        """The messages of a record; other content is stored in attributes."""
        if isinstance(record, Chunk):
            try:
                parts = breakup_chunk(record, validate_crc=True)
            except Exception:
                self._skip(where)
                return []
            return [message for part in parts for message in self._process(where, part)]
        if isinstance(record, Header):
            self.profile, self.library = record.profile, record.library
        elif isinstance(record, Metadata) and record.name == NOTES:
            self.notes = dict(record.metadata)
        elif isinstance(record, Schema):
            self.schemas[record.id] = record
        elif isinstance(record, Channel):
            self.channels[record.id] = record
        return [record] if isinstance(record, Message) else []

    def _skip(self, part: ByteRange) -> None:
        if part not in self.unread:
            self.unread.append(part)


def _unless_zeros(path: Path, part: ByteRange) -> list[ByteRange]:
    """The range, unless it has only zeros: file systems extend a file by zeros before a power loss."""
    with path.open("rb") as stream:
        stream.seek(part.start)
        while block := stream.read(1 << 20):
            if any(block):
                return [part]
    return []
