"""Repair: a bag that was cut off anywhere becomes one that every reader opens, and no byte of a message changes."""

from __future__ import annotations

import fcntl
import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag
from mail_ros.data.bag_repair import repair, unfinished
from mail_ros.data.bag_writer import RESERVE, BagWriter, Splitting
from mail_ros.data.mcap_file import Compression
from mail_ros.data.messages import FIELD_TYPE, IMU_TYPE, Message

NOTES = {"route": "hall", "device": "robot 7"}
NO_TIME = {"sec": 0, "nsec": 0}
QOS: list[dict[str, object]] = [
    {
        **{"history": "keep_last", "depth": 7, "reliability": "best_effort", "durability": "volatile"},
        **{"deadline": NO_TIME, "lifespan": NO_TIME, "liveliness": "automatic", "liveliness_lease_duration": NO_TIME},
        "avoid_ros_namespace_conventions": False,
    }
]
TOPICS = {"/imu/mag": FIELD_TYPE, "/imu/data": IMU_TYPE}


def messages(count: int, seed: int = 0) -> list[Message]:
    """Bytes of many lengths on two topics, 10 ms apart."""
    source, topics = random.Random(seed), list(TOPICS)
    return [
        Message(topics[n % 2], TOPICS[topics[n % 2]], 10**18 + n * 10**7, source.randbytes(source.randrange(4, 300)))
        for n in range(count)
    ]


def under_way(path: Path, sent: list[Message], splitting: Splitting | None = None, compression: str = "none") -> Path:
    """A bag as a recorder has it that flushes after every tenth message; it is killed where the caller goes on."""
    kind: Compression = "zstd" if compression == "zstd" else "none"
    writer = BagWriter(path, NOTES, splitting=splitting, compression=kind)
    for number, message in enumerate(sent):
        writer.add_topic(message.topic, message.msgtype, QOS)
        writer.write(message.topic, message.log_time_ns, message.cdr)
        if number % 10 == 9:
            writer.flush()
    unlock(writer)
    return path


def unlock(writer: BagWriter) -> None:
    """As the kernel does for a process that was killed."""
    fcntl.flock(writer._file.descriptor, fcntl.LOCK_UN)


def by_mcap(bag: Path) -> list[tuple[str, int, bytes]]:
    """What the mcap package alone finds through the index."""
    found = []
    for file in Bag(bag).files:
        with file.open("rb") as stream:
            reader = make_reader(stream)
            assert reader.get_summary() is not None
            found += [(c.topic, m.log_time, m.data) for _, c, m in reader.iter_messages(log_time_order=False)]
    return found


def by_rosbags(bag: Path) -> list[tuple[str, int, bytes]]:
    """What rosbags finds in the folder; it counts as metadata.yaml does."""
    with Reader(bag) as reader:
        found = [(connection.topic, stamp_ns, bytes(cdr)) for connection, stamp_ns, cdr in reader.messages()]
        assert reader.message_count == len(found)
        assert {c.topic: c.msgcount for c in reader.connections} == Counter(topic for topic, _, _ in found)
    return found


def plain(sent: list[Message]) -> list[tuple[str, int, bytes]]:
    return [(message.topic, message.log_time_ns, message.cdr) for message in sent]


@pytest.mark.parametrize("compression", ["none", "zstd"])
def test_a_bag_that_was_killed_opens_everywhere_after_a_repair(tmp_path: Path, compression: str) -> None:
    sent = messages(995)
    bag = under_way(tmp_path / "bag", sent, compression=compression)
    for left in ("bag_1.mcap.partial", "bag_0.mcap.repaired", "metadata.yaml.partial"):
        (bag / left).write_text("of a repair or a split that was killed")
    repaired = repair(bag)
    assert repaired is not None
    assert repaired.span.counts.total() == 990, "five came after the last flush"
    assert by_mcap(bag) == by_rosbags(bag) == plain(sent[:990])
    assert Bag(bag).notes() == NOTES
    assert sorted(path.name for path in bag.iterdir()) == ["bag_0.mcap", "metadata.yaml"]
    with Reader(bag) as reader:
        (profile,) = {connection.ext.offered_qos_profiles[0] for connection in reader.connections}  # type: ignore[union-attr]
        assert (profile.depth, profile.reliability.name) == (7, "BEST_EFFORT")
    with Bag(bag).files[0].open("rb") as stream:
        summary = make_reader(stream).get_summary()
    assert summary is not None
    assert {index.compression for index in summary.chunk_indexes} == {"zstd" if compression == "zstd" else ""}


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(fraction=st.floats(0.0, 1.0))
def test_wherever_it_was_cut_all_before_is_kept_and_no_byte_is_thrown_away(
    tmp_path_factory: pytest.TempPathFactory, fraction: float
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    sent = messages(400)
    bag = under_way(folder / "bag", sent)
    file = Bag(bag).files[0]
    content = file.read_bytes()
    front = content.index(b"\x06", 60)  # the first chunk; the header before it is in the file from its creation
    cut = front + int(fraction * (len(content) - front))
    file.write_bytes(content[:cut])
    repair(bag)
    kept = by_mcap(bag)
    assert kept == by_rosbags(bag) == plain(sent[: len(kept)])
    assert len(kept) >= 400 * fraction - 120, "a chunk has no more"
    rest = b"".join(path.read_bytes() for path in bag.glob("*.rest"))
    assert content[:cut].endswith(rest)
    assert all(cdr not in rest for _, _, cdr in kept)


def test_a_split_bag_is_mended_as_one(tmp_path: Path) -> None:
    """Files 0 to 10 and more: they follow each other by number, not by name."""
    sent = messages(1200)
    bag = under_way(tmp_path / "bag", sent, Splitting(size=20_000))
    assert len(Bag(bag).files) > 10
    assert plain(sent[:1200]) == [(m.topic, m.log_time_ns, m.cdr) for m in Bag(bag).messages()], "also before"
    repaired = repair(bag)
    assert repaired is not None
    assert [file.name for file in repaired.repaired_files] == [f"bag_{len(Bag(bag).files) - 1}.mcap"]
    assert by_mcap(bag) == by_rosbags(bag) == plain(sent)
    assert Bag(bag).notes() == NOTES


def test_a_bag_that_lacks_its_metadata_only_gets_it(tmp_path: Path) -> None:
    sent = messages(100)
    bag = tmp_path / "bag"
    with BagWriter(bag, NOTES) as writer:
        for message in sent:
            writer.add_topic(message.topic, message.msgtype)
            writer.write(message.topic, message.log_time_ns, message.cdr)
    before, metadata_text = Bag(bag).files[0].read_bytes(), (bag / "metadata.yaml").read_text()
    assert repair(bag) is None, "nothing is to be done"
    (bag / "metadata.yaml").unlink()
    repaired = repair(bag)
    assert repaired is not None
    assert not repaired.repaired_files
    assert (bag / "metadata.yaml").read_text() == metadata_text
    assert Bag(bag).files[0].read_bytes() == before


def test_a_chunk_that_was_altered_is_kept_apart_and_the_others_are_read(tmp_path: Path) -> None:
    sent = messages(300)
    bag = under_way(tmp_path / "bag", sent)
    file = Bag(bag).files[0]
    content = bytearray(file.read_bytes())
    content[content.index(sent[155].cdr[:32])] ^= 1
    file.write_bytes(content)
    (bag / RESERVE).write_bytes(b"")
    repaired = repair(bag)
    assert repaired is not None
    assert by_mcap(bag) == by_rosbags(bag) == plain(sent[:150] + sent[160:])
    (rest,) = repaired.rest
    assert sent[151].cdr in rest.read_bytes()
    assert f"bytes of no whole record are kept in {rest}" in str(repaired)


def test_zeros_behind_the_end_are_nothing(tmp_path: Path) -> None:
    """As a file system leaves them that lost its power."""
    sent = messages(100)
    bag = under_way(tmp_path / "bag", sent)
    with Bag(bag).files[0].open("ab") as stream:
        stream.write(bytes(5000))
    repaired = repair(bag)
    assert repaired is not None
    assert not repaired.rest
    assert by_mcap(bag) == plain(sent)


def test_a_bag_under_way_is_left_alone(tmp_path: Path) -> None:
    """Its recorder holds a lock; the kernel releases it when the process dies."""
    writer = BagWriter(tmp_path / "bag")
    with pytest.raises(BagError, match=r"bag_0.mcap: wanted a finished recording, found one that is being recorded"):
        repair(tmp_path / "bag")
    assert unfinished(tmp_path) == []
    writer.close()
    assert unfinished(tmp_path) == []
    assert repair(tmp_path / "bag") is None


def test_only_unfinished_bags_of_this_recorder_are_looked_for(tmp_path: Path) -> None:
    under_way(tmp_path / "mine", messages(20))
    under_way(tmp_path / "other", messages(20))
    file = tmp_path / "other" / "other_0.mcap"
    head = file.read_bytes()
    file.write_bytes(head.replace(b"mail_ros 0", b"rosbag2  0", 1))
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "notes.mcap").write_text("dear diary")
    (tmp_path / "empty").mkdir()
    assert unfinished(tmp_path) == [tmp_path / "mine"]
    assert unfinished(tmp_path / "nowhere") == []


def test_without_room_for_a_copy_the_original_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bag = under_way(tmp_path / "bag", messages(20))
    before = Bag(bag).files[0].read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("mail_ros.data.mcap_file.McapFile.write", full)
        with pytest.raises(BagError, match="wanted room for a repaired copy, found No space left on device"):
            repair(bag)
    assert Bag(bag).files[0].read_bytes() == before
    assert [path.name for path in bag.glob("*.repaired")] == []
    assert repair(bag) is not None


def test_a_repair_that_is_killed_can_be_begun_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it hurts most: the new file is there, the old one not yet replaced."""
    sent = messages(100)
    bag = under_way(tmp_path / "bag", sent)
    file = Bag(bag).files[0]
    file.write_bytes(file.read_bytes() + b"torn")
    before = file.read_bytes()

    def killed(path: Path, target: Path) -> None:
        if path.suffix == ".repaired":
            raise KeyboardInterrupt
        path.rename(target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            repair(bag)
    assert file.read_bytes() == before
    assert repair(bag) is not None
    assert by_mcap(bag) == by_rosbags(bag) == plain(sent)
    assert b"torn" in (bag / "bag_0.mcap.rest").read_bytes()
    assert list(bag.glob("*.repaired")) == []


def test_a_single_file_is_mended_too(tmp_path: Path) -> None:
    sent = messages(50)
    file = Bag(under_way(tmp_path / "bag", sent)).files[0]
    alone = tmp_path / "alone.mcap"
    alone.write_bytes(file.read_bytes())
    repaired = repair(alone)
    assert repaired is not None
    assert str(repaired) == f"{alone} holds 50 messages in 0.5 s"
    assert plain(sent) == [(m.topic, m.log_time_ns, m.cdr) for m in Bag(alone).messages()]
    assert not (tmp_path / "metadata.yaml").exists()
