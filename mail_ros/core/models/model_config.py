"""What a model reads, and which kind it is: part of every model card."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mail_ros.core.config import Settings, check_range
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.field_map_config import FieldMapConfig
from mail_ros.core.models.mail_config import MailConfig
from mail_ros.core.models.matching_config import MatchingConfig
from mail_ros.core.models.site_calibration import SiteCalibration
from mail_ros.core.signal.axes import AXES, AxesKind
from mail_ros.core.signal.path_resampling import ROW_WIDTH
from mail_ros.core.signal.sampling import Sampling, TimeSampling

ModelKind = Literal["mail", "matching", "field_map"]


@dataclass(frozen=True)
class ModelConfig(Settings):
    """All that is needed to build a model; the settings of the other kinds have no effect."""

    kind: ModelKind = "mail"
    sampling: Sampling = field(default_factory=TimeSampling)
    axes: AxesKind = "device"
    mail: MailConfig = field(default_factory=MailConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    field_map: FieldMapConfig = field(default_factory=FieldMapConfig)
    calibration: SiteCalibration = field(default_factory=SiteCalibration)  # see `training.calibrate_site`

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.kind == "mail":
            self._check_mail()
        if self.kind == "field_map" and (self.axes != "gravity" or isinstance(self.sampling, TimeSampling)):
            raise ConfigError(
                "kind field_map",
                wanted="gravity-aligned rows by distance",
                found=f"axes {self.axes}, samples per {self.sampling.unit}",
                fix="set axes=gravity and sampling.per_m",
            )

    def _check_mail(self) -> None:
        if not isinstance(self.sampling, TimeSampling):
            raise ConfigError(
                "sampling",
                wanted="samples by time for kind mail, whose lag and scales are seconds",
                found="samples by distance",
                fix="set sampling.rate_hz, or kind=matching",
            )
        check_range("mail.lag_s", self.mail.lag_s, 1.0 / self.sampling.rate_hz, 10.0)
        for scale_s in self.mail.scales_s:
            check_range("mail.scales_s", scale_s, 1e-3, self.sampling.length_s)
        if min(self.scales) < 2:
            raise ConfigError(
                "mail.scales_s",
                wanted=f"scales of two gradients or more at {self.sampling.rate_hz:g} Hz",
                found=str(list(self.mail.scales_s)),
                fix="raise the rate or the smallest scale",
            )

    @property
    def title(self) -> str:
        """Its kind in words."""
        titles = {"matching": "matching", "field_map": "a map of the field"}
        return titles.get(self.kind, f"the network with a {self.mail.head} head")

    @property
    def lag(self) -> int:
        """Rows that a window holds before its first gradient; other kinds than mail have none."""
        if self.kind != "mail":
            return 0
        return {"lag": round(self.mail.lag_s * self.sampling.per_unit), "first": 1, "mean": 0}[self.mail.gradient]

    @property
    def samples(self) -> int:
        """Rows that one window needs: its length, and the lag before it."""
        return self.sampling.rows + self.lag

    @property
    def window_shape(self) -> tuple[int, int]:
        """Rows of a window, and numbers in each."""
        return self.samples, ROW_WIDTH if self.along_path else AXES[self.axes].width

    @property
    def needs_both_directions(self) -> bool:
        """Whether a path must be surveyed both ways: the device's axes turn with it, and a window matches one way."""
        return self.axes == "device"

    @property
    def along_path(self) -> bool:
        """Whether rows are positions of a path, see `signal.path_resampling`."""
        return self.kind == "field_map"

    @property
    def scales(self) -> tuple[int, ...]:
        """Gradients in one subsequence of MAIL, for each scale."""
        return tuple(round(scale_s * self.sampling.per_unit) for scale_s in self.mail.scales_s)

    @property
    def needs_odometry(self) -> bool:
        """Whether every sample must carry odometry or an attitude."""
        return self.sampling.needs_odometry or AXES[self.axes].needs_attitude
