"""A survey as rows of paths: where the field was measured, in the axes of the map.

    samples --> sensor check, gravity alignment --> PathResampler --> rotated to the map --> SurveyRows
    labels --> moved along their legs by odometry --^

Between two landmarks a surveyor neither walks at constant speed nor starts at once: the odometry tells how far they
were. The label stays on the straight line.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from mail_ros.core.errors import TrackError
from mail_ros.core.signal.axes import AXES
from mail_ros.core.signal.path_resampling import STEP_S, PathResampler
from mail_ros.core.signal.preprocessor import SensorCheck, arm_m
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.gravity_alignment import device_offset_ut, odometry_yaw_offset_rad, rotated_rows
from mail_ros.data.track import Track, cached_by_track

logger = logging.getLogger(__name__)

PER_M = 10.0  # rows per metre
MAX_GAP_M = 0.5
NEIGHBOUR_M = 2.5  # farthest distance of two walks whose fields are compared
ROTATED_RAD = np.radians(60.0)  # a smaller angle between the fields of two walks may be the position's
NEAR_M = 0.5  # distance by which the weight of a comparison falls
APART_M = 1e3  # between floors
PLAUSIBLE_SCALE = (0.6, 1.6)  # label's length over odometry's within which odometry moves labels along a leg


class SurveyRows(NamedTuple):
    """Labelled rows of a survey."""

    walk: IntArray  # (n,) number of the walk
    position_m: FloatArray  # (n, 2)
    floor: IntArray  # (n,)
    field_ut: FloatArray  # (n, 3) in the map's axes, but for one rotation that all walks share
    path: FloatArray  # (n, 7) as the robot has them, see `signal.path_resampling`
    sources: tuple[str, ...] = ()  # names of the walks

    def at(self, chosen: IntArray | BoolArray | slice) -> SurveyRows:
        """Some of the rows."""
        return SurveyRows(
            self.walk[chosen],
            self.position_m[chosen],
            self.floor[chosen],
            self.field_ut[chosen],
            self.path[chosen],
            self.sources,
        )


def travelled_m(track: Track) -> FloatArray:
    """(n,) path length at each sample; a step is spread over the time that it took.

    Time goes on in log order, also where the clock was set back: no distance is travelled twice.
    """
    assert track.moved_m is not None
    length_m = np.linalg.norm(np.nan_to_num(track.moved_m), axis=1)
    credited = np.flatnonzero(length_m)
    if not len(credited):
        return np.zeros(len(track))
    reported_m = np.cumsum(length_m)[credited]
    elapsed_ns = np.cumsum(np.maximum(np.diff(track.stamp_ns, prepend=track.stamp_ns[:1]), 0))
    end_ns = elapsed_ns[credited]
    before_ns = np.append(0, end_ns[:-1])
    start_ns = np.maximum(before_ns, end_ns - round(STEP_S * NS_PER_S))
    known_ns = np.column_stack([start_ns, end_ns]).ravel()
    known_m = np.column_stack([np.append(0.0, reported_m[:-1]), reported_m]).ravel()
    found: FloatArray = np.interp(elapsed_ns, known_ns, known_m)
    return found


def labels_by_odometry_m(track: Track) -> FloatArray:
    """(n, 2) labels, moved along each leg between landmarks to where odometry has the walk.

    As they are where there are no landmarks, or where odometry and labels disagree about the length of a leg.
    """
    if track.leg is None:
        return track.position_m
    position_m: FloatArray = track.position_m.copy()
    path_m = travelled_m(track)
    for leg in np.unique(track.leg[track.valid]):
        inside = np.flatnonzero((track.leg == leg) & track.valid)
        first, last = inside[0], inside[-1]
        start_m, end_m = track.position_m[first], track.position_m[last]
        by_odometry_m = path_m[last] - path_m[first]
        by_label_m = float(np.linalg.norm(end_m - start_m))
        if not PLAUSIBLE_SCALE[0] <= by_label_m / max(by_odometry_m, 1e-9) <= PLAUSIBLE_SCALE[1]:
            continue
        fraction = (path_m[inside] - path_m[first]) / by_odometry_m
        position_m[inside] = start_m + fraction[:, None] * (end_m - start_m)
    return position_m


@cached_by_track
def walk_rows(track: Track) -> SurveyRows:
    """The rows of one walk, as walk 0.

    Raises:
        TrackError: the walk has no odometry, attitude or labelled path.
    """
    walk = track.labelled_span()
    if walk.moved_m is None or walk.attitude_xyzw is None:
        raise TrackError(
            walk.source,
            wanted="odometry and attitude, for a map of the field",
            found="neither" if walk.moved_m is None else "no attitude",
            fix="record /odom or /imu/data, or train with --preset person",
        )
    rows, floor = _resampled(walk, labels_by_odometry_m(walk))
    known = np.isfinite(rows).all(axis=1)
    if not known.any():
        raise TrackError(
            walk.source,
            wanted="a labelled walk that moves, to fit a map of the field to",
            found="no labelled row",
            fix="add landmarks",
        )
    path, position_m, floor = rows[known, :7], rows[known, 7:], floor[known]
    steps = [np.diff(each, axis=0, prepend=each[:1]) for each in (path[:, :2], position_m)]
    yaw_rad = odometry_yaw_offset_rad(walk.source, steps[0], np.cumsum(steps[1], axis=0))
    rotated = rotated_rows(path[:, 2:], yaw_rad)
    position_m = position_m + arm_m(walk.lever_m, rotated[:, 3:])
    rotated = AXES["gravity"].without(rotated, device_offset_ut(rotated, position_m, floor))
    return SurveyRows(np.zeros(len(path), np.int64), position_m, floor, rotated[:, :3], path, (walk.source,))


def _resampled(track: Track, label_m: FloatArray) -> tuple[FloatArray, IntArray]:
    """Rows (m, 9) of path and label, and their floors (m,); NaN where the label is unknown."""
    assert track.moved_m is not None and track.attitude_xyzw is not None
    resampler, sensor, axes = PathResampler(PER_M, MAX_GAP_M), SensorCheck(), AXES["gravity"]
    rows, floors = [np.zeros((0, 9))], list[int]()
    for index, sample in enumerate(track.samples()):
        assert sample.moved_m is not None and sample.attitude_xyzw is not None
        if not np.isfinite(sample.moved_m).all():
            continue
        resampler.move(sample.moved_m)
        if sensor.fault(sample.stamp_ns, sample.field_ut) is not None:
            continue
        values = axes.row(sample.field_ut, sample.attitude_xyzw)
        if values is None:
            continue
        arm = arm_m(sample.lever_m, values[3:5])
        for row in resampler.push(sample.stamp_ns, np.concatenate([values, label_m[index]]), arm):
            rows.append(row.values[None])
            floors.append(int(track.floor[index]))
    return np.concatenate(rows), np.array(floors, np.int64)


def rotated_walks(rows: SurveyRows) -> FloatArray:
    """(walks,) by how much the field of each walk is rotated against that of its neighbours, rad; mostly 0.

    Where two walks pass each other, the angle between their fields is known. One rotation for each walk that agrees
    with all of these is the leading eigenvector of their Hermitian matrix (Singer, Applied and Computational Harmonic
    Analysis 30(1), 2011). The direction of the field itself varies: only what differs by more than `ROTATED_RAD` from
    most walks counts, with a warning that names the walk.
    """
    chosen = np.arange(0, len(rows.walk), 3)
    walk, field = rows.walk[chosen], rows.field_ut[chosen, 0] + 1j * rows.field_ut[chosen, 1]
    position = np.column_stack([rows.position_m[chosen], rows.floor[chosen] * APART_M])
    pairs = cKDTree(position).query_pairs(NEIGHBOUR_M, output_type="ndarray")
    first, second = pairs[walk[pairs[:, 0]] != walk[pairs[:, 1]]].T
    count = int(rows.walk.max()) + 1
    relation = np.zeros((count, count), np.complex128)
    nearness = np.exp(-np.linalg.norm(position[first] - position[second], axis=1) / NEAR_M)
    np.add.at(relation, (walk[first], walk[second]), nearness * field[first] * field[second].conj())
    relation = relation + relation.conj().T
    weight = np.maximum(np.abs(relation).sum(axis=1), 1e-9)
    leading = np.linalg.eigh(relation / np.sqrt(np.outer(weight, weight)))[1][:, -1]
    common = leading @ np.sqrt(weight)
    angle_rad = np.where(np.abs(leading) > 1e-6, np.angle(leading * common.conj()), 0.0)
    odd = np.abs(angle_rad) > ROTATED_RAD
    neighbours = np.abs(relation[odd][:, ~odd]).sum(axis=0) @ np.exp(1j * angle_rad[~odd])
    rotated: FloatArray = np.where(odd, np.angle(np.exp(1j * (angle_rad - np.angle(neighbours)))), 0.0)
    for number in np.flatnonzero(odd):
        logger.warning(
            "%s: its field is rotated by %.0f° against that of its neighbours, and was rotated back: the device was "
            "held differently, or another side was ahead",
            rows.sources[number] if rows.sources else f"walk {number}",
            np.degrees(rotated[number]),
        )
    return rotated


def rotated_field(field_ut: FloatArray, yaw_rad: float | FloatArray) -> FloatArray:
    """Fields (n, 3), rotated counterclockwise about the vertical."""
    rotated = (field_ut[:, 0] + 1j * field_ut[:, 1]) * np.exp(1j * yaw_rad)
    return np.column_stack([rotated.real, rotated.imag, field_ut[:, 2]])
