"""metadata.yaml of a rosbag2 bag: topics, files, counts and notes (format version 9)."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mail_ros.core.errors import ConfigError
from mail_ros.data.yaml_text import dump_yaml, is_whole, parse

logger = logging.getLogger(__name__)

VERSION = 9  # format of rosbag2's metadata since Jazzy
METADATA_FILE = "metadata.yaml"
MAX_BYTES = 2 << 20  # a bag of 10,000 files has less

# Fields without which metadata.yaml was cut off, or describes no bag.
FIELDS: dict[str, Callable[[Any], bool]] = {
    "version": is_whole,
    "message_count": is_whole,
    "starting_time": lambda value: isinstance(value, dict),
    "duration": lambda value: isinstance(value, dict),
    "topics_with_message_count": lambda value: isinstance(value, list),
    "relative_file_paths": lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
    "custom_data": lambda value: isinstance(value, dict | None),
}


@dataclass(frozen=True)
class Topic:
    """One topic of a bag, with what a reader needs to decode its messages."""

    name: str  # absolute, as in /imu/mag
    msgtype: str  # as in sensor_msgs/msg/MagneticField
    definition: str  # text of the message definition, with those of nested types
    type_hash: str = ""  # RIHS01
    qos: tuple[Mapping[str, Any], ...] = ()  # offered profiles in rosbag2's terms; empty: rosbag2's default
    schema_encoding: str = "ros2msg"
    encoding: str = "cdr"

    @property
    def channel(self) -> dict[str, str]:
        """Metadata of the topic's MCAP channel."""
        profiles = dump_yaml([dict(profile) for profile in self.qos]) if self.qos else ""
        return {"offered_qos_profiles": profiles, "topic_type_hash": self.type_hash}


@dataclass
class Span:
    """Message counts, and the first and last log time."""

    counts: Counter[str] = field(default_factory=Counter)  # by topic
    first_ns: int = 0
    last_ns: int = 0

    def add(self, topic: str, log_time_ns: int) -> None:
        """Count one more message."""
        self.first_ns = min(self.first_ns, log_time_ns) if self.counts else log_time_ns
        self.last_ns = max(self.last_ns, log_time_ns)
        self.counts[topic] += 1

    def copy(self) -> Span:
        """An independent copy."""
        return Span(self.counts.copy(), self.first_ns, self.last_ns)

    def terms(self) -> dict[str, Any]:
        """The span in rosbag2's terms."""
        return {
            "duration": {"nanoseconds": self.last_ns - self.first_ns},
            "starting_time": {"nanoseconds_since_epoch": self.first_ns},
            "message_count": self.counts.total(),
        }


def total_span(spans: Sequence[Span]) -> Span:
    """The union of spans."""
    filled = [span for span in spans if span.counts]
    return Span(
        sum((span.counts for span in filled), Counter()),
        min((span.first_ns for span in filled), default=0),
        max((span.last_ns for span in filled), default=0),
    )


def metadata(
    topics: Sequence[Topic],
    files: Mapping[str, Span],
    custom: Mapping[str, str],
    storage: str = "mcap",
    compression: str = "",
) -> dict[str, Any]:
    """rosbag2's description of a bag.

    Args:
        topics: all topics, also those without a message.
        files: span of each file, by name within the bag's folder, in order.
        custom: notes, stored as rosbag2's custom_data.
        storage: rosbag2's name of the files' kind.
        compression: of whole files, such as zstd; MCAP compresses chunks itself.
    """
    whole = total_span(list(files.values()))
    return {
        "version": VERSION,
        "storage_identifier": storage,
        **whole.terms(),
        "topics_with_message_count": [
            {
                "topic_metadata": {
                    "name": topic.name,
                    "type": topic.msgtype,
                    "serialization_format": topic.encoding,
                    "offered_qos_profiles": [dict(profile) for profile in topic.qos],
                    "type_description_hash": topic.type_hash,
                },
                "message_count": whole.counts[topic.name],
            }
            for topic in topics
        ],
        "compression_format": compression,
        "compression_mode": "FILE" if compression else "",
        "relative_file_paths": list(files),
        "files": [{"path": name, **span.terms()} for name, span in files.items()],
        "custom_data": dict(custom) or None,
        "ros_distro": os.environ.get("ROS_DISTRO") or "jazzy",
    }


def write_metadata(folder: Path, content: Mapping[str, Any]) -> None:
    """Write metadata.yaml into a bag's folder atomically, and sync it to the disk.

    Raises:
        OSError: the disk is full.
    """
    partial = folder / f"{METADATA_FILE}.partial"
    with partial.open("w") as stream:
        stream.write(dump_yaml({"rosbag2_bagfile_information": dict(content)}))
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(folder / METADATA_FILE)
    sync_folder(folder)


def read_metadata(folder: Path) -> dict[str, Any]:
    """Content of metadata.yaml; empty where the file does not exist, or is unusable, of which a warning informs."""
    path = folder / METADATA_FILE
    content, problem = _read(path)
    if problem:
        warn_once(
            f"{path} is unusable ({problem}): reading the bag's files without it; mail_ros repair writes it again"
        )
    return dict(content)


def has_usable_metadata(folder: Path) -> bool:
    """Whether metadata.yaml exists and describes a bag."""
    return bool(_read(folder / METADATA_FILE)[0])


@lru_cache(maxsize=1024)
def warn_once(message: str) -> None:
    """Log a warning, once per process: a bag is opened many times."""
    logger.warning(message)


def _read(path: Path) -> tuple[Mapping[str, Any], str]:
    """The content, or else the reason why it is unusable."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return {}, f"{path.stat().st_size:,} bytes"
        return _parsed(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ""
    except (OSError, UnicodeDecodeError) as error:
        return {}, (isinstance(error, OSError) and error.strerror) or "it is no text"


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[Mapping[str, Any], str]:
    """Cached, since one bag's metadata is read many times and parsing takes 20 ms."""
    try:
        whole = parse(text, METADATA_FILE, "metadata of a rosbag2 bag")
    except ConfigError:
        return {}, "it is no YAML"
    if not isinstance(whole, dict):
        return {}, "it is other YAML" if text.strip("\0 \n") else "it is empty"
    content = whole.get("rosbag2_bagfile_information")
    if not isinstance(content, dict):
        return {}, "it lacks rosbag2_bagfile_information"
    if unfit := [name for name, fits in FIELDS.items() if not fits(content.get(name))]:
        return {}, f"it lacks {unfit[0]}"
    custom = {str(name): str(value) for name, value in (content.get("custom_data") or {}).items()}
    return MappingProxyType(content | {"custom_data": custom}), ""


def sync_folder(folder: Path) -> None:
    """Sync a folder's entries to the disk: without its entry, a file is lost after a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
