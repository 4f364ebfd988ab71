"""How often, and which way, every metre of a survey's paths was walked.

    walks --> steps of 0.25 m with a heading --> metres of path, each with an axis --> passes forward and backward
                                                                                       stretches that need more

A metre of path is a place and an axis: where two corridors cross there are two. A walk passes it when it comes
through, along the axis, and counts once however long it takes. What nobody walked is not known here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.core.types import NS_PER_S, FloatArray, IntArray
from mail_ros.data.track import Track

STEP_M = 0.25  # between the points at which a walk is looked at
METRE_M = 1.0  # between two metres of the same path
BESIDE_M = 1.0  # two walks that are closer go along the same path
SAME_AXIS_RAD = np.radians(50.0)  # between headings along the same path: more than half a corner
STRAIGHT_RAD = np.radians(20.0)  # a metre of path begins where a walk bends no more than this
NEXT_M = 1.6  # metres of one stretch are no farther apart


class Need(IntEnum):
    """What a metre of path lacks."""

    NOTHING = 0  # walked in both directions
    OTHER_WAY = 1  # walked twice or more, always in the same direction
    AGAIN = 2  # walked once


@dataclass(frozen=True)
class Stretch:
    """Metres of path that lie together and lack the same."""

    need: Need
    length_m: float
    position_m: tuple[float, float]  # of the metre in its middle


@dataclass(frozen=True)
class Coverage:
    """The paths of one floor, metre by metre."""

    floor: int
    position_m: FloatArray  # (k, 2)
    heading_rad: FloatArray  # (k,) which way is forward
    forward: IntArray  # (k,) passes
    backward: IntArray  # (k,)

    @property
    def passes(self) -> IntArray:
        """(k,) both ways together."""
        return self.forward + self.backward

    @property
    def need(self) -> IntArray:
        """(k,) values of `Need`."""
        one_way = np.minimum(self.forward, self.backward) == 0
        return np.where(self.passes < 2, Need.AGAIN, np.where(one_way, Need.OTHER_WAY, Need.NOTHING)).astype(np.int64)

    def length_m(self, need: Need) -> float:
        """Metres of path that lack this."""
        return float((self.need == need).sum() * METRE_M)

    def stretches(self) -> list[Stretch]:
        """What lacks something, worst first, then longest."""
        found = []
        for need in (Need.AGAIN, Need.OTHER_WAY):
            groups = _groups(self.position_m[self.need == need])
            found += [_stretch(need, group) for group in sorted(groups, key=len, reverse=True)]
        return found


@dataclass(frozen=True)
class _Points:
    """Where walks went on one floor, every `STEP_M` of the way."""

    position_m: FloatArray  # (n, 2)
    heading: FloatArray  # (n, 2) of length one
    straight: np.ndarray  # (n,) whether it bends little there
    run: IntArray  # (n,) which unbroken piece of a walk
    at: IntArray  # (n,) steps since the start of the piece


def coverage(tracks: Sequence[Track]) -> list[Coverage]:
    """How the labelled walks cover each floor, lowest floor first; standing counts for nothing."""
    floors = sorted({int(floor) for track in tracks for floor in np.unique(track.floor[track.valid])})
    found = []
    for floor in floors:
        pieces = [piece for track in tracks for piece in _pieces(track, floor)]
        if pieces:
            found.append(_cover(floor, _points(pieces)))
    return found


def _pieces(track: Track, floor: int) -> Iterator[FloatArray]:
    """Unbroken ways (m, 2) on a floor: between them lies a hole in the samples, or a place that is not known."""
    known = track.valid & (track.floor == floor)
    step_s = np.diff(track.stamp_ns) / NS_PER_S
    joined = known[1:] & known[:-1] & (np.abs(step_s) <= TimeSampling.max_gap_s)
    for part in np.split(np.arange(len(track)), np.flatnonzero(~joined) + 1):
        if len(part) > 1:
            yield track.position_m[part]


def _points(pieces: Sequence[FloatArray]) -> _Points:
    parts = []
    for run, way_m in enumerate(pieces):
        length_m = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way_m, axis=0), axis=1))])
        at_m = np.arange(0.0, length_m[-1] + 1e-9, STEP_M)
        if len(at_m) < 2:
            continue

        def place(s_m: FloatArray, way_m: FloatArray = way_m, length_m: FloatArray = length_m) -> FloatArray:
            inside_m = np.clip(s_m, 0.0, length_m[-1])
            return np.column_stack([np.interp(inside_m, length_m, way_m[:, axis]) for axis in (0, 1)])

        here_m, behind, ahead = place(at_m), place(at_m - STEP_M), place(at_m + STEP_M)
        heading = _unit(ahead - behind)
        first, second = _unit(here_m - behind), _unit(ahead - here_m)
        bend = (first * second).sum(axis=1)
        ends = (np.linalg.norm(first, axis=1) == 0) | (np.linalg.norm(second, axis=1) == 0)
        straight = (bend > np.cos(STRAIGHT_RAD)) | ends
        parts.append((here_m, heading, straight, np.full(len(at_m), run), np.arange(len(at_m))))
    if not parts:
        nothing = np.zeros(0, np.int64)
        return _Points(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.bool_), nothing, nothing)
    return _Points(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _unit(vector: FloatArray) -> FloatArray:
    length = np.linalg.norm(vector, axis=1, keepdims=True)
    unit: FloatArray = np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)
    return unit


def _cover(floor: int, points: _Points) -> Coverage:
    metres = _metres(points)
    position_m, axis = points.position_m[metres], points.heading[metres]
    passes = np.array([_passes(points, place, way) for place, way in zip(position_m, axis, strict=True)], np.int64)
    passes = passes.reshape(-1, 2)
    seen = passes.sum(axis=1) > 0
    heading_rad = np.arctan2(axis[:, 1], axis[:, 0])
    return Coverage(floor, position_m[seen], heading_rad[seen], passes[seen, 0], passes[seen, 1])


def _metres(points: _Points) -> list[int]:
    """Indices of points, so many that each point of a straight way lies near one: a metre apart, rounded to steps."""
    chosen: list[int] = []
    place_m, axis = np.empty((len(points.at), 2)), np.empty((len(points.at), 2))
    for at in np.flatnonzero(points.straight & (np.linalg.norm(points.heading, axis=1) > 0)):
        count = len(chosen)
        along_m, beside_m, turn = _relative(points.position_m[at], points.heading[at], place_m[:count], axis[:count])
        near = (np.abs(along_m) < METRE_M - STEP_M / 2) & (np.abs(beside_m) <= BESIDE_M) & (np.abs(turn) >= _LEAST)
        if not near.any():
            place_m[count], axis[count] = points.position_m[at], points.heading[at]
            chosen.append(int(at))
    return chosen


_LEAST = np.cos(SAME_AXIS_RAD)


def _relative(
    position_m: FloatArray, heading: FloatArray, place_m: FloatArray, axis: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How far positions are along and beside places with an axis, and the cosine of their headings to it."""
    offset_m = position_m - place_m
    along_m = (offset_m * axis).sum(axis=-1)
    beside_m = offset_m[..., 0] * -axis[..., 1] + offset_m[..., 1] * axis[..., 0]
    return along_m, beside_m, (heading * axis).sum(axis=-1)


def _passes(points: _Points, place_m: FloatArray, axis: FloatArray) -> tuple[int, int]:
    """How often walks came through a metre of path, forward and backward."""
    along_m, beside_m, turn = _relative(points.position_m, points.heading, place_m, axis)
    inside = (np.abs(along_m) <= METRE_M / 2 + 1e-6) & (np.abs(beside_m) <= BESIDE_M)
    forward, backward = (np.flatnonzero(inside & (sign * turn >= _LEAST)) for sign in (1.0, -1.0))
    return _visits(points, forward), _visits(points, backward)


def _visits(points: _Points, index: IntArray) -> int:
    """Points of one piece that are less than two metres of way apart are one visit."""
    if not len(index):
        return 0
    new = (np.diff(points.run[index]) != 0) | (np.diff(points.at[index]) * STEP_M > 2.0 * METRE_M)
    return 1 + int(new.sum())


def _groups(position_m: FloatArray) -> list[FloatArray]:
    """Places in groups: from each to another of its group no step is longer than `NEXT_M`."""
    left, groups = list(range(len(position_m))), []
    while left:
        group, open_ = [], [left.pop(0)]
        while open_:
            at = open_.pop()
            group.append(at)
            near = [other for other in left if np.hypot(*(position_m[other] - position_m[at])) <= NEXT_M]
            open_ += near
            left = [other for other in left if other not in near]
        groups.append(position_m[group])
    return groups


def _stretch(need: Need, position_m: FloatArray) -> Stretch:
    middle = int(np.argmin(np.linalg.norm(position_m - position_m.mean(axis=0), axis=1)))
    x_m, y_m = position_m[middle]
    return Stretch(need, len(position_m) * METRE_M, (float(x_m), float(y_m)))
