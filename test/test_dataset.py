"""Windows: labelled, unbroken, at any speed."""

import dataclasses

import numpy as np
import pytest
from helpers import START_NS, field_at, synthetic_walk, tiny_config
from small_maps import along, rotated

from mail_ros.core.errors import TrackError
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.attitude import about_vertical
from mail_ros.core.signal.distance import MIN_MOVE_M
from mail_ros.core.signal.sampling import DistanceSampling, TimeSampling
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import WindowSet, resample, walked_back
from mail_ros.data.track import Track


def test_resampling_keeps_where_and_what() -> None:
    track = synthetic_walk(rate_hz=100.0).track()
    even = resample(track, tiny_config(rate_hz=20.0).sampling)
    assert set(np.diff(even.stamp_ns).tolist()) == {50_000_000}
    assert even.valid.all()
    position_m = np.column_stack([np.interp(even.stamp_ns, track.stamp_ns, track.position_m[:, k]) for k in (0, 1)])
    assert even.position_m == pytest.approx(position_m, abs=1e-3)
    middle_ns = even.stamp_ns - 25_000_000  # a tick is the mean of its period
    field_ut = np.column_stack([np.interp(middle_ns, track.stamp_ns, track.field_ut[:, k]) for k in (0, 1, 2)])
    assert np.abs(even.field_ut - field_ut).mean() < 0.3


def test_a_hole_is_masked_and_no_window_spans_it() -> None:
    walk = synthetic_walk(20.0)
    keep = (np.arange(2000) < 900) | (np.arange(2000) >= 1100)  # 2 s missing
    track = walk._replace(stamp_ns=walk.stamp_ns[keep], field_ut=walk.field_ut[keep]).track()
    config = tiny_config()
    even = resample(track, config.sampling)
    hole = np.isnan(even.field_ut[:, 0])
    assert hole.sum() == 1
    assert not even.valid[hole].any()
    windows = WindowSet([track], config, stride=0.1)
    assert np.isfinite(windows.fields(windows.ends)).all()
    assert np.isfinite(windows.fields(windows.ends, np.full(len(windows), 1.4))).all()
    assert np.isfinite(windows.position_m[windows.ends]).all()


def test_pauses_and_unlabelled_parts_end_no_window() -> None:
    walk = synthetic_walk(20.0)
    standing = dataclasses.replace(walk.landmarks[5], stamp_ns=walk.landmarks[5].stamp_ns + 3_000_000_000)
    marks = (*walk.landmarks[2:6], standing)  # known from 4 s to 13 s, standing from 10 s
    track = walk._replace(landmarks=marks).track()
    windows = WindowSet([track], tiny_config(), stride=0.02)
    assert len(windows) == pytest.approx((10.0 - 4.0 - 2.2) * 50, abs=3)


def test_speed_stretches_the_walk_under_the_window() -> None:
    """A window at double speed holds every other sample; its end and its label stay."""
    windows = WindowSet([synthetic_walk(20.0).track()], tiny_config(), stride=0.5)
    end = windows.ends[-1:]
    plain, fast = windows.fields(end)[0], windows.fields(end, np.array([2.0]))[0]
    half = len(plain) // 2
    assert fast[-half:] == pytest.approx(plain[::-2][:half][::-1], abs=1e-4)
    slow = windows.fields(end, np.array([0.5]))[0]
    assert slow[::-2] == pytest.approx(plain[::-1][: len(slow[::-2])], abs=1e-4)


def test_a_speed_beyond_the_walk_is_lowered() -> None:
    windows = WindowSet([synthetic_walk(20.0).track()], tiny_config(), stride=0.02)
    first = windows.ends[:1]  # hardly more history than the window itself
    assert windows.fields(first, np.array([5.0]))[0, 0] == pytest.approx(windows.field_ut[0], abs=0.5)


def test_walks_that_give_no_window_are_named() -> None:
    short = synthetic_walk(1.5).track()
    with pytest.raises(TrackError, match=r"walk: wanted labelled, moving windows of 2.2 s, found none .*1\.[45] s"):
        WindowSet([short], tiny_config(), 0.1)
    with pytest.raises(TrackError, match=r"longest labelled part without a gap: 0.0 s"):
        WindowSet([synthetic_walk()._replace(landmarks=()).track()], tiny_config(), 0.1)
    by_distance = ModelConfig("matching", DistanceSampling(length_m=4.0))
    with pytest.raises(TrackError, match=r"windows of 4.* m, found none .* without a gap: 1\.\d m"):
        WindowSet([short], by_distance, 0.1)


# --- a robot's walks ---------------------------------------------------------------------------------

ROBOT = ModelConfig("matching", DistanceSampling(per_m=10.0, length_m=4.0), "gravity")
CORNERS_M = [(0.0, 0.0), (8.0, 0.0), (8.0, 6.0), (0.0, 6.0), (0.0, 0.0), (8.0, 0.0)]
ODOMETRY_RAD, OWN_UT = 1.2, np.array([15.0, -6.0, 0.0])


def driven(
    speed_m_s: float = 0.5, own_ut: FloatArray = OWN_UT, corners_m: list[tuple[float, float]] = CORNERS_M
) -> Track:
    """A level robot at 50 Hz that turns at once, whose odometry is turned against the map; without noise."""
    position_m = along(corners_m, speed_m_s / 50.0)
    moved_m = np.diff(position_m, axis=0, prepend=position_m[:1])
    ahead = moved_m[1:].copy()
    heading = np.arctan2(*np.append(ahead[:1], ahead, axis=0).T[::-1])  # in the map
    odometry_rad = heading - ODOMETRY_RAD
    cos, sin = np.cos(heading), np.sin(heading)
    x, y, z = field_at(position_m).T
    field_ut = np.column_stack([cos * x + sin * y, -sin * x + cos * y, z]) + own_ut
    count = len(position_m)
    return Track(
        "drive",
        START_NS + 20_000_000 * np.arange(count),
        field_ut,
        position_m,
        np.zeros(count, np.int64),
        np.ones(count, np.bool_),
        np.zeros(count, np.bool_),
        np.array([rotated(move_m, -ODOMETRY_RAD) for move_m in moved_m]),
        np.array([about_vertical(angle) for angle in odometry_rad]),
    )


@pytest.mark.parametrize("speed_m_s", [0.1, 0.5, 1.0])
def test_by_the_way_there_is_a_row_every_tenth_of_a_metre(speed_m_s: float) -> None:
    """Its place is that of the sample that completed it: late by a sample's way, and by what is too little to tell."""
    even = resample(driven(speed_m_s, corners_m=[(0.0, 0.0), (12.0, 0.0)]), ROBOT.sampling, ROBOT.axes)
    late_m = even.position_m[:, 0] - 0.1 * np.arange(1, len(even) + 1)
    assert len(even) in {119, 120}
    assert late_m.min() > -1e-4
    assert late_m.max() < MIN_MOVE_M + speed_m_s / 50.0
    assert even.valid.all()
    assert (np.diff(even.stamp_ns) > 0).all()


def test_by_the_way_two_speeds_give_the_same_rows() -> None:
    slow, fast = (resample(driven(speed_m_s, 0.0 * OWN_UT), ROBOT.sampling, ROBOT.axes) for speed_m_s in (0.25, 1.0))
    assert len(slow) == len(fast)
    assert np.abs(slow.field_ut - fast.field_ut)[:, :3].max() < 0.5
    assert np.linalg.norm(slow.position_m - fast.position_m, axis=1).max() < 0.06


def test_rows_of_a_level_frame_are_in_the_map_s_axes() -> None:
    """Where a place is seen under one heading, the device's own field stays in them; headings are the map's."""
    even = resample(driven(own_ut=0.0 * OWN_UT), ROBOT.sampling, ROBOT.axes)
    middle_m = even.position_m + 0.5 * (np.roll(even.position_m, 1, axis=0) - even.position_m)
    straight = np.ones(len(even), np.bool_)
    for corner_m in CORNERS_M:
        straight &= np.linalg.norm(even.position_m - corner_m, axis=1) > 0.3
    off_ut = np.abs(even.field_ut[:, :3] - field_at(middle_m))[straight]
    assert off_ut.max() < 0.5
    looks = np.roll(even.position_m, -1, axis=0) - even.position_m
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    assert even.field_ut[straight, 3:] == pytest.approx(looks[straight], abs=0.05)


def test_a_survey_both_ways_is_freed_of_the_device_s_own_field() -> None:
    there_and_back = [(0.0, 0.0), (8.0, 0.0), (0.0, 0.0), (8.0, 0.0)]
    clean, bent = (
        resample(driven(0.5, own_ut, there_and_back), ROBOT.sampling, ROBOT.axes) for own_ut in (0.0 * OWN_UT, OWN_UT)
    )
    assert np.nanmedian(np.abs(bent.field_ut - clean.field_ut)[:, :3]) < 0.3


def test_a_level_frame_without_odometry_is_refused() -> None:
    track = dataclasses.replace(driven(), moved_m=None)
    with pytest.raises(TrackError, match=r"drive: wanted odometry, to rotate the field to the map"):
        resample(track, TimeSampling(rate_hz=10.0), "gravity")


def test_walking_back_takes_the_same_rows_in_the_other_order() -> None:
    """A row is the mean of the tenth of a metre before its place: walked back, it ends where the row before it did."""
    even = resample(driven(), ROBOT.sampling, ROBOT.axes)
    back = walked_back(even)
    assert np.array_equal(back.field_ut, even.field_ut[::-1])
    assert np.array_equal(back.position_m[:-1], even.position_m[::-1][1:])
    assert back.valid[:-1].all()
    assert not back.valid[-1]
    assert (np.diff(back.stamp_ns) > 0).all()


def test_who_walks_back_twice_is_where_it_was() -> None:
    even = resample(driven(), ROBOT.sampling, ROBOT.axes)
    twice = walked_back(walked_back(even))
    for name in ("field_ut", "stamp_ns"):
        assert np.array_equal(getattr(twice, name), getattr(even, name))
    for name in ("position_m", "floor", "valid"):
        assert np.array_equal(getattr(twice, name)[:-1], getattr(even, name)[:-1])
    assert not twice.valid[-1]  # its place is not known any more


def test_windows_of_a_level_frame_are_walked_both_ways_and_none_spans_the_two() -> None:
    windows = WindowSet([driven()], ROBOT, stride=0.1)
    rows = len(windows.field_ut) // 2
    assert np.array_equal(windows.field_ut[rows:], windows.field_ut[:rows][::-1])
    assert set(windows.walk.tolist()) == {0, 1}
    assert (windows.reach <= rows).all()
    assert np.bincount(windows.walk[windows.ends]).tolist() == pytest.approx([rows - 39, rows - 40], abs=1)
