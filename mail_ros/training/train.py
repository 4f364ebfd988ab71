"""From bags to a model file with a card: read, fit, write. Only the training of a network imports torch."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mail_ros import __version__
from mail_ros.core.config import OdometrySource
from mail_ros.core.localizer.compose import Tracking
from mail_ros.core.models.heads import State
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelCard, build, save_model
from mail_ros.core.types import Float32Array, FloatArray
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.training.background import fit_calibrated
from mail_ros.training.choose import tracking_for
from mail_ros.training.distribution import Processes
from mail_ros.training.residuals import residuals_m
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder
from mail_ros.training.survey_bags import Survey, refuse_shared

if TYPE_CHECKING:
    from mail_ros.training.field_map.survey import SurveyRows
    from mail_ros.training.loop import Progress

logger = logging.getLogger(__name__)


class _Walks(NamedTuple):
    """The walks of a run, read once."""

    train: WindowSet | SurveyRows  # the latter for a field map
    validate: WindowSet | None
    tracking: Tracking  # suits them


class _Fitted(NamedTuple):
    """What a fit gives."""

    config: ModelConfig
    state: State  # arrays of the model file
    golden: Float32Array  # see `model_file.save_model`
    record: dict[str, Any]  # entries of the model card about the fit


def train(
    config: RunConfig,
    survey: Survey,
    out: Path,
    run: Path,
    *,
    resume: bool,
    report: Callable[[Progress], None],
    processes: Processes | None = None,
) -> ModelCard:
    """Fit a model and write it to `out`; the run's record is kept in the folder `run`.

    Args:
        config: all settings.
        survey: the walks; without validation walks, `Survey.split` chooses them.
        out: the model file.
        run: the run's folder.
        resume: whether to continue the run in that folder.
        report: called after every step of a network.
        processes: processes that train together, each of which calls this; the leader writes. None is one process.

    Raises:
        MailError: bags, settings or run folder that cannot be used; nothing is overwritten then.
    """
    processes = processes or Processes()
    parts = processes.attempt(lambda: survey.split(needs_validation=config.needs_validation))
    walks = processes.attempt(lambda: _read(config, parts))
    folder = RunFolder(run, processes)
    folder.open({"settings": dataclasses.asdict(config), **parts.record()}, resume)
    fitted = _fit(config, walks, folder, report)
    model = build(fitted.config, fitted.state)
    metrics = {}
    if walks.validate is not None:
        residual_m = residuals_m(lambda field_ut: model(field_ut).raw, model.head, walks.validate)
        metrics = _metrics(np.linalg.norm(residual_m, axis=1))
    card = _card(config, parts, walks, fitted, metrics)
    if parts.site is not None:
        for floor in parts.site.missing(card.floors):
            logger.warning("%s, floor %d: not walked, so the model does not know it", parts.site.name, floor)
    for file in (out, run / "model.safetensors") if processes.leads else ():
        card = save_model(file, fitted.state, card, fitted.golden, model)
    return card


def _read(config: RunConfig, survey: Survey) -> _Walks:
    validate = survey.validate or ()
    refuse_shared(survey.train, validate)
    tracks = survey.tracks(survey.train)
    if config.kind == "field_map":
        return _read_rows(config, tracks)
    tracking = tracking_for(config.model, tracks)
    windows = WindowSet(tracks, config.model, config.stride)
    validation = WindowSet(survey.tracks(validate), config.model, config.validate_stride) if validate else None
    return _Walks(windows, validation, tracking)


def _read_rows(config: RunConfig, tracks: Sequence[Track]) -> _Walks:
    """The rows of a map of the field, with a warning about each walk that contradicts the others."""
    from mail_ros.training.field_map.contradictions import contradictions
    from mail_ros.training.field_map.survey_walks import survey_walks

    walks = survey_walks(tracks)
    for contradiction in contradictions(walks.rows):
        logger.warning("%s: %s", contradiction.source, contradiction)
    return _Walks(walks.rows, None, tracking_for(config.model, walks.tracks))


def _fit(config: RunConfig, walks: _Walks, folder: RunFolder, report: Callable[[Progress], None]) -> _Fitted:
    if not isinstance(walks.train, WindowSet):
        return _fit_map(config, walks.train, walks.tracking.odometry)
    golden = walks.train.fields(walks.train.ends[:1])[0]
    if config.kind == "matching":
        return _Fitted(*fit_calibrated(config, walks.train), golden, {})
    from mail_ros.training.loop import Trainer
    from mail_ros.training.network import arrays, untrained

    trainer = Trainer(config, untrained(config, walks.train), walks.train, walks.validate, folder)
    network = trainer.fit(report)
    return _Fitted(config.model, arrays(network), golden, {"best_epoch": trainer.state.best_epoch})


def _fit_map(config: RunConfig, rows: SurveyRows, odometry: OdometrySource) -> _Fitted:
    """A map of the field; the record has the area that it knows."""
    from mail_ros.training.field_map.fit import fit_field_map
    from mail_ros.training.field_map.known_area import surveyed_areas

    fitted = fit_field_map(config.model, rows, odometry, config.training.seed)
    areas = surveyed_areas(rows, fitted.config, fitted.state)
    for area in areas:
        if area.is_thin:
            logger.warning("%s; `mail_ros check --preset area` proposes some", area.thin_text())
    record = {**fitted.record, "area": [area.as_json() for area in areas]}
    return _Fitted(fitted.config, fitted.state, fitted.golden, record)


def _metrics(error_m: FloatArray) -> dict[str, Any]:
    return {
        "of": "single windows of the validation walks, moving, no tracker",
        "windows": len(error_m),
        "mean_m": float(error_m.mean()),
        "median_m": float(np.median(error_m)),
        "p90_m": float(np.percentile(error_m, 90)),
    }


def _card(config: RunConfig, survey: Survey, walks: _Walks, fitted: _Fitted, metrics: dict[str, Any]) -> ModelCard:
    origin = {"date": datetime.now(timezone.utc).date().isoformat(), "mail_ros": __version__}
    card = ModelCard(
        config=fitted.config,
        tracker=walks.tracking.tracker,
        odometry=walks.tracking.odometry,
        floors=tuple(int(floor) for floor in np.unique(walks.train.floor)),
        cells=len(fitted.state.get("head.cell_floor", ())),
        training={"settings": dataclasses.asdict(config.training), **survey.record(), **fitted.record, **origin},
        metrics=metrics,
    )
    return card if survey.site is None else dataclasses.replace(card, map_frame=survey.site.map_frame)
