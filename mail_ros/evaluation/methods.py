"""Every method that the benchmark compares: one name, one way to fit it to training walks.

`mail` is the paper's network and head; the other rows with `mail` in their name are its controls, and `matching`
is the model that does without a network.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from mail_ros.core.config import FeatureConfig, MailConfig
from mail_ros.core.localizer.interface import Localizer
from mail_ros.core.localizer.localizer import MailLocalizer, WindowLocalizer
from mail_ros.core.localizer.reader import Answer
from mail_ros.core.models.model_file import build
from mail_ros.core.signal.resampling import FloatArray
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


def _search_config(fit: Fit) -> MailConfig:
    """For the methods that search raw windows: the same seconds, at a rate of their own, without a gradient."""
    features = FeatureConfig(rate_hz=SEARCH_RATE_HZ, gradient="mean", max_gap_s=fit.config.features.max_gap_s)
    return dataclasses.replace(fit.config, features=features).mail


def fit_chance(fit: Fit) -> Localizer:
    """See `peers.chance`."""
    config = _search_config(fit)
    return chance(WindowSet(fit.tracks, config, SEARCH_STRIDE_S), config, fit.stride_s)


def fit_knn(fit: Fit) -> Localizer:
    """See `peers.knn`."""
    config = _search_config(fit)
    return knn(WindowSet(fit.tracks, config, SEARCH_STRIDE_S), config, fit.stride_s)


def fit_dtw(fit: Fit) -> Localizer:
    """See `peers.dtw`."""
    return dtw(fit.tracks, _search_config(fit), fit.stride_s)


def fit_subsequence(fit: Fit) -> Localizer:
    """See `peers.subsequence`."""
    return subsequence(fit.tracks, _search_config(fit), fit.config.features.lag_s, fit.stride_s)


def fit_jang(fit: Fit) -> Localizer:
    """See `peers.jang`."""
    training = dataclasses.replace(fit.config.training, learning_rate=LEARNING_RATE)
    network = dataclasses.replace(fit.config.network, head="regression")
    config = dataclasses.replace(fit.config, training=training, network=network, augment=AS_IN_THE_PAPER)
    windows = WindowSet(fit.tracks, config.mail, config.training.stride_s)
    torch.manual_seed(config.training.seed)
    model = Jang(config.mail, head_state(config, windows))
    trained = Trainer(config, model, windows, None, _folder(fit)).fit(fit.report)

    def locate(window_ut: FloatArray) -> Answer:
        with torch.inference_mode():
            raw = trained(torch.from_numpy(window_ut).float()[None])[0].numpy()
        return Answer(trained.head.meaning.posterior(raw))

    return WindowLocalizer.over_windows(
        config.features, config.mail.samples, locate, fit.stride_s, cells_of(config, windows)
    )


def fit_mail(fit: Fit, **changes: str) -> Localizer:
    """MAIL itself; `changes` name what differs from the paper's adaptive attention and regression.

    With the paper's head it is trained as in the paper, whose only augmentation is speed.
    """
    augment = fit.config.augment if changes.get("head") == "heatmap" else AS_IN_THE_PAPER
    changed = dataclasses.replace(fit.config.network, **{"head": "regression", "attention": "adaptive", **changes})  # type: ignore[arg-type]
    config = dataclasses.replace(fit.config, network=changed, augment=augment)
    windows = WindowSet(fit.tracks, config.mail, config.training.stride_s)
    network = Trainer(config, untrained(config, windows), windows, None, _folder(fit)).fit(fit.report)
    return MailLocalizer(build(config.mail, arrays(network)), fit.stride_s, cells_of(config, windows))


def fit_our_matching(fit: Fit) -> Localizer:
    """See `core.models.matching.matching`."""
    config = dataclasses.replace(fit.config, network=dataclasses.replace(fit.config.network, kind="matching"))
    state = fit_matching(config, WindowSet(fit.tracks, config.mail, config.matching.stride_s))
    return MailLocalizer(build(config.mail, state), fit.stride_s)


def _folder(fit: Fit) -> RunFolder:
    folder = RunFolder(fit.folder)
    folder.path.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Method:
    """How a method is fitted, and what the benchmark has to know of it."""

    fit: Callable[[Fit], Localizer]
    reads: tuple[str, ...]  # sections of `RunConfig`: a change of any other leaves its results as they are
    ours: bool = False  # the others are peers
    trains: bool = False  # a network, whose run keeps a log
    filters: bool = False  # carries on from estimate to estimate, in its own way; all others answer windows
    needs_odometry: bool = False
    compared: bool = True  # a row of the benchmark; else a study's own


WINDOWS = ("features", "window")
NETWORK = (*WINDOWS, "network", "training")
METHODS: dict[str, Method] = {
    "chance": Method(fit_chance, WINDOWS),
    "knn": Method(fit_knn, WINDOWS),
    "dtw": Method(fit_dtw, WINDOWS),
    "jang": Method(fit_jang, NETWORK, trains=True),
    "magicol": Method(lambda fit: fit_magicol(fit.tracks, fit.config.training.seed), ("training",), filters=True),
    "maloc": Method(lambda fit: fit_maloc(fit.tracks, fit.config.training.seed), ("training",), filters=True),
    "dead_reckoning": Method(
        lambda fit: fit_dead_reckoning(fit.tracks, fit.stride_s), (), filters=True, needs_odometry=True
    ),
    "mail": Method(fit_mail, NETWORK, ours=True, trains=True),
    "mail_uniform": Method(lambda fit: fit_mail(fit, attention="uniform"), NETWORK, ours=True, trains=True),
    "mail_constant": Method(lambda fit: fit_mail(fit, attention="constant"), NETWORK, ours=True, trains=True),
    "mail_heatmap": Method(lambda fit: fit_mail(fit, head="heatmap"), (*NETWORK, "augment"), ours=True, trains=True),
    "matching": Method(fit_our_matching, (*WINDOWS, "matching", "training"), ours=True),
    "subsequence": Method(fit_subsequence, WINDOWS, compared=False),
}
COMPARED = tuple(name for name, method in METHODS.items() if method.compared)
OURS = tuple(name for name, method in METHODS.items() if method.ours)


def applicable(tracks: Sequence[Track]) -> list[str]:
    """The compared methods that walks like these allow; the particle filters guess where odometry is missing."""
    odometry = all(track.moved_m is not None for track in tracks)
    return [name for name in COMPARED if odometry or not METHODS[name].needs_odometry]
