"""What a rosbag2 bag says of itself: topics, files, counts and notes, as metadata.yaml has them (format version 9)."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from io import StringIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ruamel.yaml import YAML

VERSION = 9  # of rosbag2's metadata, since Jazzy
METADATA_FILE = "metadata.yaml"


@dataclass(frozen=True)
class Topic:
    """One topic of a bag, and what a reader needs to understand its messages."""

    name: str  # absolute, as in /imu/mag
    msgtype: str  # as in sensor_msgs/msg/MagneticField
    definition: str  # its text, with those of the types it is made of
    type_hash: str = ""  # RIHS01
    qos: tuple[Mapping[str, Any], ...] = ()  # offered profiles in rosbag2's terms; none means its default
    schema_encoding: str = "ros2msg"
    encoding: str = "cdr"

    @property
    def channel(self) -> dict[str, str]:
        """What an MCAP file keeps beside the topic."""
        profiles = yaml_text([dict(profile) for profile in self.qos]) if self.qos else ""
        return {"offered_qos_profiles": profiles, "topic_type_hash": self.type_hash}


@dataclass
class Span:
    """How many messages there are, and from when to when."""

    counts: Counter[str] = field(default_factory=Counter)  # by topic
    first_ns: int = 0
    last_ns: int = 0

    def add(self, topic: str, log_time_ns: int) -> None:
        """Count one more message."""
        self.first_ns = min(self.first_ns, log_time_ns) if self.counts else log_time_ns
        self.last_ns = max(self.last_ns, log_time_ns)
        self.counts[topic] += 1

    def copy(self) -> Span:
        """As it is now."""
        return Span(self.counts.copy(), self.first_ns, self.last_ns)

    def terms(self) -> dict[str, Any]:
        """As rosbag2 writes it."""
        return {
            "duration": {"nanoseconds": self.last_ns - self.first_ns},
            "starting_time": {"nanoseconds_since_epoch": self.first_ns},
            "message_count": self.counts.total(),
        }


def total_span(spans: Sequence[Span]) -> Span:
    """All of them together."""
    filled = [span for span in spans if span.counts]
    return Span(
        sum((span.counts for span in filled), Counter()),
        min((span.first_ns for span in filled), default=0),
        max((span.last_ns for span in filled), default=0),
    )


def metadata(topics: Sequence[Topic], files: Mapping[str, Span], custom: Mapping[str, str]) -> dict[str, Any]:
    """rosbag2's description of a bag.

    Args:
        topics: all of them, also those without a message.
        files: names within the bag's folder, in their order, and what each holds.
        custom: notes, kept as rosbag2's custom_data.
    """
    whole = total_span(list(files.values()))
    return {
        "version": VERSION,
        "storage_identifier": "mcap",
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
        "compression_format": "",  # chunks are compressed by MCAP itself, which is none of rosbag2's compressions
        "compression_mode": "",
        "relative_file_paths": list(files),
        "files": [{"path": name, **span.terms()} for name, span in files.items()],
        "custom_data": dict(custom) or None,
        "ros_distro": "jazzy",
    }


def write_metadata(folder: Path, content: Mapping[str, Any]) -> None:
    """Put metadata.yaml into a bag's folder, whole or not at all, and onto the disk.

    Raises:
        OSError: there is no room.
    """
    partial = folder / f"{METADATA_FILE}.partial"
    with partial.open("w") as stream:
        stream.write(yaml_text({"rosbag2_bagfile_information": dict(content)}))
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(folder / METADATA_FILE)
    sync_folder(folder)


def read_metadata(folder: Path) -> dict[str, Any]:
    """What metadata.yaml says; empty where there is none."""
    path = folder / METADATA_FILE
    return dict(_parsed(path.read_text())) if path.exists() else {}


@lru_cache(maxsize=256)
def _parsed(text: str) -> Mapping[str, Any]:
    """Kept, since a bag is asked again and again for what it says of itself, and parsing takes 20 ms."""
    return MappingProxyType(YAML(typ="safe").load(text)["rosbag2_bagfile_information"])


def sync_folder(folder: Path) -> None:
    """Bring a folder's own entries onto the disk: a file that no folder names is lost."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def yaml_text(value: Any) -> str:
    """A value as YAML."""
    yaml, text = YAML(typ="safe"), StringIO()
    yaml.default_flow_style = False
    yaml.dump(value, text)
    return text.getvalue()
