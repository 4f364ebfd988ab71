"""Notes of a recording, such as device and route: from the metadata, or else from the files themselves."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from mail_ros.core.errors import ConfigError
from mail_ros.data.bag_metadata import MAX_BYTES
from mail_ros.data.mcap_salvage import Salvage
from mail_ros.data.ros1_bag import ROS1_SUFFIX
from mail_ros.data.yaml_text import parse

ROSBAG2 = "rosbag2"  # metadata record of MCAP, and table of SQLite, with the text of metadata.yaml
QUERY = "SELECT metadata FROM metadata ORDER BY id DESC LIMIT 1"


def notes_of_files(files: Sequence[Path]) -> dict[str, str]:
    """Notes in the first file that has any: those at its front, or rosbag2's own; empty where there are none.

    Raises:
        OSError: a file is not readable.
    """
    for file in files:
        if file.suffix == ROS1_SUFFIX:
            continue  # has none
        if notes := (_notes_in_text(_sqlite_metadata(file)) if file.suffix == ".db3" else _mcap_notes(file)):
            return notes
    return {}


def _mcap_notes(file: Path) -> dict[str, str]:
    salvage = Salvage(file)
    if notes := salvage.read_front().notes:
        return notes
    return _notes_in_text(salvage.read_metadata(ROSBAG2).get("serialized_metadata", ""))


def _sqlite_metadata(file: Path) -> str:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(file))}?immutable=1", uri=True)) as database:
            (text,) = database.execute(QUERY).fetchone()
    except Exception:  # no such table before Iron, or damage
        return ""
    return text if isinstance(text, str) else ""


def _notes_in_text(text: str) -> dict[str, str]:
    """custom_data of the text of metadata.yaml, with or without its outermost name."""
    try:
        content = parse(text, ROSBAG2, "metadata of a rosbag2 bag") if len(text) <= MAX_BYTES else None
    except ConfigError:
        return {}
    content = content.get("rosbag2_bagfile_information", content) if isinstance(content, dict) else None
    custom = content.get("custom_data") if isinstance(content, dict) else None
    return {str(name): str(value) for name, value in custom.items()} if isinstance(custom, dict) else {}
