"""GetSensorData logs: every sample and landmark of the log is in the bag, in the units of ROS."""

import gzip
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from imported_bags import import_file
from mcap.reader import make_reader
from rosbags.rosbag2 import Reader
from shared_walks import LOGS, needs_logs

from mail_ros.core.errors import BagError
from mail_ros.core.map_frames import split_frame
from mail_ros.core.signal.preprocessor import Preprocessor
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.data.bag import FIELD_TOPIC, IMU_TOPIC, Bag, read_track
from mail_ros.data.importers import ImportedBag, import_walks
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.ipin import IPIN_2023_ORIGIN, read_ipin_log
from mail_ros.data.messages import IMU_TYPE, LANDMARK_TYPE, decode, decode_position
from mail_ros.data.site_file import parse_site
from mail_ros.data.track import Track
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
START_NS = 1_686_729_658_000_000_000  # 10:00:58 at +02:00


def write(path: Path, text: str = LOG) -> Path:
    path.write_text(text)
    return path


def test_a_log_becomes_a_walk(tmp_path: Path) -> None:
    walk = read_ipin_log(write(tmp_path / "walk.txt"), IPIN_2023_ORIGIN)
    assert walk.name == "walk"
    assert (walk.stamp_ns - START_NS).tolist() == [
        60_000_000,
        80_000_000,
        100_000_000,
    ]  # the last line's delay is the median
    assert walk.field_ut[1].tolist() == [-2.20, -34.15, -45.43]
    first, second = walk.landmarks
    assert (first.stamp_ns - START_NS, first.position_m, first.floor) == (80_000_000, (0.0, 0.0), -2)
    assert second.position_m == pytest.approx((0.0002 * 111_320 * np.cos(np.radians(49.4611)), 0.0001 * 111_200))
    assert walk.notes["device"] == "SM-A520F"
    assert "route" not in walk.notes


def test_imu_readings_are_at_the_attitudes_time(tmp_path: Path) -> None:
    imu = finished(read_ipin_log(write(tmp_path / "walk.txt"), IPIN_2023_ORIGIN), "walk.txt").imu
    assert imu is not None
    assert imu.orientation_xyzw[0] == pytest.approx([0, 0, np.sqrt(0.5), np.sqrt(0.5)])
    assert imu.rate_rad_s[0] == pytest.approx([0, 0, 0.55])  # a quarter of the way from 0.5 to 0.7
    assert imu.acceleration_m_s2[0] == pytest.approx([0, 0.05, 9.8])


def test_the_competitions_names_give_route_and_repetition(tmp_path: Path) -> None:
    bag = import_file("ipin", write(tmp_path / "T3_TrainingTrial21_repetition03.txt"), tmp_path)
    notes = Bag(bag).notes()
    assert (notes["route"], notes["repetition"], notes["device"]) == ("21", "03", "SM-A520F")


@pytest.mark.parametrize("mark", ["POSI;{};{};0.00000000;0.00000000;0;0", "POSI;{};{};0.0;0.0;", "POSI;{};{};0;0"])
def test_the_apps_own_marks_have_no_position(tmp_path: Path, mark: str) -> None:
    """A press of the button writes zeros: never a landmark in the Gulf of Guinea."""
    lines = [line for line in LOG.splitlines() if not line.startswith("POSI")]
    lines += [mark.format(0.08, 1), mark.format(0.06, 2)]
    walk = read_ipin_log(write(tmp_path / "walk.txt", "\n".join(lines)), IPIN_2023_ORIGIN)
    assert walk.landmarks == ()
    assert [mark.stamp_ns - START_NS for mark in walk.marks] == [60_000_000, 80_000_000]
    assert all(mark.position_m is None for mark in walk.marks)


def test_marks_of_a_planned_route_label_the_walk(tmp_path: Path) -> None:
    """The n-th press is the n-th landmark; the corner between them is passed at constant speed."""
    text = LOG.replace("49.4611;11.1109", "0.0;0.0").replace("49.4612;11.1111", "0.0;0.0")
    points = "[{at: [0, 0], floor: -2}, {at: [1, 0], mark: false}, {at: [1, 1]}]"
    site = parse_site(f"site: museum\nfloors: {{-2: {{}}}}\nroutes:\n  hall: {points}\n", tmp_path / "museum.yaml")
    (walk,) = import_walks("ipin", write(tmp_path / "a.txt", text), tmp_path, site, route="hall")
    assert isinstance(walk, ImportedBag)
    track = read_track(walk.path)
    assert track.valid.tolist() == [False, True, True]
    assert track.position_m[2] == pytest.approx([1.0, 0.0])
    assert track.floor[2] == -2
    (walk,) = import_walks("ipin", write(tmp_path / "b.txt", text), tmp_path)
    assert isinstance(walk, ImportedBag)
    assert any("2 of 2 marks have no position" in remark.found for remark in walk.remarks)


def test_lines_that_are_not_needed_never_cost_the_field(tmp_path: Path) -> None:
    """AHRS of five numbers, as old versions of the app write it, and lines that were cut off."""
    text = LOG.replace("AHRS;0.0550;65093.51;0;0;90;0;0;0.70710678;3", "AHRS;0.0550;65093.51;0;0;90")
    walk = finished(
        read_ipin_log(write(tmp_path / "walk.txt", text + "GYRO;0.1\nACCE;nan;1;2;3;4\n"), IPIN_2023_ORIGIN), ""
    )
    assert len(walk.stamp_ns) == 3
    lines, inertial = walk.remarks
    assert str(lines) == "1 of ACCE, 1 of AHRS, 1 of GYRO: lines with other numbers; they are left out"
    assert inertial.name == "inertial"  # too few rates for an attitude


@pytest.mark.parametrize(
    ("date", "epoch_s", "assumed"),
    [
        ("Wed Jun 14 10:00:58 CEST 2023", 1_686_729_658, ""),
        ("Mi. Juni 14 10:00:58 MESZ 2023", 1_686_729_658, ""),
        ("mié jun 14 10:00:58 GMT+02:00 2023", 1_686_729_658, ""),
        ("mercredi 14 juin 2023 10:00:58 UTC+2", 1_686_729_658, ""),
        ("2023年6月14日 16:00:58 GMT+08:00", 1_686_729_658, ""),
        ("水 6月 14 17:00:58 JST 2023", 1_686_729_658, ""),
        ("2023-06-14T08:00:58Z", 1_686_729_658, ""),
        ("Wed Jun 14 13:30:58 GMT+05:30 2023", 1_686_729_658, ""),
        ("Wed Jun 14 04:30:58 GMT-03:30 2023", 1_686_729_658, ""),
        ("06/14/2023 08:00:58 AM", 1_686_729_658, "UTC"),
        ("Wed Jun 14 08:00:58 IST 2023", 1_686_729_658, "UTC instead of IST"),
        ("03/04/2023 10:00:58 GMT", 1_680_516_058, "the day before the month"),
        ("yesterday", 0, "stamps begin in 1970"),
        ("Wed Jun 44 10:00:58 GMT 2023", 0, "stamps begin in 1970"),
    ],
)
def test_dates_of_other_languages_and_zones(tmp_path: Path, date: str, epoch_s: int, assumed: str) -> None:
    text = LOG.replace("Wed Jun 14 10:00:58 GMT+02:00 2023", date)
    walk = read_ipin_log(write(tmp_path / "walk.txt", text), IPIN_2023_ORIGIN)
    assert walk.stamp_ns[0] == epoch_s * 10**9 + 60_000_000
    assert [remark.name for remark in walk.remarks] == ["date"] * bool(assumed)
    assert all(assumed in remark.found for remark in walk.remarks)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "wanted MAGN lines of a GetSensorData log, found no sensor line at all"),
        ("ACCE;1;2;3;4;5;0\n", "wanted MAGN lines of a GetSensorData log, found ACCE"),
        (LOG + "MAGN;0.11;65093.56;-2.30;oops;-45.44;0\n", "line 14: wanted 5 numbers after MAGN, found 0.11;"),
        (LOG + "POSI;0.2;3;49.46\n", "line 14: wanted 5 numbers after POSI"),
        (
            LOG + "POSI;0.2;3;52.5;13.4;0;1\n",
            "walk.txt, line 14: .* within 20 km of the origin .*into its file, as orig",
        ),
        (LOG + "POSI;0.2;3;49.4611;11.1109;0.5;1\n", "line 14: wanted a whole number as floor, found 0.5"),
        (LOG + "MAGN;0.11;inf;-2.30;0;-45.44;0\n", "line 14: wanted 5 numbers after MAGN"),
        (
            LOG.replace("-2.", "-0.02").replace("-34.", "-0.34").replace("-45.", "-0.45"),
            "0.569 in the median, as in gauss",
        ),
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
    """Counts, duration, units and landmarks of all 36 logs, as `rosbags` and `mcap` read them; all readings count."""
    logs = sorted(LOGS.glob("*.txt.gz"))
    assert len(logs) == 36
    with ProcessPoolExecutor(mp_context=context()) as pool:
        assert list(pool.map(check_import, logs, repeat(tmp_path))) == [log.name.split(".")[0] for log in logs]


def check_import(log: Path, out: Path) -> str:
    bag = import_file("ipin", log, out)
    check_against_log(log, bag)
    return bag.name


def check_every_reading_is_used(walk: Track) -> None:
    preprocessor = Preprocessor(TimeSampling())
    for sample in walk.samples():
        preprocessor.push(sample)
    assert preprocessor.counts.keys() <= {"used", "duplicate", "late"}, walk.source
    assert preprocessor.counts["used"] > 0.9 * len(walk), walk.source


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
    check_every_reading_is_used(track.labelled_span())
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
