"""From bags to a model file: read, cut, fit, write with a card."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mail_ros import __version__
from mail_ros.core.errors import TrackError
from mail_ros.core.models.model_file import ModelCard, build, save_model
from mail_ros.core.platform.robot_file import Robot
from mail_ros.core.types import FloatArray
from mail_ros.data.bag import FIELD_TOPIC, Bag, read_track
from mail_ros.data.dataset import WindowSet
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import Track
from mail_ros.data.truth import ANY
from mail_ros.training.distribution import Processes
from mail_ros.training.from_map import with_map_walks
from mail_ros.training.loop import Progress, Trainer, distances_m, residuals_m
from mail_ros.training.maps import head_state
from mail_ros.training.matching import fit_matching
from mail_ros.training.network import MailNetwork, arrays, untrained_network
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder


@dataclasses.dataclass(frozen=True)
class Survey:
    """The bags of a run, by what they are for, and the topics to read in them."""

    train: Sequence[Path]
    validate: Sequence[Path]
    field_topic: str = FIELD_TOPIC
    truth_topic: str = ""
    robot: Robot | None = None  # that carried the sensor in all of them
    site: SiteFile | None = None  # where all of it was walked

    def tracks(self, bags: Sequence[Path]) -> list[Track]:
        """Read and label some of its bags; errors as of `labelled_track`, and TrackError for one of another site."""
        return [self._track(bag) for bag in bags]

    def _track(self, bag: Path) -> Track:
        track = labelled_track(bag, self.field_topic, self.truth_topic, self.robot)
        if self.site and (misfit := self.site.misfit(Bag(bag).notes(), np.unique(track.floor[track.valid]).tolist())):
            raise TrackError(track.source, wanted=f"a walk at {self.site.name}", found=misfit.found, fix=misfit.fix)
        return track

    def description(self) -> dict[str, Any]:
        """Names and hashes of the bags, as run folder and model card keep them."""
        return {
            purpose: [Bag(path).identity() for path in bags]
            for purpose, bags in (("train", self.train), ("validate", self.validate))
        }

    def carrier(self) -> dict[str, Any]:
        """What was known of the robot, as run folder and model card keep it; nothing where nothing was."""
        return {} if self.robot is None else {"robot": dataclasses.asdict(self.robot)}


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
        survey: the walks.
        out: the model file.
        run: the run's folder.
        resume: whether to go on with the run that is there.
        report: is told of every step.
        processes: that compute together, each of which calls this; the leader writes. None is this one alone.

    Raises:
        MailError: bags, settings or run folder that cannot be used; nothing is overwritten then.
    """
    processes = processes or Processes()
    windows, validation, learned = processes.attempt(lambda: _read(config, survey))
    folder = RunFolder(run, processes)
    of_walks = {"bags": survey.description(), **survey.carrier()}
    folder.open({"settings": dataclasses.asdict(config), **of_walks}, resume)
    record: dict[str, Any] = {"settings": dataclasses.asdict(config.training), **of_walks, **learned}
    if config.kind == "matching":
        state = fit_matching(config, windows)
    else:
        trainer = Trainer(config, untrained(config, windows), windows, validation, folder)
        state = arrays(trainer.fit(report))
        record["best_epoch"] = trainer.state.best_epoch
    model = build(config.model, state)
    residual_m = residuals_m(lambda field_ut: model(field_ut).raw, model.head, validation)
    card = _card(config, record, windows, distances_m(residual_m))
    if survey.site is not None:
        card = dataclasses.replace(card, map_frame=survey.site.map_frame)
    golden = windows.fields(windows.ends[:1])[0]
    for file in (out, run / "model.safetensors") if processes.leads else ():
        card = save_model(file, state, card, golden)
    return card


def _read(config: RunConfig, survey: Survey) -> tuple[WindowSet, WindowSet, dict[str, Any]]:
    """Windows to learn from, windows to validate on, and what was learned to draw more walks."""
    refuse_shared(survey.train, survey.validate)
    walks = with_map_walks(config, survey.tracks(survey.train))
    windows = WindowSet(walks.tracks, config.model, config.stride)
    validation = WindowSet(survey.tracks(survey.validate), config.model, config.validate_stride)
    return windows, validation, walks.record


def labelled_track(
    bag: Path, field_topic: str = FIELD_TOPIC, truth_topic: str = "", robot: Robot | None = None
) -> Track:
    """One walk whose positions are known.

    Raises:
        BagError: a bag that cannot be read.
        TrackError: a bag without a truth.
    """
    track = read_track(bag, field_topic, truth_topic, robot)
    if not track.valid.any():
        raise TrackError(
            track.source,
            wanted=f"a walk that says where it was: {truth_topic or ANY}",
            found="no labelled sample",
            fix="leave the bag out, or name the topic that says it with --truth",
        )
    return track


def refuse_shared(train: Iterable[Path], held_out: Iterable[Path]) -> None:
    """Refuse a walk that would be learned by heart and then judged on.

    Raises:
        TrackError: a bag is on both sides.
    """
    shared = {path.resolve() for path in train} & {path.resolve() for path in held_out}
    if shared:
        raise TrackError(
            ", ".join(sorted(path.name for path in shared)),
            wanted="walks that are either for training or held out",
            found="the same bag in both",
            fix="leave it out of one",
        )


def untrained(config: RunConfig, windows: WindowSet) -> MailNetwork:
    """MAIL for the site that the windows come from; the seed alone decides its weights."""
    torch.manual_seed(config.training.seed)
    return untrained_network(config.model, head_state(config, windows))


def _card(config: RunConfig, record: dict[str, Any], windows: WindowSet, error_m: FloatArray) -> ModelCard:
    return ModelCard(
        config=config.model,
        floors=tuple(int(floor) for floor in np.unique(windows.floor)),
        cells=len(head_state(config, windows).get("head.cell_floor", ())),
        training={**record, "date": datetime.now(timezone.utc).date().isoformat(), "mail_ros": __version__},
        metrics={
            "of": "single windows of the validation walks, moving, no tracker",
            "windows": len(error_m),
            "mean_m": float(error_m.mean()),
            "median_m": float(np.median(error_m)),
            "p90_m": float(np.percentile(error_m, 90)),
        },
    )
