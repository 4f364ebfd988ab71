"""ULog of PX4: gauss and north-east-down become microtesla and east-north-up."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from imported_bags import import_file
from small_ulog import ATTITUDE, FIELD, POSITION, small_flight, ulog

from mail_ros.core.errors import BagError
from mail_ros.core.signal.attitude import rotate
from mail_ros.data.bag import Bag, read_track
from mail_ros.data.importers.finish import finished
from mail_ros.data.importers.ulog import read_ulog

ODOMETRY = {"timestamp": "uint64_t", "position": "float[3]", "q": "float[4]"}
MAG = {"timestamp": "uint64_t", "x": "float", "y": "float", "z": "float"}
NORTH_EAST = (np.cos(np.pi / 8), 0.0, 0.0, np.sin(np.pi / 8))  # w, x, y, z: 45° to the right of north


def test_a_flight_becomes_a_walk_with_odometry(tmp_path: Path) -> None:
    bag = import_file("ulog", small_flight(tmp_path / "flight.ulg"), tmp_path / "bags")
    track = read_track(bag)
    assert track.stamp_ns[0] == 1_700_000_000_000_000_000  # the sample's time, by the GPS
    assert track.field_ut[0] == pytest.approx([20.0, -3.0, -44.0], abs=1e-5)
    assert track.odometry == "wheels"
    assert track.moved_m is not None
    assert np.nansum(track.moved_m, axis=0) == pytest.approx([0.0, 1.96], abs=1e-5)  # the first pose is not valid
    assert track.attitude_xyzw is not None
    assert rotate(track.attitude_xyzw[-1], np.array([1.0, 0.0, 0.0])) == pytest.approx([0, 1, 0], abs=1e-6)
    notes = Bag(bag).notes()
    assert (notes["importer"], notes["device"]) == ("ulog", "PX4")


def test_attitude_and_accelerations_are_those_of_ros(tmp_path: Path) -> None:
    walk = finished(read_ulog(small_flight(tmp_path / "flight.ulg")), "flight.ulg")
    assert walk.imu is not None
    assert walk.imu.acceleration_m_s2[0] == pytest.approx([0.0, 0.0, 9.81])
    assert walk.imu.rate_rad_s[0] == pytest.approx([0.0, 0.0, -0.1])
    assert walk.remarks == ()


def test_older_topics_are_read_and_what_is_assumed_is_said(tmp_path: Path) -> None:
    rows = [(time, 0.2, 0.03, 0.44) for time in range(10)]
    odometry = [(time, 1.0, 2.0, 0.0, *NORTH_EAST) for time in range(10)]
    path = tmp_path / "flight.ulg"
    path.write_bytes(ulog({"sensor_mag": (MAG, rows), "vehicle_odometry": (ODOMETRY, odometry)}))
    walk = read_ulog(path)
    assert walk.stamp_ns.tolist() == [1000 * time for time in range(10)]
    assert walk.odometry is not None
    assert walk.odometry.pose[0, :2].tolist() == [2.0, 1.0]
    assert np.tan(walk.odometry.pose[0, 2]) == pytest.approx(1.0)
    assert np.cos(walk.odometry.pose[0, 2]) > 0.0
    assert [str(remark) for remark in walk.remarks] == [
        "the log has no time of a GPS: stamps begin in 1970; nothing needs the date"
    ]


def test_a_position_that_is_never_valid_is_no_odometry(tmp_path: Path) -> None:
    path = tmp_path / "flight.ulg"
    field, positions = (FIELD, [(1, 1, 0.2, 0, 0.4)]), (POSITION, [(1, 1.0, 1.0, 0.0, 0)])
    path.write_bytes(ulog({"vehicle_magnetometer": field, "vehicle_local_position": positions}))
    assert read_ulog(path).odometry is None


def test_another_file_is_one_error(tmp_path: Path) -> None:
    path = tmp_path / "flight.ulg"
    path.write_bytes(b"hello")
    with pytest.raises(BagError, match=r"flight.ulg: wanted a ULog file of PX4, found .*; download it again"):
        read_ulog(path)
    path.write_bytes(ulog({"vehicle_attitude": (ATTITUDE, [(1, 1, 0, 0, 0)])}))
    with pytest.raises(BagError, match=r"wanted a magnetometer on one of .* found vehicle_attitude; log it"):
        read_ulog(path)


def test_a_missing_package_is_named_with_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyulog", None)
    with pytest.raises(BagError, match=r"wanted the package pyulog, .* install the extra `logs`, as in pip install"):
        read_ulog(small_flight(tmp_path / "flight.ulg"))
