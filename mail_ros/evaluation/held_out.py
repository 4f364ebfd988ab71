"""A model over walks that it has not learned, through the `push` of the robot, with two guesses on the same walks.

The middle of the site needs no field, and 1-NN no model; `training.comparison` judges the model by them.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mail_ros.core.config import STRIDE_S, TrackerChoice
from mail_ros.core.errors import ModelError, TrackError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.heads import Head
from mail_ros.core.models.model import FunctionModel
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import SiteModel, read_arrays
from mail_ros.core.signal.sampling import Sampling, TimeSampling
from mail_ros.core.signal.window import cut_windows
from mail_ros.core.types import NS_PER_S
from mail_ros.data.dataset import WindowSet
from mail_ros.data.scored import Scored, follow
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.knn import knn, nearest_neighbour
from mail_ros.evaluation.estimates import TRACKED_FROM_S, errors, refuse_without_odometry
from mail_ros.evaluation.metrics import Metrics, summarize
from mail_ros.training.comparison import not_worth_launching

logger = logging.getLogger(__name__)

MIDDLE, NEAREST = "middle of the site", "1-NN"
RATE_HZ = 10.0  # highest rate of the windows of 1-NN, as in `mail_ros benchmark accuracy`
MAX_GAP_M = 1.5  # smallest `max_gap_m` of its windows: a person's odometry reports whole steps
STORED = 0.2  # between its stored windows, s or m
NEAREST_STRIDE_S = 1.0  # between the windows that it locates: without a tracker, neighbouring ones are alike


class HeldOut(NamedTuple):
    """Counted estimates of some walks."""

    scored: list[Scored]
    settled: list[Scored]  # those from `TRACKED_FROM_S` on: a tracker has seen more than one window
    nearest: list[Scored]  # 1-NN; empty where the survey's windows are not at hand

    @property
    def moving(self) -> list[Scored]:
        """The estimates that the model is judged by: while the device moves, if it ever does."""
        return _moving(self.scored)

    def guesses(self, head: Head) -> dict[str, Metrics]:
        """Errors of the middle of the site, on the floor of the walk, and of 1-NN where it is known."""
        offset_m = np.array([one.reference_m for one in self.moving])
        floor = np.array([one.reference_floor for one in self.moving])
        for number in np.unique(floor).tolist():
            offset_m[floor == number] -= head.middle_m(number)
        rows = {MIDDLE: summarize(np.linalg.norm(offset_m, axis=1), np.zeros(len(floor), dtype=np.bool_))}
        return rows | ({NEAREST: errors(_moving(self.nearest))} if self.nearest else {})

    def not_worth_launching(self, model: object, guesses: Mapping[str, Metrics]) -> ModelError | None:
        """See `training.comparison`."""
        nearest_m = guesses[NEAREST].median_m if NEAREST in guesses else None
        return not_worth_launching(model, errors(self.moving).median_m, guesses[MIDDLE].median_m, nearest_m)


def follow_walks(
    model: SiteModel,
    nearest: FunctionModel | None,
    tracks: Iterable[Track],
    tracker: TrackerChoice,
    stride_s: float = STRIDE_S,
    from_s: float = 0.0,
) -> HeldOut:
    """Replay walks through a model and through 1-NN, each window of which is located by itself.

    Args:
        model: of the site.
        nearest: see `nearest_window`.
        tracks: the walks; each is read when it is due.
        tracker: of the model.
        stride_s: between two estimates of the model.
        from_s: start of counted estimates, after the first landmark.

    Raises:
        TrackError: a walk without odometry or attitude that model or tracker need.
    """
    localizer = compose(model, tracker, stride_s)
    search = None if nearest is None else compose(nearest, "none", max(stride_s, NEAREST_STRIDE_S))
    held = HeldOut([], [], [])
    for track in tracks:
        refuse_without_odometry(track, tracker, model.config)
        begin_ns = int(track.labelled_span().stamp_ns[0]) if track.valid.any() else 0
        counted_ns, settled_ns = (begin_ns + round(s * NS_PER_S) for s in (from_s, max(from_s, TRACKED_FROM_S)))
        found = [one for one in follow(localizer, track) if one.estimate.stamp_ns >= counted_ns]
        held.scored.extend(found)
        held.settled.extend(one for one in found if one.estimate.stamp_ns >= settled_ns)
        if search is not None:
            held.nearest.extend(one for one in follow(search, track) if one.estimate.stamp_ns >= counted_ns)
    return held


def nearest_window(model: Path, config: ModelConfig, survey: Sequence[Track] = ()) -> FunctionModel | None:
    """1-NN on the windows of a survey, with the sampling and the axes of a model of it.

    Args:
        model: its file, which holds the windows if it is one of matching.
        config: of the model.
        survey: otherwise its walks; None without a window in them.
    """
    if config.kind == "matching":
        state, _ = read_arrays(model)
        cell, speed = state["cell"], state["speed"].astype(np.float64)
        stored_ut = cut_windows(state["field_ut"], state["end"], state["reach"], speed, config.samples)
        position_m, floor = state["head.cell_position_m"][cell], state["head.cell_floor"][cell]
        return nearest_neighbour(stored_ut, position_m, floor, config)
    usable = [track for track in survey if not (config.needs_odometry and track.lacks)]
    config = ModelConfig("matching", _sampling(config.sampling), config.axes)
    try:
        return knn(WindowSet(usable, config, STORED), config) if usable else None
    except TrackError as error:  # lanes that are shorter than a window
        logger.warning("no 1-NN: %s", error)
        return None


def _moving(scored: list[Scored]) -> list[Scored]:
    return [one for one in scored if not one.paused] or scored


def _sampling(sampling: Sampling) -> Sampling:
    if isinstance(sampling, TimeSampling):
        return dataclasses.replace(sampling, rate_hz=min(sampling.rate_hz, RATE_HZ))
    return dataclasses.replace(sampling, max_gap_m=max(sampling.max_gap_m, MAX_GAP_M))
