"""Walks of a survey, and in addition those that are drawn from a map of its field, where settings ask for them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, NamedTuple

from mail_ros.core.errors import ConfigError
from mail_ros.data.track import Track
from mail_ros.training.run_config import RunConfig


class Walks(NamedTuple):
    """What a model learns from, and what is to be said of it."""

    tracks: list[Track]
    record: dict[str, Any]  # for the model card; nothing where nothing was drawn


def with_map_walks(config: RunConfig, tracks: Sequence[Track]) -> Walks:
    """The walks of a survey, then `field_map.walks` of each of its floors.

    Raises:
        ConfigError: the axes are the device's: a map does not specify how a device is held.
        TrackError: as of `walks.floor_maps`.
    """
    wanted = config.field_map
    if not wanted.walks:
        return Walks(list(tracks), {})
    if config.axes != "gravity":
        raise ConfigError(
            "field_map.walks",
            wanted="axes=gravity, in which a map can be drawn from",
            found=f"axes={config.axes}",
            fix="train with --set axes=gravity, or without field_map.walks",
        )
    from mail_ros.data.field_map.walks import floor_maps, map_walks  # few need scikit-learn, which takes a second

    maps = floor_maps(tracks, wanted.seed)
    learned = {str(each.floor): dataclasses.asdict(each.covariance) for each in maps}
    record = {"field_map": {"settings": dataclasses.asdict(wanted), "floors": learned}}
    return Walks([*tracks, *map_walks(maps, wanted)], record)
