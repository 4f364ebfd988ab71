"""MCAP files with channels of other software: what is no ROS 2 message is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from mcap.reader import make_reader
from mcap.writer import Writer
from small_bags import FOREIGN, START_NS, STEP_NS, field_cdr, foreign_bag, numbers

from mail_ros.core.errors import BagError
from mail_ros.data.bag import FIELD_TOPIC, Bag, read_track
from mail_ros.data.bag_repair import repair
from mail_ros.data.messages import FIELD_TYPE, definition


@pytest.mark.parametrize("profile", ["ros2", "", "other"])
def test_messages_of_other_encodings_are_left_out(tmp_path: Path, profile: str) -> None:
    bag = foreign_bag(tmp_path / "robot.mcap", profile=profile)
    assert numbers(bag) == list(range(40))
    assert len(read_track(bag)) == 40
    opened = Bag(bag)
    assert {message.topic for message in opened.messages()} == {FIELD_TOPIC}
    assert opened.left_out.foreign == {"/json (json)", "/protobuf (protobuf)", "/flatbuffer (flatbuffer)"}
    assert not list(opened.messages(["/json"]))
    assert repair(bag) is None


def test_a_folder_whose_metadata_names_other_encodings_is_read(tmp_path: Path) -> None:
    (tmp_path / "bag").mkdir()
    file = foreign_bag(tmp_path / "bag" / "bag_0.mcap")
    repair(tmp_path / "bag")
    assert "serialization_format: json" in (tmp_path / "bag" / "metadata.yaml").read_text()
    assert numbers(tmp_path / "bag") == numbers(file) == list(range(40))


def test_a_bag_without_a_message_of_ours_names_what_it_has(tmp_path: Path) -> None:
    bag = foreign_bag(tmp_path / "robot.mcap", ours=False)
    with pytest.raises(
        BagError, match=r"found /flatbuffer \(flatbuffer\), /json \(json\), /protobuf \(protobuf\); name"
    ):
        read_track(bag)


def test_a_repair_keeps_the_messages_and_schemas_of_other_software(tmp_path: Path) -> None:
    bag = foreign_bag(tmp_path / "robot.mcap")
    bag.write_bytes(bag.read_bytes()[:-8])
    assert Bag(bag).cut_off
    repaired = repair(bag)
    assert repaired is not None
    assert repaired.span.counts.total() == 80
    with bag.open("rb") as stream:
        found = list(make_reader(stream, validate_crcs=True).iter_messages())
    assert {(channel.message_encoding, schema.encoding, schema.data) for schema, channel, _ in found if schema} == {
        *FOREIGN,
        ("cdr", "ros2msg", definition(FIELD_TYPE)[0].encode()),
    }
    assert [message.data for _, channel, message in found if channel.topic == FIELD_TOPIC] == [
        field_cdr(number) for number in range(40)
    ]


def test_messages_outside_of_chunks_are_read(tmp_path: Path) -> None:
    """The format allows them beside chunks; the index does not name them."""
    path = tmp_path / "loose.mcap"
    with path.open("wb") as stream:
        writer = Writer(stream, chunk_size=10**6)
        writer.start(profile="ros2", library="other")
        schema = writer.register_schema(FIELD_TYPE, "ros2msg", definition(FIELD_TYPE)[0].encode())
        channel = writer.register_channel(FIELD_TOPIC, "cdr", schema)
        chunks = writer.__dict__["_Writer__chunk_builder"]
        for number in range(30):
            if number in (10, 20):  # one chunk, ten messages without, and another chunk
                writer._Writer__finalize_chunk()  # type: ignore[attr-defined]
                writer.__dict__["_Writer__chunk_builder"] = None if number == 10 else chunks
            writer.add_message(channel, START_NS + number * STEP_NS, field_cdr(number), 0)
        writer.finish()  # type: ignore[no-untyped-call]
    assert numbers(path) == list(range(30))
    assert len(read_track(path)) == 30
    assert repair(path) is None


def test_messages_come_by_log_time_over_chunks_that_overlap(tmp_path: Path) -> None:
    order = [5, 0, 9, 1, 7, 2, 3, 12, 4, 6, 8, 11, 10, 13]
    with (tmp_path / "bag.mcap").open("wb") as stream:
        writer = Writer(stream, chunk_size=400)  # two samples
        writer.start(profile="ros2", library="other")
        schema = writer.register_schema(FIELD_TYPE, "ros2msg", definition(FIELD_TYPE)[0].encode())
        channel = writer.register_channel(FIELD_TOPIC, "cdr", schema)
        for number in order:
            writer.add_message(channel, START_NS + number * STEP_NS, field_cdr(number), 0)
        writer.finish()  # type: ignore[no-untyped-call]
    assert numbers(tmp_path / "bag.mcap") == list(range(14))
