"""Whatever a driver sends: no crash, no invalid pose, and every message in the books exactly once.

MAIL_ROS_MESSAGES sets how many are tried, 20,000 by default.
"""

from __future__ import annotations

import itertools
import os
import resource
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from helpers import synthetic_walk, tiny_config, tiny_model
from ros import Graph, LogLines

from benchmarks.soak.faults import FAULTS, START_NS, Driver
from benchmarks.soak.localizer_soak import message
from mail_ros.core.signal.resampling import RESTARTS
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.localizer_node import LocalizerNode

MESSAGES = int(os.environ.get("MAIL_ROS_MESSAGES", "20000"))
SEGMENT = st.tuples(st.sampled_from([*FAULTS, *["none"] * 6]), st.integers(1, 400))
SEGMENTS = st.lists(SEGMENT, min_size=10, max_size=40)


class Judge:
    """Stands where the node publishes its poses."""

    def __init__(self, node: Any) -> None:
        self.preprocessor, self.poses = node.runtime.localizer.preprocessor, 0
        self.window_ns = round(node.runtime.loaded.card.config.sampling.length * 1e9)
        self._stamps: set[int] = set()
        self._used: list[int] = []  # stamps since the window was emptied
        self._restarts = 0
        node.poses.plain.publish = self.see_plain
        node.poses.with_covariance.publish = self.see_covariance

    def count(self, stamp_ns: int | None, used: bool) -> None:
        """A message went in."""
        if (restarts := self.preprocessor.resampler.restarts.total()) != self._restarts:
            self._restarts = restarts
            self._used.clear()
            self._stamps.clear()
        if used and stamp_ns is not None:
            self._used = [*self._used[-3000:], stamp_ns]

    def see_plain(self, msg: Any) -> None:
        stamp_ns, position, orientation = to_stamp_ns(msg.header.stamp), msg.pose.position, msg.pose.orientation
        assert np.isfinite([position.x, position.y, position.z]).all()
        assert np.isclose(orientation.x**2 + orientation.y**2 + orientation.z**2 + orientation.w**2, 1.0, atol=1e-4)
        assert stamp_ns not in self._stamps, "two poses with one stamp"
        self._stamps.add(stamp_ns)
        self.poses += 1

    def see_covariance(self, msg: Any) -> None:
        rows = np.array(msg.pose.covariance).reshape(6, 6)
        assert np.isfinite(rows).all()
        assert np.linalg.eigvalsh(rows).min() >= 0.0

    def window_is_whole(self, stamp_ns: int, max_gap_ns: int) -> None:
        """The samples that were used reach back a window without a hole, up to the pose's stamp."""
        used = np.array([*self._used, stamp_ns])
        assert used[-1] - used[0] >= self.window_ns or len(used) > 3000
        assert np.diff(used).max(initial=0) <= max_gap_ns


@pytest.fixture
def node(graph: Graph, tmp_path: Path, request: pytest.FixtureRequest) -> LocalizerNode:
    from rclpy.parameter import Parameter

    model = tiny_model(tmp_path / "site.safetensors", tiny_config("heatmap"))
    overrides = [Parameter("model", value=str(model)), Parameter("tracker", value=request.param)]
    node = LocalizerNode(context=graph.context, parameter_overrides=overrides)
    node.get_logger = lambda: LogLines([])
    return node


@pytest.mark.parametrize("node", ["none", "walking"], indirect=True)
def test_no_sequence_of_messages_breaks_the_node_or_its_books(node: LocalizerNode) -> None:
    judge, walk = Judge(node), synthetic_walk(30.0, 50.0).field_ut
    preprocessor, sent, resident_kb = node.runtime.localizer.preprocessor, 0, [0]

    def run(segments: list[tuple[str, int]], start_ms: int) -> None:
        nonlocal sent
        driver = Driver(walk, np.random.default_rng(start_ms))
        driver.now_ns = START_NS + start_ms * 1_000_000
        for fault, count in segments:
            for reading in driver.send(fault, count):
                poses, used = judge.poses, preprocessor.counts["used"]
                node.on_field(message(reading))
                sent += 1
                judge.count(reading.stamp_ns, preprocessor.counts["used"] > used)
                if judge.poses > poses:
                    assert reading.stamp_ns is not None
                    judge.window_is_whole(reading.stamp_ns, preprocessor.resampler.max_gap_ns)
        resident_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    for number in itertools.count():
        if sent >= MESSAGES:
            break
        limits = settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seed(number)(limits(given(SEGMENTS, st.integers(0, 10**12))(run)))()
    counts = node.runtime.diagnostics.counts.counts
    early_kb, late_kb = resident_kb[len(resident_kb) // 4], resident_kb[-1]
    print(f"{sent} messages, {judge.poses} poses, {dict(counts)}, resident {early_kb} to {late_kb} kB")
    assert sum(count for reason, count in counts.items() if reason not in RESTARTS) == sent
    assert judge.poses > sent / 200, "most of the time there is nothing to judge"
    assert counts.keys() >= {"used", "no_stamp", "duplicate", "late", "malformed", "implausible", "not_finite", "stuck"}
    assert late_kb - early_kb < 20_000
