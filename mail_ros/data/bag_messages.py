"""Messages of a bag's files: MCAP, SQLite or ROS 1. What is damaged or of other software is left out, and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from rosbags.interfaces import ConnectionExtRosbag2
from rosbags.rosbag2 import Reader

from mail_ros.core.errors import BagError
from mail_ros.data.field_sensors import profile_count
from mail_ros.data.mcap_records import unzstd
from mail_ros.data.mcap_salvage import Salvage
from mail_ros.data.messages import Message
from mail_ros.data.ros1_bag import ROS1_SUFFIX, read_ros1
from mail_ros.data.sqlite_log import with_logs_merged

CDR, PROFILES = "cdr", "offered_qos_profiles"  # encoding of messages, and key of a channel's metadata
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"  # begins messages that rosbag2 has compressed one by one, and no CDR


@dataclass
class LeftOut:
    """What was not read from a bag, and by how many publishers its files are."""

    damaged_bytes: Counter[Path] = field(default_factory=Counter)  # by file
    publishers: Counter[str] = field(default_factory=Counter)  # channels or offered QoS profiles of a topic in a file
    foreign: set[str] = field(default_factory=set)  # topics whose messages are no CDR, with their encoding

    def __str__(self) -> str:
        """For an error message; empty if all was read."""
        damaged = f"{self.damaged_bytes.total():,} damaged bytes" if self.damaged_bytes else ""
        return ", ".join(part for part in (*sorted(self.foreign), damaged) if part)


def file_messages(file: Path, plain: Path, topics: Collection[str], left_out: LeftOut) -> Iterator[Message]:
    """The messages of some topics, or of all, in log order.

    Args:
        file: a file of a bag, which errors name.
        plain: the same, or its decompressed copy: an .mcap, .db3 or .bag file.
        topics: names of topics; empty: all.
        left_out: counts what is not read.

    Raises:
        BagError: the file is not readable.
    """
    read = {".db3": _read_sqlite, ROS1_SUFFIX: _read_ros1}.get(plain.suffix, _read_mcap)
    for message in read(file, plain, topics, left_out):
        if message.cdr.startswith(ZSTD_MAGIC):
            try:
                yield message._replace(cdr=unzstd(message.cdr))
            except Exception:  # the library raises exceptions of many types
                left_out.damaged_bytes[file] += len(message.cdr)
        else:
            yield message


def _read_mcap(file: Path, plain: Path, topics: Collection[str], left_out: LeftOut) -> Iterator[Message]:
    salvage = Salvage(plain)
    channels: dict[str, dict[int, str]] = {}  # QoS profiles by channel, of each topic
    try:
        for schema, channel, message in salvage.in_log_order(topics):
            if channel.message_encoding != CDR:
                left_out.foreign.add(f"{channel.topic} ({channel.message_encoding or 'no encoding'})")
            elif not topics or channel.topic in topics:
                channels.setdefault(channel.topic, {})[channel.id] = channel.metadata.get(PROFILES, "")
                yield Message(channel.topic, schema.name if schema else "", message.log_time, message.data)
    except OSError as error:
        raise _unreadable(file, error) from None
    finally:
        for topic, profiles in channels.items():
            offered = max(profile_count(text, topic) for text in profiles.values())
            left_out.publishers[topic] = max(left_out.publishers[topic], len(profiles), offered)
        if salvage.unread:
            left_out.damaged_bytes[file] = salvage.unread_bytes


def _read_sqlite(file: Path, plain: Path, topics: Collection[str], left_out: LeftOut) -> Iterator[Message]:
    try:
        with with_logs_merged(plain) as merged, Reader(merged) as reader:
            wanted = []
            for connection in reader.connections:
                extension = connection.ext if isinstance(connection.ext, ConnectionExtRosbag2) else None
                encoding = extension.serialization_format if extension else CDR
                if encoding != CDR:
                    left_out.foreign.add(f"{connection.topic} ({encoding})")
                elif not topics or connection.topic in topics:
                    wanted.append(connection)
                    offered = len(extension.offered_qos_profiles) if extension else 0
                    left_out.publishers[connection.topic] = max(left_out.publishers[connection.topic], offered)
            for connection, stamp_ns, cdr in reader.messages(wanted) if wanted else ():
                if isinstance(stamp_ns, int) and isinstance(cdr, bytes):
                    yield Message(connection.topic, connection.msgtype, stamp_ns, cdr)
    except BagError:
        raise
    except Exception as error:  # rosbags and SQLite raise exceptions of many types
        raise _unreadable(file, error, "mail_ros repair it, which keeps what is readable") from None


def _read_ros1(file: Path, plain: Path, topics: Collection[str], left_out: LeftOut) -> Iterator[Message]:
    try:
        yield from read_ros1(plain, topics, left_out.foreign)
    except Exception as error:  # rosbags raises exceptions of many types
        raise _unreadable(file, error, "repair it with `rosbag reindex` of ROS 1, or record it again") from None


def _unreadable(file: Path, error: Exception, fix: str = "record or import it again") -> BagError:
    found = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
    return BagError(file, wanted="a readable bag", found=" ".join(found.split()), fix=fix)
