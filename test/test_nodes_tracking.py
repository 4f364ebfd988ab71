"""Localizer and fleet follow the tracker of the model's card, and what is given wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from helpers import tiny_config, tiny_network
from rclpy.parameter import Parameter
from ros import Graph, LogLines

from mail_ros.core.config import OdometrySetting, TrackerSetting
from mail_ros.core.errors import ConfigError
from mail_ros.core.models.model_file import ModelCard, save_model
from mail_ros.nodes.fleet_node import FleetNode
from mail_ros.nodes.parameters import LocalizerParameters
from mail_ros.nodes.runtime_node import load_runtime
from mail_ros.training.network import arrays


def model(folder: Path, tracker: TrackerSetting, odometry: OdometrySetting = "auto") -> Path:
    config, file = tiny_config("heatmap"), folder / "site.safetensors"
    card = ModelCard(config, tracker=tracker, odometry=odometry)
    save_model(file, arrays(tiny_network(config)), card, np.zeros(config.window_shape, np.float32))
    return file


def fleet_of(graph: Graph, file: Path, **parameters: Any) -> FleetNode:
    overrides = [Parameter(name, value=value) for name, value in {"model": str(file), **parameters}.items()]
    return FleetNode(context=graph.context, parameter_overrides=overrides)


def test_a_localizer_follows_the_card_and_a_parameter_wins(tmp_path: Path) -> None:
    file = str(model(tmp_path, "odometry", "steps"))
    runtime = load_runtime(LocalizerParameters(file), lambda: 0)
    assert runtime.tracking == ("odometry", "steps")
    assert runtime.localizer.filter.needs_odometry
    runtime = load_runtime(LocalizerParameters(file, tracker="walking"), lambda: 0)
    assert runtime.tracking.tracker == "walking"
    assert runtime.odometry is None


def test_parameters_that_the_tracker_cannot_serve_are_refused_once_the_card_is_known(tmp_path: Path) -> None:
    file = str(model(tmp_path, "none"))
    for changed, message in (
        ({"tf_broadcast": True}, "parameter tf_broadcast: wanted tracker odometry, of wheels, found tracker none, odo"),
        ({"state_file": "pose.json"}, "parameter state_file: wanted a tracker, which starts from it, found none; set"),
    ):
        parameters = LocalizerParameters(file, **changed)
        with pytest.raises(ConfigError, match=message):
            load_runtime(parameters, lambda: 0)


def test_a_new_model_that_needs_other_odometry_does_not_take_over(tmp_path: Path) -> None:
    old = load_runtime(LocalizerParameters(str(model(tmp_path, "odometry", "wheels"))), lambda: 0)
    new = load_runtime(LocalizerParameters(str(model(tmp_path, "odometry", "steps"))), lambda: 0)
    with pytest.raises(ConfigError, match="the new model: wanted odometry of steps, found wheels; restart"):
        old.prepare(new)


def test_a_fleet_follows_the_card_and_walks_instead_of_odometry(
    graph: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    monkeypatch.setattr(FleetNode, "get_logger", lambda _: LogLines(lines, informed=True))
    for card, given, expected in (
        ("odometry", "auto", "walking"),
        ("none", "auto", "none"),
        ("odometry", "none", "none"),
    ):
        node = fleet_of(graph, model(tmp_path, card), tracker=given)  # type: ignore[arg-type]
        assert node.tracker == expected
        node.destroy_node()
    assert sum("tracker walking: a fleet does not use odometry" in line for line in lines) == 1
