"""How much the beliefs of a model are worth at its site, by walks that it has not learned.

    survey --> folds: a model of the other walks --> its own walks, through `push` --> errors and beliefs
    localized_from: at most `WRONG` of the estimates are LOCALIZED and wrong
    scales: the region of probability `REGION` holds that many errors of LOCALIZED estimates, and of the others

The threshold is never below the default, regions of LOCALIZED estimates never shrink, and regions that hold a little
too many or too few errors stay as they are: held-out walks are of the survey's own device and days, and a fold's model
has learned fewer walks.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from mail_ros.core.belief import REGION, REGION_SQUARED
from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import TrackError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.heads import Head
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import SiteModel
from mail_ros.core.models.site_calibration import NEVER, SiteCalibration, TrackerCalibration
from mail_ros.core.types import LOCALIZED_FROM, BoolArray, FloatArray
from mail_ros.data.clock_jumps import recorded_s
from mail_ros.data.scored import Scored, follow, squared_distances
from mail_ros.data.track import Track
from mail_ros.training.comparison import MIN_ESTIMATES
from mail_ros.training.surveyed_passes import SurveyedPasses

FOLDS = 3
FOLLOWED_S = 1200.0  # total length of the held-out walks that are followed: bounds the cost of large surveys
STRIDE_S = 1.0  # between estimates
KEPT = (0.85, 0.95)  # fractions of errors inside the region between which it is kept
SCALES = (0.2, 100.0)  # smallest and largest
GUESSING = 0.7  # median error over that of the middle of the site from which a model knows nothing of its own survey
WRONG = 0.01  # fraction of estimates that may be LOCALIZED and wrong
THRESHOLDS = (LOCALIZED_FROM, 0.98, 0.99, 0.995, 0.999, 0.9999, NEVER)


class Fold(NamedTuple):
    """Some walks, and a model that has not learned them."""

    model: SiteModel
    walks: Sequence[Track]
    learned: Sequence[Track]  # what the model has learned


class Followed(NamedTuple):
    """Estimates of moving devices on held-out walks, one per row."""

    error_m: FloatArray
    region: FloatArray  # squared distance of the error over that of the edge of its `REGION`; infinite on a wrong floor
    near: FloatArray  # probability of being near the position
    is_wrong: BoolArray  # farther off than near, or on another floor
    on_map: BoolArray  # where the model's walks passed, in the direction that the model needs
    may_be_localized: BoolArray  # whether only `near` decides the status
    middle_m: FloatArray  # error of always answering the middle of the site

    def localized(self, localized_from: float) -> BoolArray:
        """Which estimates are LOCALIZED with a threshold."""
        return self.may_be_localized & (self.near >= localized_from)

    def measured(self, calibration: TrackerCalibration) -> dict[str, Any]:
        """What the model card says of a calibration; errors are those where the survey passed, None: it did nowhere."""
        localized, on_map = self.localized(calibration.localized_from), self.on_map
        scale = np.where(localized, calibration.localized_scale, calibration.uncertain_scale)
        return {
            "estimates": len(self.near),
            "on_map": int(on_map.sum()),
            "median_m": float(np.median(self.error_m[on_map])) if on_map.any() else None,
            "middle_m": float(np.median(self.middle_m[on_map])) if on_map.any() else None,
            "in_90": float((self.region <= scale).mean()),
            "localized": float(localized.mean()),
            "wrong": float((localized & self.is_wrong).mean()),
            **dataclasses.asdict(calibration),
        }


def survey_folds(tracks: Sequence[Track], fit: Callable[[Sequence[Track]], SiteModel], seed: int) -> Iterator[Fold]:
    """Each part of a survey with a model of the other parts; at random, so that some routes are left out as a whole.

    A survey of one walk is cut into parts by time.

    Args:
        tracks: the walks.
        fit: a model of some walks; TrackError where they are too short, which leaves a fold out.
        seed: of the choice.
    """
    walks = list(tracks) if len(tracks) > 1 else _parts(tracks[0])
    order = np.random.default_rng([seed, 53]).permutation(len(walks))
    length_s = np.array([recorded_s(walks[index].stamp_ns[walks[index].valid]) for index in order])
    followed = (length_s > 0.0) & (np.cumsum(length_s) - length_s < FOLLOWED_S)
    fold = np.arange(len(walks)) % min(FOLDS, len(walks))
    for number in range(min(FOLDS, len(walks))):
        held = [walks[index] for index in order[(fold == number) & followed]]
        others = [walks[index] for index in order[fold != number]]
        try:
            model = fit(others) if held else None
        except TrackError:
            continue
        if model is not None:
            yield Fold(model, held, others)


def calibrate(
    config: ModelConfig, folds: Iterable[Fold], trackers: Sequence[TrackerChoice]
) -> tuple[ModelConfig, dict[str, Any]]:
    """The configuration of a model with the calibration of its site, and what it was learned from.

    Args:
        config: of the model; returned as it is where no held-out walk gave an estimate.
        folds: held-out walks.
        trackers: those that can follow the model.

    Returns:
        The configuration, and an entry of the model card for every tracker.
    """
    parts: dict[TrackerChoice, list[Followed]] = {tracker: [] for tracker in trackers}
    for fold in folds:
        passes = SurveyedPasses(fold.learned, directed=config.needs_both_directions)
        for tracker, found in parts.items():
            scored = _scored(fold, tracker)
            found += [_followed(scored, fold.model.head, passes)] if scored else []
    chosen, record = {}, dict[str, Any]()
    for tracker, found in parts.items():
        if found:
            followed = Followed(*map(np.concatenate, zip(*found, strict=True)))
            chosen[tracker] = calibrated_by(followed)
            record[tracker] = followed.measured(chosen[tracker])
    return dataclasses.replace(config, calibration=SiteCalibration(**chosen)), record


def trackers_for(config: ModelConfig, tracks: Sequence[Track]) -> list[TrackerChoice]:
    """The trackers that can follow a model on some walks at least."""
    if config.along_path:
        return ["odometry"]
    if config.kind == "mail" and config.mail.head == "regression":
        return ["none"]
    found: list[TrackerChoice] = ["none"] if config.sampling.needs_odometry else ["none", "walking"]
    return [*found, "odometry"] if any(track.moved_m is not None for track in tracks) else found


def _scored(fold: Fold, tracker: TrackerChoice) -> list[Scored]:
    localizer, found = compose(fold.model, tracker, STRIDE_S), []
    for walk in fold.walks:
        try:
            found += [one for one in follow(localizer, walk) if not one.paused]
        except TrackError:  # no odometry, or no attitude
            continue
    return found


def _followed(scored: Sequence[Scored], head: Head, passes: SurveyedPasses) -> Followed:
    estimates = [one.estimate for one in scored]
    error_m, reference_m = np.array([one.error_m for one in scored]), np.array([one.reference_m for one in scored])
    floor, reference_floor = np.array([(one.estimate.floor, one.reference_floor) for one in scored]).T
    out_of_area = np.array([one.map_fit < 0.0 for one in estimates])  # whatever the belief is
    middles_m = {number: head.middle_m(number) for number in np.unique(reference_floor).tolist()}
    return Followed(
        error_m,
        squared_distances(scored) / REGION_SQUARED,
        np.array([one.near for one in estimates]),
        (error_m > np.array([one.near_m for one in estimates])) | (floor != reference_floor),
        passes.passed(scored),
        ~out_of_area,
        np.linalg.norm(reference_m - np.array([middles_m[number] for number in reference_floor.tolist()]), axis=1),
    )


def calibrated_by(followed: Followed) -> TrackerCalibration:
    """The lowest threshold at which few estimates are LOCALIZED and wrong, and the scales that go with it.

    `NEVER`, if the model knows nothing, or no threshold helps, where the survey passed; off it, the whole model knows
    more than a fold's.
    """
    limit, on_map = _threshold(followed, np.ones(len(followed.near), np.bool_)), followed.on_map
    if on_map.sum() < MIN_ESTIMATES:
        limit = min(limit, THRESHOLDS[-2])
    elif np.median(followed.error_m[on_map]) > GUESSING * np.median(followed.middle_m[on_map]):
        limit = NEVER
    elif limit == NEVER:
        limit = max(THRESHOLDS[-2], _threshold(followed, on_map))
    localized = followed.localized(limit)
    localized_scale = max(1.0, _scale(followed.region[localized]))
    return TrackerCalibration(limit, localized_scale, _scale(followed.region[~localized]))


def _threshold(followed: Followed, judged: BoolArray) -> float:
    """The first of `THRESHOLDS` at which few of the judged (n,) estimates are LOCALIZED and wrong."""
    wrong = followed.is_wrong[judged]
    return next(limit for limit in THRESHOLDS if (wrong & followed.localized(limit)[judged]).mean() <= WRONG)


def _scale(region: FloatArray) -> float:
    """The factor that brings the part of (n,) errors inside the region into `KEPT`; a wrong floor is not counted."""
    region = region[np.isfinite(region)]
    few, many = KEPT
    if len(region) < MIN_ESTIMATES or few <= (region <= 1.0).mean() <= many:
        return 1.0
    part = REGION if (region <= 1.0).mean() < few else many
    return float(np.clip(np.quantile(region, part, method="higher"), *SCALES))


def _parts(track: Track) -> list[Track]:
    walk = track.labelled_span()
    edges = np.linspace(0, len(walk), FOLDS + 1).astype(int)
    return [walk[begin:end] for begin, end in itertools.pairwise(edges)]
