"""Walks at another speed are the same walks: only their clock differs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import synthetic_walk
from simulated_tracks import drive

from mail_ros.core.errors import ConfigError
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import NS_PER_S, FloatArray
from mail_ros.data.dataset import resample
from mail_ros.data.labels import interpolate
from mail_ros.data.track import Landmark, Track
from mail_ros.evaluation.conditions import AS_WALKED, Condition, at_speed, with_offset


def paused_walk() -> Track:
    """10 m in 5 s, 20 s of standing, 5 m in 10 s, then 3 s without a label; 50 Hz, with odometry."""
    stamp_ns = np.arange(0, 38 * NS_PER_S, NS_PER_S // 50)
    corners = ((0, 0.0, 0.0), (5, 10.0, 0.0), (25, 10.0, 0.0), (35, 10.0, 5.0))
    labels = interpolate(stamp_ns, [Landmark(s * NS_PER_S, (x, y), 0) for s, x, y in corners])
    field_ut = np.column_stack([np.sin(stamp_ns / NS_PER_S), np.cos(stamp_ns / NS_PER_S), stamp_ns / NS_PER_S])
    moved_m = np.nan_to_num(np.diff(labels.position_m, axis=0, prepend=labels.position_m[:1]))
    return Track(
        "walk", stamp_ns, field_ut, labels.position_m, labels.floor, labels.valid, labels.paused, moved_m
    )  # fmt: skip


def speeds_m_s(track: Track) -> FloatArray:
    """Between the samples that walk."""
    step_s = np.diff(track.stamp_ns) / NS_PER_S
    way_m = np.linalg.norm(np.diff(track.position_m, axis=0), axis=1)
    walks = track.valid[1:] & track.valid[:-1] & ~track.paused[1:] & ~track.paused[:-1]
    speed_m_s: FloatArray = way_m[walks] / step_s[walks]
    return speed_m_s


@pytest.mark.parametrize("speed_m_s", [1.0, 1.2, 1.4])
def test_a_walk_is_walked_at_the_speed_that_is_wanted(speed_m_s: float) -> None:
    for walk in (paused_walk(), drive(), synthetic_walk(20.0).track()):
        np.testing.assert_allclose(speeds_m_s(at_speed(walk, speed_m_s)), speed_m_s, rtol=1e-4)


def test_path_field_and_odometry_stay_and_pauses_last_as_long() -> None:
    walk, faster = paused_walk(), at_speed(paused_walk(), 1.25)
    for name in ("field_ut", "position_m", "moved_m", "valid", "paused", "floor"):
        np.testing.assert_array_equal(getattr(faster, name), getattr(walk, name))
    assert faster.stamp_ns[0] == walk.stamp_ns[0]
    assert (np.diff(faster.stamp_ns) > 0).all()

    def lasts_s(track: Track, start: int, stop: int) -> float:
        return float(track.stamp_ns[stop] - track.stamp_ns[start]) / NS_PER_S

    pause = np.flatnonzero(walk.paused)[[0, -1]].tolist()
    unlabelled = np.flatnonzero(~walk.valid)[[0, -1]].tolist()
    assert lasts_s(faster, *pause) == lasts_s(walk, *pause) == pytest.approx(20.0, abs=0.05)
    assert lasts_s(faster, *unlabelled) == lasts_s(walk, *unlabelled)
    assert lasts_s(faster, 0, -1) == pytest.approx(10 / 1.25 + 20 + 5 / 1.25 + 3, abs=0.05)


def test_what_the_network_hears_is_the_field_of_the_same_places() -> None:
    """Resampled at 10 Hz, the field at a place does not depend on how fast one came there."""
    walk = drive(length_m=40.0)
    noise_ut = 20.0 + 0.01 * (np.arange(len(walk)) % 2)  # a sensor that reads just the same is stuck
    walk = dataclasses.replace(walk, field_ut=np.column_stack([walk.position_m, noise_ut]))
    slow, fast = (resample(at_speed(walk, speed), TimeSampling(rate_hz=10.0)).labelled_span() for speed in (1.0, 1.4))
    assert len(slow) == pytest.approx(1.4 * len(fast), abs=2)
    for track, speed_m_s in ((slow, 1.0), (fast, 1.4)):
        lag_m = np.linalg.norm(track.field_ut[:, :2] - track.position_m, axis=1)[1:]
        assert np.median(lag_m) == pytest.approx(0.05 * speed_m_s, abs=0.01)  # a tick is the mean over its period


def test_a_condition_names_what_differs() -> None:
    assert (AS_WALKED.name, AS_WALKED.settings()) == ("as walked", {})
    assert Condition(speed_m_s=1.4).settings() == {"speed_m_s": 1.4}
    with pytest.raises(ConfigError, match=r"speed_m_s: wanted 0\.1 to 10, found 0"):
        Condition(speed_m_s=0.0)


def test_an_offset_is_a_constant_field() -> None:
    walk = drive(length_m=20.0)
    moved = with_offset(walk, 25.0)
    added_ut = moved.field_ut - walk.field_ut
    assert np.linalg.norm(added_ut, axis=1) == pytest.approx(25.0)
    assert np.ptp(added_ut, axis=0) == pytest.approx(0.0, abs=1e-9)
    assert np.array_equal(with_offset(walk, 0.0).field_ut, walk.field_ut)
    assert Condition(offset_ut=25.0).name == "offset 25 µT"
