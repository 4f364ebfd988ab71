"""Repairing truncated bags: index and metadata are written again, messages stay as they are.

The original stays until the repaired file is complete: an interrupted repair can be run again.
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

from mcap.records import Channel, Schema

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.bag import Bag, is_cut_off
from mail_ros.data.bag_metadata import (
    Span,
    Topic,
    has_usable_metadata,
    metadata,
    read_metadata,
    sync_folder,
    total_span,
    write_metadata,
)
from mail_ros.data.bag_writer import RESERVE
from mail_ros.data.mcap_file import BYTES, LIBRARY, McapFile
from mail_ros.data.mcap_records import read_index
from mail_ros.data.mcap_salvage import ByteRange, Salvage
from mail_ros.data.yaml_text import parse

logger = logging.getLogger(__name__)

FREE_BYTES = 16 << 20  # disk space that a repair leaves free
REMNANTS = (RESERVE, "*.partial", "*.repaired")  # files of a killed recorder or repair, without unique content


@dataclass
class FileContents:
    """Topics, message counts and notes of a file."""

    topics: dict[str, Topic] = field(default_factory=dict)
    span: Span = field(default_factory=Span)
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Repaired:
    """Result of a repair."""

    path: Path
    span: Span  # messages of the whole bag
    repaired_files: tuple[Path, ...]  # files that were truncated or damaged
    rest: tuple[Path, ...] = ()  # files with unreadable bytes

    def __str__(self) -> str:
        """One line for the user."""
        messages = f"{self.span.counts.total():,} messages in {(self.span.last_ns - self.span.first_ns) * 1e-9:.1f} s"
        kept = "".join(f"; {path.stat().st_size:,} bytes of no whole record are kept in {path}" for path in self.rest)
        return f"{self.path} holds {messages}{kept}"


def repair(path: Path) -> Repaired | None:
    """Repair a bag if necessary.

    Args:
        path: a bag's folder, or one .mcap file.

    Returns:
        The result; None if the bag was complete.

    Raises:
        BagError: not an MCAP bag, a bag that is being recorded, too little disk space for its copy, or a folder that
            cannot be written.
    """
    try:
        return _repair(path)
    except OSError as error:
        raise BagError(
            path,
            wanted="a bag that can be written",
            found=error.strerror or str(error),
            fix="make room or correct the permissions, and repair it then",
        ) from None


def _repair(path: Path) -> Repaired | None:
    bag = Bag(path)
    if any(file.suffix != ".mcap" for file in bag.files):
        raise BagError(path, wanted="an MCAP bag", found="a .db3 file", fix="SQLite repairs its files itself")
    if not (damaged := [file for file in bag.files if not _is_whole(file)]) and not needs_repair(bag):
        return None
    contents, rest = {}, []
    for file in bag.files:
        with _locked(file):
            if file in damaged:
                contents[file.name], unreadable = _rebuild(file)
                rest += unreadable
            else:
                contents[file.name] = _contents(file)
    if path.is_dir():
        _write_metadata(path, contents)
        for pattern in REMNANTS:
            for remnant in path.glob(pattern):
                remnant.unlink()
    span = total_span([content.span for content in contents.values()])
    return Repaired(path, span, tuple(damaged), tuple(rest))


def needs_repair(bag: Bag) -> bool:
    """Whether a file is truncated, or metadata.yaml is missing or unusable."""
    return bag.cut_off or (bag.path.is_dir() and not has_usable_metadata(bag.path))


def _is_whole(file: Path) -> bool:
    """Whether a file is complete and readable throughout; reads all of it."""
    return not is_cut_off(file) and Salvage(file).is_whole()


def unfinished(out: Path) -> list[Path]:
    """Incomplete bags of this package in a folder, without those that are being recorded."""
    found = []
    for folder in sorted(path for path in out.glob("*") if any(path.glob("*.mcap"))):
        try:
            bag = Bag(folder)
            if needs_repair(bag) and all(
                Salvage(file).read_front().library.startswith(LIBRARY) and not _is_locked(file) for file in bag.files
            ):
                found.append(folder)
        except Exception as error:  # the recorder starts whatever is in its folder
            logger.warning("left alone: %s", error)
    return found


def _rebuild(file: Path) -> tuple[FileContents, list[Path]]:
    """Replace a truncated file by a complete one; returns its contents and the files with unreadable bytes."""
    before, front, salvage = file.stat(), Salvage(file).read_front(), Salvage(file)
    if shutil.disk_usage(file.parent).free < before.st_size + FREE_BYTES:
        raise _disk_full(file, "too little")
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
        assert _contents(repaired).span == writer.span, f"{repaired} does not hold what was read"
        rest = _keep_unreadable(file, salvage.unread)
    except OSError as error:
        repaired.unlink(missing_ok=True)
        raise _disk_full(file, error.strerror or str(error)) from None
    after = file.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise _being_recorded(file)
    repaired.replace(file)
    sync_folder(file.parent)
    contents.span = writer.span
    return contents, rest


def _keep_unreadable(file: Path, ranges: Sequence[ByteRange]) -> list[Path]:
    """Append byte ranges to a .rest file, which bag readers ignore."""
    if not ranges:
        return []
    kept = file.with_name(f"{file.name}.rest")
    with file.open("rb") as stream, kept.open("ab") as out:
        for part in ranges:
            stream.seek(part.start)
            out.write(stream.read(part.end - part.start))
        out.flush()
        os.fsync(out.fileno())
    return [kept]


def _contents(file: Path) -> FileContents:
    """Contents of a complete file."""
    contents, index = FileContents(notes=Salvage(file).read_front().notes), read_index(file)
    if index.statistics is None:  # the file ends without an index
        for schema, channel, message in Salvage(file).messages():
            contents.topics.setdefault(channel.topic, _topic(schema, channel))
            contents.span.add(channel.topic, message.log_time)
        return contents
    counts = index.statistics.channel_message_counts
    for channel in index.channels.values():
        contents.topics.setdefault(channel.topic, _topic(index.schemas.get(channel.schema_id), channel))
        contents.span.counts[channel.topic] += counts.get(channel.id, 0)
    contents.span.counts += Counter()  # removes zero counts
    contents.span.first_ns = index.statistics.message_start_time
    contents.span.last_ns = index.statistics.message_end_time
    return contents


def _topic(schema: Schema | None, channel: Channel) -> Topic:
    try:
        profiles = parse(channel.metadata.get("offered_qos_profiles", ""), channel.topic, "QoS profiles")
    except ConfigError:
        profiles = []
    if not isinstance(profiles, list) or not all(isinstance(profile, dict) for profile in profiles):
        profiles = []
    return Topic(
        channel.topic,
        schema.name if schema else "",
        schema.data.decode(errors=BYTES) if schema else "",
        channel.metadata.get("topic_type_hash", ""),
        tuple(profiles),
        schema.encoding if schema else "",
        channel.message_encoding,
    )


def _write_metadata(folder: Path, contents: Mapping[str, FileContents]) -> None:
    """Write metadata.yaml; its notes come from an existing metadata.yaml, or else from the files."""
    notes = read_metadata(folder).get("custom_data") or {}
    topics: dict[str, Topic] = {}
    for content in contents.values():
        notes = notes or content.notes
        topics = content.topics | topics
    spans = {name: content.span for name, content in contents.items()}
    write_metadata(folder, metadata(list(topics.values()), spans, notes))


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold the lock that a recorder holds on its open file.

    Raises:
        BagError: a recorder holds the lock.
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


def _disk_full(file: Path, found: str) -> BagError:
    return BagError(file, wanted="room for a repaired copy", found=found, fix="make room, and repair it then")


def _being_recorded(file: Path) -> BagError:
    return BagError(file, wanted="a finished recording", found="one that is being recorded", fix="stop that first")
