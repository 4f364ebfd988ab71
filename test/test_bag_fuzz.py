"""Damaged bags and metadata: whatever a file has, a reader returns or raises one MailError, and memory stays bounded.

MAIL_ROS_DAMAGED sets how many are tried with each test, 200 by default; 10,000 take about 20 minutes.
"""

from __future__ import annotations

import logging
import os
import random
import resource
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from mcap.writer import CompressionType, Writer
from rosbags.rosbag2 import CompressionMode
from small_bags import START_NS, STEP_NS, compress_files, field_cdr, foreign_bag, small_bag, sqlite_bag

from mail_ros.core.errors import ConfigError, MailError
from mail_ros.data.bag import FIELD_TOPIC, Bag, read_recording
from mail_ros.data.bag_metadata import METADATA_FILE, read_metadata
from mail_ros.data.bag_repair import repair, unfinished
from mail_ros.data.messages import FIELD_TYPE, definition
from mail_ros.data.yaml_text import parse

CASES = int(os.environ.get("MAIL_ROS_DAMAGED", "200"))
MAX_S = 10.0  # for one damaged bag
MAX_MORE_KB = 400_000  # memory over that of the process before
COUNT = 20  # samples of a bag
NUMBERS = [b"\xff" * 8, bytes(8), (2**63).to_bytes(8, "little"), (2**31).to_bytes(4, "little"), b"\xff\xff"]
WORDS = [
    *(
        "[",
        "{",
        "- ",
        ": ",
        "\n",
        "\t",
        "'",
        '"',
        "&a ",
        "*a",
        "!!binary ",
        "!!python/object:x ",
        "|\n",
        ">",
        "?",
        "<<: *a",
    ),
    *("9" * 400, "-1", "1e999", ".nan", "null", "2026-99-99", "\0", "\ufeff", "é", "[" * 2000, "{a: " * 500),
]


def unchecked_bag(path: Path, chunked: bool, compression: CompressionType) -> Path:
    """A bag without checksums, whose damage nothing notices."""
    path.mkdir()
    with (path / "bag_0.mcap").open("wb") as stream:
        writer = Writer(stream, 500, compression, use_chunking=chunked, enable_crcs=False)
        writer.start(profile="ros2", library="other")
        schema = writer.register_schema(FIELD_TYPE, "ros2msg", definition(FIELD_TYPE)[0].encode())
        channel = writer.register_channel(FIELD_TOPIC, "cdr", schema)
        for number in range(COUNT):
            writer.add_message(channel, START_NS + number * STEP_NS, field_cdr(number), 0)
        writer.finish()  # type: ignore[no-untyped-call]
    repair(path)
    return path


def originals(folder: Path) -> list[Path]:
    """A bag of each kind."""
    foreign = folder / "foreign"
    foreign.mkdir()
    foreign_bag(foreign / "foreign_0.mcap", COUNT)
    repair(foreign)
    return [
        small_bag(folder / "plain", COUNT),
        small_bag(folder / "zstd", COUNT, compression="zstd"),
        small_bag(folder / "split", COUNT, files=2),
        foreign,
        unchecked_bag(folder / "unchecked", True, CompressionType.NONE),
        unchecked_bag(folder / "unchecked_lz4", True, CompressionType.LZ4),
        unchecked_bag(folder / "unchunked", False, CompressionType.NONE),
        sqlite_bag(folder / "sqlite", COUNT),
        sqlite_bag(folder / "by_message", COUNT, CompressionMode.MESSAGE),
        compress_files(small_bag(folder / "file", COUNT)),
        compress_files(sqlite_bag(folder / "sqlite_file", COUNT)),
    ]


def damaged(content: bytes, source: random.Random) -> bytes:
    """Some bytes, after one to three kinds of damage."""
    for _ in range(source.randint(1, 3)):
        start = source.randrange(len(content) + 1)
        end = min(len(content), start + source.choice([1, 2, 8, 60, 600, 5000]))
        start, end = (
            (max(0, len(content) - end), max(0, len(content) - start)) if source.random() < 0.3 else (start, end)
        )
        part = source.choice(
            [b"", bytes(end - start), source.randbytes(end - start), source.choice(NUMBERS), content[:end]]
        )
        content = content[:start] + part + content[source.choice([start, end, start + len(part), len(content)]) :]
    return content


def damaged_text(text: str, source: random.Random) -> str:
    """YAML, after some words were put in, taken out or doubled."""
    for _ in range(source.randint(1, 4)):
        start = source.randrange(len(text) + 1)
        end = min(len(text), start + source.choice([0, 1, 5, 40, 400]))
        text = text[:start] + source.choice([*WORDS, text[start:end] * 2, ""]) + text[end:]
    return text


def read_all(bag: Path) -> int:
    """Everything that a verb or the recorder reads of a bag, before and after its repair; how many were refused."""
    refused = 0
    uses: list[Callable[[], object]] = [
        lambda: Bag(bag).notes(),
        lambda: Bag(bag).identity(),
        lambda: sum(len(message.cdr) for message in Bag(bag).messages()),
        lambda: read_recording(bag),
        lambda: repair(bag),
        lambda: read_recording(bag),
        lambda: [read_recording(file) for file in Bag(bag).files],
        lambda: repair(bag),
    ]
    for use in uses:
        try:
            use()
        except MailError as error:
            assert str(error).count("\n") == 0, "one line"
            refused += 1
    unfinished(bag.parent)
    return refused


def memory_kb() -> int:
    """The most memory that this process has ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@pytest.mark.slow
def test_a_damaged_bag_is_read_or_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    kinds, before_kb, refused = originals(tmp_path), memory_kb(), 0
    for number in range(CASES):
        source = random.Random(number)
        bag = shutil.copytree(source.choice(kinds), tmp_path / "out" / f"{number}")
        files = sorted(path for path in bag.iterdir() if source.random() < 0.5 or path.name != METADATA_FILE)
        file = source.choice(files)
        file.write_bytes(damaged(file.read_bytes(), source))
        started_s = time.monotonic()
        try:
            refused += read_all(bag) > 0
        except Exception as error:
            raise AssertionError(f"case {number}: {bag}, {file.name}") from error
        assert time.monotonic() - started_s < MAX_S, f"case {number}"
        shutil.rmtree(tmp_path / "out")
    assert memory_kb() - before_kb < MAX_MORE_KB
    assert 0.05 * CASES < refused < 0.8 * CASES, "some are beyond reading, and not all"


@pytest.mark.slow
def test_damaged_metadata_costs_no_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    bag, before_kb = small_bag(tmp_path / "bag", 3), memory_kb()
    text = (bag / METADATA_FILE).read_text()
    for number in range(CASES):
        source = random.Random(number)
        (bag / METADATA_FILE).write_text(damaged_text(text, source))
        started_s = time.monotonic()
        try:
            read_metadata(bag)
            assert len(list(Bag(bag).messages())) == 3
            assert all(isinstance(value, str) for value in Bag(bag).notes().values())
        except MailError as error:
            assert "wanted metadata up to version" in str(error)
        assert time.monotonic() - started_s < MAX_S, f"case {number}"
    assert memory_kb() - before_kb < MAX_MORE_KB


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_damaged_yaml_is_a_value_or_one_error() -> None:
    for number in range(CASES):
        source = random.Random(number)
        text = damaged_text("a: [1, 2.5, {b: c}]\nd:\n  - 2026-01-01\n  - &x {e: 1}\n  - *x\n", source)
        try:
            parse(text, "file.yaml", "settings")
        except ConfigError as error:
            assert str(error).startswith("file.yaml: wanted settings, found ")
            assert str(error).count("\n") == 0
