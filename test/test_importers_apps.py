"""Exports of phone apps: field, times, attitude and landmarks of a bag equal those of the walk that was exported."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from app_exports import (
    EXPORTS,
    START_NS,
    Files,
    PhoneWalk,
    androsensor,
    landmarks_csv,
    matlab_mobile,
    phone_walk,
    phyphox,
    sensor_logger,
    sensorlog,
    write_folder,
    write_zip,
)
from imported_bags import imported
from scipy.spatial.transform import Rotation
from warm_verbs import run_verb

from mail_ros.core.errors import BagError
from mail_ros.data.bag import IMU_TOPIC, Bag, read_track
from mail_ros.data.importers import ImportedBag, import_walks
from mail_ros.data.importers.app_table import clock_ns
from mail_ros.data.importers.marks import LandmarkFile
from mail_ros.data.messages import IMU_TYPE, decode, decode_imu


@pytest.fixture(scope="module")
def phone() -> PhoneWalk:
    return phone_walk(duration_s=6.0)


def written(folder: Path, kind: str, phone: PhoneWalk, files: Files) -> Path:
    """As the app exports it: one file, or a zip."""
    if len(files) > 1:
        return write_zip(folder / f"{phone.name}.zip", files)
    write_folder(folder, files)
    return folder / next(iter(files))


@pytest.mark.parametrize("export", EXPORTS)
def test_what_went_in_comes_out(tmp_path: Path, export: str, phone: PhoneWalk) -> None:
    kind, write = EXPORTS[export]
    source = written(tmp_path, kind, phone, write(phone))
    (tmp_path / "landmarks.csv").write_text(landmarks_csv([phone]))
    marks = None if kind == "sensor-logger" else LandmarkFile(tmp_path / "landmarks.csv")
    bag = imported(kind, source, landmarks=marks)
    assert (bag.path.name, bag.remarks) == (phone.name, ())
    track = read_track(bag.path)
    np.testing.assert_allclose(track.stamp_ns - START_NS, phone.walk.stamp_ns - START_NS, rtol=0, atol=2_000)
    np.testing.assert_allclose(track.field_ut, phone.walk.field_ut, rtol=0, atol=1e-6)
    labels = phone.walk.track()
    kept = labels.valid & track.valid
    assert kept.sum() > 0.98 * len(kept)
    np.testing.assert_allclose(track.position_m[kept], labels.position_m[kept], rtol=0, atol=1e-4)
    check_imu(bag.path, phone)


def check_imu(bag: Path, phone: PhoneWalk) -> None:
    messages = list(Bag(bag).messages([IMU_TOPIC]))
    assert len(messages) == len(phone.walk.stamp_ns)
    readings = [decode_imu(message.cdr) for message in messages]
    attitude = Rotation.from_quat([reading.orientation_xyzw for reading in readings if reading])
    assert (attitude * phone.attitude.inv()).magnitude().max() < 1e-4
    acceleration = [reading.acceleration_m_s2 for reading in readings if reading]
    np.testing.assert_allclose(acceleration, phone.acceleration_m_s2, rtol=0, atol=1e-3)
    rates = [decode(message.cdr, IMU_TYPE).angular_velocity for message in messages]
    np.testing.assert_allclose([[r.x, r.y, r.z] for r in rates], phone.rate_rad_s, rtol=0, atol=1e-3)


@pytest.mark.parametrize("export", ["sensor-logger", "phyphox", "sensorlog"])
def test_several_walks_in_one_folder_become_several_bags(tmp_path: Path, export: str) -> None:
    kind, write = EXPORTS[export]
    for number, name in enumerate(("one", "two")):
        written(tmp_path / "exports", kind, phone_walk(name, 1.0, number), write(phone_walk(name, 1.0, number)))
    bags = [bag for bag in import_walks(kind, tmp_path / "exports", tmp_path / "bags") if isinstance(bag, ImportedBag)]
    assert [bag.path.name for bag in bags] == ["one", "two"]
    assert all(read_track(bag.path).stamp_ns[0] == START_NS for bag in bags)


def test_an_uncalibrated_field_is_used_only_without_a_calibrated_one(tmp_path: Path, phone: PhoneWalk) -> None:
    files = sensor_logger(phone)
    other = phone._replace(walk=phone.walk._replace(field_ut=phone.walk.field_ut + 100.0))
    raw = sensor_logger(other)["Magnetometer.csv"]
    both = imported("sensor-logger", write_folder(tmp_path / "both", {**files, "MagnetometerUncalibrated.csv": raw}))
    assert both.remarks == ()
    np.testing.assert_allclose(read_track(both.path).field_ut, phone.walk.field_ut, rtol=0, atol=1e-6)
    alone = {name: text for name, text in files.items() if name != "Magnetometer.csv"}
    bag = imported("sensor-logger", write_folder(tmp_path / "alone", {**alone, "MagnetometerUncalibrated.csv": raw}))
    assert [remark.name for remark in bag.remarks] == ["uncalibrated"]
    assert "uncalibrated field only" in Bag(bag.path).notes()["remarks"]
    (text,) = sensorlog(phone).values()
    rows = [line.rsplit(",", 3)[0] + ",0,0,0" for line in text.splitlines()[1:]]  # Core Motion is not calibrated yet
    log = write_folder(tmp_path / "log", {"a.csv": "\n".join([text.splitlines()[0], *rows])}) / "a.csv"
    bag = imported("sensorlog", log)
    assert [remark.name for remark in bag.remarks] == ["uncalibrated", "landmarks"]
    np.testing.assert_allclose(read_track(bag.path).field_ut, phone.walk.field_ut + 100.0, rtol=0, atol=1e-6)


def test_without_a_gyroscope_the_attitude_stays_and_without_motion_sensors_the_field(
    tmp_path: Path, phone: PhoneWalk
) -> None:
    files = sensor_logger(phone)
    del files["Gyroscope.csv"]
    bag = imported("sensor-logger", write_folder(tmp_path / "a", files))
    assert ["an attitude without rates" in remark.found for remark in bag.remarks] == [True]
    first = next(iter(Bag(bag.path).messages([IMU_TOPIC])))
    assert decode_imu(first.cdr) is not None
    assert decode(first.cdr, IMU_TYPE).angular_velocity_covariance[0] == -1
    field = {name: text for name, text in files.items() if name in ("Magnetometer.csv", "Annotation.csv")}
    bag = imported("sensor-logger", write_folder(tmp_path / "b", field))
    assert ["the log has no motion sensors" in remark.found for remark in bag.remarks] == [True]
    assert not list(Bag(bag.path).messages([IMU_TOPIC]))


@pytest.mark.parametrize("ios", [False, True])
def test_without_an_attitude_it_is_estimated_from_rates_and_accelerations(
    tmp_path: Path, phone: PhoneWalk, ios: bool
) -> None:
    pytest.importorskip("vqf")
    files = sensor_logger(phone, ios=ios)
    del files["Orientation.csv"]
    bag = imported("sensor-logger", write_folder(tmp_path / "a", files))
    assert [remark.name for remark in bag.remarks] == ["attitude"]
    readings = [decode_imu(message.cdr) for message in Bag(bag.path).messages([IMU_TOPIC])]
    last = next(reading for reading in readings[::-1] if reading)
    up, truth = (
        each.inv().apply([0, 0, 1]) for each in (Rotation.from_quat(last.orientation_xyzw), phone.attitude[-1])
    )
    assert up @ truth > np.cos(np.radians(10.0))
    assert up @ last.acceleration_m_s2 > 5.0


def test_uncalibrated_accelerations_of_ios_are_in_g(tmp_path: Path, phone: PhoneWalk) -> None:
    files = sensor_logger(phone, ios=True)
    del files["Accelerometer.csv"], files["Gravity.csv"]
    in_g = phone._replace(acceleration_m_s2=phone.acceleration_m_s2 / -9.80665)
    files["AccelerometerUncalibrated.csv"] = sensor_logger(in_g)["TotalAcceleration.csv"]
    bag = imported("sensor-logger", write_folder(tmp_path / phone.name, files))
    assert bag.remarks == ()
    check_imu(bag.path, phone)


def test_an_attitude_that_contradicts_gravity_is_left_out(tmp_path: Path, phone: PhoneWalk) -> None:
    files = sensor_logger(phone)
    tilted = phone._replace(attitude=Rotation.from_euler("x", 40.0, degrees=True) * phone.attitude)
    files["Orientation.csv"] = sensor_logger(tilted)["Orientation.csv"]
    del files["Gyroscope.csv"]
    remarks = imported("sensor-logger", write_folder(tmp_path / "a", files)).remarks
    assert "by the attitude, accelerations have a mean of" in remarks[0].found


def test_a_broken_line_of_another_sensor_does_not_cost_the_field(tmp_path: Path, phone: PhoneWalk) -> None:
    files = sensor_logger(phone)
    files["Gyroscope.csv"] = files["Gyroscope.csv"].replace("-0.", "-0,", 1)
    source = write_zip(tmp_path / "a.zip", files)
    remark = imported("sensor-logger", source).remarks[0]
    assert remark.found.startswith(f"{source}/Gyroscope.csv, line ")
    assert read_track(tmp_path / "bags" / "a").valid.any()


def test_a_phyphox_file_alone_has_no_date(tmp_path: Path, phone: PhoneWalk) -> None:
    file = write_folder(tmp_path, {"Raw Data.csv": phyphox(phone)["Magnetometer.csv"]}) / "Raw Data.csv"
    track = read_track(imported("phyphox", file).path)
    assert track.stamp_ns[0] == 2_000_000_000
    np.testing.assert_allclose(track.field_ut, phone.walk.field_ut, rtol=0, atol=1e-6)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "utf-8-sig"])
def test_any_encoding_of_spreadsheets_is_read(tmp_path: Path, phone: PhoneWalk, encoding: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text(phyphox(phone)["Magnetometer.csv"], encoding=encoding)
    assert len(read_track(imported("phyphox", file).path)) == len(phone.walk.stamp_ns)


def first_lines(text: str, count: int = 3) -> str:
    return "\n".join(text.splitlines()[:count]) + "\n"


PHONE = phone_walk(duration_s=0.5)
(ANDRO,), (LOG,) = androsensor(PHONE).values(), sensorlog(PHONE).values()
SHORT = {name: first_lines(text) for name, text in matlab_mobile(PHONE).items()}


@pytest.mark.parametrize(
    ("kind", "files", "message"),
    [
        (
            "sensor-logger",
            {"Magnetometer.csv": "time,x,y,z\n"},
            "wanted readings in Magnetometer.csv, found none; turn",
        ),
        (
            "sensor-logger",
            {"Magnetometer.csv": "time,x,y\n1,2,3\n"},
            "Magnetometer.csv: wanted columns z, found time, x, y",
        ),
        ("sensor-logger", {"Magnetometer.csv": "time,x,y,z\n1,2,3,a\n"}, "line 2: wanted a number as z, found 'a'"),
        (
            "sensor-logger",
            {"Magnetometer.csv": "time,x,y,z\n1,2\n2,3,4,5\n"},
            "line 2: wanted 4 cells as in .* found 2",
        ),
        ("phyphox", {"a.csv": "Time (s),Pressure (hPa)\n1,2\n"}, "wanted one table with Time .* found a.csv: time"),
        ("phyphox", {"a.csv": ""}, "wanted one table with Time .* found no table; export as CSV, not Excel"),
        (
            "sensorlog",
            {"a.csv": "time,x\n1,2\n"},
            r"wanted a column loggingTime\(txt\), and lines below, found time, x; 1",
        ),
        ("sensorlog", {"a.csv": "loggingTime(txt)\n2025-12-01T10:00:00Z\n"}, "wanted readings of motionMagneticFieldX"),
        ("sensorlog", {"a.csv": LOG.replace("2025-12-01T", "soon ")}, "line 2: wanted a time of day as .* found 'soon"),
        ("androsensor", {"a.csv": "LIGHT (lux)\n1\n"}, "wanted lines with MAGNETIC FIELD X .* found light"),
        ("androsensor", {"a.csv": ANDRO.replace("2025", "20x5")}, "line 3: wanted a time of day"),
        ("matlab", {"a.mat": "MATLAB 5.0"}, r"found a .mat file; in MATLAB: .* writetimetable\(MagneticField"),
        (
            "matlab",
            {**SHORT, "MagneticField.csv": "X,Y,Z\n1,2,3\n"},
            "wanted columns Timestamp, X, Y, Z, found x, y, z",
        ),
        (
            "matlab",
            {"MagneticField.csv": "Timestamp,X,Y,Z\n" + "01-Dec-2025 10:00:00,1,2,3\n" * 20},
            "wanted times with milliseconds, found '01-Dec-2025 10:00:00'; in MATLAB: MagneticField.Timestamp.Format",
        ),
    ],
)
def test_a_wrong_export_is_refused_and_leaves_nothing(tmp_path: Path, kind: str, files: Files, message: str) -> None:
    source = write_folder(tmp_path / "log", files)
    with pytest.raises(BagError, match=message):
        imported(kind, source)
    assert not (tmp_path / "bags").exists()


def test_a_last_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    cut = ANDRO[: ANDRO.rindex(";")]
    bag = imported("androsensor", write_folder(tmp_path, {"a.csv": cut}) / "a.csv")
    assert len(read_track(bag.path)) == len(PHONE.walk.stamp_ns) - 1


@pytest.mark.parametrize(
    "text",
    [
        *(
            "2025-12-01T10:00:05.25Z",
            "2025-12-01 11:00:05.250 +0100",
            "2025-12-01 10:00:05:250",
            "2025-12-01T09:00:05.250-01:00",
        ),
        *("01-Dec-2025 10:00:05.250", "2025/12/1 10:00:05,25", "2025-12-01 10-00-05_250"),
    ],
)
def test_times_of_day_of_all_apps_are_read(text: str) -> None:
    assert clock_ns(text, "line") == START_NS + 5_250_000_000


@pytest.mark.slow
@pytest.mark.process
def test_from_exports_to_an_evaluated_walk_by_commands(tmp_path: Path) -> None:
    for seed, name in enumerate(("monday_1", "monday_2", "tuesday_1")):
        write_zip(tmp_path / "exports" / f"{name}.zip", sensor_logger(phone_walk(name, 40.0, seed)), folder=f"{name}/")
    bags, model = tmp_path / "bags", tmp_path / "phone.safetensors"
    printed = verb("import", "sensor-logger", tmp_path / "exports", "--out", bags, "--json")
    assert json.loads(printed)["remarks"] == []
    surveys = (bags / "monday_1", bags / "monday_2")
    printed = verb("train", *surveys, "--out", model, "--run", tmp_path / "run")
    assert "2 of 2 bags have steps from /imu/data" in printed
    rows = json.loads(verb("evaluate", model, bags / "tuesday_1", "--json"))
    assert rows["all, moving"]["mean_m"] < 0.2 * rows["middle of the site"]["mean_m"]


def verb(*words: object) -> str:
    done = run_verb(*words)
    assert (done.returncode, done.stderr) == (0, "")
    return str(done.stdout)
