"""Traces of the Indoor Location Competition 2.0: fields, waypoints and attitudes, in the units of ROS."""

from pathlib import Path

import pytest
from imported_bags import import_file

from mail_ros.core.errors import BagError
from mail_ros.data.bag import IMU_TOPIC, Bag, read_track
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.microsoft import read_trace
from mail_ros.data.messages import IMU_TYPE, decode

TRACE = """\
#\tstartTime:1574572522274
#\tSiteID:5dd3\tSiteName:a mall\tFloorId:5dd4\tFloorName:B1
#\tBrand:OPPO\tModel:PBCM10\tAndroidName:8.1.0
1574572522291\tTYPE_WAYPOINT\t208.5\t216.75
1574572522414\tTYPE_ACCELEROMETER\t0.0\t0.0\t9.8\t2
1574572522414\tTYPE_MAGNETIC_FIELD\t-31.0\t-5.5\t-24.25\t3
1574572522414\tTYPE_GYROSCOPE\t0.0\t0.0\t0.5\t3
1574572522424\tTYPE_ROTATION_VECTOR\t0.0\t0.0\t-0.6\t3
1574572522434\tTYPE_ACCELEROMETER\t0.0\t0.2\t9.8\t2
1574572522434\tTYPE_MAGNETIC_FIELD\t-32.0\t-5.5\t-24.25\t31574572522434\tTYPE_GYROSCOPE\t0.0\t0.0\t0.7\t3
1574572522440\tTYPE_WIFI\tfree\t0e:74\t-43\t5805\t1574572521305
1574572523291\tTYPE_WAYPOINT\t210.5\t216.75
"""


def write(folder: Path, text: str = TRACE) -> Path:
    path = folder / "5dda14.txt"
    path.write_text(text)
    return path


def test_a_trace_becomes_a_walk(tmp_path: Path) -> None:
    walk = read_trace(write(tmp_path))
    assert walk.name == "5dda14"
    assert walk.stamp_ns.tolist() == [1_574_572_522_414_000_000, 1_574_572_522_434_000_000]
    assert walk.field_ut.tolist() == [[-31.0, -5.5, -24.25], [-32.0, -5.5, -24.25]]
    first, last = walk.landmarks
    assert (first.stamp_ns, first.position_m, first.floor) == (1_574_572_522_291_000_000, (208.5, 216.75), -1)
    assert last.position_m == (210.5, 216.75)
    assert (walk.notes["device"], walk.notes["site"]) == ("OPPO PBCM10", "5dd3")


def test_a_line_that_lost_its_newline_is_read_as_two(tmp_path: Path) -> None:
    """The gyroscope's second reading stands behind the field's: rates at the attitude's time need it."""
    imu = finished(read_trace(write(tmp_path)), "trace").imu
    assert imu is not None
    assert imu.rate_rad_s[0] == pytest.approx([0, 0, 0.6])
    assert imu.acceleration_m_s2[0] == pytest.approx([0, 0.1, 9.8])
    assert imu.orientation_xyzw[0] == pytest.approx([0, 0, -0.6, 0.8])


def test_a_trace_without_gyroscope_keeps_its_attitude(tmp_path: Path) -> None:
    text = "\n".join(line for line in TRACE.replace("\t31574", "\t3\n1574").splitlines() if "GYROSCOPE" not in line)
    bag = import_file("microsoft", write(tmp_path, text), tmp_path / "bags")
    (imu,) = Bag(bag).messages([IMU_TOPIC])
    message = decode(imu.cdr, IMU_TYPE)
    assert (message.orientation.z, message.angular_velocity_covariance[0]) == (-0.6, -1.0)
    (remark,) = finished(read_trace(tmp_path / "5dda14.txt"), "trace").remarks
    assert str(remark) == "an attitude without rates: the attitude is kept; nothing here needs rates"


@pytest.mark.parametrize(
    ("name", "floor"), [("F1", 0), ("1F", 0), ("F3", 2), ("B1", -1), ("2B", -2), ("f2", 1), ("F10", 9)]
)
def test_floors_are_numbered_as_the_competition_did(tmp_path: Path, name: str, floor: int) -> None:
    walk = read_trace(write(tmp_path, TRACE.replace("FloorName:B1", f"FloorName:{name}")))
    assert {mark.floor for mark in walk.landmarks} == {floor}


def test_without_a_floor_in_the_head_the_folder_names_it(tmp_path: Path) -> None:
    folder = tmp_path / "F2" / "path_data_files"
    folder.mkdir(parents=True)
    assert read_trace(write(folder, TRACE.replace("\tFloorName:B1", ""))).landmarks[0].floor == 1


def test_the_bag_holds_the_walk(tmp_path: Path) -> None:
    bag = import_file("microsoft", write(tmp_path), tmp_path / "bags")
    track = read_track(bag)
    assert track.field_ut[0] == pytest.approx([-31.0, -5.5, -24.25])
    assert track.valid.all()
    assert track.floor.tolist() == [-1, -1]
    assert track.moved_m is not None
    assert Bag(bag).notes()["importer"] == "microsoft"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello\n", "wanted lines of TYPE_MAGNETIC_FIELD, found no line of a type that is read"),
        ("1574572522291\tTYPE_WAYPOINT\t1\t2\n", "wanted lines of TYPE_MAGNETIC_FIELD, found TYPE_WAYPOINT"),
        (
            TRACE + "1574572523300\tTYPE_MAGNETIC_FIELD\t1\toops\t3\t3\n",
            "line 13: wanted a time in ms, TYPE_MAGNETIC_FIELD and 3 numbers, found 1574572523300 .* oops",
        ),
        (TRACE + "1574572523300\tTYPE_WAYPOINT\t1\n", "line 13: wanted a time in ms, TYPE_WAYPOINT and 2 numbers"),
        (TRACE + "1574572523300\tTYPE_WAYPOINT\tnan\t1\n", "line 13: wanted a time in ms, TYPE_WAYPOINT and 2 numbers"),
        (TRACE + "9974572523300\tTYPE_WAYPOINT\t1\t1\n", "line 13: wanted a time in ms"),
        (TRACE + "soon\tTYPE_WAYPOINT\t1\t2\n", "line 13: wanted a time in ms"),
        (TRACE.replace("FloorName:B1", "FloorName:LG"), "wanted a floor as F1 or B1 .* found LG.*; write FloorName:F1"),
    ],
)
def test_a_wrong_trace_is_refused_and_leaves_nothing(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BagError, match=message):
        import_file("microsoft", write(tmp_path, text), tmp_path / "bags")
    assert not (tmp_path / "bags").exists()
