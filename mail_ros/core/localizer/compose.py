"""From a model and the choice of a tracker to a localizer: what node, fleet and evaluation use."""

from __future__ import annotations

from mail_ros.core.config import STRIDE_S, TrackerChoice
from mail_ros.core.errors import ConfigError
from mail_ros.core.filter.filter_config import FilterConfig
from mail_ros.core.filter.grid_filter import GridFilter
from mail_ros.core.filter.single_window import PositionFilter, SingleWindow
from mail_ros.core.localizer.localizer import Localizer
from mail_ros.core.models.model import Model
from mail_ros.core.platform.compensation import Compensation
from mail_ros.core.signal.sampling import DistanceSampling
from mail_ros.core.types import Cells


def compose(
    model: Model,
    tracker: TrackerChoice,
    stride_s: float = STRIDE_S,
    config: FilterConfig | None = None,
    cells: Cells | None = None,
    compensation: Compensation | None = None,
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

    Raises:
        ConfigError: a tracker for a model without a map.
    """
    return Localizer(model, _filter(model, tracker, config or FilterConfig(), cells), stride_s, compensation)


def _filter(model: Model, tracker: TrackerChoice, config: FilterConfig, cells: Cells | None) -> PositionFilter:
    sampling, site_map = model.config.sampling, model.site_map
    if tracker == "none":
        return SingleWindow(site_map)
    cells = cells if site_map is None else site_map.cells
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
    )
