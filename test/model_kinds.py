"""Localizers of each kind of model, and the field and the odometry that their messages have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from helpers import synthetic_walk, tiny_config, tiny_network
from small_halls import Hall, drive, free_corners, lane_corners

from mail_ros.core.models.mail_config import HeadKind
from mail_ros.core.models.model_file import ModelCard, save_model
from mail_ros.core.types import FloatArray
from mail_ros.data.dataset import WindowSet
from mail_ros.training.field_map.fit import fit_field_map
from mail_ros.training.field_map.survey_walks import survey_walks
from mail_ros.training.network import arrays
from mail_ros.training.run_config import run_config
from mail_ros.training.site_state import fit_matching

RATE_HZ, SPEED_M_S, RADIUS_M = 50.0, 1.2, 5.0  # a synthetic walk has these
CONFIDENT = 300.0  # factor on the output weights of an untrained network: some windows have one likely cell


class Kind(NamedTuple):
    """A model file with what its localizer receives, row by row at `RATE_HZ`, over and over."""

    parameters: Mapping[str, Any]  # what the node is started with
    field_ut: FloatArray  # (n, 3)
    moved_m: FloatArray | None = None  # (n, 2) odometry; None without


def kind_of(name: str, path: Path) -> Kind:
    """A kind of `KINDS`; writes its model to a path."""
    return KINDS[name](path)


def _network(head: HeadKind, tracker: str) -> Callable[[Path], Kind]:
    def make(path: Path) -> Kind:
        config = tiny_config(head)
        state = dict(arrays(tiny_network(config)))
        state["head.fc.weight"] = CONFIDENT * state["head.fc.weight"]
        save_model(path, state, ModelCard(config), np.zeros(config.window_shape, np.float32))
        return Kind({"model": str(path), "tracker": tracker}, synthetic_walk(30.0, RATE_HZ).field_ut)

    return make


def _matching(path: Path) -> Kind:
    """By distance, along a circle."""
    config = run_config(["kind=matching", "sampling.per_m=10", "sampling.length_m=2", "matching.speeds=[1]"])
    walk = synthetic_walk(30.0, RATE_HZ)
    windows = WindowSet([walk.track()], config.model, config.stride)
    save_model(path, fit_matching(config, windows), ModelCard(config.model), windows.fields(windows.ends[:1])[0])
    angle = np.arange(len(walk.field_ut)) / RATE_HZ * SPEED_M_S / RADIUS_M
    moved_m = SPEED_M_S / RATE_HZ * np.column_stack([-np.sin(angle), np.cos(angle)])
    return Kind({"model": str(path), "tracker": "odometry"}, walk.field_ut, moved_m)


def _field_map(path: Path) -> Kind:
    hall = Hall(1)
    fitted = fit_field_map(
        run_config([], "area").model, survey_walks([drive(hall, lane_corners(1.0), 10)]).rows, "wheels"
    )
    card = ModelCard(fitted.config, tracker="odometry", odometry="wheels", cells=len(fitted.state["mean_ut"]))
    save_model(path, fitted.state, card, fitted.golden)
    free = drive(hall, free_corners(9), 9)
    return Kind({"model": str(path), "tracker": "odometry"}, free.field_ut, free.moved_m)


KINDS: Mapping[str, Callable[[Path], Kind]] = {
    "positions": _network("regression", "none"),
    "windows": _network("heatmap", "none"),
    "walking": _network("heatmap", "walking"),
    "matching": _matching,
    "field map": _field_map,
}
