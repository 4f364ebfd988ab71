"""SQLite bags of a killed recorder: the messages in the log are read, and missing ones are counted."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from helpers import synthetic_walk
from rosbags.rosbag2 import StoragePlugin, Writer

from mail_ros.core.errors import BagError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.bag import Bag, read_recording, read_track
from mail_ros.data.bag_metadata import METADATA_FILE
from mail_ros.data.check.bag_report import check_bag
from mail_ros.data.messages import FIELD_TYPE, LANDMARK_TYPE, encode_field, encode_landmark, typestore
from mail_ros.data.sqlite_log import with_logs_merged

WALK = synthetic_walk(8.0, 50.0)
MESSAGES = len(WALK.stamp_ns) + len(WALK.landmarks)


def sqlite_bag(path: Path) -> Path:
    """A whole bag of the walk."""
    with Writer(path, version=9, storage_plugin=StoragePlugin.SQLITE3) as writer:
        field = writer.add_connection("/imu/mag", FIELD_TYPE, typestore=typestore())
        landmark = writer.add_connection("/landmark", LANDMARK_TYPE, typestore=typestore())
        for stamp_ns, field_ut in zip(WALK.stamp_ns.tolist(), WALK.field_ut, strict=True):
            writer.write(field, stamp_ns, encode_field(stamp_ns, field_ut, "imu"))
        for mark in WALK.landmarks:
            writer.write(landmark, mark.stamp_ns, encode_landmark(mark, "map"))
    return path


def killed_bag(path: Path, in_log: float, *, metadata: bool = False) -> Path:
    """The bag as a killed recorder leaves it, with a fraction of its messages only in the log."""
    whole = sqlite_bag(path.with_name("whole"))
    (file,) = whole.glob("*.db3")
    path.mkdir()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA wal_autocheckpoint=0")
        database.execute("CREATE TEMP TABLE later AS SELECT * FROM messages ORDER BY timestamp")
        database.execute("DELETE FROM messages WHERE id > ?", [round((1 - in_log) * MESSAGES)])
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.execute("INSERT OR IGNORE INTO messages SELECT * FROM later")
        for part in whole.glob("*.db3*"):
            if not part.name.endswith("-shm"):
                shutil.copyfile(part, path / part.name)
    if metadata:
        shutil.copyfile(whole / METADATA_FILE, path / METADATA_FILE)
    shutil.rmtree(whole)
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("metadata", [False, True])
def test_messages_in_the_log_are_read_and_nothing_is_written(tmp_path: Path, metadata: bool) -> None:
    bag = killed_bag(tmp_path / "killed", 0.75, metadata=metadata)
    before = content(bag)
    assert len(before) == 2 + metadata
    recording = read_recording(bag)
    assert np.array_equal(recording.track.stamp_ns, WALK.stamp_ns)
    assert len(recording.truth.landmarks) == len(WALK.landmarks)
    (remark,) = recording.remarks
    assert remark.found == "its recorder was killed: the messages in whole.db3-wal are read too"
    (finding,) = [finding for finding in check_bag(bag).findings if finding.name == "sqlite_log"]
    assert finding.level is Level.WARN
    assert len(read_track(bag / "whole.db3")) == len(WALK.stamp_ns), "as a file, too"
    assert content(bag) == before


def test_a_log_changes_the_identity_of_a_bag(tmp_path: Path) -> None:
    bag = killed_bag(tmp_path / "killed", 0.75)
    with_log = Bag(bag).identity()
    (bag / "whole.db3-wal").unlink()
    assert Bag(bag).identity() != with_log


def test_messages_that_the_metadata_counts_and_no_file_has_are_named(tmp_path: Path) -> None:
    bag = killed_bag(tmp_path / "killed", 0.75, metadata=True)
    (bag / "whole.db3-wal").unlink()  # as of a copy of *.db3 only
    missing = MESSAGES - round(0.25 * MESSAGES)
    (remark,) = read_recording(bag).remarks
    assert str(remark) == (
        f"{missing} of the {MESSAGES} messages that its metadata counts are not in its files; "
        "copy its whole folder again, with files that end in .db3-wal"
    )
    assert "unread" in {finding.name for finding in check_bag(bag).findings}


def test_a_whole_bag_is_read_where_it_is(tmp_path: Path) -> None:
    bag = sqlite_bag(tmp_path / "whole")
    assert read_recording(bag).remarks == ()
    with with_logs_merged(bag) as readable:
        assert readable == bag
    (bag / "whole.db3-wal").touch()
    assert Bag(bag).logs == [], "an empty log, which SQLite leaves after a checkpoint"


def test_a_database_that_sqlite_cannot_read_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.db3").write_bytes(b"no database" * 100)
    (tmp_path / "broken.db3-wal").write_bytes(b"no log")
    with pytest.raises(BagError, match=r"a database that fits broken.db3-wal, found file is not a database; move"):
        read_track(tmp_path / "broken.db3")
