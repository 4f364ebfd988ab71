"""Models that are the survey itself, without a network: matching, and the map of the field; with their calibration.

walks --> windows, or rows of the map --> configuration and arrays
--> folds: the same of the other walks --> calibration of the site
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from mail_ros.core.config import OdometrySource
from mail_ros.core.models.heads import State
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import SiteModel, build
from mail_ros.core.types import Float32Array
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.training.background import fit_background
from mail_ros.training.calibrate_site import calibrate, survey_folds, trackers_for
from mail_ros.training.field_map.fit import fit_field_map
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.run_config import RunConfig


class Fitted(NamedTuple):
    """What a fit gives."""

    config: ModelConfig
    state: State  # arrays of the model file
    golden: Float32Array  # see `model_file.save_model`
    record: dict[str, Any]  # entries of the model card about the fit
    held_out: dict[str, Any]  # entries of the model card about walks that were left out, by tracker


def fit_survey_model(config: RunConfig, tracks: Sequence[Track], odometry: OdometrySource) -> Fitted:
    """Matching or a map of the field, calibrated by folds of the survey.

    Args:
        config: of the run, of either kind.
        tracks: walks that the kind can use.
        odometry: source of their displacements; a map's is as exact as that.

    Raises:
        TrackError: walks without a window, or without rows of a map.
    """
    fitted = _fit(config, tracks, odometry)

    def model_of(part: Sequence[Track]) -> SiteModel:
        found = _fit(config, part, odometry)
        return build(found.config, found.state)

    folds = survey_folds(tracks, model_of, config.training.seed)
    calibrated, held_out = calibrate(fitted.config, folds, trackers_for(fitted.config, tracks))
    return fitted._replace(config=calibrated, held_out=held_out)


def _fit(config: RunConfig, tracks: Sequence[Track], odometry: OdometrySource) -> Fitted:
    if config.kind == "matching":
        windows = WindowSet(tracks, config.model, config.stride)
        return Fitted(*fit_background(config, windows), windows.fields(windows.ends[:1])[0], {}, {})
    fitted = fit_field_map(config.model, survey_walks(tracks).rows, odometry, config.training.seed)
    return Fitted(*fitted, {})
