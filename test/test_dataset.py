"""Windows: labelled, unbroken, at any speed."""

import dataclasses

import numpy as np
import pytest
from helpers import synthetic_walk, tiny_config

from mail_ros.core.errors import TrackError
from mail_ros.data.dataset import WindowSet, resample


def test_resampling_keeps_where_and_what() -> None:
    track = synthetic_walk(rate_hz=100.0).track()
    even = resample(track, tiny_config(rate_hz=20.0).features)
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
    even = resample(track, config.features)
    hole = np.isnan(even.field_ut[:, 0])
    assert hole.sum() == pytest.approx(100, abs=2)
    assert not even.valid[hole].any()
    windows = WindowSet([track], config, stride_s=0.1)
    assert np.isfinite(windows.fields(windows.ends)).all()
    assert np.isfinite(windows.fields(windows.ends, np.full(len(windows), 1.4))).all()
    assert np.isfinite(windows.position_m[windows.ends]).all()


def test_pauses_and_unlabelled_parts_end_no_window() -> None:
    walk = synthetic_walk(20.0)
    standing = dataclasses.replace(walk.landmarks[5], stamp_ns=walk.landmarks[5].stamp_ns + 3_000_000_000)
    marks = (*walk.landmarks[2:6], standing)  # known from 4 s to 13 s, standing from 10 s
    track = walk._replace(landmarks=marks).track()
    windows = WindowSet([track], tiny_config(), stride_s=0.02)
    assert len(windows) == pytest.approx((10.0 - 4.0 - 2.2) * 50, abs=3)


def test_speed_stretches_the_walk_under_the_window() -> None:
    """A window at double speed holds every other sample; its end and its label stay."""
    windows = WindowSet([synthetic_walk(20.0).track()], tiny_config(), stride_s=0.5)
    end = windows.ends[-1:]
    plain, fast = windows.fields(end)[0], windows.fields(end, np.array([2.0]))[0]
    half = len(plain) // 2
    assert fast[-half:] == pytest.approx(plain[::-2][:half][::-1], abs=1e-4)
    slow = windows.fields(end, np.array([0.5]))[0]
    assert slow[::-2] == pytest.approx(plain[::-1][: len(slow[::-2])], abs=1e-4)


def test_a_speed_beyond_the_walk_is_lowered() -> None:
    windows = WindowSet([synthetic_walk(20.0).track()], tiny_config(), stride_s=0.02)
    first = windows.ends[:1]  # hardly more history than the window itself
    assert windows.fields(first, np.array([5.0]))[0, 0] == pytest.approx(windows.field_ut[0], abs=0.5)


def test_walks_that_give_no_window_are_named() -> None:
    short = synthetic_walk(1.5).track()
    with pytest.raises(TrackError, match=r"walk: wanted labelled, moving windows of 2.2 s, found none .*1\.[45] s"):
        WindowSet([short], tiny_config(), 0.1)
    with pytest.raises(TrackError, match=r"longest labelled stretch without a hole: 0.0 s"):
        WindowSet([synthetic_walk()._replace(landmarks=()).track()], tiny_config(), 0.1)
