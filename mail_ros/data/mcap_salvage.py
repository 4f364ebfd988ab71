"""Reading an MCAP file whatever became of it: cut off, damaged, or with channels of other software.

    messages()      record by record, from the front     in the order of writing   needs no index
    in_log_order()  chunk by chunk, through the index    as `ros2 bag play`        needs one

A chunk with a wrong checksum is skipped, since its messages may be corrupt; chunks after it are read. Where the
length of a record is damaged, reading goes on at the next chunk of the index.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, ChunkIndex, Header, Message, Metadata, Schema

from mail_ros.data.mcap_file import MAGIC, NOTES
from mail_ros.data.mcap_records import (
    FRAME,
    MAX_RECORD_BYTES,
    OPCODES,
    USED,
    McapIndex,
    parse_record,
    read_index,
    records_of_chunk,
)

StoredMessage = tuple[Schema | None, Channel, Message]


class ByteRange(NamedTuple):
    """A part of a file."""

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
        self.chunks: list[int] = []  # starts of the chunks that `messages` has found

    @cached_property
    def index(self) -> McapIndex:
        """The index at the file's end."""
        return read_index(self.path)

    @property
    def unread_bytes(self) -> int:
        """Number of bytes that were skipped so far."""
        return sum(part.end - part.start for part in self.unread)

    def read_front(self) -> Salvage:
        """Read up to the first chunk, which includes the notes."""
        for where, record in self._records():
            if isinstance(record, Chunk):
                self.compression = record.compression
            if not isinstance(record, (Header, Metadata)):
                break
            self._process(where, record)
        return self

    def read_metadata(self, name: str) -> dict[str, str]:
        """A metadata record that the index names; empty if there is none."""
        with self.path.open("rb") as stream:
            for entry in self.index.metadata:
                if entry.name == name and FRAME.size <= entry.length <= MAX_RECORD_BYTES:
                    stream.seek(entry.offset + FRAME.size)
                    where = ByteRange(entry.offset, entry.offset + entry.length)
                    record = self._parsed(where, Opcode.METADATA, stream.read(entry.length - FRAME.size))
                    if isinstance(record, Metadata) and record.name == name:
                        return dict(record.metadata)
        return {}

    def messages(self) -> Iterator[StoredMessage]:
        """All complete messages with schema and channel, in the order of writing.

        Raises:
            OSError: the file is not readable.
        """
        for where, record in self._records():
            yield from self._with_channels(where, self._process(where, record))

    def in_log_order(self, topics: Collection[str] = ()) -> Iterator[StoredMessage]:
        """All complete messages by log time; in the order of writing where an index does not name all.

        Args:
            topics: chunks without one of these are not read; empty: all are.

        Raises:
            OSError: the file is not readable.
        """
        if not self.index.chunks or self._has_loose_messages():
            yield from self.messages()
            return
        self.channels, self.schemas = dict(self.index.channels), dict(self.index.schemas)
        pending: list[tuple[int, int, int, StoredMessage]] = []
        with self.path.open("rb") as stream:
            for chunk in sorted(self._chunks_with(topics), key=lambda c: (c.message_start_time, c.chunk_start_offset)):
                while pending and pending[0][0] < chunk.message_start_time:
                    yield heapq.heappop(pending)[-1]
                where = ByteRange(chunk.chunk_start_offset, chunk.chunk_start_offset + chunk.chunk_length)
                for number, stored in enumerate(self._with_channels(where, self._read_chunk(stream, where))):
                    heapq.heappush(pending, (stored[2].log_time, where.start, number, stored))
        while pending:
            yield heapq.heappop(pending)[-1]

    def is_whole(self) -> bool:
        """Read the file; whether all of it is readable, and its index names what it has."""
        for _ in self.messages():
            pass
        indexed = sorted(chunk.chunk_start_offset for chunk in self.index.chunks)
        return not self.unread and not self.index.damaged and indexed in ([], self.chunks)

    def _has_loose_messages(self) -> bool:
        """Whether there are messages before, between or after the chunks of the index, which does not name them."""
        with self.path.open("rb") as stream:
            start, size = len(MAGIC), stream.seek(0, 2)
            for chunk in [*sorted(self.index.chunks, key=lambda chunk: chunk.chunk_start_offset), None]:
                while start < (size if chunk is None else chunk.chunk_start_offset):
                    stream.seek(start)
                    frame = stream.read(FRAME.size)
                    opcode, length = FRAME.unpack(frame) if len(frame) == FRAME.size else (0, 0)
                    if opcode == Opcode.MESSAGE:
                        return True
                    if opcode not in OPCODES or opcode in (Opcode.DATA_END, Opcode.FOOTER):
                        break
                    start += FRAME.size + length
                if chunk is not None:
                    start = chunk.chunk_start_offset + chunk.chunk_length + chunk.message_index_length
        return False

    def _chunks_with(self, topics: Collection[str]) -> list[ChunkIndex]:
        wanted = {channel.id for channel in self.index.channels.values() if channel.topic in topics}
        return [
            chunk
            for chunk in self.index.chunks
            if not topics or not chunk.message_index_offsets or wanted & chunk.message_index_offsets.keys()
        ]

    def _read_chunk(self, stream: BinaryIO, where: ByteRange) -> list[Message]:
        stream.seek(where.start)
        data = stream.read(where.end - where.start) if where.end - where.start <= MAX_RECORD_BYTES else b""
        if len(data) < FRAME.size or FRAME.unpack_from(data) != (Opcode.CHUNK, len(data) - FRAME.size):
            self._skip(where)
            return []
        return self._process(where, self._parsed(where, Opcode.CHUNK, data[FRAME.size :]))

    def _with_channels(self, where: ByteRange, messages: list[Message]) -> Iterator[StoredMessage]:
        for message in messages:
            channel = self.channels.get(message.channel_id)
            if channel is None:  # a damaged chunk contained the channel
                self._skip(where)
            else:
                yield self.schemas.get(channel.schema_id), channel, message

    def _records(self) -> Iterator[tuple[ByteRange, Any]]:
        """Each record that is used, and its byte range; what is no record is skipped up to the next known chunk."""
        known, start = sorted(chunk.chunk_start_offset for chunk in self.index.chunks), len(MAGIC)
        with self.path.open("rb") as stream:
            size = stream.seek(0, 2)
            while start < size:
                stream.seek(start)
                frame = stream.read(FRAME.size)
                opcode, length = FRAME.unpack(frame) if len(frame) == FRAME.size else (0, 0)
                where = ByteRange(start, start + FRAME.size + length)
                following = known[after] if (after := bisect_right(known, start)) < len(known) else size
                is_end = opcode in (Opcode.DATA_END, Opcode.FOOTER)
                if opcode not in OPCODES or where.end > following or (is_end and following < size):
                    self.unread += _unless_zeros(self.path, ByteRange(start, following))
                    start = following
                elif is_end:
                    return  # an index follows, without messages
                else:
                    start = where.end
                    if length > MAX_RECORD_BYTES and opcode in USED:
                        self._skip(where)
                    elif opcode in USED:
                        yield where, self._parsed(where, opcode, stream.read(length))

    def _parsed(self, where: ByteRange, opcode: int, content: bytes) -> Any:
        try:
            return parse_record(opcode, content)
        except Exception:  # see mcap_records
            self._skip(where)
            return None

    def _process(self, where: ByteRange, record: Any) -> list[Message]:
        """The messages of a record; other content is stored in attributes."""
        if isinstance(record, Chunk):
            self.chunks.append(where.start)
            try:
                parts = records_of_chunk(record)
            except Exception:  # see mcap_records
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
        left = part.end - part.start
        while left > 0 and (block := stream.read(min(left, 1 << 20))):
            if any(block):
                return [part]
            left -= len(block)
    return []
