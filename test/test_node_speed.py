"""What `benchmarks speed` measures of the node: over DDS, with the processor time and memory of its own process."""

from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from benchmarks.speed.models import matching_model, untrained_model
from benchmarks.speed.node_costs import Run, node_cost


@pytest.mark.real_time
@pytest.mark.parametrize(("robots", "reloads"), [(1, 2), (2, 0)])
def test_a_node_is_timed(robots: int, reloads: int, tmp_path: Path) -> None:
    """No time is judged here, but that all of it was seen."""
    untrained_model(tmp_path / "paper.safetensors")
    seen = []
    run = Run("paper", 0.1, {"model": tmp_path / "paper.safetensors"}, robots, reloads)
    cost = node_cost(run, 2.0, lambda *of: seen.append(of))
    assert seen[-1][1] == seen[-1][2] == len(seen)
    assert 0.9 < cost.received < 1.1, "one more or less, as the strides fall"
    assert 0.0 < cost.median_ms <= cost.p99_ms <= cost.worst_ms
    assert 0.0 < cost.core < 1.0
    assert 20.0 < cost.memory_mb < 1000.0
    assert cost.ready_s > 0.0
    assert cost.stop_s > 0.0


@pytest.mark.slow
def test_the_matching_model_that_is_timed_can_be_loaded(tmp_path: Path) -> None:
    from mail_ros.core.models.model_file import load_model

    matching_model(tmp_path / "matching.safetensors")
    model, card, _ = load_model(tmp_path / "matching.safetensors")
    assert card.config.kind == "matching"
    assert model.site_map is not None
