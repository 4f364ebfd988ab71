"""metadata.yaml that is of no use counts as absent: the files are read, and a repair writes it again."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers import synthetic_walk
from small_bags import NOTES, numbers, small_bag
from warm_verbs import run_verb

from mail_ros.core.errors import ConfigError
from mail_ros.data.bag import Bag, read_recording
from mail_ros.data.bag_metadata import MAX_BYTES, METADATA_FILE, read_metadata
from mail_ros.data.bag_repair import repair, unfinished
from mail_ros.data.yaml_text import parse

UNUSABLE = {
    "empty": (b"", "it is empty"),
    "zeros": (bytes(1500), "it is no YAML"),
    "spaces": (b" \n \n", "it is empty"),
    "no text": (b"\xff\xfe\x80" * 9, "it is no text"),
    "no yaml": (b"a: [1, {b: 2", "it is no YAML"),
    "deep": (b"[" * 100_000, "it is no YAML"),
    "a list": (b"- 1\n- 2\n", "it is other YAML"),
    "a word": (b"hello\n", "it is other YAML"),
    "other yaml": (b"image: hall.pgm\nresolution: 0.05\n", "it lacks rosbag2_bagfile_information"),
    "nothing below": (b"rosbag2_bagfile_information:\n", "it lacks rosbag2_bagfile_information"),
    "cut off": (b"rosbag2_bagfile_information:\n  version: 9\n  storage_identifier: mcap\n", "it lacks message_count"),
    "version": (b"rosbag2_bagfile_information:\n  version: nine\n", "it lacks version"),
    "huge": (b" " * (MAX_BYTES + 1), "2,097,153 bytes"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_unusable_metadata_is_named_and_written_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    bag = small_bag(tmp_path / "bag")
    text, (content, reason) = (bag / METADATA_FILE).read_text(), UNUSABLE[name]
    (bag / METADATA_FILE).write_bytes(content)
    assert numbers(bag) == list(range(40))
    assert Bag(bag).notes() == NOTES, "from the file itself"
    warning = f"{bag / METADATA_FILE} is unusable ({reason}): reading the bag's files without it; mail_ros repair"
    assert [record.message.startswith(warning) for record in caplog.records] == [True], caplog.text
    assert unfinished(tmp_path) == [bag]
    repaired = repair(bag)
    assert repaired is not None
    assert not repaired.repaired_files
    assert (bag / METADATA_FILE).read_text() == text
    assert repair(bag) is None


def test_metadata_that_was_cut_anywhere_costs_no_message(tmp_path: Path) -> None:
    bag = small_bag(tmp_path / "bag", count=10)
    text = (bag / METADATA_FILE).read_bytes()
    for length in range(0, len(text), 40):
        (bag / METADATA_FILE).write_bytes(text[:length])
        assert numbers(bag) == list(range(10)), text[:length]
        assert Bag(bag).notes() == NOTES, text[:length]


@pytest.mark.slow
def test_metadata_that_is_a_folder_counts_as_absent_and_a_repair_refuses_in_one_line(tmp_path: Path) -> None:
    bag = small_bag(tmp_path / "bag")
    (bag / METADATA_FILE).unlink()
    (bag / METADATA_FILE).mkdir()
    assert numbers(bag) == list(range(40))
    assert "bag: wanted a bag that can be written, found Is a directory" in run_verb("repair", bag).stderr


def test_notes_are_words_whatever_yaml_made_of_them(tmp_path: Path) -> None:
    bag = small_bag(tmp_path / "bag")
    text = (bag / METADATA_FILE).read_text()
    (bag / METADATA_FILE).write_text(text.replace("route: hall", "route: 12"))
    assert Bag(bag).notes() == {"route": "12", "device": "robot 7"}
    assert read_metadata(tmp_path) == {}


@pytest.mark.slow
def test_one_bag_of_many_with_bad_metadata_does_not_end_a_check(tmp_path: Path) -> None:
    bags = [synthetic_walk(20.0, seed=seed).write(tmp_path / f"walk_{seed}") for seed in (1, 2)]
    (bags[0] / METADATA_FILE).write_bytes(bytes(800))
    done = run_verb("check", *bags)
    assert "Traceback" not in done.stderr
    assert "walk_1/metadata.yaml is unusable" in done.stderr
    assert "2 of 2 bags are usable" in done.stdout
    assert len(read_recording(bags[0]).track) == len(read_recording(bags[1]).track)


@pytest.mark.parametrize(
    "text", ["{" * 100_000, "a: !!python/object:os.system x", "? {}\n: 1", "9" * 5000, "d: 2026-99-99"]
)
def test_text_on_which_a_library_fails_is_one_error(text: str) -> None:
    with pytest.raises(ConfigError, match=r"a.yaml: wanted a file, found .+; correct the file"):
        parse(text, "a.yaml", "a file")


@pytest.mark.parametrize(("running", "expected"), [("kilted", "kilted"), ("", "jazzy")])
def test_the_distribution_that_recorded_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, running: str, expected: str
) -> None:
    """A ROS install sets the variable; the wheels do not."""
    monkeypatch.setenv("ROS_DISTRO", running)
    bag = small_bag(tmp_path / "walk")
    assert f"ros_distro: {expected}" in (bag / "metadata.yaml").read_text()
