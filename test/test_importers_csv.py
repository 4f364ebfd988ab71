"""Tables: plain CSV with its documented columns, and MagPIE-like CSV whose columns and units are recognized."""

from pathlib import Path

import numpy as np
import pytest
from imported_bags import import_file

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag import read_track
from mail_ros.data.importers.csv_positions import POSITION
from mail_ros.data.importers.dense_positions import TOLERANCE_M, landmarks_from_positions
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.magpie import read_magpie
from mail_ros.data.importers.plain_csv import (
    ACCELERATION,
    ATTITUDE,
    FIELDS,
    FLOOR,
    RATE,
    TIME,
    read_plain_csv,
)
from mail_ros.data.labels import labels_from_landmarks

PLAIN = """\
# made by hand
time_s,mag_x_ut,mag_y_ut,mag_z_ut,x_m,y_m,floor

1750000000.000000001,18.5,-3.0,-44.0,2.0,3.5,-1
1750000000.02,18.25,-3.0,-44.0,,,
1750000000.03,,,,9.0,3.5,-1
1750000000.04,18.0,-3.0,-44.0,,,
"""


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_plain_csv_becomes_a_walk(tmp_path: Path) -> None:
    walk = read_plain_csv(write(tmp_path / "monday.csv", PLAIN))
    assert walk.name == "monday"
    assert walk.stamp_ns[0] == 1_750_000_000_000_000_001  # exact
    assert walk.field_ut[:, 0].tolist() == [18.5, 18.25, 18.0]
    assert [mark.stamp_ns % NS_PER_S for mark in walk.landmarks] == [1, 30_000_000]
    assert [mark.position_m for mark in walk.landmarks] == [(2.0, 3.5), (9.0, 3.5)]
    assert {mark.floor for mark in walk.landmarks} == {-1}
    assert walk.imu is None


def test_plain_csv_may_bring_the_imu(tmp_path: Path) -> None:
    names = ",".join((TIME, *FIELDS["ut"], *POSITION, FLOOR, *ATTITUDE, *RATE, *ACCELERATION))
    text = f"{names}\n1.5,18,0,-44,1,2,0,0,0,0,1,0.1,0.2,0.3,0,0,9.8\n1.6,18,0,-44,,,,,,,,,,,,,\n"
    imu = finished(read_plain_csv(write(tmp_path / "walk.csv", text)), "walk.csv").imu
    assert imu is not None
    assert imu.stamp_ns.tolist() == [1_500_000_000]
    assert imu.orientation_xyzw[0].tolist() == [0, 0, 0, 1]
    assert imu.acceleration_m_s2[0].tolist() == [0, 0, 9.8]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "wanted a line of names and lines of numbers, found 0 names only"),
        ("time_s,mag_x_ut\n1,2\n", "wanted the columns mag_y_ut, mag_z_ut, found time_s, mag_x_ut"),
        (PLAIN.replace("y_m", "y"), "wanted the columns y_m"),
        (PLAIN.replace("floor", "storey"), "wanted columns of time_s, .* each once, found storey"),
        (PLAIN + "1750000000.06,18,-3\n", "line 8: wanted 7 cells as in the first line, found 3"),
        (PLAIN + "1750000000.06,18,oops,-44,,,\n", "line 8: wanted a number as mag_y_ut, found 'oops'"),
        (PLAIN + "1750000000.06,18,inf,-44,,,\n", "line 8: wanted a number as mag_y_ut, found 'inf'"),
        (PLAIN + "1750000000.06,18,,-44,,,\n", "line 8: wanted numbers for all or none of mag_x_ut.*found 2 of 3"),
        (PLAIN + "1750000000.06,18,-3,-44,1,,\n", "line 8: wanted numbers for all or none of x_m, y_m, found 1 of 2"),
        (PLAIN + "1750000000.06,18,-3,-44,1,2,1.5\n", "line 8: wanted a whole number as floor, found 1.5"),
        (PLAIN + "soon,18,-3,-44,,,\n", "line 8: wanted a time as time_s, of 0 to 2147483648 s, found 'soon'"),
        (PLAIN + "9e999999,18,-3,-44,,,\n", "line 8: wanted a time as time_s, .* found '9e999999'"),
        (PLAIN + "1749999999.04,18,-3,-44,,,\n", "line 8: .* found a step back of 1 s; split the file there"),
    ],
)
def test_a_wrong_plain_csv_is_refused_and_leaves_nothing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BagError, match=message):
        import_file("csv", write(tmp_path / "walk.csv", text), tmp_path / "bags")
    assert not (tmp_path / "bags").exists()


def test_magpie_one_table_a_walk(tmp_path: Path) -> None:
    rows = [f"{1_500_000_000_000 + 20 * n},{20e-6 + n * 1e-8:.9f},0,-4.4e-05,{0.02 * n:.3f},1" for n in range(100)]
    bag = import_file(
        "magpie",
        write(tmp_path / "walk.csv", "\n".join(["timestamp,mag_x,mag_y,mag_z,pos_x,pos_y", *rows])),
        tmp_path / "bags",
    )
    track = read_track(bag)
    assert track.stamp_ns[1] - track.stamp_ns[0] == 20_000_000  # ms, by their size
    assert track.field_ut[0] == pytest.approx([20, 0, -44])  # tesla, by their size
    assert track.valid.all()
    assert not track.paused.any()  # positions that are centimetres apart are no stand
    assert track.position_m[:, 0] == pytest.approx(0.02 * np.arange(100), abs=1e-6)


def test_magpie_a_folder_a_walk_as_topics_are_exported(tmp_path: Path) -> None:
    folder, start = tmp_path / "CSL_WLK_1", 1_500_000_000_000_000_000
    field = [f"{start + n * 20_000_000},{start + n * 20_000_000},0.2,0,-0.44" for n in range(100)]
    pose = [f"{start + n * 33_000_000},{start + n * 33_000_000},{0.03 * n},0,0" for n in range(60)]
    topic = "field.magnetic_field"
    write(folder / "mag.csv", "\n".join([f"%time,field.header.stamp,{topic}.x,{topic}.y,{topic}.z", *field]))
    place = "field.pose.position"
    write(folder / "truth.csv", "\n".join([f"%time,field.header.stamp,{place}.x,{place}.y,{place}.z", *pose]))
    walk = read_magpie(folder)
    assert walk.name == "CSL_WLK_1"
    assert walk.field_ut[0] == pytest.approx([20, 0, -44])
    assert walk.notes["field_unit_of_source"] == "gauss"
    assert walk.stamp_ns[0] == start
    assert [mark.position_m[0] for mark in walk.landmarks] == pytest.approx([0, 1.77])  # straight and steady: two do


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time,foo,x,y\n1,2,3,4\n", "wanted one table with time .* and field x .*, found walk.csv: time, foo, x, y"),
        ("time,mx,my,mz\n1,20,0,44\n", "wanted one table with time .* and position x"),
        ("time,mx,my,x,y\n1,20,0,1,1\n", "wanted columns mx, my, mz, found no mz"),
        (
            "time,mx,my,mz,x,y\n1,1e9,0,0,1,1\n",
            "wanted a field of 15 to 120 µT in tesla.*found a median magnitude of 1e",
        ),
    ],
)
def test_what_magpie_leaves_ambiguous_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BagError, match=message):
        read_magpie(write(tmp_path / "walk.csv", text))


def test_a_trackers_way_comes_back_from_few_landmarks() -> None:
    """Around a corner at a changing speed, with a stand of three seconds in between and a tremor of a millimetre."""
    time_s = np.arange(0.0, 30.0, 0.03)
    way_m = np.interp(time_s, [0, 8, 11, 30], [0, 8, 8, 22]) + 0.3 * np.sin(time_s) * (time_s > 12) * (
        time_s < 12 + 6.28
    )
    position_m = np.column_stack([np.minimum(way_m, 14.0), np.maximum(way_m - 14.0, 0.0)])
    position_m += np.random.default_rng(0).normal(scale=1e-3, size=position_m.shape)
    stamp_ns = np.round(time_s * NS_PER_S).astype(np.int64)
    marks = landmarks_from_positions(stamp_ns, position_m, np.zeros(len(time_s), dtype=np.int64))
    labels = labels_from_landmarks(stamp_ns, marks)
    assert len(marks) < 20
    assert np.linalg.norm(labels.position_m - position_m, axis=1).max() < TOLERANCE_M + 0.06
    assert labels.paused[(time_s > 8.2) & (time_s < 10.8)].all()
    assert not labels.paused[(time_s < 7.8) | (time_s > 11.2)].any()


def test_a_change_of_floor_is_kept() -> None:
    stamp_ns = np.arange(100) * 20_000_000
    position_m = np.column_stack([np.arange(100) * 0.02, np.zeros(100)])
    marks = landmarks_from_positions(stamp_ns, position_m, (np.arange(100) >= 40).astype(np.int64))
    assert [(mark.stamp_ns // 20_000_000, mark.floor) for mark in marks] == [(0, 0), (39, 0), (40, 1), (99, 1)]


def test_sparse_places_are_landmarks_as_they_are() -> None:
    marks = landmarks_from_positions(
        np.arange(4) * NS_PER_S, np.array([[0, 0], [1, 0], [2, 0], [3, 0]], float), np.zeros(4, np.int64)
    )
    assert len(marks) == 4
