"""Files of a bag: compressed as a whole, renamed or missing, and with notes of their own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import zstandard
from mcap.writer import Writer
from rosbags.rosbag2 import CompressionMode
from small_bags import NOTES, compress_files, foreign_bag, numbers, small_bag, sqlite_bag
from warm_verbs import run_verb

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag, read_recording, read_track
from mail_ros.data.bag_metadata import METADATA_FILE
from mail_ros.data.bag_repair import repair
from mail_ros.data.yaml_text import dump_yaml, parse


@pytest.mark.parametrize("write", [small_bag, sqlite_bag])
def test_a_bag_whose_files_are_compressed_is_read(tmp_path: Path, write: type) -> None:
    bag = compress_files(write(tmp_path / "bag"))
    assert numbers(bag) == list(range(40))
    assert Bag(bag).notes() == NOTES
    (file,) = Bag(bag).files
    assert (numbers(file), Bag(file).name) == (list(range(40)), file.name.split(".")[0])
    assert repair(bag) is None
    (bag / METADATA_FILE).unlink()
    assert numbers(bag) == list(range(40))
    assert Bag(bag).notes() == NOTES, "from the file itself"
    unpacked = file.with_suffix("")
    unpacked.write_bytes(zstandard.decompress(file.read_bytes()))
    assert Bag(bag).files == [unpacked], "and not the same messages twice"


def test_copies_of_compressed_files_are_removed(tmp_path: Path) -> None:
    bag = Bag(compress_files(small_bag(tmp_path / "bag")))
    (plain,) = bag.plain_files
    assert plain.exists()
    del bag
    assert not plain.parent.exists()


@pytest.mark.parametrize("mode", [CompressionMode.MESSAGE, CompressionMode.FILE])
def test_bags_that_rosbags_compresses_are_read(tmp_path: Path, mode: CompressionMode) -> None:
    bag = sqlite_bag(tmp_path / "bag", compression=mode)
    assert numbers(bag) == list(range(40))
    assert len(read_track(Bag(bag).files[0])) == 40


@pytest.mark.parametrize("write", [small_bag, sqlite_bag])
def test_a_compressed_file_that_is_damaged_is_named_and_never_called_whole(tmp_path: Path, write: type) -> None:
    whole = compress_files(write(tmp_path / "whole"))
    content = Bag(whole).files[0].read_bytes()
    breaks = (content[: len(content) // 2], content[:60] + bytes(200) + content[260:], b"", b"no zstd at all")
    for number, broken in enumerate(breaks):
        bag = Path(shutil.copytree(whole, tmp_path / f"bag{number}"))
        Bag(bag).files[0].write_bytes(broken)
        try:
            assert len(read_track(bag)) < 40
        except BagError as error:
            assert str(bag) in str(error)
        try:
            assert repair(bag) is not None
        except BagError as error:
            assert str(bag) in str(error)
            assert Bag(bag).files[0].read_bytes() == broken, "nothing is readable: it stays"


def test_an_empty_storage_identifier_is_no_hindrance(tmp_path: Path) -> None:
    bag = small_bag(tmp_path / "bag")
    text = (bag / METADATA_FILE).read_text()
    (bag / METADATA_FILE).write_text(text.replace("storage_identifier: mcap", "storage_identifier: ''"))
    assert numbers(bag) == list(range(40))
    assert repair(bag) is None


def test_a_reindexed_bag_keeps_the_notes_of_its_files(tmp_path: Path) -> None:
    """`ros2 bag reindex` writes metadata without custom_data."""
    for bag in (small_bag(tmp_path / "mcap"), sqlite_bag(tmp_path / "sqlite")):
        whole = parse((bag / METADATA_FILE).read_text(), bag, "metadata")
        del whole["rosbag2_bagfile_information"]["custom_data"]
        (bag / METADATA_FILE).write_text(dump_yaml(whole))
        assert Bag(bag).notes() == NOTES
        assert read_recording(bag).notes == NOTES
        assert repair(bag) is None


def test_notes_in_the_metadata_of_rosbag2_within_an_mcap_file_are_read(tmp_path: Path) -> None:
    with (tmp_path / "bag.mcap").open("wb") as stream:
        writer = Writer(stream)
        writer.start(profile="ros2", library="libmcap")
        text = "version: 9\ncustom_data:\n  route: 12\n  device: robot 7\n"
        writer.add_metadata("other", {"serialized_metadata": "custom_data: {route: 9}"})
        writer.add_metadata("rosbag2", {"serialized_metadata": text})
        writer.finish()  # type: ignore[no-untyped-call]
    assert Bag(tmp_path / "bag.mcap").notes() == {"route": "12", "device": "robot 7"}
    assert Bag(foreign_bag(tmp_path / "other.mcap")).notes() == {}


def test_a_renamed_file_is_read_and_a_repair_names_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bag = small_bag(tmp_path / "bag")
    (bag / "bag_0.mcap").rename(bag / "monday_0.mcap")
    assert numbers(bag) == list(range(40))
    warning = f"{bag / METADATA_FILE} names bag_0.mcap, which the folder lacks: reading monday_0.mcap"
    assert [record.message for record in caplog.records] == [warning]
    assert repair(bag) is not None
    assert "bag_0.mcap" not in (bag / METADATA_FILE).read_text()
    assert repair(bag) is None


@pytest.mark.slow
def test_a_missing_file_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bag = small_bag(tmp_path / "bag", files=4)
    assert len(Bag(bag).files) == 4
    (bag / "bag_1.mcap").unlink()
    assert numbers(bag) == [*range(10), *range(20, 40)]
    assert "names bag_1.mcap, which the folder lacks: reading bag_0.mcap, bag_2.mcap, bag_3.mcap" in caplog.text
    with pytest.raises(BagError, match=r"bag: wanted bag_1.mcap, found bag_0.mcap, bag_2.mcap, bag_3.mcap; copy it"):
        repair(bag)
    for number in (0, 2, 3):
        (bag / f"bag_{number}.mcap").unlink()
    done = run_verb("check", bag, small_bag(tmp_path / "other"))
    assert "Traceback" not in done.stderr
    with pytest.raises(BagError, match=r"wanted bag_0.mcap, .+, bag_3.mcap, found no file of a bag; copy it"):
        Bag(bag)


def test_a_file_that_may_not_be_read_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = Bag(small_bag(tmp_path / "bag"))

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refused)
    for use in (lambda: Bag(bag.path), bag.identity, lambda: list(bag.messages()), lambda: repair(bag.path)):
        with pytest.raises(BagError, match="found Permission denied"):
            use()


@pytest.mark.parametrize(
    "name", ["''", ".", "..", "/", "metadata.yaml", "bag", "../bag_0.mcap/..", f"{'x' * 300}.mcap"]
)
def test_a_name_that_is_no_file_of_a_bag_is_passed_over(tmp_path: Path, name: str) -> None:
    bag = small_bag(tmp_path / "bag")
    text = (bag / METADATA_FILE).read_text()
    (bag / METADATA_FILE).write_text(re.sub(r"(relative_file_paths:\n *)- bag_0.mcap", rf"\1- {name}", text))
    assert numbers(bag) == list(range(40))
