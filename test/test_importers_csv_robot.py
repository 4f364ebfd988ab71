"""Plain CSV of robots and of other coordinates: odometry, degrees, units, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from imported_bags import import_file

from mail_ros.core.errors import BagError
from mail_ros.core.types import NS_PER_S
from mail_ros.data.bag import ODOMETRY_TOPIC, Bag, read_track
from mail_ros.data.importers.plain_csv import read_plain_csv
from mail_ros.data.messages import ODOMETRY_TYPE, decode
from mail_ros.data.origin import Origin
from mail_ros.data.site_file import SiteFile
from mail_ros.training.choose import chosen_preset

FIELD = "time_s,mag_x_ut,mag_y_ut,mag_z_ut"
HEADINGS = {"yaw_rad": np.pi / 2.0, "yaw_deg": 90.0, "heading_deg": 0.0}  # all to the north


def write(folder: Path, names: str, *rows: str, name: str = "walk.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([names, *rows, ""]))
    return path


def drive(folder: Path, odometry: str, heading: str) -> Path:
    """Twenty seconds to the north at 0.5 m/s, with landmarks in the odometry's own direction."""
    rows = []
    for number in range(200):
        north_m = 0.05 * number
        moved = f"{north_m:.3f}" if odometry == "distance_m" else f"7.0,{3.0 + north_m:.3f}"
        at = f"0,{north_m:.2f}" if number % 100 in (0, 99) else ","
        rows.append(f"{number * 0.1:.1f},{20 + number % 7},-3,-44,{at},{moved},{HEADINGS[heading]}")
    return write(folder, f"{FIELD},x_m,y_m,{odometry},{heading}", *rows)


@pytest.mark.parametrize("heading", HEADINGS)
@pytest.mark.parametrize("odometry", ["odom_x_m,odom_y_m", "distance_m"])
def test_a_robots_log_has_wheel_odometry(tmp_path: Path, odometry: str, heading: str) -> None:
    bag = import_file("csv", drive(tmp_path, odometry, heading), tmp_path / "bags")
    track = read_track(bag)
    assert track.moved_m is not None
    assert track.odometry == "wheels"
    assert np.nansum(track.moved_m, axis=0) == pytest.approx([0.0, 9.95], abs=1e-6)
    assert track.attitude_xyzw is not None
    assert track.attitude_xyzw[-1] == pytest.approx([0, 0, np.sqrt(0.5), np.sqrt(0.5)])
    message = decode([each.cdr for each in Bag(bag).messages([ODOMETRY_TOPIC])][-1], ODOMETRY_TYPE)
    assert (message.header.frame_id, message.child_frame_id) == ("odom", "base_link")
    assert message.twist.twist.linear.x == pytest.approx(0.5)


def test_train_chooses_the_robots_preset_for_such_logs(tmp_path: Path) -> None:
    track = read_track(import_file("csv", drive(tmp_path, "distance_m", "yaw_rad"), tmp_path / "bags"))
    assert chosen_preset("auto", [track]).preset in ("robot", "area")


def test_a_distance_that_falls_is_a_drive_in_reverse(tmp_path: Path) -> None:
    rows = [f"{n},20,-3,-44,{5 - n},90" for n in range(3)]
    odometry = read_plain_csv(write(tmp_path, f"{FIELD},distance_m,heading_deg", *rows)).odometry
    assert odometry is not None
    assert odometry.pose[:, 0].tolist() == pytest.approx([0.0, -1.0, -2.0])


@pytest.mark.parametrize(("unit", "per_ut"), [("nt", 1000), ("mgauss", 10), ("gauss", 0.01), ("t", 1e-6)])
def test_the_unit_of_the_field_is_in_the_names(tmp_path: Path, unit: str, per_ut: float) -> None:
    path = write(tmp_path, FIELD.replace("_ut", f"_{unit}"), f"1,{20 * per_ut},{-3 * per_ut},{-44 * per_ut}")
    assert read_plain_csv(path).field_ut[0] == pytest.approx([20.0, -3.0, -44.0])


def test_degrees_become_metres_by_the_sites_origin(tmp_path: Path) -> None:
    rows = ["1,20,-3,-44,49.4611,11.1109", "2,20,-3,-44,49.4612,11.1109", "3,20,-3,-44,,"]
    path = write(tmp_path, f"{FIELD},latitude_deg,longitude_deg", *rows)
    walk = read_plain_csv(path, Origin(49.4611, 11.1109))
    assert [mark.position_m for mark in walk.landmarks] == [(0.0, 0.0), (0.0, pytest.approx(11.12))]
    bag = import_file("csv", path, tmp_path / "bags", SiteFile("museum", origin=(49.4611, 11.1109)))
    assert read_track(bag).valid.tolist() == [True, True, False]
    with pytest.raises(BagError, match=r"wanted a site file with an origin.*import with --site-file"):
        read_plain_csv(path)


PLACED, TWO = f"{FIELD},x_m,y_m", f"{FIELD},latitude_deg,longitude_deg"


@pytest.mark.parametrize(
    ("names", "rows", "message"),
    [
        (
            PLACED,
            ["1,20,-3,-44,11.11090,49.46110", "2,20,-3,-44,11.11131,49.46142"],
            r"line 2: wanted x_m and y_m in metres .* degrees, \(11.1109, 49.4611\); name the columns latitude_deg",
        ),
        (
            PLACED,
            ["1,20,-3,-44,1,1", "2,20,-3,-44,432100.5,5477000.25"],
            r"line 3: wanted metres of the map frame, up to 20 km, found \(432100.5, 5477000\), as of UTM",
        ),
        (TWO, ["1,20,-3,-44,149.4,11.1"], "line 2: wanted latitude and longitude in degrees, found 149.4, 11.1"),
        (TWO, ["1,20,-3,-44,52.5,13.4"], "walk.csv, line 2: landmark at 52.5.* within 20 km of the origin"),
        (TWO, ["1,20,-3,-44,49.4,"], "line 2: wanted numbers for all or none of latitude_deg, longitude_deg"),
        (
            f"{PLACED},latitude_deg,longitude_deg",
            ["1,2,3,4,5,6,7,8"],
            "wanted x_m, y_m or latitude_deg, longitude_d",
        ),
        (f"{FIELD},odom_x_m,odom_y_m", ["1,20,-3,-44,0,0"], "wanted odom_x_m and odom_y_m or distance_m, with yaw_rad"),
        (f"{FIELD},heading_deg", ["1,20,-3,-44,0"], "with yaw_rad, yaw_deg or heading_deg, found heading_deg; add"),
        (f"{FIELD},distance_m,yaw_deg,yaw_rad", ["1,2,3,4,5,6,7"], "wanted yaw_rad or yaw_deg, found both"),
        (
            f"{FIELD},distance_m,yaw_deg",
            ["1,20,-3,-44,0,"],
            "line 2: wanted numbers for all or none of distance_m",
        ),
        (
            f"{FIELD},distance_m,yaw_rad",
            [f"{n},20,-3,-44,{500 * n},0" for n in range(5)],
            "wanted distance_m in metres, found a median speed of 500 m/s; scale the columns",
        ),
        (f"{FIELD},mag_x_nt,mag_y_nt,mag_z_nt", ["1,2,3,4,5,6,7"], "wanted mag_x_ut, mag_y_ut, mag_z_ut or mag_x_nt"),
        (
            FIELD,
            [f"{n},0.2,-0.03,-0.44" for n in range(5)],
            "wanted a field of a building in µT, found 0.484.*in gauss",
        ),
        (
            FIELD,
            [f"{n},2e4,-3,-44e3" for n in range(5)],
            "found 4.83e\\+04 in the median, as in nanotesla; write",
        ),
    ],
)
def test_what_is_no_metre_or_microtesla_is_refused(tmp_path: Path, names: str, rows: list[str], message: str) -> None:
    with pytest.raises(BagError, match=message):
        import_file(
            "csv", write(tmp_path, names, *rows), tmp_path / "bags", SiteFile("museum", origin=(49.4611, 11.1109))
        )
    assert not (tmp_path / "bags").exists()


def test_a_time_that_ros_cannot_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BagError, match="line 2: wanted a time as time_s"):
        read_plain_csv(write(tmp_path, FIELD, f"{2**31},20,-3,-44"))
    assert read_plain_csv(write(tmp_path, FIELD, "0.5,20,-3,-44")).stamp_ns[0] == NS_PER_S // 2
