"""The settings of a training run; those of a model are in `core.models.model_config`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from mail_ros.core.config import Fraction, Range, Settings, check_range, field_hints, from_dict, nested, parse_settings
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.field_map_config import FieldMapConfig
from mail_ros.core.models.mail_config import MailConfig
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.models.model_config import ModelConfig, ModelKind
from mail_ros.core.models.renamed import RENAMED, with_new_names
from mail_ros.core.signal.axes import AxesKind
from mail_ros.core.signal.sampling import DistanceSampling, Sampling, TimeSampling

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AugmentConfig(Settings, prefix="augment."):
    """Augmentation; the nonzero defaults were measured to help, see docs/accuracy.md."""

    tilt_deg: Annotated[float, Range(0.0, 180.0)] = 15.0  # standard deviation of the pitch about the device's x axis
    soft_iron: Fraction = 0.0  # standard deviation of the entries of a matrix that is added to the identity
    noise_ut: Annotated[float, Range(0.0, 1000.0)] = 0.5  # largest deviation of white noise; each window has its own
    offset_ut: Annotated[float, Range(0.0, 1000.0)] = 20.0  # gravity axes: deviation, per axis, of the device's field


@dataclass(frozen=True)
class TrainingConfig(Settings, prefix="training."):
    """How the network is fitted; the paper's values are Adam, rate 0.02, batch 400, 1,500 epochs, no stop."""

    seed: int = 0  # random seed of weights, batches and augmentation
    epochs: Annotated[int, Range(1, 100_000)] = 60  # passes over the training windows, at most
    batch: Annotated[int, Range(1, 100_000)] = 256  # windows per step, on all processes together
    learning_rate: Annotated[float, Range(1e-7, 1.0)] = 0.005  # highest; rises over the first twentieth, then a cosine
    keep: Literal["best", "last"] = "best"  # epoch: of the least validation error; or the last, without an early stop
    patience: Annotated[int, Range(1, 100_000)] = 15  # epochs without a better validation error before training stops
    stride_s: Annotated[float, Range(0.001, 60.0)] = 0.2  # between the windows of one epoch
    validate_stride_s: Annotated[float, Range(0.001, 60.0)] = 0.5  # between the validation windows, sampled by time
    validate_stride_m: Annotated[float, Range(0.001, 60.0)] = 0.5  # the same, sampled by distance
    speed: tuple[float, float] = (0.75, 1.35)  # slowest and fastest replay of a walk; (1, 1) is as recorded
    cell_m: Annotated[float, Range(0.05, 10.0)] = 0.5  # side of a cell of the map
    label_sigma_m: Annotated[float, Range(0.01, 10.0)] = 0.4  # deviation of a label: landmarks, constant speed between
    radius_m: Annotated[float, Range(0.05, 100.0)] = 1.5  # neighbourhood of the mode that is averaged into a position

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("training.radius_m", self.radius_m, self.cell_m, 100.0)
        if len(self.speed) != 2 or not 0.1 <= self.speed[0] <= self.speed[1] <= 10.0:
            raise ConfigError(
                "training.speed", wanted="slowest and fastest, 0.1 to 10", found=str(list(self.speed)), fix="correct it"
            )


@dataclass(frozen=True)
class RunConfig(Settings):
    """Everything that determines the result of a run, apart from its walks."""

    kind: ModelKind = "mail"  # "matching": compares windows with the survey's; section mail has no effect then
    sampling: Sampling = field(default_factory=TimeSampling)
    axes: AxesKind = "device"  # "gravity": rows in a gravity-aligned frame; needs an attitude
    mail: MailConfig = field(default_factory=MailConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    field_map: FieldMapConfig = field(default_factory=FieldMapConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.model  # refuses settings that do not fit together

    @property
    def model(self) -> ModelConfig:
        """The part that goes into the model card."""
        return ModelConfig(self.kind, self.sampling, self.axes, self.mail, self.matching, self.field_map)

    @property
    def needs_validation(self) -> bool:
        """Whether the result depends on validation walks; if not, a run may train on all walks."""
        return self.kind == "mail" and self.training.keep == "best"

    @property
    def by_time(self) -> TimeSampling:
        """The sampling of methods that only sample by time: the run's, or the default for a run by distance."""
        return self.sampling if isinstance(self.sampling, TimeSampling) else TimeSampling()

    @property
    def stride(self) -> float:
        """Between the training windows, in the sampling's unit."""
        if self.kind == "mail":
            return self.training.stride_s
        return self.sampling.pick(seconds=self.matching.stride_s, metres=self.matching.stride_m)

    @property
    def validate_stride(self) -> float:
        """Between the validation windows, in the sampling's unit."""
        return self.sampling.pick(seconds=self.training.validate_stride_s, metres=self.training.validate_stride_m)


# Differences from the defaults.
PRESETS: Mapping[str, Sequence[str]] = {
    # A person with a phone; the most accurate on all recorded walks, see docs/accuracy.md.
    "person": ("kind=matching", "sampling.rate_hz=10"),
    # Wheels: windows of 4 m travelled, in a gravity-aligned frame. Chosen on simulated buildings without a figure in
    # docs/.
    "robot": (
        "kind=matching",
        "axes=gravity",
        "sampling.per_m=10",
        "sampling.length_m=4",
        "matching.speeds=[1]",
        "matching.noise_ut2=2",
    ),
    # A map of the field, for whatever has odometry and does not keep to the surveyed lines. Cells and rows follow from
    # the survey.
    "area": ("kind=field_map", "axes=gravity", "sampling.per_m=5", "sampling.length_m=1.5", "sampling.max_gap_m=0.5"),
    # MAIL's network with a heat map head, which keeps similar corridors apart.
    "mail": ("kind=mail", "mail.head=heatmap", "sampling.rate_hz=10"),
    # MAIL as in the paper, regression head and no augmentation but speed: the settings of row `mail` of docs/tables.md.
    # They are not all of the paper's, which cost hours: 10 Hz where the paper has 50 Hz, and batch, learning rate and
    # epochs of `TrainingConfig` where it has 400, 0.02 and 1,500. docs/paper.md has the command with the paper's.
    "paper": (
        "kind=mail",
        "mail.head=regression",
        "sampling.rate_hz=10",
        "augment.tilt_deg=0",
        "augment.noise_ut=0",
        "training.keep=last",
    ),
}


def run_config(settings: Sequence[str], preset: str = "") -> RunConfig:
    """The defaults, changed by a preset and by settings like `kind=matching` or `mail.scales_s=[1,2,5]`.

    Settings of the other sampling replace those of the preset; an empty preset changes nothing. Deprecated names work,
    with one warning.

    Raises:
        ConfigError: no such preset, or a setting that is not NAME=VALUE, unknown, of the wrong kind or out of range.
    """
    if preset and preset not in PRESETS:
        raise ConfigError(
            "--preset", wanted=" or ".join(("auto", *PRESETS)), found=repr(preset), fix="name one of them"
        )
    base, given = nested(parse_settings(PRESETS.get(preset, ()))), parse_settings(settings)
    changes = nested(with_new_names(given, by_distance=_by_distance(base)))
    if old := [name for name in given if name in RENAMED]:
        logger.warning("deprecated settings: %s", ", ".join(f"{name} is now {RENAMED[name]}" for name in old))
    if "sampling" in changes and _by_distance(base) != _by_distance(changes):
        base.pop("sampling", None)
    for name, value in changes.items():
        both = isinstance(value, dict) and isinstance(base.get(name), dict)
        base[name] = {**base[name], **value} if both else value
    return from_dict(RunConfig, base)


def _by_distance(values: Mapping[str, Any]) -> bool:
    """Whether some settings name those of `DistanceSampling`."""
    sampling = values.get("sampling")
    return isinstance(sampling, dict) and any(name in field_hints(DistanceSampling) for name in sampling)
