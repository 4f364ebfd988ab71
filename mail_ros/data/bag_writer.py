"""Writing rosbag2 MCAP bags: CDR bytes as they came in, message definitions inside, valid metadata.

Chunks are small and the file is flushed every second of recording, so that a bag that was cut off by a
power loss keeps all but its end (readers: see `bag.py`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from types import TracebackType
from typing import Any

from mcap.writer import CompressionType, Writer
from ruamel.yaml import YAML

from mail_ros import __version__
from mail_ros.core.errors import BagError
from mail_ros.data.messages import definition

CHUNK_BYTES = 16_384
FLUSH_S = 1.0
METADATA_VERSION = 9  # of rosbag2, since Jazzy


@dataclass
class _Topic:
    name: str
    msgtype: str
    type_hash: str
    qos: list[dict[str, Any]]
    channel: int
    count: int = 0


@dataclass
class _Span:
    count: int = 0
    first_ns: int = 0
    last_ns: int = 0
    topics: dict[str, _Topic] = field(default_factory=dict)


class BagWriter:
    """A new bag: a folder with one MCAP file and, once closed, metadata.yaml. Never overwrites."""

    def __init__(self, path: Path, custom: dict[str, str] | None = None, file_stem: str | None = None) -> None:
        """Create the folder.

        Args:
            path: the bag's folder; must not exist.
            custom: kept as rosbag2's custom_data.
            file_stem: the MCAP file is named STEM_0.mcap; by default after the folder, as rosbag2 does.

        Raises:
            BagError: the folder exists.
        """
        if path.exists():
            raise BagError(
                path, wanted="a name that is free", found="a bag or another file", fix="choose another or move it away"
            )
        path.mkdir(parents=True)
        self.path = path
        self.custom = dict(custom or {})
        self._span = _Span()
        self._schemas: dict[str, int] = {}
        self._file_name = f"{file_stem or path.name}_0.mcap"
        self._file = (path / self._file_name).open("wb")
        self._writer = Writer(self._file, chunk_size=CHUNK_BYTES, compression=CompressionType.NONE)
        self._writer.start(profile="ros2", library=f"mail_ros {__version__}")
        self._flushed_s = time.monotonic()

    def add_topic(self, name: str, msgtype: str, qos: list[dict[str, Any]] | None = None) -> None:
        """Declare a topic before its first message; declaring it again does nothing.

        Args:
            name: absolute, as in /imu/mag.
            msgtype: as in sensor_msgs/msg/MagneticField.
            qos: offered QoS profiles in rosbag2's terms; none means its default.

        Raises:
            BagError: the message type is not known.
        """
        if name in self._span.topics:
            return
        text, type_hash = definition(msgtype)
        if msgtype not in self._schemas:
            self._schemas[msgtype] = self._writer.register_schema(msgtype, "ros2msg", text.encode())
        profiles = qos or []
        channel = self._writer.register_channel(
            name,
            "cdr",
            self._schemas[msgtype],
            {"offered_qos_profiles": _yaml(profiles) if profiles else "", "topic_type_hash": type_hash},
        )
        self._span.topics[name] = _Topic(name, msgtype, type_hash, profiles, channel)

    def write(self, topic: str, log_time_ns: int, cdr: bytes, publish_time_ns: int | None = None) -> None:
        """Append one message of a declared topic; `log_time_ns` is when it was received."""
        entry, span = self._span.topics[topic], self._span
        self._writer.add_message(
            entry.channel, log_time_ns, cdr, log_time_ns if publish_time_ns is None else publish_time_ns, entry.count
        )
        span.first_ns = min(span.first_ns, log_time_ns) if span.count else log_time_ns
        span.last_ns = max(span.last_ns, log_time_ns)
        span.count += 1
        entry.count += 1
        now_s = time.monotonic()
        if now_s - self._flushed_s >= FLUSH_S:
            self._file.flush()
            self._flushed_s = now_s

    @property
    def counts(self) -> dict[str, int]:
        """Messages written so far, by topic."""
        return {name: topic.count for name, topic in self._span.topics.items()}

    def close(self) -> None:
        """Write the index and metadata.yaml; the bag is whole after this."""
        metadata = self._metadata()
        self._writer.add_metadata("rosbag2", {"serialized_metadata": _yaml(metadata)})
        self._writer.finish()  # type: ignore[no-untyped-call]
        self._file.close()
        partial = self.path / "metadata.yaml.partial"
        partial.write_text(_yaml({"rosbag2_bagfile_information": metadata}))
        partial.replace(self.path / "metadata.yaml")

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _extent(self) -> dict[str, Any]:
        span = self._span
        return {
            "duration": {"nanoseconds": span.last_ns - span.first_ns},
            "starting_time": {"nanoseconds_since_epoch": span.first_ns},
            "message_count": span.count,
        }

    def _metadata(self) -> dict[str, Any]:
        """rosbag2's own description of the bag, format version 9."""
        return {
            "version": METADATA_VERSION,
            "storage_identifier": "mcap",
            **self._extent(),
            "topics_with_message_count": [
                {
                    "topic_metadata": {
                        "name": topic.name,
                        "type": topic.msgtype,
                        "serialization_format": "cdr",
                        "offered_qos_profiles": topic.qos,
                        "type_description_hash": topic.type_hash,
                    },
                    "message_count": topic.count,
                }
                for topic in self._span.topics.values()
            ],
            "compression_format": "",
            "compression_mode": "",
            "relative_file_paths": [self._file_name],
            "files": [{"path": self._file_name, **self._extent()}],
            "custom_data": self.custom or None,
            "ros_distro": "jazzy",
        }


def _yaml(value: Any) -> str:
    yaml, text = YAML(typ="safe"), StringIO()
    yaml.default_flow_style = False
    yaml.dump(value, text)
    return text.getvalue()
