"""What is readable of a .gz file of text: all of it, or the whole lines before the damage."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

BLOCK = 1 << 16  # bytes read at once
MAX_OUTPUT = 1 << 20  # bytes that are unpacked at once
MAX_LINE = 1 << 20  # bytes without an end of line that wait for one
GZIP = 31  # format, for zlib


class GzipSalvage:
    """A .gz file; `damage` is known once all blocks were read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage = ""  # reason why the end is missing, or why the content may be wrong

    def blocks(self) -> Iterator[bytes]:
        """The content in blocks; after damage without its last, incomplete line.

        Raises:
            OSError: the file is not readable.
        """
        waiting = b""  # after the last end of line
        for block in self._unpacked():
            waiting += block
            lines, end, rest = waiting.rpartition(b"\n")
            if end or len(waiting) > MAX_LINE:
                yield lines + end or waiting
                waiting = rest if end else b""
        if waiting and not self.damage:
            yield waiting

    def _unpacked(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(GZIP)
        with self.path.open("rb") as stream:
            while block := stream.read(BLOCK):
                while block:
                    if unpacker.eof:  # the next member, or padding
                        block = block.lstrip(b"\0")
                        unpacker = zlib.decompressobj(GZIP) if block else unpacker
                    before = unpacker.copy()
                    try:
                        yield unpacker.decompress(block, MAX_OUTPUT)
                    except zlib.error as error:
                        self.damage = str(error)
                        yield from _bytewise(before, block)
                        return
                    block = unpacker.unused_data if unpacker.eof else unpacker.unconsumed_tail
        if not unpacker.eof:
            self.damage = "cut off"


def _bytewise(unpacker: zlib._Decompress, block: bytes) -> Iterator[bytes]:
    """Everything before the byte that cannot be unpacked."""
    for at in range(len(block)):
        try:
            yield unpacker.decompress(block[at : at + 1])
        except zlib.error:
            return
