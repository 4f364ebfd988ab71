"""Whether the field of a site distinguishes its positions, before any training: windows of one walk against the others.

rows of all walks --> windows of one floor --> distances, as matching has them --> nearest window of another walk
                                      +------> distances of their ends to the middle: the error of chance
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from mail_ros.core.models.matching.alignment import PitchAlignment, YawAlignment
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.signal.window import cut_windows
from mail_ros.core.types import BoolArray, Float32Array, FloatArray, IntArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.field_map.survey import SurveyRows

MAX_STORED, MAX_COMPARED = 6000, 300  # windows of a site, and of a floor: a second of computing
EVERY = 5  # rows or windows 0.1 s or m apart, one of which is compared
BLOCK = 64  # windows compared at a time: bounds the memory
PASS_M = 1.0  # another walk passes a position within this
MIN_PASS_COS = np.cos(np.radians(50.0))  # in the same direction, where that matters
MIN_STRAIGHT = 0.97  # distance between the ends of a straight window over its path: bends change the device's axes
MIN_PASSED = 20  # windows that another walk passed, from which their errors count
WEAK_ERROR = 0.75  # median error over that of chance: without structure in the field it is 1.2 and more
WEAK_FIELD = 1.2  # deviation of the field along a window over the difference of two passes: in buildings 2 and more


class SiteRows(NamedTuple):
    """Resampled rows of the walks of a site, and where their windows end."""

    field_ut: Float32Array  # (m, w)
    position_m: FloatArray  # (m, 2)
    floor: IntArray  # (m,)
    walk: IntArray  # (m,)
    back: BoolArray  # (m,) a copy that is walked back
    reach: IntArray  # (m,) rows since the last hole
    ends: IntArray  # (k,)


class FloorField(NamedTuple):
    """The errors of chance and of a plain search on one floor; NaN where there is nothing to compare."""

    floor: int
    chance_m: float  # mean distance of surveyed positions to their middle
    compared: int  # windows at positions that another walk passed
    nearest_m: float  # median error of the nearest window of another walk
    nearest_mean_m: float
    field_ut: float  # deviation of the field along a straight window, median
    passes_ut: float  # difference of two passes, median
    noise_ut: float  # deviation of neighbouring rows, or the usual difference of two passes if that is larger

    @property
    def is_weak(self) -> bool:
        """Whether the field does not distinguish positions."""
        if self.compared >= MIN_PASSED:
            return self.nearest_m > WEAK_ERROR * self.chance_m
        return self.field_ut <= WEAK_FIELD * self.noise_ut

    def summary(self) -> str:
        """The errors in one line."""
        chance = f"floor {self.floor}: chance, the middle of its walks, errs by {self.chance_m:.1f} m in the mean"
        field = f"the field varies by {self.field_ut:.1f} µT along a window"
        if math.isnan(self.field_ut):
            return chance
        if self.compared < MIN_PASSED:
            return f"{chance}; {field}, and there is no second pass to compare windows with"
        return (
            f"{chance}, the most similar window of another walk by {self.nearest_mean_m:.1f} m (median "
            f"{self.nearest_m:.1f} m); {field}, by {self.passes_ut:.1f} µT between two passes"
        )

    def weak_text(self) -> str:
        """Why the field is weak."""
        if self.compared < MIN_PASSED:
            return (
                f"floor {self.floor}: the field varies along a window no more than between two passes of one position"
            )
        return (
            f"floor {self.floor}: the field does not distinguish positions: the most similar window of another walk "
            f"errs by {self.nearest_m:.1f} m in the median, chance by {self.chance_m:.1f} m"
        )

    def as_json(self) -> dict[str, Any]:
        """The numbers as JSON values."""
        return {**self._asdict(), "weak": self.is_weak}


def rows_of_windows(sets: Sequence[WindowSet]) -> SiteRows:
    """The rows of one or more walks, each with its windows."""
    begin = np.cumsum([0, *(len(each.field_ut) for each in sets[:-1])])
    return SiteRows(
        np.concatenate([each.field_ut for each in sets]),
        np.concatenate([each.position_m for each in sets]),
        np.concatenate([each.floor for each in sets]),
        np.repeat(np.arange(len(sets)), [len(each.field_ut) for each in sets]),
        np.concatenate([each.walk > 0 for each in sets]),
        np.concatenate([each.reach for each in sets]),
        np.concatenate([first + each.ends for first, each in zip(begin, sets, strict=True)]),
    )


def rows_of_survey(survey: SurveyRows, model: ModelConfig) -> SiteRows:
    """The rows of a survey of an area, there and back, with all windows of a model whose rows are as many per metre."""
    there_and_back = np.concatenate([np.arange(len(survey.walk)), np.arange(len(survey.walk))[::-1]])
    back = np.arange(2 * len(survey.walk)) >= len(survey.walk)
    rows = survey.at(there_and_back)
    hole = np.linalg.norm(np.diff(rows.path[:, :2], axis=0), axis=1) > 1.5 / model.sampling.per_unit
    hole |= (np.diff(rows.walk) != 0) | (np.diff(rows.floor) != 0) | (np.diff(back) != 0)
    row = np.arange(len(back))
    reach = row - np.maximum.accumulate(np.where(np.append(True, hole), row, 0)) + 1
    field_ut = rows.path[:, 2:].astype(np.float32)  # in odometry's axes: comparisons solve for a yaw
    ends = np.flatnonzero(reach >= model.samples)
    return SiteRows(field_ut, rows.position_m, rows.floor, rows.walk, back, reach, ends)


def floor_fields(rows: SiteRows, model: ModelConfig) -> list[FloorField]:
    """The errors on each floor, lowest first, by windows of a model."""
    every = max(EVERY, math.ceil(len(rows.ends) / MAX_STORED))
    ends, known = rows.ends[::every], np.isfinite(rows.position_m).all(axis=1)
    found = []
    for floor in np.unique(rows.floor[known]).tolist():
        stored = ends[rows.floor[ends] == floor]
        position_m = rows.position_m[stored] if len(stored) else rows.position_m[known & (rows.floor == floor)]
        chance_m = float(np.linalg.norm(position_m - position_m.mean(axis=0), axis=1).mean())
        nothing = FloorField(floor, chance_m, 0, *[math.nan] * 5)
        found.append(_compared(nothing, rows, stored, model) if len(stored) else nothing)
    return found


def _compared(floor: FloorField, rows: SiteRows, stored: IntArray, model: ModelConfig) -> FloorField:
    """The errors on a floor with windows that end at the stored rows."""
    end_m, walk = rows.position_m[stored], rows.walk[stored]
    own = np.flatnonzero(~rows.back[stored])
    query = own[np.linspace(0, len(own) - 1, min(len(own), MAX_COMPARED)).astype(np.int64)]
    window_ut = cut_windows(rows.field_ut, stored[query], rows.reach[stored[query]], np.ones(len(query)), model.samples)
    others = walk[query, None] != walk
    distance_ut2 = np.where(others, _distances_ut2(rows, window_ut, stored, model), np.inf)
    apart_m = np.linalg.norm(end_m[query, None] - end_m, axis=2)
    passes = others & (apart_m <= PASS_M)
    moved_m = end_m - rows.position_m[stored - model.samples + 1]
    length_m = np.linalg.norm(moved_m, axis=1)
    if model.needs_both_directions:
        passes &= moved_m[query] @ moved_m.T >= MIN_PASS_COS * length_m[query, None] * length_m
    passed = passes.any(axis=1)
    error_m = apart_m[np.arange(len(query)), distance_ut2.argmin(axis=1)][passed]
    straight_ut = window_ut[(length_m >= MIN_STRAIGHT * _path_m(rows, stored, model))[query], :, :3]
    white_ut = np.sqrt(np.square(np.diff(straight_ut, axis=1)).sum(axis=2).mean(axis=1) / 2.0)
    return floor._replace(
        compared=len(error_m),
        nearest_m=_median(error_m),
        nearest_mean_m=float(error_m.mean()) if len(error_m) else math.nan,
        field_ut=_median(np.sqrt(straight_ut.var(axis=1).sum(axis=1))),
        passes_ut=_median(np.sqrt(np.where(passes, distance_ut2, np.inf).min(axis=1)[passed])),
        noise_ut=float(np.fmax(_median(white_ut), math.sqrt(model.matching.noise_ut2))),
    )


def _distances_ut2(rows: SiteRows, window_ut: Float32Array, stored: IntArray, model: ModelConfig) -> Float32Array:
    """(queries, stored) the nearest at any speed at which matching stores a window."""
    aligned = PitchAlignment if model.axes == "device" else YawAlignment
    nearest = np.full((len(window_ut), len(stored)), np.inf, np.float32)
    for speed in model.matching.speeds:
        speeds = np.full(len(stored), speed)
        known = aligned(model.matching, cut_windows(rows.field_ut, stored, rows.reach[stored], speeds, model.samples))
        for at in range(0, len(window_ut), BLOCK):
            block = slice(at, at + BLOCK)
            nearest[block] = np.minimum(nearest[block], known.compare(window_ut[block]))
    return nearest


def _path_m(rows: SiteRows, stored: IntArray, model: ModelConfig) -> FloatArray:
    """(k,) length of the path along each window."""
    step_m = np.linalg.norm(np.diff(rows.position_m, axis=0, prepend=rows.position_m[:1]), axis=1)
    path_m = np.cumsum(np.nan_to_num(step_m))
    length_m: FloatArray = path_m[stored] - path_m[stored - model.samples + 1]
    return length_m


def _median(values: FloatArray | Float32Array) -> float:
    return float(np.median(values)) if len(values) else math.nan
