"""Reading an MCAP file from its front, without its index: all that is whole, and where something is not.

    magic, header | chunk | chunk | cha          messages() gives what is in the whole chunks,
                                    ^ cut off    unread the places of the others

A chunk whose checksum does not fit is left out, since its messages may be altered; those after it are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from mcap.records import Channel, Chunk, DataEnd, Footer, Header, Message, Metadata, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

from mail_ros.data.mcap_file import NOTES


class ByteRange(NamedTuple):
    """A part of a file that cannot be read."""

    start: int  # bytes from the front
    end: int


class StoredMessage(NamedTuple):
    """A message, and what it is one of."""

    schema: Schema | None
    channel: Channel
    message: Message


class Salvage:
    """One file. What it says of itself is known as far as `messages` was read."""

    def __init__(self, path: Path) -> None:
        """Open nothing yet."""
        self.path = path
        self.profile = self.library = ""
        self.compression = ""  # of its first chunk
        self.notes: dict[str, str] = {}
        self.channels: dict[int, Channel] = {}
        self.schemas: dict[int, Schema] = {}
        self.whole = False  # it has its end
        self.unread: list[ByteRange] = []  # parts with messages, or of which that is not known

    def read_front(self) -> Salvage:
        """Read no further than the first chunk: the notes stand before it."""
        for place, record in self._records():
            if isinstance(record, Chunk):
                self.compression = record.compression
            if not isinstance(record, (Header, Metadata)):
                break
            self._take(place, record)
        return self

    def messages(self) -> Iterator[StoredMessage]:
        """All messages that are whole, in the order in which they were written.

        Raises:
            OSError: the file cannot be read.
        """
        for place, record in self._records():
            for message in self._take(place, record):
                channel = self.channels.get(message.channel_id)
                if channel is None:  # its declaration was in a chunk that is damaged
                    self._leave_out(place)
                else:
                    yield StoredMessage(self.schemas.get(channel.schema_id), channel, message)

    def _records(self) -> Iterator[tuple[ByteRange, Any]]:
        """Each record and its place, as far as records follow each other."""
        size, ended = self.path.stat().st_size, False
        with self.path.open("rb") as stream:
            records = StreamReader(stream, emit_chunks=True, record_size_limit=size).records
            while True:
                start = stream.tell()
                try:
                    record = next(records, None)
                except Exception:
                    self.unread += [] if ended else _filled(self.path, ByteRange(start, size))
                    return
                if record is None:
                    self.whole = True
                    return
                ended = ended or isinstance(record, (DataEnd, Footer))  # an index follows, and no message
                yield ByteRange(start, stream.tell()), record

    def _take(self, place: ByteRange, record: Any) -> list[Message]:
        """The messages of a record; all else is kept here."""
        if isinstance(record, Chunk):
            try:
                parts = breakup_chunk(record, validate_crc=True)
            except Exception:
                self._leave_out(place)
                return []
            return [message for part in parts for message in self._take(place, part)]
        if isinstance(record, Header):
            self.profile, self.library = record.profile, record.library
        elif isinstance(record, Metadata) and record.name == NOTES:
            self.notes = dict(record.metadata)
        elif isinstance(record, Schema):
            self.schemas[record.id] = record
        elif isinstance(record, Channel):
            self.channels[record.id] = record
        return [record] if isinstance(record, Message) else []

    def _leave_out(self, part: ByteRange) -> None:
        if part not in self.unread:
            self.unread.append(part)


def _filled(path: Path, part: ByteRange) -> list[ByteRange]:
    """A file system may lengthen a file by zeros before its power fails: they are nothing."""
    with path.open("rb") as stream:
        stream.seek(part.start)
        while block := stream.read(1 << 20):
            if any(block):
                return [part]
    return []
