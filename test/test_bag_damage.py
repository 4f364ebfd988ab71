"""Damage inside a whole file: the rest is read, a warning names the file, and a repair makes a whole one of it."""

from __future__ import annotations

import re
import sqlite3
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest
from mcap.opcode import Opcode
from mcap.records import Chunk
from mcap.writer import CompressionType, Writer
from rosbags.rosbag2 import Reader
from small_bags import NOTES, START_NS, STEP_NS, field_cdr, numbers, small_bag, sqlite_bag
from warm_verbs import run_verb

from mail_ros.core.errors import BagError
from mail_ros.data.bag import FIELD_TOPIC, Bag, read_recording, read_track
from mail_ros.data.bag_repair import repair
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.mcap_file import Compression
from mail_ros.data.mcap_records import read_index, records_of_chunk
from mail_ros.data.messages import FIELD_TYPE, definition

LEFT = [*range(10), *range(20, 40)]  # the second chunk is lost


def second_chunk(bag: Path) -> tuple[Path, int, int]:
    """The bag's file, and where its second chunk starts and ends."""
    (file,) = Bag(bag).files
    chunk = read_index(file).chunks[1]
    return file, chunk.chunk_start_offset, chunk.chunk_start_offset + chunk.chunk_length


def overwrite(file: Path, start: int, content: bytes) -> None:
    with file.open("r+b") as stream:
        stream.seek(start)
        stream.write(content)


@pytest.mark.parametrize("compression", ["none", "zstd"])
@pytest.mark.parametrize("damage", ["content", "zeros", "length", "compression", "size"])
def test_one_damaged_chunk_costs_its_own_messages_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, compression: Compression, damage: str
) -> None:
    bag = small_bag(tmp_path / "bag", compression=compression)
    file, start, end = second_chunk(bag)
    where, content = {
        "content": (end - 60, b"damaged!"),
        "zeros": (start + 9, bytes(end - start - 9)),
        "length": (start + 1, struct.pack("<Q", 2**63)),
        "compression": (start + 37, b"\xff\xff"),
        "size": (start + 25, struct.pack("<Q", 2**60)),
    }[damage]
    overwrite(file, where, content)
    assert numbers(bag) == LEFT
    (warning,) = (record.message for record in caplog.records)
    assert re.sub(r"[\d,]+ bytes", "N bytes", warning) == (
        f"{file} is damaged: N bytes are left out; mail_ros repair {bag} keeps the rest"
    )
    recording = read_recording(bag)
    assert (len(recording.track), recording.cut_off, recording.damaged_bytes) == (30, False, end - start)
    assert "damaged" in {finding.name for finding in check_bag(bag).findings}
    repaired = repair(bag)
    assert repaired is not None
    assert repaired.repaired_files == (file,)
    assert numbers(bag) == LEFT
    with Reader(bag) as reader:
        assert [cdr for _, _, cdr in reader.messages()] == [field_cdr(number) for number in LEFT]
    assert Bag(bag).notes() == NOTES
    assert (bag / "bag_0.mcap.rest").stat().st_size >= end - start
    assert repair(bag) is None


@pytest.mark.parametrize("back", [40, 60, 200, 9 + 20 + 8, 15])
def test_a_damaged_index_costs_nothing(tmp_path: Path, back: int) -> None:
    bag = small_bag(tmp_path / "bag")
    (file,) = Bag(bag).files
    overwrite(file, file.stat().st_size - back, b"\xa5\xa5\xa5")
    assert numbers(bag) == list(range(40))
    assert repair(bag) is not None
    assert numbers(bag) == list(range(40))
    assert not read_index(file).damaged
    assert repair(bag) is None


@pytest.mark.slow
def test_check_and_repair_of_a_damaged_bag_from_the_command_line(tmp_path: Path) -> None:
    whole, bag = small_bag(tmp_path / "whole"), small_bag(tmp_path / "bag", compression="zstd")
    file, start, _ = second_chunk(bag)
    overwrite(file, start + 100, b"\xff" * 50)
    done = run_verb("check", whole, bag)
    assert "Traceback" not in done.stderr
    assert f"{file} is damaged: " in done.stderr
    done = run_verb("repair", whole, bag)
    assert done.stdout.splitlines()[0] == f"{whole} is whole: nothing to do"
    assert done.stdout.splitlines()[1].startswith(f"{bag} holds 30 messages in 0.4 s; ")


def chunk_of(data: bytes, size: int, compression: str = "", crc: int = 0) -> Chunk:
    return Chunk(compression, data, 0, 0, crc, size)


@pytest.mark.parametrize(
    "chunk",
    [
        chunk_of(b"\x28\xb5\x2f\xfd" + b"\xff" * 30, 30, "zstd"),
        chunk_of(struct.pack("<IBQ", 0xFD2FB528, 0xE0, 2**40) + bytes(20), 2**40, "zstd"),
        chunk_of(struct.pack("<IBQ", 0xFD2FB528, 0xE0, 2**40) + bytes(20), 100, "zstd"),
        chunk_of(b"\x04\x22\x4d\x18" + b"\xff" * 30, 30, "lz4"),
        chunk_of(b"abc", 3, "brotli"),
        chunk_of(struct.pack("<BQ", Opcode.MESSAGE, 2**63) + bytes(40), 49),
        chunk_of(struct.pack("<BQ", Opcode.CHANNEL, 4) + b"\x01\x00\x02\x00", 13),
        chunk_of(bytes(9), 9, crc=zlib.crc32(b"other")),
    ],
)
def test_a_chunk_on_which_a_library_fails_costs_no_memory(chunk: Chunk) -> None:
    tracemalloc.start()
    with pytest.raises(Exception, match=r".*"):
        records_of_chunk(chunk)
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("compression", list(CompressionType))
def test_files_of_every_compression_and_without_index_are_read(tmp_path: Path, compression: CompressionType) -> None:
    written_as: dict[str, dict[str, Any]] = {
        "whole": {},
        "no_index": {"use_summary_offsets": False, "use_statistics": False},
        "no_chunks": {"use_chunking": False},
    }
    for name, options in written_as.items():
        with (tmp_path / f"{name}.mcap").open("wb") as stream:
            writer = Writer(stream, chunk_size=500, compression=compression, **options)
            writer.start(profile="ros2", library="other")
            schema = writer.register_schema(FIELD_TYPE, "ros2msg", definition(FIELD_TYPE)[0].encode())
            channel = writer.register_channel(FIELD_TOPIC, "cdr", schema)
            for number in range(40):
                writer.add_message(channel, START_NS + number * STEP_NS, field_cdr(number), 0)
            writer.finish()  # type: ignore[no-untyped-call]
        assert numbers(tmp_path / f"{name}.mcap") == list(range(40)), name
        assert repair(tmp_path / f"{name}.mcap") is None, name


def test_a_damaged_database_is_one_error_with_the_name_of_the_file(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "bag")
    assert numbers(bag) == list(range(40))
    file = bag / "bag.db3"
    content = file.read_bytes()
    for start in range(0, len(content), 1024):
        overwrite(file, start, b"\xff" * 1000)
        try:
            assert len(read_track(bag)) <= 40
        except BagError as error:
            assert str(bag) in str(error)
        file.write_bytes(content)


def test_values_of_a_database_that_are_no_message_are_left_out(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "bag")
    with sqlite3.connect(bag / "bag.db3") as database:
        database.execute("UPDATE messages SET data = 1099511627776 WHERE id = 3")
        database.execute("UPDATE messages SET data = 'text', timestamp = 'noon' WHERE id = 4")
    database.close()
    assert len(numbers(bag)) == 38
