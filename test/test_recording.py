"""Recordings: no overwriting, no data lost by a kill, and a full disk ends them complete."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rosbags.rosbag2 import Reader

from mail_ros.core.errors import BagError
from mail_ros.data import recording
from mail_ros.data.bag import Bag
from mail_ros.data.bag_repair import repair
from mail_ros.data.bag_writer import Splitting
from mail_ros.data.messages import FIELD_TYPE, WAYPOINT_EVENT_TYPE, decode_waypoint_event
from mail_ros.data.recording import ActiveRecording, RecordingOptions, free_mb
from mail_ros.data.route import NOTE, Route, RoutePoint, route_to_note

TOPIC = "/imu/mag"
MARKS = "/mark"


def options(out: Path, **given: Any) -> RecordingOptions:
    return RecordingOptions(out, "walk", **given)


def fill(active: ActiveRecording, count: int, start: int = 0) -> None:
    """Messages of 100 bytes, 10 ms apart."""
    active.writer.add_topic(TOPIC, FIELD_TYPE, [])
    for n in range(start, start + count):
        active.write(TOPIC, n * 10**7, b"\0\1\0\0" + n.to_bytes(96, "big"), None)


def test_recordings_of_one_second_are_separate_bags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Noon(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Noon:
            return cls(2026, 5, 4, 12, 0, 0)

    monkeypatch.setattr(recording, "datetime", Noon)
    for count in (1, 2, 3):
        active = ActiveRecording(options(tmp_path), MARKS)
        fill(active, count)
        assert active.close() == f"recorded /imu/mag {count}"
    names = [f"walk_2026_05_04-12_00_00{suffix}" for suffix in ("", "_2", "_3")]
    assert [len(list(Bag(tmp_path / name).messages())) for name in names] == [1, 2, 3]


@pytest.mark.process
def test_what_was_flushed_outlives_a_kill(tmp_path: Path) -> None:
    script = f"""if True:
        import os, signal, sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_recording import *
        active = ActiveRecording(options(Path({str(tmp_path)!r}), notes={{"route": "hall"}}), MARKS)
        fill(active, 7)
        active.flush()
        fill(active, 3, start=7)
        active.add_waypoint_event(10**9)
        fill(active, 5, start=10)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    (bag,) = tmp_path.iterdir()
    assert [m.topic for m in Bag(bag).messages()] == [TOPIC] * 10 + [MARKS]
    assert Bag(bag).notes() == {"route": "hall"}
    assert repair(bag) is not None
    with Reader(bag) as reader:
        assert reader.message_count == 11


def test_a_waypoint_event_is_a_header_with_its_number(tmp_path: Path) -> None:
    active = ActiveRecording(options(tmp_path), MARKS)
    assert [active.add_waypoint_event(stamp_ns) for stamp_ns in (10**9, 3 * 10**9)] == ["mark 1", "mark 2"]
    active.close()
    found = [(m.msgtype, m.log_time_ns, decode_waypoint_event(m.cdr)) for m in Bag(active.path).messages()]
    assert found == [(WAYPOINT_EVENT_TYPE, 10**9, (10**9, 1)), (WAYPOINT_EVENT_TYPE, 3 * 10**9, (3 * 10**9, 2))]


ROUTE = Route("hall", (RoutePoint((0.0, 0.0), 0, "door"), RoutePoint((9.0, 0.0), 1, "lift")))


def test_a_planned_route_is_in_the_bag_and_names_the_next_landmark(tmp_path: Path) -> None:
    """The route is also in a truncated bag: notes are at the file's front."""
    active = ActiveRecording(options(tmp_path, route=ROUTE, notes={"site": "museum"}), MARKS)
    assert active.progress["next landmark"] == "1 of 2, door at (0, 0) m on floor 0"
    assert active.add_waypoint_event(1 * 10**9) == "mark 1; next: 2 of 2, lift at (9, 0) m on floor 1"
    assert active.progress == {
        "marks": "1",
        "route": "hall",
        "next landmark": "2 of 2, lift at (9, 0) m on floor 1",
        "landmarks left": "1",
    }
    assert active.add_waypoint_event(2 * 10**9) == "mark 2; next: none: all 2 are marked"
    assert active.surplus == ""
    assert active.add_waypoint_event(3 * 10**9).startswith(
        "mark 3; 3 marks, and route hall has 2 landmarks: take back what was"
    )
    assert active.surplus.endswith("with ~/unmark")
    assert active.cancel_waypoint_event(4 * 10**9) == "mark 3 is taken back; next: none: all 2 are marked"
    notes = Bag(active.path).notes()
    assert notes == {"route": "hall", "site": "museum", NOTE: route_to_note(ROUTE)}
    active.close()
    assert Bag(active.path).notes() == notes
    found = [decode_waypoint_event(message.cdr) for message in Bag(active.path).messages([MARKS])]
    assert [number for _, number in found] == [1, 2, 3, -3]


def test_a_label_of_the_route_goes_before_the_name_of_its_file(tmp_path: Path) -> None:
    assert options(tmp_path, route=ROUTE, notes={"route": "12"}).custom["route"] == "12"


def test_without_a_waypoint_event_there_is_none_to_cancel(tmp_path: Path) -> None:
    active = ActiveRecording(options(tmp_path), MARKS)
    with pytest.raises(BagError, match="wanted a mark to take back, found none; mark first"):
        active.cancel_waypoint_event(10**9)
    active.add_waypoint_event(10**9)
    assert active.cancel_waypoint_event(2 * 10**9) == "mark 1 is taken back"
    active.close()


@pytest.mark.parametrize("splitting", [Splitting(size=20_000), Splitting(duration_s=1.5)])
def test_a_recording_continues_in_another_file(tmp_path: Path, splitting: Splitting) -> None:
    """As rosbag2 splits: each file is one of its own, the metadata list all of them."""
    active = ActiveRecording(options(tmp_path, splitting=splitting), MARKS)
    fill(active, 1600)
    active.close()
    name = active.path.name
    files = Bag(active.path).files
    assert [file.name for file in files] == [f"{name}_{number}.mcap" for number in range(len(files))]
    assert len(files) > 5
    messages = [int.from_bytes(m.cdr[4:], "big") for m in Bag(active.path).messages()]
    assert messages == list(range(1600))
    with Reader(active.path) as reader:
        assert reader.message_count == 1600
        assert [file["path"] for file in reader.storage.files] == [file.name for file in files]  # type: ignore[attr-defined]
        assert sum(file["message_count"] for file in reader.storage.files) == 1600  # type: ignore[attr-defined]
    if splitting.duration_s:
        lengths = {len(list(Bag(file).messages())) for file in files[:-1]}
        assert lengths == {150}
    else:
        assert max(file.stat().st_size for file in files) < 20_000 + 40_000, "a chunk and the index come on top"


def test_zstd_makes_it_smaller_and_changes_nothing(tmp_path: Path) -> None:
    recordings = [ActiveRecording(options(tmp_path, compression=kind), MARKS) for kind in ("none", "zstd")]
    for active in recordings:
        fill(active, 1000)
        active.close()
    none, zstd = (Bag(active.path) for active in recordings)
    assert list(none.messages()) == list(zstd.messages())
    assert zstd.files[0].stat().st_size < 0.5 * none.files[0].stat().st_size


def test_recording_refuses_to_start_or_continue_below_the_disk_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_much = int(free_mb(tmp_path)) + 10_000
    with pytest.raises(BagError, match=rf"wanted {too_much} MB that stay free on the disk, found \d+ MB; make room"):
        ActiveRecording(options(tmp_path, min_free_mb=too_much), MARKS)
    assert list(tmp_path.iterdir()) == []
    active = ActiveRecording(options(tmp_path, min_free_mb=1), MARKS)
    fill(active, 10)
    monkeypatch.setattr(recording, "free_mb", lambda _: 0.5)
    with pytest.raises(BagError, match="wanted 1 MB that stay free on the disk, found 0 MB"):
        active.flush()
    assert active.close() == "recorded /imu/mag 10"


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        BagError, match=r"file/walk_.*: wanted a writable folder, found Not a directory; choose another"
    ):
        ActiveRecording(options(tmp_path / "file"), MARKS)


def test_a_disk_that_does_not_keep_what_it_was_given_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    active = ActiveRecording(options(tmp_path), MARKS)
    fill(active, 10)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fails)
        with pytest.raises(BagError, match="wanted a writable folder, found Input/output error"):
            for _ in range(1000):
                active.flush()
    assert active.close() == "recorded /imu/mag 10"


def record_until_full(out: Path) -> dict[str, Any]:
    """Record until the disk is full; returns the messages, and what three readers find."""
    active, sent = ActiveRecording(options(out), MARKS), 0
    try:
        while True:
            fill(active, 100, start=sent)
            sent += 100
            active.flush()
    except BagError as error:
        refused = str(error)
    summary = active.close()
    numbers = [int.from_bytes(m.cdr[4:], "big") for m in Bag(active.path).messages()]
    with Reader(active.path) as reader:
        by_rosbags = [int.from_bytes(cdr[4:], "big") for _, _, cdr in reader.messages()]
        counted = reader.message_count
    assert numbers == by_rosbags == list(range(len(numbers)))
    return {"refused": refused, "summary": summary, "sent": sent, "read": len(numbers), "counted": counted}


def full(out: Path, limit: str) -> dict[str, Any]:
    """The same in a process that has little room."""
    script = f"""if True:
        import sys
        sys.path.insert(0, {str(Path(__file__).parent)!r})
        from test_recording import *
        if {limit!r} == "file size":
            resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
        else:
            subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", {str(out)!r}], check=True)
        print(json.dumps(record_until_full(Path({str(out)!r}))))
    """
    inside = ["unshare", "--user", "--map-root-user", "--mount"] if limit == "tmpfs" else []
    done = subprocess.run([*inside, sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.process
def test_a_file_that_may_not_grow_ends_the_recording_readable(tmp_path: Path) -> None:
    """Not even for the index is there room, only for an end: what was flushed is found by a look at all of it."""
    found = full(tmp_path, "file size")
    assert (
        "wanted room for what comes in, found File too large; make room, or choose another folder" in found["refused"]
    )
    assert found["sent"] - 100 == found["read"] == found["counted"], "but for what the last flush could not put down"
    assert found["summary"] == f"recorded /imu/mag {found['read']}; without an index, for which there was no room"


@pytest.mark.process
@pytest.mark.skipif(
    subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "true"], check=False).returncode != 0,
    reason="needs leave to mount a file system",
)
def test_a_full_disk_ends_the_recording_complete(tmp_path: Path) -> None:
    """The index fits into the reserved space; no earlier message is missing."""
    found = full(tmp_path, "tmpfs")
    assert "wanted room for what comes in, found No space left on device; make room" in found["refused"]
    assert found["summary"] == f"recorded /imu/mag {found['read']}"
    assert found["sent"] <= found["read"] == found["counted"]


assert resource and json  # for the scripts above, which import all from here
