"""A truncated or damaged MCAP file, rebuilt: messages stay as they are, and unreadable bytes are kept in another file.

The original stays until the rebuilt file is complete. A recorder holds a lock on its open file, and so does a rebuild.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mcap.records import Channel, Schema

from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.bag_metadata import Span, Topic, sync_folder
from mail_ros.data.bag_notes import notes_of_files
from mail_ros.data.mcap_file import BYTES, Compression, McapFile
from mail_ros.data.mcap_records import read_index
from mail_ros.data.mcap_salvage import ByteRange, Salvage, StoredMessage
from mail_ros.data.yaml_text import parse

FREE_BYTES = 16 << 20  # disk space that a repair leaves free


@dataclass
class FileContents:
    """Topics, message counts and notes of a file."""

    topics: dict[str, Topic] = field(default_factory=dict)
    span: Span = field(default_factory=Span)
    notes: dict[str, str] = field(default_factory=dict)


def rebuild(file: Path) -> tuple[FileContents, list[Path]]:
    """Replace a truncated file by a complete one; returns its contents and the files with unreadable bytes."""
    before, front, salvage, notes = file.stat(), Salvage(file).read_front(), Salvage(file), notes_of_files([file])
    require_room(file, before.st_size)
    repaired = file.with_name(f"{file.name}.repaired")
    compression: Compression = "zstd" if front.compression == "zstd" else "none"
    try:
        contents = write_copy(repaired, salvage.messages(), notes, compression, front.profile)
        rest = _keep_unreadable(file, salvage.unread)
    except OSError as error:
        repaired.unlink(missing_ok=True)
        raise _disk_full(file, error.strerror or str(error)) from None
    after = file.stat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise being_recorded(file)
    repaired.replace(file)
    sync_folder(file.parent)
    return contents, rest


def write_copy(
    path: Path,
    messages: Iterable[StoredMessage],
    notes: Mapping[str, str],
    compression: Compression = "none",
    profile: str = "ros2",
) -> FileContents:
    """Write messages into a new, complete file.

    Raises:
        OSError: the disk is full.
    """
    contents = FileContents(notes=dict(notes))
    writer = McapFile(path, compression=compression, notes=notes, profile=profile)
    channels: dict[int, int] = {}
    try:
        for schema, channel, message in messages:
            if channel.id not in channels:
                topic = _topic(schema, channel)
                channels[channel.id] = writer.add_topic(topic)
                contents.topics.setdefault(topic.name, topic)
            writer.write(channels[channel.id], message.log_time, message.data, message.publish_time, message.sequence)
    finally:
        trouble = writer.finish()
    if trouble:
        raise trouble
    contents.span = writer.span
    assert contents_of(path).span == contents.span, f"{path} does not hold what was read"
    return contents


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


def contents_of(file: Path) -> FileContents:
    """Contents of a complete file."""
    index = read_index(file)
    if index.statistics is None:  # the file ends without an index
        return contents_by(Salvage(file).messages(), notes_of_files([file]))
    contents = FileContents(notes=notes_of_files([file]))
    counts = index.statistics.channel_message_counts
    for channel in index.channels.values():
        contents.topics.setdefault(channel.topic, _topic(index.schemas.get(channel.schema_id), channel))
        contents.span.counts[channel.topic] += counts.get(channel.id, 0)
    contents.span.counts += Counter()  # removes zero counts
    contents.span.first_ns = index.statistics.message_start_time
    contents.span.last_ns = index.statistics.message_end_time
    return contents


def contents_by(messages: Iterable[StoredMessage], notes: Mapping[str, str]) -> FileContents:
    """Contents of a file whose messages are counted."""
    contents = FileContents(notes=dict(notes))
    for schema, channel, message in messages:
        contents.topics.setdefault(channel.topic, _topic(schema, channel))
        contents.span.add(channel.topic, message.log_time)
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


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the lock that a recorder holds on its open file.

    Raises:
        BagError: a recorder holds the lock.
    """
    with file.open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise being_recorded(file) from None
        yield


def is_locked(file: Path) -> bool:
    """Whether a recorder holds the lock."""
    try:
        with locked(file):
            return False
    except BagError:
        return True


def require_room(file: Path, size: int) -> None:
    """Raise a BagError if the disk of a file has no room for a copy of this size, in bytes."""
    if shutil.disk_usage(file.parent).free < size + FREE_BYTES:
        raise _disk_full(file, "too little")


def _disk_full(file: Path, found: str) -> BagError:
    return BagError(file, wanted="room for a repaired copy", found=found, fix="make room, and repair it then")


def being_recorded(file: Path) -> BagError:
    """The error for a file that its recorder has not finished."""
    return BagError(file, wanted="a finished recording", found="one that is being recorded", fix="stop that first")
