"""What `benchmark speed` measures of the node: over DDS, with the processor time and memory of its own process."""

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from mail_ros.cli.node_speed import node_cost
from mail_ros.evaluation.speed_parts import matching_model, untrained_model


def test_a_node_is_timed(tmp_path: Path) -> None:
    """No time is judged here, but that all of it was seen."""
    untrained_model(tmp_path / "paper.safetensors")
    seen = []
    parameters = {"model": tmp_path / "paper.safetensors", "stride_s": 0.1}
    cost = node_cost("paper", parameters, 2.0, lambda *of: seen.append(of))
    assert seen[-1][1] == seen[-1][2] == len(seen)
    assert 10 < cost.poses < 80
    assert 0.0 < cost.median_ms <= cost.p99_ms
    assert 0.0 < cost.core < 1.0
    assert 20.0 < cost.memory_mb < 1000.0
    assert cost.ready_s > 0.0


def test_the_matching_model_that_is_timed_can_be_loaded(tmp_path: Path) -> None:
    from mail_ros.core.checkpoint import load_model

    matching_model(tmp_path / "matching.safetensors")
    model, card = load_model(tmp_path / "matching.safetensors")
    assert card.config.network.kind == "matching"
    assert model.head.cells is not None
