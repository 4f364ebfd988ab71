"""Reading an SQLite file whatever became of it: rows of damaged pages are left out, and those around them are read.

Rows are read by their number, not by time: the index of the times may be damaged, and the table whole. On damage,
sqlite3 raises exceptions of many types: all are caught.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mcap.records import Channel, Message, Schema
from rosbags.rosbag2.metadata import dump_qos_v9, parse_qos

from mail_ros.core.errors import BagError
from mail_ros.data.bag_messages import CDR, PROFILES
from mail_ros.data.mcap_salvage import StoredMessage
from mail_ros.data.messages import definition
from mail_ros.data.yaml_text import dump_yaml

ROWS = "SELECT id, topic_id, timestamp, data FROM messages WHERE id BETWEEN ? AND ? ORDER BY id"
MIN_ROW_BYTES = 8  # smallest row in a file, whose size then limits the number of rows
MAX_FAILURES = 200_000  # queries that fail, one or two for each row that is lost: what follows is left out


class SqliteSalvage:
    """Reads one file without a log; see `sqlite_log.with_logs_merged`."""

    def __init__(self, path: Path, source: Path | None = None) -> None:
        """Open nothing yet; errors name the `source`, where the path is that of a copy."""
        self.path, self.source = path, source or path
        self._failures = 0

    def is_whole(self) -> bool:
        """Read the file; whether SQLite finds it consistent."""
        try:
            with closing(self._open()) as database:
                return bool(database.execute("PRAGMA quick_check(1)").fetchall() == [("ok",)])
        except Exception:
            return False

    def messages(self) -> Iterator[StoredMessage]:
        """All readable messages with schema and channel, in the order of writing.

        Raises:
            BagError: the tables or the topics are not readable.
        """
        with closing(self._open()) as database:
            try:
                known = _topics(database)
            except Exception as error:
                raise BagError(
                    self.source,
                    wanted="an SQLite bag with readable topics",
                    found=" ".join(str(error).split()),
                    fix="recover it with `sqlite3 FILE .recover`, or record it again",
                ) from None
            number = 0
            for topic, log_time_ns, data in self._rows(database, 1, self._last_row(database)):
                if topic in known and isinstance(log_time_ns, int) and isinstance(data, bytes) and log_time_ns >= 0:
                    number += 1
                    message = Message(
                        channel_id=topic, log_time=log_time_ns, data=data, publish_time=log_time_ns, sequence=number
                    )
                    yield *known[topic], message

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(f"file:{quote(str(self.path))}?immutable=1", uri=True)
        database.text_factory = lambda text: text.decode(errors="replace")
        with suppress(Exception):
            database.execute("PRAGMA writable_schema=ON")  # SQLite reads a cut-off file only with it
        return database

    def _last_row(self, database: sqlite3.Connection) -> int:
        try:
            return int(database.execute("SELECT max(id) FROM messages").fetchone()[0] or 0)
        except Exception:
            return self.path.stat().st_size // MIN_ROW_BYTES

    def _rows(self, database: sqlite3.Connection, first: int, last: int) -> Iterator[tuple[int, object, object]]:
        """Topic, time and data of the rows in a range; one that fails is halved until its readable rows are found."""
        waiting = [(first, last)]
        while waiting and self._failures < MAX_FAILURES:
            low, high = waiting.pop()
            with suppress(Exception):
                for number, topic, log_time_ns, data in database.execute(ROWS, (low, high)):
                    if not low <= number <= high:
                        break  # a damaged page refers to an earlier one
                    low = number + 1
                    yield topic, log_time_ns, data
                else:
                    continue
            self._failures += 1
            if low < high:
                middle = (low + high) // 2
                waiting += [(middle + 1, high), (low, middle)]


def _topics(database: sqlite3.Connection) -> dict[int, tuple[Schema | None, Channel]]:
    """Schema and channel by the topic's number."""
    found: dict[int, tuple[Schema | None, Channel]] = {}
    definitions = _definitions(database)
    for topic in _dicts(database, "topics"):
        msgtype, number = str(topic["type"]), int(topic["id"])
        encoding, text, type_hash = definitions.get(msgtype) or _usual_definition(msgtype)
        metadata = {
            PROFILES: _profiles(str(topic.get(PROFILES) or "")),
            "topic_type_hash": str(topic.get("type_description_hash") or type_hash),
        }
        schema = Schema(id=number, data=text.encode(), encoding=encoding, name=msgtype)
        found[number] = (
            schema,
            Channel(
                id=number,
                topic=str(topic["name"]),
                message_encoding=str(topic.get("serialization_format") or CDR),
                metadata=metadata,
                schema_id=number,
            ),
        )
    return found


def _definitions(database: sqlite3.Connection) -> dict[str, tuple[str, str, str]]:
    """Encoding, text and hash by message type; bags before Iron have none."""
    with suppress(Exception):
        return {
            str(row["topic_type"]): (
                str(row["encoding"]),
                str(row["encoded_message_definition"]),
                str(row.get("type_description_hash") or ""),
            )
            for row in _dicts(database, "message_definitions")
        }
    return {}


def _usual_definition(msgtype: str) -> tuple[str, str, str]:
    try:
        return ("ros2msg", *definition(msgtype))
    except BagError:
        return ("ros2msg", "", "")


def _profiles(text: str) -> str:
    """QoS profiles in the terms of metadata version 9; older bags have numbers."""
    try:
        profiles = dump_qos_v9(parse_qos(text))
    except Exception:  # rosbags raises exceptions of many types
        return ""
    return dump_yaml(profiles) if profiles else ""


def _dicts(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    cursor = database.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]
