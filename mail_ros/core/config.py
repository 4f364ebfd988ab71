"""Every setting of the network and of what it reads, with its default: here and nowhere else.

Times are seconds, so that a network that runs at 10 Hz instead of the paper's 50 Hz keeps its
window and its scales; the counts of samples are derived.
"""

from __future__ import annotations

import dataclasses
import typing
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from mail_ros.core.errors import ConfigError

GradientKind = Literal["lag", "first", "mean"]
AttentionKind = Literal["adaptive", "uniform", "constant"]
FrameKind = Literal["device", "level"]  # axes of the field, see `core.signal.axes`
Along = Literal["time", "way"]  # what a window is long of, see `core.signal.distance`
HeadKind = Literal["regression", "heatmap"]
NetworkKind = Literal["mail", "matching"]
TrackerChoice = Literal["none", "walking", "odometry"]  # each window by itself; tracked without and with odometry
OdometrySource = Literal["wheels", "steps"]  # poses of a robot's odometry; steps of a person, of an inertial unit

T = TypeVar("T")

STRIDE_S = 0.1  # between two estimates, where nobody says otherwise


@dataclass(frozen=True)
class FeatureConfig:
    """How magnetometer samples become the gradient that the network reads."""

    rate_hz: float = 50.0  # samples are resampled to this rate first
    gradient: GradientKind = "lag"  # "first": the paper's text; "mean": its figure 4b
    lag_s: float = 0.5  # of "lag": long enough for the field to rise out of the sensor's noise
    max_gap_s: float = 0.25  # longer holes between two samples restart the window
    scale_ut: float = 5.0  # the gradient is divided by this, to be of order one
    frame: FrameKind = "device"  # "level": what heading, tilt and mount do is taken out; needs an attitude
    along: Along = "time"  # "way": what is called a second is a metre then, and a tick a piece of the way

    def __post_init__(self) -> None:
        check_choice("features.gradient", self.gradient, GradientKind)
        check_choice("features.frame", self.frame, FrameKind)
        check_choice("features.along", self.along, Along)
        check_range("features.rate_hz", self.rate_hz, 1.0, 1000.0)
        check_range("features.lag_s", self.lag_s, 1.0 / self.rate_hz, 10.0)
        check_range("features.max_gap_s", self.max_gap_s, 1.0 / self.rate_hz, 10.0)
        check_range("features.scale_ut", self.scale_ut, 1e-3, 1e3)

    @property
    def lag(self) -> int:
        """Samples that the gradient looks back, and that a window holds before its first gradient."""
        return {"lag": round(self.lag_s * self.rate_hz), "first": 1, "mean": 0}[self.gradient]

    @property
    def width(self) -> int:
        """Numbers in a row of the window, see `core.signal.axes`."""
        return {"device": 3, "level": 5}[self.frame]

    @property
    def unit(self) -> str:
        """Of the length of windows, which the names of settings take for seconds."""
        return {"time": "s", "way": "m"}[self.along]

    @property
    def needs_odometry(self) -> bool:
        """Whether samples must say how the device went, or looked."""
        return self.frame == "level" or self.along == "way"


@dataclass(frozen=True)
class WindowConfig:
    """How the gradient is cut into what the network sees (Section 5.2 of the paper)."""

    length_s: float = 10.0  # 500 gradients at 50 Hz
    scales_s: tuple[float, ...] = (1.0, 2.0, 3.0, 4.0, 5.0, 10.0)  # 50 ... 500 gradients at 50 Hz

    def __post_init__(self) -> None:
        check_range("window.length_s", self.length_s, 0.1, 600.0)
        if not self.scales_s:
            raise ConfigError(
                "window.scales_s", wanted="one scale or more", found="none", fix="give seconds, as in [1, 10]"
            )
        for scale_s in self.scales_s:
            check_range("window.scales_s", scale_s, 1e-3, self.length_s)


@dataclass(frozen=True)
class NetworkConfig:
    """Widths that the paper leaves open, and which of its variants is built."""

    kind: NetworkKind = "mail"  # "matching": no network; what follows here then has no effect
    hidden: int = 32  # of each scale's GRU
    feature: int = 32  # of each scale's feature vector
    attention: AttentionKind = "adaptive"  # "uniform": the paper's ablation; "constant": learned, the same everywhere
    attention_hidden: int = 64
    head: HeadKind = "heatmap"  # softmax over map cells; "regression": the paper's equation 14

    def __post_init__(self) -> None:
        check_choice("network.kind", self.kind, NetworkKind)
        check_choice("network.attention", self.attention, AttentionKind)
        check_choice("network.head", self.head, HeadKind)
        for name in ("hidden", "feature", "attention_hidden"):
            check_range(f"network.{name}", getattr(self, name), 1, 4096)


@dataclass(frozen=True)
class MatchingConfig:
    """What a comparison of two windows forgives; distances are means over the samples.

    Noise and `elsewhere_ut2` were chosen, with the tracker behind them, over several splits of the three repetitions of
    IPIN 2023 Track 3; stride, pitch, offset and spread on repetition 2 by models of repetition 1.
    """

    noise_ut2: float = 0.8  # variance by which a difference counts
    elsewhere_ut2: float = 20.0  # distance of a window from outside the survey to the nearest of its windows
    offset_share: float = 0.05  # how much a constant difference counts: 0 not at all, 1 like any other
    offset_most_ut2: float = 4.0  # the most that it costs: another device's may have any size
    tilt_ut2: float = 6.0  # a turn of θ about the device's x axis costs 2 tilt_ut2 (1 - cos θ)
    speeds: tuple[float, ...] = (0.75, 0.87, 1.0, 1.15, 1.3)  # at which each walk of the survey is stored
    stride_s: float = 0.2  # between the stored windows
    spread: float = 0.3  # covariance as a share of the belief's, which is tempered for the tracker, and wide

    def __post_init__(self) -> None:
        check_range("matching.noise_ut2", self.noise_ut2, 1e-6, 1e9)
        check_range("matching.elsewhere_ut2", self.elsewhere_ut2, 1e-6, 1e9)
        check_range("matching.offset_share", self.offset_share, 0.0, 1.0)
        check_range("matching.offset_most_ut2", self.offset_most_ut2, 0.0, 1e9)
        check_range("matching.tilt_ut2", self.tilt_ut2, 0.0, 1e9)
        check_range("matching.stride_s", self.stride_s, 1e-3, 60.0)
        check_range("matching.spread", self.spread, 0.01, 100.0)
        if not self.speeds:
            raise ConfigError("matching.speeds", wanted="one speed or more", found="none", fix="give some, as in [1]")
        for speed in self.speeds:
            check_range("matching.speeds", speed, 0.1, 10.0)


@dataclass(frozen=True)
class MailConfig:
    """All that is needed to build the network; part of every model card."""

    features: FeatureConfig = field(default_factory=FeatureConfig)
    window: WindowConfig = field(default_factory=WindowConfig)
    network: NetworkConfig = field(default_factory=NetworkConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)

    def __post_init__(self) -> None:
        if min(self.scales) < 2:
            raise ConfigError(
                "window.scales_s",
                wanted=f"scales of two gradients or more at {self.features.rate_hz:g} Hz",
                found=str(list(self.window.scales_s)),
                fix="raise the rate or the smallest scale",
            )

    @property
    def length(self) -> int:
        """Gradients in a window."""
        return round(self.window.length_s * self.features.rate_hz)

    @property
    def samples(self) -> int:
        """Resampled field values that one window needs: its gradients and the lag before them; matching has no lag."""
        return self.length + (self.features.lag if self.network.kind == "mail" else 0)

    @property
    def window_shape(self) -> tuple[int, int]:
        """Of what a model is given: rows, and numbers in each."""
        return self.samples, self.features.width

    @property
    def scales(self) -> tuple[int, ...]:
        """Gradients in one subsequence, for each scale."""
        return tuple(round(scale_s * self.features.rate_hz) for scale_s in self.window.scales_s)


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high]; NaN is outside."""
    if not low <= value <= high:
        raise ConfigError(name, wanted=f"{low:g} to {high:g}", found=f"{value:g}", fix="change the setting")


def check_choice(name: str, value: object, choices: Any) -> None:
    """Refuse a value that is not one of a Literal's."""
    allowed = typing.get_args(choices)
    if value not in allowed:
        raise ConfigError(name, wanted=" or ".join(allowed), found=repr(value), fix="change the setting")


def from_dict(kind: type[T], values: Any, path: str = "") -> T:
    """Build a (nested) config dataclass from plain JSON values.

    Raises:
        ConfigError: an unknown key, or a value of another type than the field's; both name the full path.
    """
    if not isinstance(values, dict):
        raise ConfigError(path or kind.__name__, wanted="a table of settings", found=repr(values), fix="correct it")
    hints = typing.get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, kind))}
    for key in values:
        if key not in fields:
            known = ", ".join(sorted(fields))
            raise ConfigError(f"{path}{key}", wanted=f"one of {known}", found=key, fix="correct the name")
    for name, entry in fields.items():
        optional = entry.default is not dataclasses.MISSING or entry.default_factory is not dataclasses.MISSING
        if name not in values and not optional:
            raise ConfigError(f"{path}{name}", wanted="a value", found="none", fix="add it")
    return kind(**{key: _convert(hints[key], value, f"{path}{key}") for key, value in values.items()})


def _convert(hint: Any, value: Any, path: str) -> Any:
    """A JSON value as a field of type `hint`; choices (Literal) are checked by their dataclass."""
    if dataclasses.is_dataclass(hint):
        return from_dict(typing.cast(type, hint), value, f"{path}.")
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    kind = typing.get_origin(hint) or hint
    if kind is tuple and isinstance(value, (list, tuple)):
        return tuple(_convert(typing.get_args(hint)[0], item, path) for item in value)
    if isinstance(kind, type) and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
        raise ConfigError(path, wanted=kind.__name__, found=repr(value), fix="correct the value")
    return value
