r"""Mending bags that were cut off: index and metadata are made anew, messages stay as they are.

    NAME_0.mcap --> messages, as bytes --> NAME_0.mcap.repaired --> in the place of NAME_0.mcap
                \\-> what cannot be read --> NAME_0.mcap.rest       once all of it is on the disk

The original is there until the repaired file is complete, so that a repair can be interrupted and begun again.
"""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mcap.reader import make_reader
from mcap.records import Channel, Schema
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from mail_ros.core.errors import BagError
from mail_ros.data.bag import Bag, Message, is_cut_off
from mail_ros.data.bag_metadata import (
    METADATA_FILE,
    Span,
    Topic,
    metadata,
    read_metadata,
    sync_folder,
    total_span,
    write_metadata,
)
from mail_ros.data.bag_writer import RESERVE
from mail_ros.data.mcap_file import LIBRARY, McapFile
from mail_ros.data.mcap_salvage import ByteRange, Salvage

logger = logging.getLogger(__name__)

ROOM_BYTES = 16 << 20  # that a repair leaves free on the disk
LEFT_BEHIND = (
    RESERVE,
    "*.partial",
    "*.repaired",
)  # by a recorder or a repair that was killed: nothing is in them alone


@dataclass
class FileContents:
    """What a file holds."""

    topics: dict[str, Topic] = field(default_factory=dict)
    span: Span = field(default_factory=Span)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Repaired:
    """What became of a bag."""

    path: Path
    span: Span  # of the whole bag
    repaired_files: tuple[Path, ...]  # files that were cut off
    rest: tuple[Path, ...] = ()  # files with what could not be read

    def __str__(self) -> str:
        """One line that says it."""
        messages = f"{self.span.counts.total():,} messages in {(self.span.last_ns - self.span.first_ns) * 1e-9:.1f} s"
        kept = "".join(f"; {path.stat().st_size:,} bytes of no whole record are kept in {path}" for path in self.rest)
        return f"{self.path} holds {messages}{kept}"


def repair(path: Path) -> Repaired | None:
    """Mend a bag, where it needs that.

    Args:
        path: a bag's folder, or one .mcap file.

    Returns:
        What it holds now; None if it was whole.

    Raises:
        BagError: not an MCAP bag, one that is being recorded, or there is no room for its copy.
    """
    bag = Bag(path)
    if any(file.suffix != ".mcap" for file in bag.files):
        raise BagError(path, wanted="an MCAP bag", found="a .db3 file", fix="SQLite mends its files itself")
    if not needs_repair(bag):
        return None
    contents, repaired_files, rest = {}, [], []
    for file in bag.files:
        with _locked(file):
            if not is_cut_off(file):
                contents[file.name] = _of_whole(file)
            else:
                contents[file.name], left = _rebuild(file)
                repaired_files.append(file)
                rest += left
    if path.is_dir():
        _describe(path, contents)
        for pattern in LEFT_BEHIND:
            for remnant in path.glob(pattern):
                remnant.unlink()
    return Repaired(
        path, total_span([content.span for content in contents.values()]), tuple(repaired_files), tuple(rest)
    )


def read_by_index(file: Path) -> Iterator[Message]:
    """The messages of a whole MCAP file as mcap's own reader finds them by the index."""
    with file.open("rb") as stream:
        for schema, channel, message in make_reader(stream).iter_messages():
            yield Message(channel.topic, schema.name if schema else "", message.log_time, message.data)


def needs_repair(bag: Bag) -> bool:
    """Whether it lacks an end, or a folder its metadata.yaml."""
    return bag.cut_off or (bag.path.is_dir() and not (bag.path / METADATA_FILE).exists())


def unfinished(out: Path) -> list[Path]:
    """Bags of this package in a folder that were not finished, and that nobody is recording now."""
    found = []
    for folder in sorted(path for path in out.glob("*") if any(path.glob("*.mcap"))):
        try:
            bag = Bag(folder)
            if needs_repair(bag) and all(
                Salvage(file).read_front().library.startswith(LIBRARY) and not _is_locked(file) for file in bag.files
            ):
                found.append(folder)
        except (BagError, OSError) as error:
            logger.warning("left alone: %s", error)
    return found


def _rebuild(file: Path) -> tuple[FileContents, list[Path]]:
    """Put a file with an index in the place of one without."""
    before, front, salvage = file.stat(), Salvage(file).read_front(), Salvage(file)
    if shutil.disk_usage(file.parent).free < before.st_size + ROOM_BYTES:
        raise _no_room(file, "too little")
    repaired = file.with_name(f"{file.name}.repaired")
    contents = FileContents(notes=front.notes)
    try:
        writer = McapFile(
            repaired,
            compression="zstd" if front.compression == "zstd" else "none",
            notes=front.notes,
            profile=front.profile,
        )
        channels: dict[int, int] = {}
        for schema, channel, message in salvage.messages():
            if channel.id not in channels:
                topic = _topic(schema, channel)
                channels[channel.id] = writer.add_topic(topic)
                contents.topics.setdefault(topic.name, topic)
            writer.write(channels[channel.id], message.log_time, message.data, message.publish_time, message.sequence)
        if trouble := writer.finish():
            raise trouble
        assert _of_whole(repaired).span == writer.span, f"{repaired} does not hold what was read"
        rest = _keep(file, salvage.unread)
    except OSError as error:
        repaired.unlink(missing_ok=True)
        raise _no_room(file, error.strerror or str(error)) from None
    after = file.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise _being_recorded(file)
    repaired.replace(file)
    sync_folder(file.parent)
    contents.span = writer.span
    return contents, rest


def _keep(file: Path, parts: Sequence[ByteRange]) -> list[Path]:
    """Parts of a file in another, which no reader of bags looks at."""
    if not parts:
        return []
    kept = file.with_name(f"{file.name}.rest")
    with file.open("rb") as stream, kept.open("ab") as out:
        for part in parts:
            stream.seek(part.start)
            out.write(stream.read(part.end - part.start))
        out.flush()
        os.fsync(out.fileno())
    return [kept]


def _of_whole(file: Path) -> FileContents:
    """What a file with its end holds."""
    contents = FileContents(notes=Salvage(file).read_front().notes)
    with file.open("rb") as stream:
        summary = make_reader(stream).get_summary()
    if summary is None or summary.statistics is None:  # an end without an index
        for schema, channel, message in Salvage(file).messages():
            contents.topics.setdefault(channel.topic, _topic(schema, channel))
            contents.span.add(channel.topic, message.log_time)
        return contents
    counts = summary.statistics.channel_message_counts
    for channel in summary.channels.values():
        contents.topics.setdefault(channel.topic, _topic(summary.schemas.get(channel.schema_id), channel))
        contents.span.counts[channel.topic] += counts.get(channel.id, 0)
    contents.span.counts += Counter()  # leaves out the zeros
    contents.span.first_ns = summary.statistics.message_start_time
    contents.span.last_ns = summary.statistics.message_end_time
    return contents


def _topic(schema: Schema | None, channel: Channel) -> Topic:
    try:
        profiles = YAML(typ="safe").load(channel.metadata.get("offered_qos_profiles", "")) or []
    except YAMLError:
        profiles = []
    return Topic(
        channel.topic,
        schema.name if schema else "",
        schema.data.decode(errors="replace") if schema else "",
        channel.metadata.get("topic_type_hash", ""),
        tuple(profiles),
        schema.encoding if schema else "",
        channel.message_encoding,
    )


def _describe(folder: Path, contents: Mapping[str, FileContents]) -> None:
    """Write metadata.yaml; notes are those of an older one, or of the files."""
    notes = read_metadata(folder).get("custom_data") or {}
    topics: dict[str, Topic] = {}
    for content in contents.values():
        notes = notes or content.notes
        topics = content.topics | topics
    spans = {name: content.span for name, content in contents.items()}
    write_metadata(folder, metadata(list(topics.values()), spans, notes))


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock that a recorder holds on a file under way.

    Raises:
        BagError: a recorder has it.
    """
    with file.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _being_recorded(file) from None
        yield


def _is_locked(file: Path) -> bool:
    try:
        with _locked(file):
            return False
    except BagError:
        return True


def _no_room(file: Path, found: str) -> BagError:
    return BagError(file, wanted="room for a repaired copy", found=found, fix="make room, and repair it then")


def _being_recorded(file: Path) -> BagError:
    return BagError(file, wanted="a bag that nobody writes", found="one that is being recorded", fix="stop that first")
