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
from mail_ros.core.localizer.compose import Tracking
from mail_ros.core.models.model_file import ModelCard, SiteModel, build, save_model
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.training.calibrate_site import Fold, calibrate, trackers_for
from mail_ros.training.choose import tracking_for
from mail_ros.training.distribution import Processes
from mail_ros.training.residuals import residuals_m
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder
from mail_ros.training.survey_bags import Survey, refuse_shared
from mail_ros.training.survey_model import Fitted, fit_survey_model

if TYPE_CHECKING:
    from mail_ros.training.loop import Progress

logger = logging.getLogger(__name__)


class _Walks(NamedTuple):
    """The walks of a run, read once."""

    train: Sequence[Track]  # those that the kind can use
    validate: Sequence[Track]
    tracking: Tracking  # suits the former


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
    fitted = _fit_network(config, walks, folder, report) if config.kind == "mail" else _fit_survey(config, walks)
    model = build(fitted.config, fitted.state)
    card = _card(config, parts, walks, fitted, _metrics(config, model, walks.validate))
    if parts.site is not None:
        for floor in parts.site.missing(card.floors):
            logger.warning("%s, floor %d: not walked, so the model does not know it", parts.site.name, floor)
    for file in (out, run / "model.safetensors") if processes.leads else ():
        card = save_model(file, fitted.state, card, fitted.golden, model)
    return card


def _read(config: RunConfig, survey: Survey) -> _Walks:
    """The walks, with a warning about each one that the kind cannot use, or that contradicts the others."""
    validate = survey.validate or ()
    refuse_shared(survey.train, validate)
    tracks = survey.tracks(survey.train)
    if config.kind == "field_map":
        from mail_ros.training.field_map.contradictions import contradictions
        from mail_ros.training.field_map.survey_walks import survey_walks

        walks = survey_walks(tracks)
        for contradiction in contradictions(walks.rows):
            logger.warning("%s: %s", contradiction.source, contradiction)
        tracks = walks.tracks
    return _Walks(tracks, survey.tracks(validate), tracking_for(config.model, tracks))


def _fit_survey(config: RunConfig, walks: _Walks) -> Fitted:
    """Matching, or a map of the field; the record of the latter has the area that it knows."""
    fitted = fit_survey_model(config, walks.train, walks.tracking.odometry)
    if config.kind == "matching":
        return fitted
    from mail_ros.training.field_map.known_area import surveyed_areas
    from mail_ros.training.field_map.survey_walks import survey_walks

    areas = surveyed_areas(survey_walks(walks.train).rows, fitted.config, fitted.state)
    for area in areas:
        if area.is_thin:
            logger.warning("%s; `mail_ros check --preset area` proposes some", area.thin_text())
    return fitted._replace(record={**fitted.record, "area": [area.as_json() for area in areas]})


def _fit_network(config: RunConfig, walks: _Walks, folder: RunFolder, report: Callable[[Progress], None]) -> Fitted:
    """A network, calibrated by the validation walks, which chose its epoch and nothing else."""
    from mail_ros.training.loop import Trainer
    from mail_ros.training.network import arrays, untrained

    windows = WindowSet(walks.train, config.model, config.stride)
    validation = WindowSet(walks.validate, config.model, config.validate_stride) if walks.validate else None
    trainer = Trainer(config, untrained(config, windows), windows, validation, folder)
    state = arrays(trainer.fit(report))
    fold = Fold(build(config.model, state), walks.validate, walks.train)
    calibrated, held_out = calibrate(config.model, [fold], trackers_for(config.model, walks.validate))
    golden = windows.fields(windows.ends[:1])[0]
    return Fitted(calibrated, state, golden, {"best_epoch": trainer.state.best_epoch}, held_out)


def _metrics(config: RunConfig, model: SiteModel, validate: Sequence[Track]) -> dict[str, Any]:
    """Errors of single windows of the validation walks; a map of the field has none."""
    if not validate or config.kind == "field_map":
        return {}
    windows = WindowSet(validate, config.model, config.validate_stride)
    error_m = np.linalg.norm(residuals_m(lambda field_ut: model(field_ut).raw, model.head, windows), axis=1)
    return {
        "of": "single windows of the validation walks, moving, no tracker",
        "windows": len(error_m),
        "mean_m": float(error_m.mean()),
        "median_m": float(np.median(error_m)),
        "p90_m": float(np.percentile(error_m, 90)),
    }


def _card(config: RunConfig, survey: Survey, walks: _Walks, fitted: Fitted, metrics: dict[str, Any]) -> ModelCard:
    cells = len(fitted.state.get("head.cell_floor", ()))
    origin = {"date": datetime.now(timezone.utc).date().isoformat(), "mail_ros": __version__}
    card = ModelCard(
        config=fitted.config,
        tracker=walks.tracking.tracker,
        odometry=walks.tracking.odometry,
        floors=tuple(np.unique(fitted.state["head.cell_floor" if cells else "head.floor"]).tolist()),
        cells=cells,
        training={"settings": dataclasses.asdict(config.training), **survey.record(), **fitted.record, **origin},
        metrics=metrics,
        held_out=fitted.held_out,
    )
    return card if survey.site is None else dataclasses.replace(card, map_frame=survey.site.map_frame)
