"""Whatever arrives: no crash, no invalid pose, every sample counted once, and no plain pose that is not trusted.

MAIL_ROS_MESSAGES sets how many are tried with each kind of model, 10,000 by default.
"""

from __future__ import annotations

import itertools
import os
import resource
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="needs rclpy: a ROS 2 installation or its wheels")

from geometry_msgs.msg import PoseWithCovarianceStamped
from model_kinds import KINDS, RATE_HZ, Kind, kind_of
from nav_msgs.msg import Odometry
from rclpy.parameter import Parameter
from ros import Graph, LogLines
from std_srvs.srv import Empty

from benchmarks.soak.faults import FAULTS, START_NS, Driver, Reading
from benchmarks.soak.localizer_soak import message
from mail_ros.core.signal.resampling import RESTARTS
from mail_ros.core.signal.sampling import TimeSampling
from mail_ros.nodes.conversions import to_stamp_ns
from mail_ros.nodes.localizer_node import LocalizerNode

MESSAGES = int(os.environ.get("MAIL_ROS_MESSAGES", "10000"))
TRUSTED = ("LOCALIZED", "STATIONARY")


class Judge:
    """Receives what the node publishes, in its order."""

    def __init__(self, node: Any) -> None:
        sampling = node.runtime.loaded.card.config.sampling
        self.node, self.poses, self.plain, self.statuses = node, 0, 0, Counter[str]()
        self.window_ns = round(sampling.length * 1e9) if isinstance(sampling, TimeSampling) else None
        self.status = ""  # the last one published
        self._stamps: set[int] = set()
        self._used: list[int] = []  # stamps since the window was emptied
        self._restarts = 0
        node.status.publisher.publish = self.see_status
        node.poses.plain.publish = self.see_plain
        node.poses.with_covariance.publish = self.see_covariance

    def count(self, stamp_ns: int | None, used: bool) -> None:
        """A message went in."""
        if (restarts := self.node.runtime.localizer.preprocessor.resampler.restarts.total()) != self._restarts:
            self._restarts = restarts
            self.start_again()
        if used and stamp_ns is not None:
            self._used = [*self._used[-3000:], stamp_ns]

    def start_again(self) -> None:
        """Time was set back."""
        self._used.clear()
        self._stamps.clear()

    def see_status(self, msg: Any) -> None:
        values = {pair.key: pair.value for pair in msg.values}
        assert values["status"] == msg.message
        assert (msg.level == b"\0") == (msg.message in TRUSTED)
        assert bool(values["floor"]) == (msg.message not in ("FILLING", "SENSOR_FAULT"))
        self.status = msg.message
        self.statuses[msg.message] += 1

    def see_plain(self, msg: Any) -> None:
        assert self.status in TRUSTED, f"a plain pose with the status {self.status}"
        assert self.node.runtime.localizer.status.name in TRUSTED
        self.plain += 1

    def see_covariance(self, msg: Any) -> None:
        stamp_ns, pose = to_stamp_ns(msg.header.stamp), msg.pose.pose
        position, orientation, rows = pose.position, pose.orientation, np.array(msg.pose.covariance).reshape(6, 6)
        assert np.isfinite([position.x, position.y, position.z]).all()
        assert np.isclose(orientation.x**2 + orientation.y**2 + orientation.z**2 + orientation.w**2, 1.0, atol=1e-4)
        assert np.isfinite(rows).all()
        assert np.linalg.eigvalsh(rows).min() >= 0.0
        assert stamp_ns not in self._stamps, "two poses with one stamp"
        self._stamps.add(stamp_ns)
        self.poses += 1

    def window_is_whole(self, stamp_ns: int, max_gap_ns: int) -> None:
        """The samples that were used reach back a window without a hole, up to the pose's stamp."""
        used = np.array([*self._used, stamp_ns])
        assert used[-1] - used[0] >= self.window_ns or len(used) > 3000
        assert np.diff(used).max(initial=0) <= max_gap_ns


class Player:
    """Sends messages and commands to a node."""

    def __init__(self, node: LocalizerNode, kind: Kind) -> None:
        self.node, self.kind, self.judge, self.sent = node, kind, Judge(node), 0
        self.random = np.random.default_rng(0)
        self._row, self._odometry_m = 0, np.zeros(2)

    def send(self, driver: Driver, fault: str, count: int) -> None:
        """Readings with a fault, and if the localizer uses it odometry that has the same one."""
        judge, preprocessor = self.judge, self.node.runtime.localizer.preprocessor
        for reading in driver.send(fault, count):
            poses, used = judge.poses, preprocessor.counts["used"]
            self._send_odometry(driver, reading)
            self.node.on_field(message(reading))
            self.sent += 1
            judge.count(reading.stamp_ns, preprocessor.counts["used"] > used)
            if judge.poses > poses:
                assert reading.stamp_ns is not None
                if judge.window_ns is not None:
                    judge.window_is_whole(reading.stamp_ns, preprocessor.resampler.max_gap_ns)

    def _send_odometry(self, driver: Driver, reading: Reading) -> None:
        if self.node.odometry is None or self.kind.moved_m is None:
            return
        row = int(driver._at_s * RATE_HZ) % len(self.kind.moved_m)
        passed = range(self._row, row if row >= self._row else row + len(self.kind.moved_m))
        self._odometry_m = self._odometry_m + self.kind.moved_m.take(passed, axis=0, mode="wrap").sum(axis=0)
        self._row, msg = row, Odometry()
        msg.header.stamp = message(reading).header.stamp
        luck = self.random.random()
        if luck < 0.002:
            self._odometry_m = self._odometry_m + self.random.normal(0.0, 5.0, 2)
        x_m, y_m = self._odometry_m if luck < 0.998 else (np.nan, np.inf)
        msg.pose.pose.position.x, msg.pose.pose.position.y, msg.pose.pose.orientation.w = float(x_m), float(y_m), 1.0
        if luck < 0.99:
            self.node.odometry.on_message(msg)

    def start_at(self) -> None:
        """A pose by hand, mostly on the map."""
        msg, (x_m, y_m) = PoseWithCovarianceStamped(), self.random.uniform(-6.0, 8.0, 2).tolist()
        msg.header.frame_id = "map"
        msg.pose.pose.position.x, msg.pose.pose.position.y = x_m, y_m
        msg.pose.covariance[0] = msg.pose.covariance[7] = float(self.random.choice([0.0, 0.01, 0.25, 25.0]))
        self.node.commands.on_initial_pose(msg)

    def start_anywhere(self) -> None:
        self.node.commands.on_reinitialize(Empty.Request(), Empty.Response())

    def set_clock_back(self) -> None:
        self.node.on_clock_jump(SimpleNamespace(delta=SimpleNamespace(nanoseconds=-(10**10))))
        self.judge.start_again()

    def pause(self) -> None:
        """As a lifecycle manager; samples in between are ignored."""
        self.node.trigger_deactivate()
        assert self.judge.status == "FILLING"
        self.node.trigger_activate()


COMMANDS: Mapping[str, Callable[[Player], None]] = {
    "an initial pose": Player.start_at,
    "reinitialize": Player.start_anywhere,
    "the clock set back": Player.set_clock_back,
    "a second": lambda player: player.node.diagnose(),
    "deactivate, activate": Player.pause,
}
FAULT = st.sampled_from([*FAULTS, *["none"] * 6])
COMMAND = st.sampled_from([None, None, *COMMANDS, "an initial pose"])
SEGMENTS = st.lists(st.tuples(FAULT, st.integers(1, 400), COMMAND), min_size=10, max_size=40)
AT_ONE_RATE = [fault for fault in FAULTS if fault != "another rate"]  # three seconds of each: `stuck` needs two
EACH = list(zip(AT_ONE_RATE, itertools.repeat(150), itertools.cycle([None, *COMMANDS]), strict=False))


@pytest.mark.parametrize("name", KINDS)
def test_no_sequence_of_messages_breaks_the_node_its_books_or_its_promise(
    name: str, graph: Graph, tmp_path: Path
) -> None:
    kind = kind_of(name, tmp_path / "site.safetensors")
    overrides = [Parameter(key, value=value) for key, value in kind.parameters.items()]
    node = LocalizerNode(context=graph.context, parameter_overrides=overrides)
    node.get_logger = lambda: LogLines([])
    player = Player(node, kind)
    resident_kb: list[int] = []

    def run(segments: list[tuple[str, int, str | None]], start_ms: int) -> None:
        driver = Driver(kind.field_ut, np.random.default_rng(start_ms))
        driver.now_ns = START_NS + start_ms * 1_000_000
        for fault, count, command in segments:
            player.send(driver, fault, count)
            if command is not None:
                COMMANDS[command](player)
        resident_kb.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)

    run(EACH, 0)
    for number in itertools.count():
        if player.sent >= MESSAGES:
            break
        limits = settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        seed(number)(limits(given(SEGMENTS, st.integers(0, 10**12))(run)))()
    judge, sent, counts = player.judge, player.sent, node.runtime.diagnostics.counts.counts
    early_kb, late_kb = resident_kb[0], resident_kb[-1]
    print(f"{sent} messages, {judge.poses} poses, {judge.plain} of them plain, {dict(judge.statuses)}")
    print(f"{dict(counts)}, resident {early_kb} to {late_kb} kB")
    assert sum(count for reason, count in counts.items() if reason not in RESTARTS) == sent
    assert judge.poses > sent / 200, "most of the time there is nothing to judge"
    assert (judge.plain > 0) == (name != "positions"), "a regression head is never sure"
    assert judge.plain < judge.poses
    assert counts.keys() >= {"used", "no_stamp", "duplicate", "late", "malformed", "implausible", "not_finite", "stuck"}
    assert late_kb - early_kb < 20_000
