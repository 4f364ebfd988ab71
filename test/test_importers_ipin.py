"""GetSensorData logs: every sample and landmark of the log is in the bag, in the units of ROS."""

import gzip
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader
from shared_walks import LOGS, needs_logs

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import split_frame
from mail_ros.data.bag import FIELD_TOPIC, IMU_TOPIC, Bag, read_track
from mail_ros.data.importers import import_file
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.messages import IMU_TYPE, LANDMARK_TYPE, decode, decode_position
from mail_ros.data.truth import LANDMARK_TOPIC
from mail_ros.evaluation.workers import context

LOG = """\
% LogFile created by the 'GetSensorData' App for Android.
% Date of creation: Wed Jun 14 10:00:58 GMT+02:00 2023
% Model:                   	SM-A520F
MAGN;0.0500;65093.50;-2.10;-34.14;-45.42;0
AHRS;0.0550;65093.51;0;0;90;0;0;0.70710678;3
GYRO;0.0555;65093.50;0.0;0.0;0.5;3
ACCE;0.0560;65093.50;0.0;0.0;9.8;3
MAGN;0.0900;65093.52;-2.20;-34.15;-45.43;0
GYRO;0.0910;65093.54;0.0;0.0;0.7;3
ACCE;0.0920;65093.54;0.0;0.2;9.8;3
POSI;0.0800;1;49.4611;11.1109;-2;100
POSI;0.1200;2;49.4612;11.1111;-2;100
MAGN;0.1000;65093.54;-2.30;-34.16;-45.44;0
"""


def write(path: Path, text: str = LOG) -> Path:
    path.write_text(text)
    return path


def test_a_log_becomes_a_walk(tmp_path: Path) -> None:
    walk = read_ipin_log(write(tmp_path / "walk.txt"), IPIN_2023_ORIGIN)
    start_ns = 1_686_729_658_000_000_000  # 10:00:58 at +02:00
    assert walk.name == "walk"
    assert (walk.stamp_ns - start_ns).tolist() == [
        60_000_000,
        80_000_000,
        100_000_000,
    ]  # the last line's delay is the median
    assert walk.field_ut[1].tolist() == [-2.20, -34.15, -45.43]
    first, second = walk.landmarks
    assert (first.stamp_ns - start_ns, first.position_m, first.floor) == (80_000_000, (0.0, 0.0), -2)
    assert second.position_m == pytest.approx((0.0002 * 111_320 * np.cos(np.radians(49.4611)), 0.0001 * 111_200))
    assert walk.notes["device"] == "SM-A520F"
    assert "route" not in walk.notes


def test_imu_readings_are_at_the_attitudes_time(tmp_path: Path) -> None:
    imu = read_ipin_log(write(tmp_path / "walk.txt"), IPIN_2023_ORIGIN).imu
    assert imu is not None
    assert imu.orientation_xyzw[0] == pytest.approx([0, 0, np.sqrt(0.5), np.sqrt(0.5)])
    assert imu.rate_rad_s[0] == pytest.approx([0, 0, 0.55])  # a quarter of the way from 0.5 to 0.7
    assert imu.acceleration_m_s2[0] == pytest.approx([0, 0.05, 9.8])


def test_the_competitions_names_give_route_and_repetition(tmp_path: Path) -> None:
    bag = import_file("ipin", write(tmp_path / "T3_TrainingTrial21_repetition03.txt"), tmp_path)
    notes = Bag(bag).notes()
    assert (notes["route"], notes["repetition"], notes["device"]) == ("21", "03", "SM-A520F")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "wanted MAGN lines of a GetSensorData log, found no sensor line at all"),
        ("ACCE;1;2;3;4;5;0\n", "wanted MAGN lines of a GetSensorData log, found ACCE"),
        (LOG + "MAGN;0.11;65093.56;-2.30;oops;-45.44;0\n", "line 14: wanted 5 numbers after MAGN, found 0.11;"),
        (LOG + "POSI;0.2;3;49.46\n", "line 14: wanted 5 numbers after POSI"),
        (LOG + "POSI;0.2;3;52.5;13.4;0;1\n", "wanted one within 20 km of the origin .*into its file, as origin:"),
    ],
)
def test_a_wrong_log_is_refused_and_leaves_nothing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BagError, match=message):
        import_file("ipin", write(tmp_path / "walk.txt", text), tmp_path / "bags")
    assert not (tmp_path / "bags").exists()


def test_a_bag_is_never_overwritten(tmp_path: Path) -> None:
    log = write(tmp_path / "walk.txt")
    import_file("ipin", log, tmp_path)
    with pytest.raises(BagError, match="wanted a name that is free"):
        import_file("ipin", log, tmp_path)


@pytest.mark.slow
@pytest.mark.process
@needs_logs
def test_all_shared_logs_arrive_whole(tmp_path: Path) -> None:
    """Counts, duration, units and landmarks of all 36 logs, read again by `rosbags` and by `mcap` alone."""
    logs = sorted(LOGS.glob("*.txt.gz"))
    assert len(logs) == 36
    with ProcessPoolExecutor(mp_context=context()) as pool:
        assert list(pool.map(check_import, logs, repeat(tmp_path))) == [log.name.split(".")[0] for log in logs]


def check_import(log: Path, out: Path) -> str:
    bag = import_file("ipin", log, out)
    check_against_log(log, bag)
    return bag.name


def check_against_log(log: Path, bag: Path) -> None:
    with gzip.open(log, "rt", errors="replace") as stream:
        lines = [line.rstrip().split(";") for line in stream if not line.startswith("%")]
    count = Counter(kind for kind, *_ in lines)
    expected = {FIELD_TOPIC: count["MAGN"], IMU_TOPIC: count["AHRS"], LANDMARK_TOPIC: count["POSI"]}
    with Reader(bag) as reader:
        assert {c.topic: c.msgcount for c in reader.connections} == expected
        assert all(c.msgdef.data for c in reader.connections)
        assert Counter(c.topic for c, _, _ in reader.messages()) == expected
    with next(bag.glob("*.mcap")).open("rb") as stream:
        messages = make_reader(stream).iter_messages(log_time_order=False)
        assert Counter(channel.topic for _, channel, _ in messages) == expected

    track = read_track(bag)
    field_ut = np.array([line[3:6] for line in lines if line[0] == "MAGN"], dtype=float)
    sensor_s = np.array([line[2] for line in lines if line[0] == "MAGN"], dtype=float)
    np.testing.assert_allclose(track.field_ut, field_ut, rtol=0, atol=1e-9)
    np.testing.assert_allclose(np.diff(track.stamp_ns) / 1e9, np.diff(sensor_s), rtol=0, atol=1e-6)
    assert 5 < np.median(np.linalg.norm(track.field_ut, axis=1)) < 200

    marks = [decode_position(m.cdr, LANDMARK_TYPE) for m in Bag(bag).messages([LANDMARK_TOPIC])]
    posi = np.array([line[1:6] for line in lines if line[0] == "POSI"], dtype=float)
    x = (posi[:, 3] - 11.1109) * 111_320 * np.cos(np.radians(49.461))
    y = (posi[:, 2] - 49.4611) * 111_200
    assert np.array([position_m[:2] for _, position_m, _ in marks]) == pytest.approx(np.column_stack([x, y]), abs=1e-3)
    assert [split_frame(frame)[1] for _, _, frame in marks] == posi[:, 4].astype(int).tolist()
    assert (marks[-1][0] - marks[0][0]) / 1e9 == pytest.approx(posi[-1, 0] - posi[0, 0], abs=1e-6)
    attitude = [decode(m.cdr, IMU_TYPE).orientation for m in Bag(bag).messages([IMU_TOPIC])]
    norm = [q.x**2 + q.y**2 + q.z**2 + q.w**2 for q in attitude]
    np.testing.assert_allclose(norm, 1.0, rtol=0, atol=1e-9)
