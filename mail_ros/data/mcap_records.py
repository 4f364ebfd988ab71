"""Records of MCAP files: framing, content, chunks, and the index at a file's end.

Damage raises exceptions of many types, from `struct.error` to `MemoryError`: the callers catch them all. Sizes are
checked before anything is read or decompressed, so that a damaged length costs no memory.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import zstandard
from lz4.frame import LZ4FrameDecompressor
from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, ChunkIndex, Header, Message, Metadata, MetadataIndex, Schema, Statistics

from mail_ros.data.mcap_file import MAGIC

FRAME = struct.Struct("<BQ")  # opcode and length of each record
MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time and publish time
FOOTER = struct.Struct("<QQI")  # start of the index, start of its offsets, checksum
CHUNK_HEAD_BYTES = 40  # a chunk without its content and the name of its compression
MAX_RECORD_BYTES = 1 << 29  # a larger record or chunk counts as damaged: it would fill the memory
OPCODES = {*Opcode, *range(0x80, 0x100)}  # the upper half is for private records
KINDS: dict[int, Any] = {
    Opcode.HEADER: Header,
    Opcode.SCHEMA: Schema,
    Opcode.CHANNEL: Channel,
    Opcode.CHUNK: Chunk,
    Opcode.CHUNK_INDEX: ChunkIndex,
    Opcode.METADATA: Metadata,
    Opcode.METADATA_INDEX: MetadataIndex,
    Opcode.STATISTICS: Statistics,
}
USED = {Opcode.MESSAGE, *KINDS}


@dataclass
class McapIndex:
    """The index of a file; without chunks where there is none."""

    chunks: list[ChunkIndex] = field(default_factory=list)
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    metadata: list[MetadataIndex] = field(default_factory=list)
    statistics: Statistics | None = None
    damaged: bool = False  # it exists, and is not usable


def parse_record(opcode: int, content: bytes) -> Any:
    """A record from its bytes; None for one that this package does not use.

    Raises:
        Exception: the record is damaged; the exception is of any type.
    """
    if opcode == Opcode.MESSAGE:
        channel, sequence, log_time_ns, publish_time_ns = MESSAGE.unpack_from(content)
        return Message(channel, log_time_ns, content[MESSAGE.size :], publish_time_ns, sequence)
    if opcode not in KINDS:
        return None
    record = KINDS[opcode].read(ReadDataStream(BytesIO(content)))
    if isinstance(record, Chunk) and len(content) != CHUNK_HEAD_BYTES + len(record.compression) + len(record.data):
        raise ValueError("a chunk of another length")  # as zeros, which are an empty chunk without a checksum
    return record


def records_in(data: bytes) -> Iterator[Any]:
    """The records of a chunk or an index, without those that `parse_record` does not use.

    Raises:
        ValueError: a record reaches beyond the end.
    """
    start = 0
    while start < len(data):
        opcode, length = FRAME.unpack_from(data, start)
        start, end = start + FRAME.size, start + FRAME.size + length
        if end > len(data):
            raise ValueError("a record beyond the end")
        if (record := parse_record(opcode, data[start:end])) is not None:
            yield record
        start = end


def records_of_chunk(chunk: Chunk) -> list[Any]:
    """The records of a chunk, once its size and its checksum are right.

    Raises:
        Exception: the chunk is damaged; the exception is of any type.
    """
    size = chunk.uncompressed_size
    if size > MAX_RECORD_BYTES:
        raise ValueError("a chunk that is too large")
    if chunk.compression == "zstd":
        data = unzstd(chunk.data, size)
    elif chunk.compression == "lz4":
        data = LZ4FrameDecompressor().decompress(chunk.data, max_length=size + 1)
    else:
        data = chunk.data
    if len(data) != size or (chunk.uncompressed_crc and zlib.crc32(data) != chunk.uncompressed_crc):
        raise ValueError("a chunk of another size or checksum")
    return list(records_in(data))


def unzstd(data: bytes, max_bytes: int = MAX_RECORD_BYTES) -> bytes:
    """Decompress a Zstandard frame.

    Raises:
        ValueError: the content is larger than `max_bytes`.
        zstandard.ZstdError: the data is damaged.
    """
    if zstandard.frame_content_size(data) > max_bytes:
        raise ValueError("a frame that is too large")
    return zstandard.ZstdDecompressor().decompress(data, max_output_size=max_bytes)


def read_index(path: Path) -> McapIndex:
    """The index at a file's end.

    Raises:
        OSError: the file is not readable.
    """
    end_bytes = FRAME.size + FOOTER.size + len(MAGIC)
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        if size < len(MAGIC) + end_bytes:
            return McapIndex()
        stream.seek(size - end_bytes)
        end = stream.read()
        if not end.endswith(MAGIC):
            return McapIndex()
        if FRAME.unpack_from(end) != (Opcode.FOOTER, FOOTER.size):
            return McapIndex(damaged=True)
        start, _, checksum = FOOTER.unpack_from(end, FRAME.size)
        if start == 0:
            return McapIndex()
        if not len(MAGIC) < start <= size - end_bytes or size - start > MAX_RECORD_BYTES:
            return McapIndex(damaged=True)
        stream.seek(start)
        data = stream.read()
    if checksum and zlib.crc32(data[: -len(MAGIC) - 4]) != checksum:
        return McapIndex(damaged=True)
    return _index_of(data[:-end_bytes], start)


def _index_of(data: bytes, start: int) -> McapIndex:
    """The index from its bytes, which begin at `start` in the file."""
    index = McapIndex()
    try:
        for record in records_in(data):
            if isinstance(record, ChunkIndex):
                index.chunks.append(record)
            elif isinstance(record, Schema):
                index.schemas[record.id] = record
            elif isinstance(record, Channel):
                index.channels[record.id] = record
            elif isinstance(record, MetadataIndex):
                index.metadata.append(record)
            elif isinstance(record, Statistics):
                index.statistics = record
    except Exception:
        return McapIndex(damaged=True)
    outside = any(chunk.chunk_start_offset + chunk.chunk_length > start for chunk in index.chunks)
    lacking = index.chunks and index.statistics and index.statistics.chunk_count != len(index.chunks)
    return McapIndex(damaged=True) if outside or lacking else index
