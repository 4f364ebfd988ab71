"""What the verb writes of a building is what a robot would have recorded, and is read back as such."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from small_buildings import small_building

from mail_ros.cli.simulate import simulate
from mail_ros.core.errors import BagError, ConfigError
from mail_ros.data.bag import Bag, read_recording, read_track
from mail_ros.data.messages import JOINTS_TYPE, decode
from mail_ros.data.simulator.drive import drive
from mail_ros.data.simulator.drive_bag import write_bag
from mail_ros.data.simulator.simulation_config import PERSON, DriveConfig
from mail_ros.data.truth import TruthSource

SMALL = ["building.aisles=2", "building.length_m=12", "building.crossings=2", "building.spacing_m=5"]


@pytest.mark.slow
def test_a_robots_drive_comes_back_from_its_bag(tmp_path: Path) -> None:
    walk = drive(small_building(), DriveConfig(stops=1, stop_s=3.0, heading_offset_rad=1.0), 2, floor=1, length_m=15.0)
    write_bag(tmp_path / "drive", dataclasses.replace(walk, landmarks=()))
    recording = read_recording(tmp_path / "drive")
    track, known = recording.track, walk.true_track("drive")
    assert recording.truth.source is TruthSource.REFERENCE
    np.testing.assert_array_equal(track.stamp_ns, walk.stamp_ns)
    np.testing.assert_allclose(track.field_ut, walk.field_ut, atol=1e-9)
    np.testing.assert_allclose(track.position_m[track.valid], known.position_m[track.valid], atol=0.01)
    assert track.valid.mean() > 0.99
    assert set(track.floor) == {1}
    assert track.moved_m is not None
    assert known.moved_m is not None
    np.testing.assert_allclose(track.moved_m, known.moved_m, atol=1e-9)
    with pytest.raises(BagError, match="wanted a name that is free"):
        write_bag(tmp_path / "drive", walk)


def test_a_bag_holds_wheels_and_mounts(tmp_path: Path) -> None:
    walk = drive(small_building(), DriveConfig(heading_offset_rad=1.0), 2, length_m=10.0)
    write_bag(tmp_path / "drive", walk)
    messages = list(Bag(tmp_path / "drive").messages())
    joints = [decode(each.cdr, JOINTS_TYPE) for each in messages if each.topic == "/joint_states"]
    assert walk.wheels is not None
    assert joints[0].name == ["left_wheel_joint", "right_wheel_joint"]
    np.testing.assert_allclose([each.velocity for each in joints], walk.wheels.velocity_rad_s)
    effort = np.array([each.effort for each in joints])
    assert np.corrcoef(effort.ravel(), walk.wheels.current_a.ravel())[0, 1] > 0.999
    (mounts,) = (decode(each.cdr, each.msgtype).transforms for each in messages if each.topic == "/tf_static")
    of = {each.child_frame_id: each.transform for each in mounts}
    assert of["imu_link"].rotation.w == 1.0
    assert 2.0 * np.arctan2(of["mag_link"].rotation.z, of["mag_link"].rotation.w) == pytest.approx(1.0)
    assert of["mag_link"].translation.z == pytest.approx(0.3)


def test_a_persons_walk_has_steps_and_no_wheels(tmp_path: Path) -> None:
    walk = drive(small_building(), PERSON, 2, length_m=20.0)
    write_bag(tmp_path / "walk", walk)
    track = read_track(tmp_path / "walk")
    assert track.moved_m is not None
    np.testing.assert_allclose(track.moved_m, walk.moved_m(), atol=1e-9)
    assert np.abs(track.moved_m).sum() > 5.0
    assert "/joint_states" not in {each.topic for each in Bag(tmp_path / "walk").messages()}


@pytest.mark.slow
def test_the_verb_writes_surveys_of_every_floor_and_drives(tmp_path: Path) -> None:
    simulate(out=tmp_path / "survey", walks=1, building="1", settings=[*SMALL, "building.floors=2", "drive.height_m=1"])
    tracks = [read_track(path) for path in sorted((tmp_path / "survey").iterdir())]
    assert [set(track.floor) for track in tracks] == [{0}, {1}]
    drives = tmp_path / "drives"
    simulate(
        out=drives, walks=2, building="1", platform="robot", drive_m=12.0, settings=[*SMALL, "drive.speed_m_s=0.4"]
    )
    recordings = [read_recording(path) for path in sorted(drives.iterdir())]
    assert len({recording.notes["route"] for recording in recordings}) == 2
    for recording in recordings:
        assert recording.truth.source is TruthSource.REFERENCE
        assert recording.notes["platform"] == "robot"
        step_m = np.linalg.norm(np.diff(recording.track.position_m[::50], axis=0), axis=1)
        assert np.nanmax(step_m) < 0.5


@pytest.mark.slow
def test_the_verb_writes_lanes_of_a_hall_and_drives_through_it(tmp_path: Path) -> None:
    hall = ["building.aisles=0", "building.hall_length_m=7", "building.hall_width_m=6"]
    simulate(out=tmp_path / "lanes", walks=2, building="1", lanes=2.0, platform="robot", settings=hall)
    simulate(out=tmp_path / "drives", walks=1, building="1", drive_m=12.0, platform="robot", settings=hall)
    there, back = (read_recording(path) for path in sorted((tmp_path / "lanes").iterdir()))
    assert there.notes["route"] == back.notes["route"] == "lanes of 2 m, floor 0"
    np.testing.assert_allclose(there.track.position_m[0], back.track.position_m[-1], atol=0.1)
    assert there.truth.source is TruthSource.LANDMARKS
    (drive_through,) = (read_recording(path) for path in (tmp_path / "drives").iterdir())
    assert np.nanmin(drive_through.track.position_m) > 0.0
    assert (np.nanmax(drive_through.track.position_m, axis=0) < [7.0, 6.0]).all()


def test_the_verb_names_invalid_settings(tmp_path: Path) -> None:
    for arguments, message in (
        (
            {"settings": ["building.floors=2"]},
            "building.*: wanted settings of a numbered building, found --building demo",
        ),
        ({"lanes": 1.0}, "lanes: wanted a building with a hall, found corridors alone"),
        ({"lanes": 1.0, "drive_m": 9.0}, "--lanes: wanted a survey or drives, found --drive-m as well"),
        ({"building": "attic"}, "building: wanted demo or a number, found 'attic'"),
        ({"building": "0", "platform": "cat"}, "drive.platform: wanted robot or person, found 'cat'"),
        ({"building": "0", "settings": ["drive.spped=1"]}, "drive.spped: wanted one of acceleration_m_s2"),
        ({"building": "0", "settings": ["speed=1"]}, "speed: wanted one of building, drive"),
        ({"building": "0", "settings": ["building.floors=0"]}, "building.floors: wanted 1 to 20, found 0"),
    ):
        with pytest.raises(ConfigError) as caught:
            simulate(out=tmp_path / "bags", **arguments)
        assert message in str(caught.value)
    assert not (tmp_path / "bags").exists()
