"""Fitting the matching model of a run; see `core.models.matching.fit`."""

from __future__ import annotations

from mail_ros.core.models.heads import State
from mail_ros.core.models.matching.fit import store_survey
from mail_ros.data.dataset import WindowSet
from mail_ros.training.maps import site_map_of
from mail_ros.training.run_config import RunConfig


def fit_matching(config: RunConfig, windows: WindowSet) -> State:
    """The arrays of a model of training windows, `RunConfig.stride` apart."""
    return store_survey(
        config.matching,
        site_map_of(config, windows),
        rows=windows.field_ut,
        reach=windows.reach,
        position_m=windows.position_m,
        floor=windows.floor,
        ends=windows.ends,
    )
