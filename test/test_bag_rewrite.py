"""Repair of SQLite and compressed bags: MCAP files by what is readable, and the originals are kept."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import zstandard
from rosbags.rosbag2 import CompressionMode, Reader
from small_bags import NOTES, compress_files, numbers, small_bag, sqlite_bag
from test_sqlite_log import MESSAGES, content, killed_bag

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_metadata import METADATA_FILE, read_metadata
from mail_ros.data.bag_repair import repair
from mail_ros.data.sqlite_salvage import SqliteSalvage

PAGE = 4096
COUNT = 400


def page_of(file: Path, text: str) -> int:
    """The root page of a table or an index."""
    with closing(sqlite3.connect(file)) as database:
        return int(database.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", [text]).fetchone()[0])


def damage(file: Path, *pages: int) -> None:
    """Overwrite pages, which SQLite counts from 1."""
    with file.open("r+b") as stream:
        for page in pages:
            stream.seek((page - 1) * PAGE)
            stream.write(b"\xa5" * PAGE)


def counted(bag: Path) -> int:
    """Number of messages that rosbags reads; it counts as metadata.yaml does."""
    with Reader(bag) as reader:
        found = sum(1 for _ in reader.messages())
        assert reader.message_count == found
    return found


def leaf(file: Path) -> int:
    """A page with messages in its middle."""
    number = file.read_bytes().index(b"imu_link", file.stat().st_size // 2) // PAGE + 1
    assert number not in (page_of(file, "messages"), page_of(file, "timestamp_idx"))
    return number


def test_a_damaged_page_costs_its_messages_only(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "bag", COUNT)
    (file,) = Bag(bag).files
    damage(file, leaf(file))
    before = file.read_bytes()
    with pytest.raises(BagError, match="mail_ros repair"):
        numbers(bag)
    repaired = repair(bag)
    assert repaired is not None
    kept = numbers(bag)
    assert kept == sorted(set(kept))
    assert COUNT - 80 < len(kept) < COUNT
    assert counted(bag) == len(kept)
    assert Bag(bag).notes() == NOTES
    assert repaired.originals == (bag / "bag.db3.rest",)
    assert repaired.originals[0].read_bytes() == before
    assert f"{COUNT - len(kept)} more that its metadata counted are not readable; the originals are kept" in str(
        repaired
    )
    assert sorted(path.name for path in bag.iterdir()) == ["bag.db3.rest", "bag.mcap", METADATA_FILE]
    assert repair(bag) is None


def test_a_damaged_index_costs_no_message(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "bag", COUNT)
    (file,) = Bag(bag).files
    damage(file, page_of(file, "timestamp_idx"))
    assert repair(bag) is not None
    assert numbers(bag) == list(range(COUNT))


def test_a_file_that_was_cut_off_keeps_the_messages_before(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "bag", COUNT)
    (file,) = Bag(bag).files
    os.truncate(file, file.stat().st_size * 2 // 3 // PAGE * PAGE)
    (bag / METADATA_FILE).unlink()
    assert repair(bag) is not None
    kept = numbers(bag)
    assert kept == list(range(len(kept)))
    assert COUNT // 3 < len(kept) < COUNT


@pytest.mark.parametrize("metadata", [False, True])
def test_messages_in_a_log_become_part_of_the_bag(tmp_path: Path, metadata: bool) -> None:
    bag = killed_bag(tmp_path / "killed", 0.75, metadata=metadata)
    before = content(bag)
    assert repair(bag) is not None
    assert counted(bag) == MESSAGES
    assert Bag(bag).logs == []
    after = content(bag)
    assert after["whole.db3.rest"] == before["whole.db3"]
    assert after["whole.db3.rest-wal"] == before["whole.db3-wal"]
    with closing(sqlite3.connect(bag / "whole.db3.rest")) as database:
        assert database.execute("SELECT count(*) FROM messages").fetchone() == (MESSAGES,), "SQLite still finds its log"


WHOLE: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "sqlite": (sqlite_bag, "sqlite3", ""),
    "mcap.zstd": (lambda path: compress_files(small_bag(path, files=2)), "mcap", "FILE"),
    "db3.zstd": (lambda path: compress_files(sqlite_bag(path)), "sqlite3", "FILE"),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_whole_files_get_their_metadata_and_stay(tmp_path: Path, kind: str) -> None:
    made, storage, mode = WHOLE[kind]
    bag = made(tmp_path / "bag")
    assert repair(bag) is None, "nothing is to be done"
    (bag / METADATA_FILE).unlink()
    before = content(bag)
    repaired = repair(bag)
    assert repaired is not None
    assert (repaired.repaired_files, repaired.originals) == ((), ())
    assert counted(bag) == 40
    after = content(bag)
    del after[METADATA_FILE]
    assert after == before
    described = read_metadata(bag)
    assert (described["storage_identifier"], described["compression_mode"]) == (storage, mode)
    assert Bag(bag).notes() == NOTES


def in_blocks(data: bytes) -> bytes:
    """Compressed in many blocks, as a large file is."""
    compressor = zstandard.ZstdCompressor().compressobj()
    parts = [data[at : at + PAGE] for at in range(0, len(data), PAGE)]
    blocks = [compressor.compress(part) + compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK) for part in parts]
    return b"".join(blocks) + compressor.flush()


@pytest.mark.parametrize("kind", ["mcap.zstd", "db3.zstd"])
def test_a_compressed_file_that_was_cut_off_becomes_an_mcap_file(tmp_path: Path, kind: str) -> None:
    bag = compress_files((sqlite_bag if kind == "db3.zstd" else small_bag)(tmp_path / "bag", COUNT))
    (file,) = Bag(bag).files
    before = in_blocks(zstandard.decompress(file.read_bytes()))
    before = before[: len(before) * 2 // 3]
    file.write_bytes(before)
    repaired = repair(bag)
    assert repaired is not None
    kept = numbers(bag)
    assert kept == list(range(len(kept)))
    assert 0 < len(kept) < COUNT
    assert counted(bag) == len(kept)
    assert [path.read_bytes() for path in repaired.originals] == [before]
    assert read_metadata(bag)["compression_mode"] == ""


def test_compressed_messages_are_written_decompressed(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "bag", COUNT, CompressionMode.MESSAGE)
    assert repair(bag) is None
    (bag / METADATA_FILE).unlink()
    assert repair(bag) is not None
    assert counted(bag) == COUNT
    assert numbers(bag) == list(range(COUNT))


def test_a_repair_that_is_killed_leaves_a_bag_to_repair_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new file is there, and the original too."""
    bag = killed_bag(tmp_path / "killed", 0.75)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            repair(bag)
    assert counted(bag) == MESSAGES
    for name in ("write_copy", "sync_folder"):
        again = killed_bag(tmp_path / name, 0.75)
        with monkeypatch.context() as patch:
            patch.setattr(f"mail_ros.data.bag_rewrite.{name}", killed)
            with pytest.raises(KeyboardInterrupt):
                repair(again)
        assert len(list(Bag(again).messages())) == MESSAGES


def test_a_bag_without_a_readable_message_stays(tmp_path: Path) -> None:
    (tmp_path / "bag.db3").write_bytes(b"no database" * 100)
    with pytest.raises(BagError, match=r"bag.db3: wanted an SQLite bag with readable topics, found file is not a data"):
        repair(tmp_path / "bag.db3")
    bag = sqlite_bag(tmp_path / "empty")
    (file,) = Bag(bag).files
    damage(file, page_of(file, "messages"))
    before = content(bag)
    with pytest.raises(BagError, match="wanted a bag with readable messages, found none"):
        repair(bag)
    assert content(bag) == before


def test_a_single_file_is_written_again_next_to_it(tmp_path: Path) -> None:
    (file,) = Bag(sqlite_bag(tmp_path / "bag", COUNT)).files
    alone = tmp_path / "alone.db3"
    shutil.copyfile(file, alone)
    assert repair(alone) is None
    damage(alone, leaf(alone))
    repaired = repair(alone)
    assert repaired is not None
    assert repaired.path == tmp_path / "alone.mcap"
    assert numbers(repaired.path)
    assert (tmp_path / "alone.db3.rest").exists()


@pytest.mark.process
def test_a_bag_under_way_is_left_alone(tmp_path: Path) -> None:
    bag = killed_bag(tmp_path / "killed", 0.75)
    recorder = (
        f"import sqlite3; db = sqlite3.connect({str(bag / 'whole.db3')!r}); "
        "db.execute('PRAGMA journal_mode=WAL').fetchall(); db.execute('SELECT * FROM topics').fetchall(); "
        "print('open', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", recorder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        with pytest.raises(BagError, match="wanted a finished recording"):
            repair(bag)
        process.communicate("\n")
    assert not list(bag.glob("*.rest"))


def test_a_whole_file_is_whole(tmp_path: Path) -> None:
    (file,) = Bag(sqlite_bag(tmp_path / "bag", COUNT)).files
    assert SqliteSalvage(file).is_whole()
    damage(file, leaf(file))
    assert not SqliteSalvage(file).is_whole()
