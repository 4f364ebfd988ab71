"""The settings of a training run; those of the network are in `core.config`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mail_ros.core.config import (
    FeatureConfig,
    MailConfig,
    MatchingConfig,
    NetworkConfig,
    WindowConfig,
    check_range,
    from_dict,
)
from mail_ros.core.errors import ConfigError
from mail_ros.core.settings import sections
from mail_ros.training.augment import AugmentConfig


@dataclass(frozen=True)
class TrainingConfig:
    """How the network is fitted; the paper's values are Adam, rate 0.02, batch 400, 1,500 epochs, no stop."""

    seed: int = 0
    epochs: int = 60
    batch: int = 256
    learning_rate: float = 0.005  # highest; rises over the first twentieth, then falls as a cosine
    patience: int = 15  # epochs without a better validation error before training stops
    stride_s: float = 0.2  # between the windows of one epoch
    validate_stride_s: float = 0.5
    speed: tuple[float, float] = (0.75, 1.35)  # slowest and fastest replay of a walk; (1, 1) is as recorded
    cell_m: float = 0.5  # of the heatmap head's map
    label_sigma_m: float = 0.4  # how far a label is trusted: landmarks and constant speed between them
    label_jitter_m: float = 0.0  # standard deviation along each axis of what is added to a label, anew in every step
    average: float = 0.0  # share of the weights so far in their running mean, which is kept; 0 keeps the last step's
    radius_m: float = 1.5  # of the mode's neighbourhood that is averaged into a position

    def __post_init__(self) -> None:
        for name, low, high in (
            ("epochs", 1, 100_000),
            ("batch", 1, 100_000),
            ("learning_rate", 1e-7, 1.0),
            ("patience", 1, 100_000),
            ("stride_s", 0.001, 60.0),
            ("validate_stride_s", 0.001, 60.0),
            ("cell_m", 0.05, 10.0),
            ("label_sigma_m", 0.01, 10.0),
            ("label_jitter_m", 0.0, 10.0),
            ("average", 0.0, 0.99999),
            ("radius_m", self.cell_m, 100.0),
        ):
            check_range(f"training.{name}", getattr(self, name), low, high)
        if len(self.speed) != 2 or not 0.1 <= self.speed[0] <= self.speed[1] <= 10.0:
            raise ConfigError(
                "training.speed", wanted="slowest and fastest, 0.1 to 10", found=str(list(self.speed)), fix="correct it"
            )


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides what a run computes, apart from its walks."""

    features: FeatureConfig = field(default_factory=FeatureConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def mail(self) -> MailConfig:
        """The part that goes into the model card as the network's own."""
        return MailConfig(self.features, self.window, self.network, self.matching)


# What differs from the defaults for a kind of use; chosen on simulated buildings that no figure in docs/ is from.
PRESETS: Mapping[str, Sequence[str]] = {
    "person": (),  # with a phone
    "robot": (  # on wheels: windows of 4 m of the way, in level axes
        "network.kind=matching",
        "features.frame=level",
        "features.along=way",
        "features.rate_hz=10",
        "window.length_s=4",
        "window.scales_s=[1,2,4]",
        "matching.speeds=[1]",
        "matching.noise_ut2=2",
    ),
}


def run_config(settings: Sequence[str], preset: str = "person") -> RunConfig:
    """The defaults, changed by a preset and by settings like `features.rate_hz=10` or `window.scales_s=[1,2,5]`.

    Raises:
        ConfigError: no such preset, or a setting that is not NAME=VALUE, unknown, of the wrong kind or out of range.
    """
    if preset not in PRESETS:
        raise ConfigError("--preset", wanted=" or ".join(PRESETS), found=repr(preset), fix="name one of them")
    return from_dict(RunConfig, sections([*PRESETS[preset], *settings]))
