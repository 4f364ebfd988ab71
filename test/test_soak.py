"""The soak itself: it counts what it sends, and ends with an error where the node does what it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from helpers import tiny_config, tiny_model

from benchmarks.soak import localizer_soak as soaking
from benchmarks.soak.localizer_soak import Hour, soak
from mail_ros.core.errors import MailError
from mail_ros.core.localizer.diagnostics import SampleCounts


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload every fourth fault, a restart every fifth, an hour of six thousand readings."""
    monkeypatch.setattr(soaking, "RELOAD_EVERY", 4)
    monkeypatch.setattr(soaking, "RESTART_EVERY", 5)
    monkeypatch.setattr(soaking, "HOUR", 6000)
    monkeypatch.setattr(soaking, "GOOD", (300, 900))


def run(folder: Path, domain_id: int) -> list[Hour]:
    model = tiny_model(folder / "site.safetensors", tiny_config("heatmap"))
    return soak(12_000, {"model": str(model), "tracker": "walking"}, 0, domain_id, lambda done: None)


def test_every_reading_is_counted_through_reloads_and_restarts(tmp_path: Path, ros_domain: int) -> None:
    rows = run(tmp_path, ros_domain)
    assert [row.hour for row in rows] == [0, 1]
    assert all(row.received == row.used + sum(row.refused.values()) for row in rows)
    assert all(row.poses > 100 and row.memory_mb > 0.0 and row.p99_us >= row.median_us > 0.0 for row in rows)
    assert sum(row.reloads for row in rows) >= 1
    assert sum(row.restarts for row in rows) >= 1


def test_a_sample_that_is_not_counted_is_found(
    tmp_path: Path, ros_domain: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts: Any = vars(SampleCounts)["counts"].fget

    def forgetful(samples: SampleCounts) -> Any:
        known = counts(samples)
        known["used"] -= known["used"] > 1000
        return known

    monkeypatch.setattr(SampleCounts, "counts", property(forgetful))
    with pytest.raises(MailError, match=r"the counts: wanted \d+ samples, found \d+; this is a fault of mail_ros"):
        run(tmp_path, ros_domain)
