"""SQLite bags whose recorder was killed: messages that are still in the log beside the database.

walk_0.db3, walk_0.db3-wal     --> a temporary copy of both, merged by SQLite; the bag's folder is never written
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mail_ros.core.errors import BagError
from mail_ros.data.remark import Remark

LOGS = ("-wal", "-journal")  # endings of SQLite's write-ahead log and rollback journal
LOCK_AT, LOCK_BYTES = 0x40000000, 512  # the part of a database that SQLite locks, by its file format


def sqlite_logs(file: Path) -> list[Path]:
    """The logs of a database that are not empty."""
    neighbours = [file.with_name(file.name + ending) for ending in LOGS] if file.suffix == ".db3" else []
    return [log for log in neighbours if log.is_file() and log.stat().st_size]


def is_open(file: Path) -> bool:
    """Whether another process, such as a recorder, has a database open with a write-ahead log, or is writing to it.

    Raises:
        OSError: the file cannot be written.
    """
    with file.open("r+b") as stream:
        try:
            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCK_BYTES, LOCK_AT)
        except (BlockingIOError, PermissionError):
            return True
    return False


@contextmanager
def with_logs_merged(file: Path) -> Iterator[Path]:
    """A bag or one of its files; a database with a log as a temporary copy that has the log's messages.

    Raises:
        BagError: SQLite cannot merge them.
        OSError: there is no room for the copy.
    """
    logs = sqlite_logs(file)
    if not logs:
        yield file
        return
    with TemporaryDirectory(prefix="mail_ros_") as folder:
        for each in (file, *logs):
            shutil.copyfile(each, Path(folder) / each.name)
        copy = Path(folder) / file.name
        try:
            with closing(sqlite3.connect(copy)) as database:
                database.execute("PRAGMA journal_mode=DELETE").fetchall()  # reads the log, and removes it
                database.execute("SELECT count(*) FROM sqlite_master").fetchall()
        except sqlite3.Error as error:
            raise BagError(
                file,
                wanted=f"a database that fits {', '.join(log.name for log in logs)}",
                found=str(error),
                fix="move the log away to read the bag without the messages in it",
            ) from None
        yield copy


def log_remarks(logs: Sequence[Path], read: int, counted: object) -> tuple[Remark, ...]:
    """Remarks about messages in logs, and about messages that are lost.

    Args:
        logs: of the bag's databases.
        read: number of messages that were read.
        counted: number of messages by the bag's metadata; None if unknown.
    """
    remarks = []
    if logs:
        found = f"its recorder was killed: the messages in {', '.join(log.name for log in logs)} are read too"
        remarks.append(Remark("sqlite_log", found, "keep it next to the database, or `mail_ros repair` the bag"))
    if isinstance(counted, int) and read < counted:
        found = f"{counted - read:,} of the {counted:,} messages that its metadata counts are not in its files"
        remarks.append(Remark("unread", found, "copy its whole folder again, with files that end in .db3-wal"))
    return tuple(remarks)
