"""From bags to a model file: read, fit, write with a card. torch is imported where a network is trained, only there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mail_ros import __version__
from mail_ros.core.models.heads import State
from mail_ros.core.models.model_file import ModelCard, build, save_model
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.choose import tracking_for
from mail_ros.training.distribution import Processes
from mail_ros.training.matching import fit_matching
from mail_ros.training.residuals import distances_m, residuals_m
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder
from mail_ros.training.survey import Survey, refuse_shared

if TYPE_CHECKING:
    from mail_ros.training.loop import Progress


class _Windows(NamedTuple):
    """The windows of a run."""

    train: WindowSet
    validate: WindowSet | None


class _Fitted(NamedTuple):
    """A fitted model as arrays of a model file."""

    state: State
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
    windows = processes.attempt(lambda: _read(config, parts))
    folder = RunFolder(run, processes)
    folder.open({"settings": dataclasses.asdict(config), **parts.record()}, resume)
    fitted = _fit(config, windows, folder, report)
    model = build(config.model, fitted.state)
    metrics = {}
    if windows.validate is not None:
        residual_m = residuals_m(lambda field_ut: model(field_ut).raw, model.head, windows.validate)
        metrics = _metrics(distances_m(residual_m))
    card = _card(config, parts, windows, fitted, metrics)
    golden = windows.train.fields(windows.train.ends[:1])[0]
    for file in (out, run / "model.safetensors") if processes.leads else ():
        card = save_model(file, fitted.state, card, golden, model)
    return card


def _read(config: RunConfig, survey: Survey) -> _Windows:
    validate = survey.validate or ()
    refuse_shared(survey.train, validate)
    windows = WindowSet(survey.tracks(survey.train), config.model, config.stride)
    validation = WindowSet(survey.tracks(validate), config.model, config.validate_stride) if validate else None
    return _Windows(windows, validation)


def _fit(config: RunConfig, windows: _Windows, folder: RunFolder, report: Callable[[Progress], None]) -> _Fitted:
    if config.kind == "matching":
        return _Fitted(fit_matching(config, windows.train), {})
    from mail_ros.training.fit_network import fit_network

    network = fit_network(config, windows.train, windows.validate, folder, report)
    return _Fitted(network.state, {"best_epoch": network.best_epoch})


def _metrics(error_m: FloatArray) -> dict[str, Any]:
    return {
        "of": "single windows of the validation walks, moving, no tracker",
        "windows": len(error_m),
        "mean_m": float(error_m.mean()),
        "median_m": float(np.median(error_m)),
        "p90_m": float(np.percentile(error_m, 90)),
    }


def _card(config: RunConfig, survey: Survey, windows: _Windows, fitted: _Fitted, metrics: dict[str, Any]) -> ModelCard:
    tracking = tracking_for(config.model, survey.tracks(survey.train))
    origin = {"date": datetime.now(timezone.utc).date().isoformat(), "mail_ros": __version__}
    card = ModelCard(
        config=config.model,
        tracker=tracking.tracker,
        odometry=tracking.odometry,
        floors=tuple(int(floor) for floor in np.unique(windows.train.floor)),
        cells=len(fitted.state.get("head.cell_floor", ())),
        training={"settings": dataclasses.asdict(config.training), **survey.record(), **fitted.record, **origin},
        metrics=metrics,
    )
    return card if survey.site is None else dataclasses.replace(card, map_frame=survey.site.map_frame)
