"""A reference that publishes by distance, as AMCL's `update_min_d`: slow and stationary robots keep their labels."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.types import FloatArray, IntArray
from mail_ros.data.bag import Recording
from mail_ros.data.check.bag_report import check
from mail_ros.data.check.limits import CheckLimits
from mail_ros.data.labels import labels_from_poses
from mail_ros.data.track import PoseSeries, Track
from mail_ros.data.truth import Truth, TruthSource

S, START_NS = 10**9, 1_700_000_000 * 10**9
AT_S = np.arange(0.0, 120.0, 0.02)
X_M = np.interp(AT_S, [0, 40, 70, 110, 120], [0.0, 4.0, 4.1, 8.1, 8.1])  # 0.1 m/s, with a stand of 30 s
STAMP_NS = START_NS + np.round(AT_S * S).astype(np.int64)
POSITION_M = np.column_stack([X_M, np.zeros(len(X_M))])


def published(position_m: FloatArray, update_min_d_m: float, silent: tuple[float, float] = (1e9, 1e9)) -> PoseSeries:
    """Poses where the robot moved so far since the last one; none while its localizer is silent."""
    rows = [0]
    for row in range(1, len(AT_S)):
        moved_m = np.linalg.norm(position_m[row] - position_m[rows[-1]])
        if moved_m >= update_min_d_m and not silent[0] <= AT_S[row] < silent[1]:
            rows.append(row)
    return PoseSeries(STAMP_NS[rows], position_m[rows], np.zeros(len(rows), np.int64))


def track_of(poses: PoseSeries, stamp_ns: IntArray = STAMP_NS) -> Track:
    labels = labels_from_poses(stamp_ns, poses)
    noise_ut = np.random.default_rng(0).normal(0.0, 2.0, (len(stamp_ns), 3))
    return Track("drive", stamp_ns, np.array([20.0, 0.0, -43.0]) + noise_ut, *labels[:4])


@pytest.mark.parametrize("update_min_d_m", [0.25, 0.5, 1.0])
def test_slow_and_stationary_robots_keep_their_labels(update_min_d_m: float) -> None:
    """Poses are 2.5 s to 10 s apart, and 30 s while the robot stands."""
    poses = published(POSITION_M, update_min_d_m)
    labels = labels_from_poses(STAMP_NS, poses)
    assert labels.valid[poses.stamp_ns[-1] >= STAMP_NS].all()
    assert np.abs(labels.position_m[labels.valid] - POSITION_M[labels.valid]).max() <= update_min_d_m
    findings = check(Recording(track_of(poses), Truth(TruthSource.REFERENCE, poses=poses)), CheckLimits()).findings
    assert not {"reference", "labels", "unlabelled"} & {finding.name for finding in findings}


def test_a_stand_is_a_pause() -> None:
    labels = labels_from_poses(STAMP_NS, published(POSITION_M, 0.25))
    assert labels.paused[(AT_S > 42) & (AT_S < 68)].all()


def test_a_hole_in_time_and_distance_is_not_labelled_and_says_so() -> None:
    """The clock is not blamed: the localizer was silent over 3 m."""
    poses = published(POSITION_M, 0.25, silent=(5.0, 36.0))
    track = track_of(poses)
    assert not track.valid[(AT_S > 5.0) & (AT_S < 36.0)].any()
    report = check(Recording(track, Truth(TruthSource.REFERENCE, poses=poses)), CheckLimits())
    (finding,) = [each for each in report.findings if each.name == "reference"]
    assert finding.found.startswith(
        "1 of 19 steps between poses of the reference are longer than 2 s and 0.5 m, up to 33.5 s"
    )
    assert finding.level is Level.WARN
    far = PoseSeries(STAMP_NS[[0, 2000, 5500]], POSITION_M[[0, 2000, 5500]], np.zeros(3, np.int64))
    (alone,) = [
        each
        for each in check(Recording(track_of(far), Truth(TruthSource.REFERENCE, poses=far)), CheckLimits()).findings
        if each.name in ("reference", "labels")
    ]
    assert (alone.name, alone.level) == ("reference", Level.ERROR)
    late = dataclasses.replace(poses, stamp_ns=poses.stamp_ns + 3600 * S)
    truth = Truth(TruthSource.REFERENCE, poses=late)
    assert "check their clock" in [each.fix for each in check(Recording(track_of(late), truth), CheckLimits()).findings]


def test_a_robot_that_left_and_came_back_unseen_has_no_labels() -> None:
    """Its poses before and after are close: only odometry can know."""
    around_m = POSITION_M.copy()
    away = (AT_S > 42) & (AT_S < 68)
    around_m[away, 1] = 3.0 * np.sin(np.pi * (AT_S[away] - 42) / 26)
    poses = published(around_m, 0.25, silent=(41.0, 69.0))
    moved_m = np.diff(around_m, axis=0, prepend=around_m[:1])
    assert labels_from_poses(STAMP_NS, poses).valid[away].all()
    labels = labels_from_poses(STAMP_NS, poses, moved_m)
    assert not labels.valid[away].any()
    assert labels.valid[AT_S < 38].all()
