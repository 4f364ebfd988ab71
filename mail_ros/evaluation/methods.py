"""Every method that the benchmark compares: one name, one way to fit it to training walks.

`mail` is the paper's network and head; the other rows with `mail` in their name are its controls, and `matching`
is the model that does without a network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch

from mail_ros.core.config import TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import FunctionModel, Model
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import build
from mail_ros.core.types import Cells, FloatArray, Prediction, SampleLocalizer
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.chance import chance
from mail_ros.evaluation.baselines.dead_reckoning import fit_dead_reckoning
from mail_ros.evaluation.baselines.dtw import dtw
from mail_ros.evaluation.baselines.jang import LEARNING_RATE, Jang
from mail_ros.evaluation.baselines.knn import knn
from mail_ros.evaluation.baselines.magicol import fit_magicol
from mail_ros.evaluation.baselines.maloc import fit_maloc
from mail_ros.evaluation.baselines.subsequence import subsequence
from mail_ros.training.augment import AugmentConfig
from mail_ros.training.from_map import with_map_walks
from mail_ros.training.loop import Progress, Trainer
from mail_ros.training.maps import cells_of, head_state
from mail_ros.training.matching import fit_matching
from mail_ros.training.network import arrays
from mail_ros.training.run_config import RunConfig
from mail_ros.training.run_folder import RunFolder
from mail_ros.training.train import untrained

AS_IN_THE_PAPER = AugmentConfig(tilt_deg=0.0, soft_iron=0.0, noise_ut=0.0)
SEARCH_RATE_HZ = 10.0  # of the methods that search: enough for a walk, and what their figures were measured at
SEARCH_STRIDE_S = 0.1  # between the training windows


@dataclass(frozen=True)
class Fit:
    """What a method is given: training walks and settings, and nothing of the test."""

    tracks: Sequence[Track]
    config: RunConfig
    stride_s: float  # between two estimates
    folder: Path  # for the run of a method that trains
    report: Callable[[Progress], None]


class Fitted(Protocol):
    """A fitted method, ready to localize."""

    def localizer(self, tracker: TrackerChoice, stride_s: float) -> SampleLocalizer:
        """A localizer of the method.

        Raises:
            ConfigError: a tracker that cannot follow it.
        """


@dataclass(frozen=True)
class WindowMethod:
    """A model of windows, which every filter can follow."""

    model: Model
    cells: Cells | None = None  # of a filter, where the model has no map

    def localizer(self, tracker: TrackerChoice, stride_s: float) -> SampleLocalizer:
        """See `Fitted`."""
        return compose(self.model, tracker, stride_s, cells=self.cells)


@dataclass(frozen=True)
class FilterMethod:
    """A method that is a filter of its own."""

    method: SampleLocalizer

    def localizer(self, tracker: TrackerChoice, stride_s: float) -> SampleLocalizer:
        """See `Fitted`."""
        if tracker != "none":
            found = type(self.method).__name__
            raise ConfigError("the tracker", wanted="a method of windows", found=found, fix="evaluate it without one")
        return self.method


def _search_config(fit: Fit) -> ModelConfig:
    """For the methods that search raw windows: the same seconds, at a rate of their own, without a gradient."""
    return ModelConfig("matching", dataclasses.replace(fit.config.by_time, rate_hz=SEARCH_RATE_HZ))


def fit_chance(fit: Fit) -> Fitted:
    """See `peers.chance`."""
    config = _search_config(fit)
    return WindowMethod(chance(WindowSet(fit.tracks, config, SEARCH_STRIDE_S), config))


def fit_knn(fit: Fit) -> Fitted:
    """See `peers.knn`."""
    config = _search_config(fit)
    return WindowMethod(knn(WindowSet(fit.tracks, config, SEARCH_STRIDE_S), config))


def fit_dtw(fit: Fit) -> Fitted:
    """See `peers.dtw`."""
    return WindowMethod(dtw(fit.tracks, _search_config(fit)))


def fit_subsequence(fit: Fit) -> Fitted:
    """See `peers.subsequence`."""
    return WindowMethod(subsequence(fit.tracks, _search_config(fit), fit.config.mail.lag_s))


def fit_jang(fit: Fit) -> Fitted:
    """See `peers.jang`."""
    training = dataclasses.replace(fit.config.training, learning_rate=LEARNING_RATE)
    mail = dataclasses.replace(fit.config.mail, head="regression")
    config = dataclasses.replace(fit.config, kind="mail", training=training, mail=mail, augment=AS_IN_THE_PAPER)
    windows = WindowSet(fit.tracks, config.model, config.stride)
    torch.manual_seed(config.training.seed)
    model = Jang(config.model, head_state(config, windows))
    trained = Trainer(config, model, windows, None, _folder(fit)).fit(fit.report)

    def locate(window_ut: FloatArray) -> Prediction:
        with torch.inference_mode():
            raw = trained(torch.from_numpy(window_ut).float()[None])[0].numpy()
        return Prediction(None, trained.head.meaning.posterior(raw))

    site_map = SiteMap(cells_of(config, windows))
    return WindowMethod(FunctionModel(config.model, config.model.samples, locate, site_map))


def fit_mail(fit: Fit, **changes: str) -> Fitted:
    """MAIL itself; `changes` name what differs from the paper's adaptive attention and regression.

    With the paper's head it is trained as in the paper, whose only augmentation is speed.
    """
    augment = fit.config.augment if changes.get("head") == "heatmap" else AS_IN_THE_PAPER
    changed = dataclasses.replace(fit.config.mail, **{"head": "regression", "attention": "adaptive", **changes})  # type: ignore[arg-type]
    config = dataclasses.replace(fit.config, kind="mail", mail=changed, augment=augment)
    windows = WindowSet(with_map_walks(config, fit.tracks).tracks, config.model, config.stride)
    network = Trainer(config, untrained(config, windows), windows, None, _folder(fit)).fit(fit.report)
    return WindowMethod(build(config.model, arrays(network)), cells_of(config, windows))


def fit_our_matching(fit: Fit) -> Fitted:
    """See `core.models.matching.matching`."""
    config = dataclasses.replace(fit.config, kind="matching")
    tracks = with_map_walks(config, fit.tracks).tracks
    state = fit_matching(config, WindowSet(tracks, config.model, config.stride))
    return WindowMethod(build(config.model, state))


def fit_particles(method: Callable[[Sequence[Track], int], SampleLocalizer]) -> Callable[[Fit], Fitted]:
    """A particle filter of its own, with the seed of the run."""
    return lambda fit: FilterMethod(method(fit.tracks, fit.config.training.seed))


def _folder(fit: Fit) -> RunFolder:
    folder = RunFolder(fit.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Method:
    """How a method is fitted, and what the benchmark has to know of it."""

    fit: Callable[[Fit], Fitted]
    reads: tuple[str, ...]  # sections of `RunConfig`: a change of any other leaves its results as they are
    ours: bool = False  # the others are peers
    trains: bool = False  # a network, whose run keeps a log
    filters: bool = False  # carries on from estimate to estimate, in its own way; all others answer windows
    needs_odometry: bool = False
    compared: bool = True  # a row of the benchmark; else a study's own


WINDOWS = ("sampling",)
NETWORK = (*WINDOWS, "axes", "mail", "training")
MAIL = (*NETWORK, "field_map")
METHODS: dict[str, Method] = {
    "chance": Method(fit_chance, WINDOWS),
    "knn": Method(fit_knn, WINDOWS),
    "dtw": Method(fit_dtw, WINDOWS),
    "jang": Method(fit_jang, NETWORK, trains=True),
    "magicol": Method(fit_particles(fit_magicol), ("training",), filters=True),
    "maloc": Method(fit_particles(fit_maloc), ("training",), filters=True),
    "dead_reckoning": Method(
        lambda fit: FilterMethod(fit_dead_reckoning(fit.tracks, fit.stride_s)), (), filters=True, needs_odometry=True
    ),
    "mail": Method(fit_mail, MAIL, ours=True, trains=True),
    "mail_uniform": Method(lambda fit: fit_mail(fit, attention="uniform"), MAIL, ours=True, trains=True),
    "mail_constant": Method(lambda fit: fit_mail(fit, attention="constant"), MAIL, ours=True, trains=True),
    "mail_heatmap": Method(lambda fit: fit_mail(fit, head="heatmap"), (*MAIL, "augment"), ours=True, trains=True),
    "matching": Method(fit_our_matching, (*WINDOWS, "axes", "matching", "training", "field_map"), ours=True),
    "subsequence": Method(fit_subsequence, (*WINDOWS, "mail"), compared=False),
}
COMPARED = tuple(name for name, method in METHODS.items() if method.compared)
OURS = tuple(name for name, method in METHODS.items() if method.ours)


def applicable(tracks: Sequence[Track]) -> list[str]:
    """The compared methods that walks like these allow; the particle filters guess where odometry is missing."""
    odometry = all(track.moved_m is not None for track in tracks)
    return [name for name in COMPARED if odometry or not METHODS[name].needs_odometry]
