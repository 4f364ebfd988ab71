"""Odometry: the right distance while walking, none while standing, and nothing before it is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers import START_NS, SyntheticWalk, synthetic_walk
from imported_bags import import_file
from scipy.signal import butter, find_peaks, sosfiltfilt
from shared_walks import LOGS, needs_logs

from mail_ros.core.errors import ConfigError
from mail_ros.core.platform.odometry import Displacements, GaitConfig, ImuReading, PedestrianOdometry, WheelOdometry
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.bag import IMU_TOPIC, ODOMETRY_TOPIC, Bag, read_track
from mail_ros.data.bag_odometry import BagOdometry
from mail_ros.data.bag_writer import BagWriter
from mail_ros.data.messages import IMU_TYPE, ODOMETRY_TYPE, decode, decode_imu, typestore
from mail_ros.data.track import ImuSeries
from mail_ros.data.walk_writer import write_walk

RATE_HZ = 50.0
STEP_HZ = 1.7


def attitude(yaw_rad: float, pitch_rad: float = 0.6) -> FloatArray:
    """A device held ahead and tilted: turned about its own x, then about the vertical."""
    half, tilt = yaw_rad / 2, pitch_rad / 2
    return np.array(
        [
            np.cos(half) * np.sin(tilt),
            np.sin(half) * np.sin(tilt),
            np.sin(half) * np.cos(tilt),
            np.cos(half) * np.cos(tilt),
        ]
    )


def gait(duration_s: float, *, amplitude_m_s2: float = 1.5, pitch_rad: float = 0.6, noise: float = 0.3) -> FloatArray:
    """Acceleration (n, 3), sensor frame, of a body that rises and falls at STEP_HZ."""
    rng = np.random.default_rng(1)
    time_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    vertical = 9.81 + amplitude_m_s2 * np.sin(2 * np.pi * STEP_HZ * time_s)
    up = np.array([0.0, np.sin(pitch_rad), np.cos(pitch_rad)])
    acceleration: FloatArray = vertical[:, None] * up + rng.normal(0.0, noise, (len(time_s), 3))
    return acceleration


def walk_along(acceleration: FloatArray, yaw_rad: FloatArray, pitch_rad: float = 0.6) -> FloatArray:
    """What the odometry answers to each reading, (n, 2)."""
    odometry = PedestrianOdometry()
    readings = zip(acceleration, yaw_rad.tolist(), strict=True)
    return np.array(
        [
            odometry.push(ImuReading(START_NS + round(i * 1e9 / RATE_HZ), attitude(yaw, pitch_rad), row))
            for i, (row, yaw) in enumerate(readings)
        ]
    )


def test_a_step_for_every_rise_and_fall() -> None:
    acceleration = gait(20.0)
    moved_m = walk_along(acceleration, np.zeros(len(acceleration)))
    assert np.linalg.norm(moved_m.sum(axis=0)) == pytest.approx(20.0 * STEP_HZ * GaitConfig().step_m, rel=0.05)


def test_the_steps_are_those_of_an_independent_peak_finder() -> None:
    """Offline and without phase: the same peaks, each known within a third of a second after it."""
    rng = np.random.default_rng(3)
    time_s = np.arange(1500) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(1.7 + 0.2 * np.sin(0.3 * time_s)) / RATE_HZ
    vertical = 9.81 + (1.5 + 0.4 * np.sin(0.7 * time_s)) * np.sin(phase) + rng.normal(0.0, 0.4, len(time_s))
    smooth = sosfiltfilt(butter(2, 3.0, fs=RATE_HZ, output="sos"), vertical)
    peak_s = find_peaks(smooth, prominence=1.0, distance=0.3 * RATE_HZ)[0] / RATE_HZ
    moved_m = walk_along(vertical[:, None] * [0.0, np.sin(0.6), np.cos(0.6)], np.zeros(len(time_s)))
    known_s = np.flatnonzero(moved_m.any(axis=1)) / RATE_HZ
    assert len(known_s) == len(peak_s) - 1  # the first is credited with the second
    delay_s = known_s - peak_s[1:]
    assert (delay_s > 0.0).all()
    assert (delay_s < 0.34).all()


@pytest.mark.parametrize("pitch_rad", [0.0, 0.6, 1.2])
def test_the_way_turns_with_the_device_however_it_is_tilted(pitch_rad: float) -> None:
    acceleration = gait(20.0, pitch_rad=pitch_rad)
    yaw = np.where(np.arange(1000) < 500, 0.3, 0.3 + np.pi / 2)
    moved_m = walk_along(acceleration, yaw, pitch_rad)
    before, after = moved_m[:480].sum(axis=0), moved_m[520:].sum(axis=0)
    turn_rad = np.arctan2(after[1], after[0]) - np.arctan2(before[1], before[0])
    assert turn_rad == pytest.approx(np.pi / 2, abs=0.01)


def test_standing_is_no_movement() -> None:
    acceleration = gait(40.0, amplitude_m_s2=0.0, noise=0.4)
    assert not walk_along(acceleration, np.zeros(len(acceleration))).any()


def test_a_lone_bump_is_not_a_step() -> None:
    acceleration = gait(10.0, amplitude_m_s2=0.0, noise=0.0)
    acceleration[200:215] *= 1.4
    assert not walk_along(acceleration, np.zeros(len(acceleration))).any()


def test_readings_without_attitude_or_out_of_order_are_passed_over() -> None:
    acceleration = gait(20.0)
    clean = walk_along(acceleration, np.zeros(len(acceleration)))
    odometry = PedestrianOdometry()
    total_m = np.zeros(2)
    for i, row in enumerate(acceleration):
        stamp_ns = START_NS + round(i * 1e9 / RATE_HZ)
        total_m += odometry.push(ImuReading(stamp_ns, attitude(0.0), row))
        for broken in (
            ImuReading(stamp_ns + 1, np.zeros(4), row),
            ImuReading(stamp_ns + 1, attitude(0.0) * np.nan, row),
            ImuReading(stamp_ns + 1, attitude(0.0), row * np.inf),
            ImuReading(stamp_ns - 10_000_000, attitude(0.0), 3 * row),
        ):
            assert not odometry.push(broken).any()
    np.testing.assert_allclose(total_m, clean.sum(axis=0))


def test_a_gait_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"gait.step_m: wanted 0.1 to 2"):
        GaitConfig(step_m=20.0)


def test_wheels_sum_up_to_the_pose_and_a_new_frame_is_not_a_way() -> None:
    odometry = WheelOdometry()
    pose_m = np.cumsum(np.full((50, 2), 0.02), axis=0)
    moved_m = [odometry.push(START_NS + i * 20_000_000, row) for i, row in enumerate(pose_m)]
    np.testing.assert_allclose(np.sum(moved_m, axis=0), pose_m[-1] - pose_m[0])
    assert not odometry.push(START_NS + 10**9, np.array([100.0, 0.0])).any()  # reset
    assert not odometry.push(START_NS + 9 * 10**8, np.array([50.0, 0.0])).any()  # late
    np.testing.assert_allclose(odometry.push(START_NS + 11 * 10**8, np.array([100.1, 0.0])), [0.1, 0.0])


def test_a_displacement_waits_for_the_first_stamp_that_is_not_before_it() -> None:
    travelled = Displacements()
    travelled.add(20, np.array([1.0, 0.0]))
    travelled.add(30, np.array([0.0, 2.0]))
    assert travelled.pop_until(19).tolist() == [0.0, 0.0]
    assert travelled.pop_until(20).tolist() == [1.0, 0.0]
    assert travelled.pop_until(40).tolist() == [0.0, 2.0]
    assert travelled.pop_until(41).tolist() == [0.0, 0.0]


def imu_of(walk: SyntheticWalk, acceleration: FloatArray) -> ImuSeries:
    """Readings that begin with the walk."""
    stamp_ns = walk.stamp_ns[0] + np.round(np.arange(len(acceleration)) * 1e9 / RATE_HZ).astype(np.int64)
    turn = np.tile(attitude(0.4), (len(stamp_ns), 1))
    return ImuSeries(stamp_ns, turn, np.zeros((len(stamp_ns), 3)), acceleration)


def test_the_future_does_not_change_the_way_so_far(tmp_path: Path) -> None:
    walk = synthetic_walk(20.0)
    acceleration = gait(20.0)
    noisy = acceleration.copy()
    noisy[500:] += np.random.default_rng(0).normal(0.0, 5.0, noisy[500:].shape)
    tracks = []
    for name, rows in (("clean", acceleration), ("noisy", noisy)):
        write_walk(tmp_path / name, walk.stamp_ns, walk.field_ut, walk.landmarks, imu=imu_of(walk, rows))
        tracks.append(read_track(tmp_path / name))
    clean, noisy_moved = tracks[0].moved_m, tracks[1].moved_m
    assert clean is not None
    assert noisy_moved is not None
    past = tracks[0].stamp_ns < walk.stamp_ns[0] + 10 * 10**9
    np.testing.assert_array_equal(clean[past], noisy_moved[past])
    assert np.linalg.norm(clean[past].sum(axis=0)) > 8.0
    assert not np.array_equal(clean, noisy_moved)


def test_a_track_of_a_bag_without_odometry_has_none(tmp_path: Path) -> None:
    assert read_track(synthetic_walk(2.0).write(tmp_path / "walk")).moved_m is None


def test_an_imu_without_attitude_is_no_odometry(tmp_path: Path) -> None:
    """As sensor_msgs/Imu has it: -1 in the covariance marks a value without meaning."""
    walk = synthetic_walk(2.0)
    write_walk(tmp_path / "walk", walk.stamp_ns, walk.field_ut, walk.landmarks, imu=imu_of(walk, gait(2.0)))
    message = next(iter(Bag(tmp_path / "walk").messages([IMU_TOPIC])))
    assert decode_imu(message.cdr) is not None
    unknown = decode(message.cdr, IMU_TYPE)
    unknown.orientation_covariance = np.full(9, -1.0)
    assert decode_imu(bytes(typestore().serialize_cdr(unknown, IMU_TYPE))) is None
    odometry = BagOdometry(ODOMETRY_TOPIC, IMU_TOPIC)
    odometry.on_message(IMU_TOPIC, IMU_TYPE, bytes(typestore().serialize_cdr(unknown, IMU_TYPE)))
    odometry.add_field_sample(message.log_time_ns)
    assert odometry.moved_m is None


def add_wheels(source: Path, target: Path, stamp_ns: IntArray, pose_m: FloatArray) -> Path:
    """A copy of a bag with poses on /odom, each logged at its stamp."""
    types = typestore().types
    pose = types["geometry_msgs/msg/PoseWithCovariance"]
    twist = types["geometry_msgs/msg/TwistWithCovariance"](
        types["geometry_msgs/msg/Twist"](
            types["geometry_msgs/msg/Vector3"](0.0, 0.0, 0.0), types["geometry_msgs/msg/Vector3"](0.0, 0.0, 0.0)
        ),
        np.zeros(36),
    )
    messages = [(m.log_time_ns, m.topic, m.msgtype, m.cdr) for m in Bag(source).messages()]
    for stamp, (x, y) in zip(stamp_ns.tolist(), pose_m.tolist(), strict=True):
        header = types["std_msgs/msg/Header"](types["builtin_interfaces/msg/Time"](*divmod(stamp, 10**9)), "odom")
        place = types["geometry_msgs/msg/Pose"](
            types["geometry_msgs/msg/Point"](x, y, 0.0), types["geometry_msgs/msg/Quaternion"](0.0, 0.0, 0.0, 1.0)
        )
        message = types[ODOMETRY_TYPE](header, "base_link", pose(place, np.zeros(36)), twist)
        messages.append(
            (stamp, ODOMETRY_TOPIC, ODOMETRY_TYPE, bytes(typestore().serialize_cdr(message, ODOMETRY_TYPE)))
        )
    with BagWriter(target) as writer:
        for log_time_ns, topic, msgtype, cdr in sorted(messages, key=lambda m: m[0]):
            writer.add_topic(topic, msgtype)
            writer.write(topic, log_time_ns, cdr)
    return target


def test_wheels_are_believed_before_steps(tmp_path: Path) -> None:
    walk = synthetic_walk(10.0)
    write_walk(tmp_path / "steps", walk.stamp_ns, walk.field_ut, walk.landmarks, imu=imu_of(walk, gait(10.0)))
    stamp_ns = walk.stamp_ns[0] + np.arange(0, 10**10, 10**8)
    pose_m = np.column_stack([np.linspace(0.0, 9.9, len(stamp_ns)), np.zeros(len(stamp_ns))])
    moved_m = read_track(add_wheels(tmp_path / "steps", tmp_path / "both", stamp_ns, pose_m)).moved_m
    assert moved_m is not None
    np.testing.assert_allclose(moved_m.sum(axis=0), [9.9, 0.0], atol=1e-9)


def test_a_sample_s_attitude_is_tilted_as_the_inertial_unit_and_looks_where_the_wheels_do(tmp_path: Path) -> None:
    walk = synthetic_walk(4.0)
    write_walk(tmp_path / "steps", walk.stamp_ns, walk.field_ut, walk.landmarks, imu=imu_of(walk, gait(4.0)))
    by_imu = read_track(tmp_path / "steps").attitude_xyzw
    assert by_imu is not None
    assert by_imu[-1] == pytest.approx(attitude(0.4))
    stamp_ns = walk.stamp_ns[0] + np.arange(10**9, 4 * 10**9, 10**8)
    add_wheels(tmp_path / "steps", tmp_path / "both", stamp_ns, np.zeros((len(stamp_ns), 2)))  # which look along x
    track = read_track(tmp_path / "both")
    assert track.attitude_xyzw is not None
    assert track.attitude_xyzw[-1] == pytest.approx(attitude(0.0))
    before = track.stamp_ns < stamp_ns[0]
    assert track.attitude_xyzw[before][1:] == pytest.approx(np.tile(attitude(0.4), (int(before.sum()) - 1, 1)))
    assert read_track(synthetic_walk(2.0).write(tmp_path / "none")).attitude_xyzw is None


def test_an_attitude_is_not_known_before_the_first(tmp_path: Path) -> None:
    walk = synthetic_walk(4.0)
    stamp_ns = walk.stamp_ns[0] + np.arange(10**9, 4 * 10**9, 10**8)
    track = read_track(add_wheels(walk.write(tmp_path / "walk"), tmp_path / "wheels", stamp_ns, np.zeros((30, 2))))
    assert track.attitude_xyzw is not None
    unknown = np.isnan(track.attitude_xyzw).any(axis=1)
    assert np.array_equal(unknown, track.stamp_ns < stamp_ns[0])


@pytest.mark.slow
@needs_logs
@pytest.mark.parametrize("walk", ["01_repetition01", "04_repetition02", "22_repetition03"])
def test_real_walks_have_the_length_of_their_path(walk: str, tmp_path: Path) -> None:
    """Landmarks are surveyed; their path cuts corners that feet do not. Turning on the spot takes a few steps."""
    log = LOGS / f"IPIN2023_T3_TrainingTrial{walk}.txt.gz"
    track = read_track(import_file("ipin", log, tmp_path)).labelled_span()
    assert track.moved_m is not None
    moved_m = np.linalg.norm(track.moved_m, axis=1)
    path_m = float(np.linalg.norm(np.diff(track.position_m, axis=0), axis=1).sum())
    assert moved_m[~track.paused].sum() == pytest.approx(path_m, rel=0.1)
    assert moved_m[track.paused].sum() < 3.0
