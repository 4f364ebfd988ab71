"""Every method that the benchmark compares: its name, and how it is fitted to training walks.

`mail` is the paper's network and head; the other rows with `mail` in their name are its controls, and `matching`
is the model without a network. `field_map` is the model of preset `area`; `map_particles` and `maght` use the same map.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from mail_ros.core.config import OdometrySource, TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.core.localizer.compose import compose
from mail_ros.core.models.heads import SiteMap
from mail_ros.core.models.model import FunctionModel, Model
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import SiteModel, build
from mail_ros.core.types import Cells, FloatArray, Prediction, SampleLocalizer
from mail_ros.data.dataset import WindowSet
from mail_ros.data.track import Track
from mail_ros.evaluation.baselines.chance import chance
from mail_ros.evaluation.baselines.dead_reckoning import fit_dead_reckoning
from mail_ros.evaluation.baselines.dtw import dtw, subsequence
from mail_ros.evaluation.baselines.jang import LEARNING_RATE, Jang
from mail_ros.evaluation.baselines.knn import knn
from mail_ros.evaluation.baselines.maght import Maght
from mail_ros.evaluation.baselines.magicol import Magicol, MagicolSettings
from mail_ros.evaluation.baselines.maloc import Maloc, MalocSettings
from mail_ros.evaluation.baselines.map_particles import MapParticles
from mail_ros.training.field_map.fit import FittedMap, fit_field_map
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.loop import Trainer
from mail_ros.training.network import arrays, untrained
from mail_ros.training.run_config import AugmentConfig, RunConfig, run_config
from mail_ros.training.run_folder import RunFolder
from mail_ros.training.site_state import head_state, site_map_of
from mail_ros.training.survey_model import fit_survey_model

AS_IN_THE_PAPER = AugmentConfig(tilt_deg=0.0, soft_iron=0.0, noise_ut=0.0)
SEARCH_RATE_HZ = 10.0  # rate of the methods that search: enough for a walk, and that of their published figures
SEARCH_STRIDE_S = 0.1  # between the training windows


@dataclass(frozen=True)
class Fit:
    """Input of a fit: training walks and settings, and nothing of the test."""

    tracks: Sequence[Track]
    config: RunConfig
    stride_s: float  # between two estimates
    folder: Path  # run folder of a network


@dataclass(frozen=True)
class WindowMethod:
    """A model of windows, which every filter can follow."""

    model: Model
    cells: Cells | None = None  # the filter's cells, for a model without a map

    def localizer(self, tracker: TrackerChoice, stride_s: float) -> SampleLocalizer:
        """A localizer of the method with a tracker."""
        return compose(self.model, tracker, stride_s, cells=self.cells)


@dataclass(frozen=True)
class FilterMethod:
    """A method with a filter of its own."""

    method: SampleLocalizer

    def localizer(self, tracker: TrackerChoice, stride_s: float) -> SampleLocalizer:
        """The method itself.

        Raises:
            ConfigError: a tracker other than "none".
        """
        if tracker != "none":
            found = type(self.method).__name__
            raise ConfigError("the tracker", wanted="a method of windows", found=found, fix="evaluate it without one")
        return self.method


Fitted = WindowMethod | FilterMethod


def _search_config(fit: Fit) -> ModelConfig:
    """For the methods that search raw windows: the same seconds, at a rate of their own, without a gradient."""
    return ModelConfig("matching", dataclasses.replace(fit.config.by_time, rate_hz=SEARCH_RATE_HZ))


def _on_windows(method: Callable[[WindowSet, ModelConfig], FunctionModel]) -> Callable[[Fit], Fitted]:
    """A baseline that stores the training windows."""

    def fitted(fit: Fit) -> Fitted:
        config = _search_config(fit)
        return WindowMethod(method(WindowSet(fit.tracks, config, SEARCH_STRIDE_S), config))

    return fitted


def fit_jang(fit: Fit) -> Fitted:
    """See `baselines.jang`."""
    training = dataclasses.replace(fit.config.training, learning_rate=LEARNING_RATE)
    mail = dataclasses.replace(fit.config.mail, head="regression")
    config = dataclasses.replace(fit.config, kind="mail", training=training, mail=mail, augment=AS_IN_THE_PAPER)
    windows = WindowSet(fit.tracks, config.model, config.stride)
    torch.manual_seed(config.training.seed)
    model = Jang(config.model, head_state(config, windows))
    trained = Trainer(config, model, windows, None, _folder(fit)).fit()

    def locate(window_ut: FloatArray) -> Prediction:
        with torch.inference_mode():
            raw = trained(torch.from_numpy(window_ut).float()[None])[0].numpy()
        return Prediction(None, trained.head.meaning.posterior(raw))

    site_map = SiteMap(site_map_of(config, windows).cells)
    return WindowMethod(FunctionModel(config.model, config.model.samples, locate, site_map))


def fit_mail(fit: Fit, **changes: str) -> Fitted:
    """MAIL itself; `changes` name what differs from the paper's adaptive attention and regression.

    With the paper's head it is trained as in the paper, whose only augmentation is speed.
    """
    augment = fit.config.augment if changes.get("head") == "heatmap" else AS_IN_THE_PAPER
    changed = dataclasses.replace(fit.config.mail, **{"head": "regression", "attention": "adaptive", **changes})  # type: ignore[arg-type]
    config = dataclasses.replace(fit.config, kind="mail", mail=changed, augment=augment)
    windows = WindowSet(fit.tracks, config.model, config.stride)
    network = Trainer(config, untrained(config, windows), windows, None, _folder(fit)).fit()
    return WindowMethod(build(config.model, arrays(network)), site_map_of(config, windows).cells)


def fit_our_matching(fit: Fit) -> Fitted:
    """See `core.models.matching.matching`."""
    return WindowMethod(_survey_model(fit, dataclasses.replace(fit.config, kind="matching")))


def fit_our_field_map(fit: Fit) -> Fitted:
    """See `core.models.field_map.field_map`."""
    config = dataclasses.replace(run_config([], "area"), field_map=fit.config.field_map, training=fit.config.training)
    return FilterMethod(compose(_survey_model(fit, config), "odometry", fit.stride_s))


def _survey_model(fit: Fit, config: RunConfig) -> SiteModel:
    fitted = fit_survey_model(config, fit.tracks, _odometry(fit))
    return build(fitted.config, fitted.state)


def _field_map(fit: Fit) -> FittedMap:
    """A map by preset `area`, whatever the run's sampling and axes are."""
    config = dataclasses.replace(run_config([], "area"), field_map=fit.config.field_map)
    return fit_field_map(config.model, survey_walks(fit.tracks).rows, _odometry(fit), fit.config.training.seed)


def _odometry(fit: Fit) -> OdometrySource:
    return next((track.odometry for track in fit.tracks if track.odometry is not None), "wheels")


def _fit_map_particles(fit: Fit) -> Fitted:
    return FilterMethod(MapParticles(_field_map(fit), fit.config.training.seed, fit.stride_s))


def _fit_maght(fit: Fit) -> Fitted:
    return FilterMethod(Maght(_field_map(fit), fit.stride_s))


def _folder(fit: Fit) -> RunFolder:
    folder = RunFolder(fit.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Method:
    """How a method is fitted, and its place in the benchmark."""

    fit: Callable[[Fit], Fitted]
    reads: tuple[str, ...]  # sections of `RunConfig` that its results depend on
    ours: bool = False  # the others are baselines
    trains: bool = False  # a network, whose run keeps a log
    filters: bool = False  # has a filter of its own; all others predict from one window
    needs_odometry: bool = False
    needs_attitude: bool = False
    compared: bool = True  # a row of the benchmark; else of one study


WINDOWS = ("sampling",)
NETWORK = (*WINDOWS, "axes", "mail", "training")
FIELD_MAP = ("field_map", "training")
METHODS: dict[str, Method] = {
    "chance": Method(_on_windows(chance), WINDOWS),
    "knn": Method(_on_windows(knn), WINDOWS),
    "dtw": Method(lambda fit: WindowMethod(dtw(fit.tracks, _search_config(fit))), WINDOWS),
    "jang": Method(fit_jang, NETWORK, trains=True),
    "magicol": Method(
        lambda fit: FilterMethod(Magicol(fit.tracks, fit.config.training.seed, MagicolSettings())),
        ("training",),
        filters=True,
    ),
    "maloc": Method(
        lambda fit: FilterMethod(Maloc(fit.tracks, fit.config.training.seed, MalocSettings())),
        ("training",),
        filters=True,
    ),
    "dead_reckoning": Method(
        lambda fit: FilterMethod(fit_dead_reckoning(fit.tracks, fit.stride_s)), (), filters=True, needs_odometry=True
    ),
    "mail": Method(fit_mail, NETWORK, ours=True, trains=True),
    "mail_uniform": Method(lambda fit: fit_mail(fit, attention="uniform"), NETWORK, ours=True, trains=True),
    "mail_constant": Method(lambda fit: fit_mail(fit, attention="constant"), NETWORK, ours=True, trains=True),
    "mail_heatmap": Method(lambda fit: fit_mail(fit, head="heatmap"), (*NETWORK, "augment"), ours=True, trains=True),
    "field_map": Method(
        fit_our_field_map, FIELD_MAP, ours=True, filters=True, needs_odometry=True, needs_attitude=True
    ),
    "map_particles": Method(_fit_map_particles, FIELD_MAP, filters=True, needs_odometry=True, needs_attitude=True),
    "maght": Method(_fit_maght, FIELD_MAP, filters=True, needs_odometry=True, needs_attitude=True),
    "matching": Method(fit_our_matching, (*WINDOWS, "axes", "matching", "training"), ours=True),
    "subsequence": Method(
        lambda fit: WindowMethod(subsequence(fit.tracks, _search_config(fit), fit.config.mail.lag_s)),
        (*WINDOWS, "mail"),
        compared=False,
    ),
}
COMPARED = tuple(name for name, method in METHODS.items() if method.compared)
OURS = tuple(name for name, method in METHODS.items() if method.ours)


def applicable(tracks: Sequence[Track]) -> list[str]:
    """The compared methods that can run on some walks; `magicol` and `maloc` assume a speed without odometry."""
    odometry = all(track.moved_m is not None for track in tracks)
    attitude = all(track.attitude_xyzw is not None for track in tracks)
    return [
        name
        for name in COMPARED
        if (odometry or not METHODS[name].needs_odometry) and (attitude or not METHODS[name].needs_attitude)
    ]
