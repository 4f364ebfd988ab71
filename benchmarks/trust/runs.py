"""Walks that a model has not learned, followed by every platform that its kind allows.

survey --> all but a fold, or the outward halves --> model of a platform --> the walks left out, or the ways back
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import TrackError
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.evaluation.methods import METHODS, Fit
from mail_ros.evaluation.uncertainty import PROMISES, uncertainty
from mail_ros.evaluation.workers import context, end_with_parent
from mail_ros.training.run_config import run_config
from mail_ros.training.survey_bags import labelled_track

STRIDE_S = 0.5
FAR_M = 3.0  # a LOCALIZED estimate that is farther off is wrong, however small the site
Walks = tuple[Sequence[Track], Sequence[Track]]  # a survey, and the walks that are judged by its model


class Platform(NamedTuple):
    """Who walks, and what a model is trained and followed with."""

    preset: str
    settings: tuple[str, ...]
    method: str
    tracker: TrackerChoice


PLATFORMS: Mapping[str, Platform] = {
    "phone, single windows": Platform("person", (), "matching", "none"),
    "phone": Platform("person", (), "matching", "walking"),
    "phone, steps": Platform("person", (), "matching", "odometry"),
    "phone, gravity axes": Platform("person", ("axes=gravity",), "matching", "walking"),
    "phone, gravity axes, steps": Platform("person", ("axes=gravity",), "matching", "odometry"),
    "field map": Platform("area", (), "field_map", "none"),
}


class Judged(NamedTuple):
    """What the estimates of a platform are worth, while it moves."""

    estimates: int
    mean_m: float
    median_m: float
    localized: float  # fraction that is LOCALIZED or STATIONARY
    wrong: float  # fraction of all that is LOCALIZED or STATIONARY, and more than `FAR_M` off
    in_90: float  # fraction inside the 90 % region


class Site(NamedTuple):
    """Walks of one place, and who walks there."""

    name: str
    platforms: Sequence[str]  # keys of `PLATFORMS`
    parts: Sequence[Callable[[], Walks]]  # run in a process of its own; each part has a model


def left_out(bags: Sequence[Path], folds: int, platforms: Sequence[str], name: str = "") -> Site:
    """Every walk by a model of the other folds."""
    return Site(name, platforms, [functools.partial(_left_out, tuple(bags), folds, fold) for fold in range(folds)])


def held_out(
    survey: Sequence[Path], test: Sequence[Path], platforms: Sequence[str], name: str = "", *, outward: bool = False
) -> Site:
    """Other walks by a model of the survey, or their ways back by one of its outward halves."""
    return Site(name, platforms, [functools.partial(_outward if outward else _judged, tuple(survey), tuple(test))])


def scored_at(sites: Sequence[Site]) -> Iterator[tuple[Site, str, list[Scored]]]:
    """Sites and platforms, with the estimates of one part; one process per core."""
    with ProcessPoolExecutor(os.cpu_count(), context(), end_with_parent) as pool:
        jobs = [(site, name, part) for site in sites for name in site.platforms for part in site.parts]
        running = [(site, name, pool.submit(_scored, part, name)) for site, name, part in jobs]
        for site, name, job in running:
            yield site, name, job.result()


def _scored(part: Callable[[], Walks], name: str) -> list[Scored]:
    return followed(*part(), name)


def _left_out(bags: tuple[Path, ...], folds: int, fold: int) -> Walks:
    tracks = _tracks(bags)
    return [track for index, track in enumerate(tracks) if index % folds != fold], tracks[fold::folds]


def _judged(survey: tuple[Path, ...], test: tuple[Path, ...]) -> Walks:
    return _tracks(survey), _tracks(test)


def _outward(survey: tuple[Path, ...], test: tuple[Path, ...]) -> Walks:
    return [halves(track)[0] for track in _tracks(survey)], [halves(track)[1] for track in _tracks(test)]


@functools.cache
def _tracks(bags: tuple[Path, ...]) -> list[Track]:
    return [labelled_track(bag) for bag in bags]


def followed(survey: Sequence[Track], test: Sequence[Track], name: str) -> list[Scored]:
    """Estimates of the test walks by a platform's model of the survey; none where the survey has no window."""
    platform = PLATFORMS[name]
    config = run_config(platform.settings, platform.preset)
    try:
        fitted = METHODS[platform.method].fit(Fit(survey, config, STRIDE_S, Path()))
        localizer = fitted.localizer(platform.tracker, STRIDE_S)
        return [one for track in test for one in follow(localizer, track)]
    except TrackError:
        return []


def halves(track: Track) -> tuple[Track, Track]:
    """A walk before and after the middle of its longest pause, or of its labelled part where it has none."""
    walk = track.labelled_span()
    edge = np.flatnonzero(np.diff(np.r_[0, walk.paused.astype(np.int64), 0]))
    begins, ends = edge[::2], np.minimum(edge[1::2], len(walk.stamp_ns) - 1)
    middle = len(walk.stamp_ns) // 2
    if len(begins):
        longest = int((walk.stamp_ns[ends] - walk.stamp_ns[begins]).argmax())
        middle = int(begins[longest] + ends[longest]) // 2
    return walk[:middle], walk[middle:]


def judge(scored: Sequence[Scored]) -> Judged | None:
    """Judge all estimates of moving devices together."""
    moving = [one for one in scored if not one.paused]
    if not moving:
        return None
    error_m = np.array([one.error_m for one in moving])
    promised = np.array([one.estimate.status in PROMISES for one in moving])
    wrong = promised & (error_m > FAR_M)
    in_90 = uncertainty(moving).in_90
    return Judged(
        len(moving),
        float(error_m.mean()),
        float(np.median(error_m)),
        float(promised.mean()),
        float(wrong.mean()),
        in_90,
    )
