"""From a model and the choice of a tracker to a localizer: what node, fleet and evaluation use."""

from __future__ import annotations

from typing import NamedTuple

from mail_ros.core.belief import useful_m
from mail_ros.core.config import STRIDE_S, OdometrySetting, OdometrySource, TrackerChoice, TrackerSetting
from mail_ros.core.errors import ConfigError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.filter.pose_grid_filter import PoseGridFilter
from mail_ros.core.filter.single_window import PositionFilter, SingleWindow
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.field_map.field_map import FieldMap
from mail_ros.core.models.model import Model
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.core.models.model_file import ModelCard
from mail_ros.core.platform.compensation import Compensation
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import NEAR_M, Cells


class Tracking(NamedTuple):
    """How the windows of a model are followed."""

    tracker: TrackerChoice
    odometry: OdometrySource  # no effect where neither tracker nor model need odometry


def resolve_tracking(card: ModelCard, tracker: TrackerSetting = "auto", odometry: OdometrySetting = "auto") -> Tracking:
    """Resolve `auto` by a model's card, and where the card does not name a choice, by the model's configuration."""
    usual = default_tracking(card.config)
    by_card = Tracking(
        usual.tracker if card.tracker == "auto" else card.tracker,
        usual.odometry if card.odometry == "auto" else card.odometry,
    )
    return Tracking(
        by_card.tracker if tracker == "auto" else tracker, by_card.odometry if odometry == "auto" else odometry
    )


def default_tracking(config: ModelConfig) -> Tracking:
    """What a model's configuration allows, where the platform is not known."""
    if config.kind == "mail" and config.mail.head == "regression":
        return Tracking("none", "wheels")
    return Tracking("odometry" if config.needs_odometry else "walking", "wheels")


def compose(
    model: Model,
    tracker: TrackerChoice,
    stride_s: float = STRIDE_S,
    config: FilterConfig | None = None,
    cells: Cells | None = None,
    compensation: Compensation | None = None,
    near_m: float | None = None,
) -> Localizer:
    """A localizer of a model.

    Args:
        model: of the site.
        tracker: "none": each window by itself; "walking": a grid filter that assumes a walking person; "odometry": a
            grid filter that follows odometry, which every sample must carry then.
        stride_s: between two estimates.
        config: of the grid filter; None for the defaults.
        cells: of the grid filter, where the model has no map.
        compensation: of the device.
        near_m: distance within which a position is useful: LOCALIZED promises it; None for that of the site.

    Raises:
        ConfigError: a tracker for a model without a map.
    """
    position_filter = _filter(model, tracker, config or FilterConfig(), cells, near_m)
    return Localizer(model, position_filter, stride_s, compensation, model.config.calibration.of(tracker))


def _filter(
    model: Model, tracker: TrackerChoice, config: FilterConfig, cells: Cells | None, near_m: float | None
) -> PositionFilter:
    sampling, site_map = model.config.sampling, model.site_map
    if isinstance(model, FieldMap):
        if tracker != "odometry":
            raise ConfigError(
                f"tracker {tracker}",
                wanted="odometry, for a field map: it compares the path that odometry reports",
                found=tracker,
                fix="set tracker to odometry, or train with --preset person for a device without odometry",
            )
        near_m = near_m or useful_m(model.head.cells)
        sigma_m = model.head.label_sigma_m
        return PoseGridFilter(model.grid, model.config.field_map, model.position_noise_m, sigma_m, near_m)
    cells = cells if site_map is None else site_map.cells
    near_m = near_m or (NEAR_M if cells is None else useful_m(cells))
    if tracker == "none":
        return SingleWindow(site_map, near_m)
    if cells is None:
        raise ConfigError(
            f"tracker {tracker}",
            wanted="a model with a map of cells",
            found="one that computes positions",
            fix="set tracker to none, or train a model with a heat map head",
        )
    return GridFilter(
        cells,
        config,
        odometry=tracker == "odometry",
        rows_per_s=sampling.per_unit,
        window_rows=model.samples,
        by_distance=isinstance(sampling, DistanceSampling),
        near_m=near_m,
    )
