"""Coverage of a survey: how often, and in which directions, each metre of its paths was walked.

A metre of path is a position and an axis: a crossing of two corridors has two. A walk passes a metre when it moves
through it along the axis, and counts once per visit. Paths that were never walked are unknown here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import NS_PER_S, BoolArray, FloatArray, IntArray
from mail_ros.data.track import Track

STEP_M = 0.25  # spacing of the points along a walk
METRE_M = 1.0  # spacing of the metres of a path
LATERAL_M = 1.0  # maximum lateral offset between walks on the same path
MIN_SAME_AXIS_COS = np.cos(np.radians(50.0))  # headings on the same path differ by less: more than half a corner
MIN_STRAIGHT_COS = np.cos(np.radians(20.0))  # a metre of path starts only where the walk bends less
MAX_STEP_M = 1.6  # neighbouring metres of one stretch are closer
MAX_SIDE_M = 0.8  # and lie less to the side: parallel lines are stretches of their own
MIN_STRETCH_COS = np.cos(np.radians(30.0))  # and their missing directions differ by less


class Need(IntEnum):
    """What a metre of path lacks."""

    NOTHING = 0  # walked twice or more, in both directions where that matters
    REVERSE = 1  # walked twice or more, in one direction only
    AGAIN = 2  # walked once


class Stretch(NamedTuple):
    """Neighbouring metres of path with the same need, in one direction."""

    need: Need
    length_m: float
    position_m: tuple[float, float]  # its central metre
    start_m: tuple[float, float]  # its ends, in the direction that was walked less
    end_m: tuple[float, float]


@dataclass(frozen=True)
class Coverage:
    """The paths of one floor, metre by metre."""

    floor: int
    position_m: FloatArray  # (k, 2)
    heading_rad: FloatArray  # (k,) forward direction
    forward: IntArray  # (k,) passes
    backward: IntArray  # (k,)
    both_directions: bool = True  # whether a metre needs to be walked in both directions

    @property
    def need(self) -> IntArray:
        """(k,) values of `Need`."""
        single_direction = (np.minimum(self.forward, self.backward) == 0) & self.both_directions
        walked_twice = np.where(single_direction, Need.REVERSE, Need.NOTHING)
        return np.where(self.forward + self.backward < 2, Need.AGAIN, walked_twice).astype(np.int64)

    @property
    def missing(self) -> FloatArray:
        """(k, 2) unit vectors in the direction that was walked less."""
        sign = np.where(self.forward > self.backward, -1.0, 1.0)
        vectors: FloatArray = np.column_stack([np.cos(self.heading_rad), np.sin(self.heading_rad)]) * sign[:, None]
        return vectors

    def length_m(self, *needs: Need) -> float:
        """Metres of path with one of these needs, of the whole path without any."""
        return float((np.isin(self.need, needs) if needs else self.need >= 0).sum() * METRE_M)

    def stretches(self) -> list[Stretch]:
        """Stretches with a need, worst need first, then longest."""
        found = []
        for need in (Need.AGAIN, Need.REVERSE):
            position_m, missing = (each[self.need == need] for each in (self.position_m, self.missing))
            groups = sorted(_groups(position_m, missing), key=len, reverse=True)
            found += [_stretch(need, position_m[group], missing[group]) for group in groups]
        return found


@dataclass(frozen=True)
class _Points:
    """Points of the walks on one floor, every `STEP_M` of distance travelled."""

    position_m: FloatArray  # (n, 2)
    heading: FloatArray  # (n, 2) unit vectors
    straight: BoolArray  # (n,) whether the walk bends little
    run: IntArray  # (n,) index of the unbroken piece of a walk
    at: IntArray  # (n,) steps since the start of the piece


def coverage(tracks: Sequence[Track], *, both_directions: bool = True) -> list[Coverage]:
    """Coverage of each floor by labelled walks, lowest floor first; stops count for nothing.

    Args:
        tracks: walks.
        both_directions: whether each metre needs to be walked in both directions, or only twice.
    """
    floors = sorted({int(floor) for track in tracks for floor in np.unique(track.floor[track.valid])})
    found = []
    for floor in floors:
        pieces = [piece for track in tracks for piece in _pieces(track, floor)]
        covered = _cover(floor, _points(pieces), both_directions)
        found += [covered] if len(covered.position_m) else []
    return found


def _pieces(track: Track, floor: int) -> Iterator[FloatArray]:
    """Unbroken paths (m, 2) on a floor, split at gaps between samples and at unknown positions."""
    known = track.valid & (track.floor == floor)
    step_s = np.diff(track.stamp_ns) / NS_PER_S
    joined = known[1:] & known[:-1] & (np.abs(step_s) <= TimeSampling.max_gap_s)
    for part in np.split(np.arange(len(track)), np.flatnonzero(~joined) + 1):
        if len(part) > 1:
            yield track.position_m[part]


def _points(pieces: Sequence[FloatArray]) -> _Points:
    nothing = np.zeros(0, np.int64)
    parts = [(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.bool_), nothing, nothing)]
    for run, path_m in enumerate(pieces):
        length_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path_m, axis=0), axis=1))])
        at_m = np.arange(0.0, length_m[-1] + 1e-9, STEP_M)
        if len(at_m) < 2:
            continue
        here_m, behind_m, ahead_m = (
            np.column_stack([np.interp(np.clip(s_m, 0.0, length_m[-1]), length_m, axis_m) for axis_m in path_m.T])
            for s_m in (at_m, at_m - STEP_M, at_m + STEP_M)
        )
        first, second = _unit(here_m - behind_m), _unit(ahead_m - here_m)
        at_end = (np.linalg.norm(first, axis=1) == 0) | (np.linalg.norm(second, axis=1) == 0)
        straight = ((first * second).sum(axis=1) > MIN_STRAIGHT_COS) | at_end
        steps = np.arange(len(at_m))
        parts.append((here_m, _unit(ahead_m - behind_m), straight, np.full(len(at_m), run), steps))
    return _Points(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _unit(vector: FloatArray) -> FloatArray:
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    unit: FloatArray = np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    return unit


def _cover(floor: int, points: _Points, both_directions: bool) -> Coverage:
    metres = _metres(points)
    position_m, axis = points.position_m[metres], points.heading[metres]
    passes = np.array([_passes(points, *metre) for metre in zip(position_m, axis, strict=True)], np.int64)
    passes = passes.reshape(-1, 2)
    seen = passes.sum(axis=1) > 0
    heading_rad = np.arctan2(axis[:, 1], axis[:, 0])
    return Coverage(floor, position_m[seen], heading_rad[seen], passes[seen, 0], passes[seen, 1], both_directions)


def _metres(points: _Points) -> list[int]:
    """Indices of points a metre apart, rounded to steps: each point of a straight path is near one of them."""
    chosen: list[int] = []
    metre_m, axis = np.empty((len(points.at), 2)), np.empty((len(points.at), 2))
    for at in np.flatnonzero(points.straight & (np.linalg.norm(points.heading, axis=1) > 0)):
        count = len(chosen)
        along_m, lateral_m, cosine = _relative(points.position_m[at], points.heading[at], metre_m[:count], axis[:count])
        near = (np.abs(along_m) < METRE_M - STEP_M / 2) & (np.abs(lateral_m) <= LATERAL_M)
        if not (near & (np.abs(cosine) >= MIN_SAME_AXIS_COS)).any():
            metre_m[count], axis[count] = points.position_m[at], points.heading[at]
            chosen.append(int(at))
    return chosen


def _relative(
    position_m: FloatArray, heading: FloatArray, metre_m: FloatArray, axis: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Longitudinal and lateral offset of positions from metres with an axis, and the cosine of the headings to it."""
    offset_m = position_m - metre_m
    along_m = (offset_m * axis).sum(axis=-1)
    lateral_m = offset_m[..., 0] * -axis[..., 1] + offset_m[..., 1] * axis[..., 0]
    return along_m, lateral_m, (heading * axis).sum(axis=-1)


def _passes(points: _Points, metre_m: FloatArray, axis: FloatArray) -> tuple[int, int]:
    """Number of passes of a metre of path, forward and backward."""
    along_m, lateral_m, cosine = _relative(points.position_m, points.heading, metre_m, axis)
    inside = (np.abs(along_m) <= METRE_M / 2 + 1e-6) & (np.abs(lateral_m) <= LATERAL_M)
    forward, backward = (np.flatnonzero(inside & (sign * cosine >= MIN_SAME_AXIS_COS)) for sign in (1.0, -1.0))
    return _visits(points, forward), _visits(points, backward)


def _visits(points: _Points, index: IntArray) -> int:
    """Number of visits: points of one piece within two metres of distance travelled are the same visit."""
    if not len(index):
        return 0
    new = (np.diff(points.run[index]) != 0) | (np.diff(points.at[index]) * STEP_M > 2.0 * METRE_M)
    return 1 + int(new.sum())


def _groups(position_m: FloatArray, direction: FloatArray) -> list[IntArray]:
    """Indices grouped by single linkage: neighbours of a group are close, and have nearly the same direction."""
    left, groups = np.ones(len(position_m), np.bool_), []
    for first in range(len(position_m)):
        group, open_ = [], [first] if left[first] else []
        left[first] = False
        while open_:
            at = open_.pop()
            group.append(at)
            (x_m, y_m), (along_x, along_y) = (position_m - position_m[at]).T, direction[at]
            close = (np.hypot(x_m, y_m) <= MAX_STEP_M) & (np.abs(y_m * along_x - x_m * along_y) <= MAX_SIDE_M)
            near = np.flatnonzero(left & close & (direction @ direction[at] >= MIN_STRETCH_COS))
            open_ += near.tolist()
            left[near] = False
        groups += [np.array(group)] if group else []
    return groups


def _stretch(need: Need, position_m: FloatArray, direction: FloatArray) -> Stretch:
    middle = int(np.argmin(np.linalg.norm(position_m - position_m.mean(axis=0), axis=1)))
    along_m = position_m @ direction.sum(axis=0)
    marks = (middle, int(along_m.argmin()), int(along_m.argmax()))
    centre_m, start_m, end_m = ((float(x_m), float(y_m)) for x_m, y_m in position_m[list(marks)])
    return Stretch(need, len(position_m) * METRE_M, centre_m, start_m, end_m)
