"""A localizer node at full speed through hours of good and faulty data, with commands, reloads and restarts between.

Driver --> on_field --> status, poses, each checked: none on ~/pose whose status is not one to rely on
               +------> counts: received = used + refused, checked whenever the model changes
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rclpy
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped
from rclpy.clock import ClockChange, TimeJump
from rclpy.context import Context
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from sensor_msgs.msg import MagneticField
from std_srvs.srv import Empty, Trigger

from benchmarks.soak.faults import FAULTS, Driver, Reading
from mail_ros.core.errors import MailError
from mail_ros.core.signal.resampling import RESTARTS
from mail_ros.core.types import NS_PER_S, UT_PER_T
from mail_ros.data.simulator.demo import demo_building
from mail_ros.data.simulator.drive import drive
from mail_ros.nodes.conversions import to_time
from mail_ros.nodes.localizer_node import LocalizerNode

HOUR = 3600 * 50  # readings
TRUSTED = ("LOCALIZED", "STATIONARY")
GOOD = (600, 3000)  # between two faults: the window fills, and poses come
BAD = (10, 400)  # with a fault
COMMAND_EVERY, RELOAD_EVERY, RESTART_EVERY = 7, 20, 50  # faults
INITIAL_M = 20.0  # largest coordinate of an initial pose, which may lie outside the survey
RELOAD_HZ = 1000.0  # readings while a model is loaded: the new one receives those that arrived meanwhile
EARLIEST_S, LATEST_S = -(2**31), 2**31 - 1  # range of a ROS stamp


@dataclass
class Hour:
    """What the node did with an hour of readings."""

    hour: int
    received: int = 0
    used: int = 0
    poses: int = 0
    plain: int = 0  # poses on ~/pose
    changes: int = 0  # changes of the status
    reloads: int = 0
    restarts: int = 0  # transitions of the node's lifecycle, down and up
    median_us: float = 0.0  # processor time of a callback
    p99_us: float = 0.0
    max_ms: float = 0.0
    memory_mb: float = 0.0  # resident, at its end
    refused: dict[str, int] = field(default_factory=dict)  # by reason


def soak(
    readings: int, parameters: dict[str, Any], seed: int, domain_id: int, report: Callable[[int], None]
) -> list[Hour]:
    """Drive a node; returns one row per hour.

    Args:
        readings: minimum number of readings.
        parameters: parameters of the node.
        seed: seed of drive and faults.
        domain_id: DDS domain without other participants.
        report: called with the readings so far.

    Raises:
        MailError: the model cannot be used, or the node violated a condition.
    """
    context = Context()
    rclpy.init(args=["--ros-args", "--log-level", "fatal"], context=context, domain_id=domain_id)
    try:
        return Soak(context, parameters, seed).run(readings, report)
    finally:
        rclpy.shutdown(context=context)


class Soak:
    """A node, its driver, and the counts of both."""

    def __init__(self, context: Context, parameters: dict[str, Any], seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.driver = Driver(drive(demo_building(), seed=seed, length_m=600.0).field_ut, self.random)
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        self.node = LocalizerNode(context=context, parameter_overrides=overrides)
        self.executor = SingleThreadedExecutor(context=context)
        self.executor.add_node(self.node)
        self.sent, self.rows = 0, [Hour(0)]
        self._callback_s: list[float] = []
        self._status = ""  # the last one published
        self._watch_runtime()

    def run(self, readings: int, report: Callable[[int], None]) -> list[Hour]:
        """Send at least `readings` readings; the faults alternate."""
        kinds = [kind for kind in FAULTS if kind != "none"]
        number = 0
        while self.sent < readings:
            self._send("none", int(self.random.integers(*GOOD)))
            self._send(kinds[number % len(kinds)], int(self.random.integers(*BAD)))
            number += 1
            if number % COMMAND_EVERY == 0:
                self._command()
            if number % RELOAD_EVERY == 0:
                self._reload()
            if number % RESTART_EVERY == 0:
                self._restart()
            if self.sent >= len(self.rows) * HOUR or self.sent >= readings:
                self._end_hour()
            report(self.sent)
        return self.rows[:-1]

    def _send(self, fault: str, count: int) -> None:
        for reading in self.driver.send(fault, count):
            self._push(reading)

    def _push(self, reading: Reading) -> None:
        msg = message(reading)
        began_s = time.process_time()
        self.node.on_field(msg)
        self._callback_s.append(time.process_time() - began_s)
        self.sent += 1
        self.rows[-1].received += 1
        self._unaudited += 1

    def _watch_runtime(self) -> None:
        """Check every pose and its status, and count from here on."""
        self._counts = self.node.runtime.diagnostics.counts
        self._before, self._unaudited = self._counts.counts, 0
        poses = self.node.poses
        self.node.status.publisher.publish = self._checked(self.node.status.publisher.publish, self._check_status)
        poses.with_covariance.publish = self._checked(poses.with_covariance.publish, self._check_pose)
        poses.plain.publish = self._checked(poses.plain.publish, self._check_plain)

    def _checked(self, publish: Callable[[Any], None], check: Callable[[Any], None]) -> Callable[[Any], None]:
        def checked(msg: Any) -> None:
            check(msg)
            publish(msg)

        return checked

    def _check_status(self, msg: Any) -> None:
        self.rows[-1].changes += msg.message != self._status
        self._status = msg.message

    def _check_pose(self, msg: Any) -> None:
        position, orientation = msg.pose.pose.position, msg.pose.pose.orientation
        numbers = position.x, position.y, orientation.z, orientation.w, *msg.pose.covariance.tolist()
        _demand(all(map(math.isfinite, numbers)), "poses", "numbers", str(numbers))
        self.rows[-1].poses += 1

    def _check_plain(self, msg: Any) -> None:
        now = self.node.runtime.localizer.status.name
        _demand(
            self._status in TRUSTED and now in TRUSTED, "~/pose", "LOCALIZED or STATIONARY", f"{self._status}, {now}"
        )
        self.rows[-1].plain += 1

    def _command(self) -> None:
        """Set an initial pose, or drop the pose, or reset the clock, or publish what is due once a second."""
        command = int(self.random.integers(4))
        if command == 0:
            msg = PoseWithCovarianceStamped()
            msg.header.frame_id, position = self.node.runtime.map_frame, msg.pose.pose.position
            position.x, position.y = self.random.uniform(0.0, INITIAL_M, 2).tolist()
            msg.pose.covariance[0] = msg.pose.covariance[7] = 0.25
            self.node.commands.on_initial_pose(msg)
        elif command == 1:
            self.node.commands.on_reinitialize(Empty.Request(), Empty.Response())
        elif command == 2:
            self.node.on_clock_jump(TimeJump(ClockChange.ROS_TIME_NO_CHANGE, Duration(seconds=-60)))
        else:
            self.node.diagnose()

    def _audit(self) -> None:
        """Every reading since the last audit is counted once."""
        new = self._counts.counts - self._before
        refused = Counter({reason: count for reason, count in new.items() if reason not in ("used", *RESTARTS)})
        found = new["used"] + refused.total()
        _demand(found == self._unaudited, "the counts", f"{self._unaudited} samples", str(found))
        row = self.rows[-1]
        row.used += new["used"]
        row.refused = dict(Counter(row.refused) + refused)
        self._before, self._unaudited = self._counts.counts, 0

    def _reload(self) -> None:
        """Reload the model while readings arrive."""
        old, reload_model = self.node.runtime, self.node.commands.on_reload_model
        task = self.executor.create_task(reload_model, Trigger.Request(), Trigger.Response())
        while not task.done():
            self._send("none", 1)
            self.executor.spin_once(timeout_sec=1.0 / RELOAD_HZ)
            if self.node.runtime is not old and self._counts is not self.node.runtime.diagnostics.counts:
                self._audit()
                self._counts = self.node.runtime.diagnostics.counts
                self._before = self._counts.counts
        _demand(task.result().success, "reload_model", "success", task.result().message)
        self.rows[-1].reloads += 1

    def _restart(self) -> None:
        """Deactivate, clean up, configure and activate, as a lifecycle manager does."""
        self._audit()
        node = self.node
        for change in (node.trigger_deactivate, node.trigger_cleanup, node.trigger_configure, node.trigger_activate):
            result = change()
            _demand(result == TransitionCallbackReturn.SUCCESS, change.__name__, "success", str(result))
        self._watch_runtime()
        self.rows[-1].restarts += 1

    def _end_hour(self) -> None:
        self._audit()
        row, callback_us = self.rows[-1], 1e6 * np.array(self._callback_s)
        row.median_us, row.p99_us = np.percentile(callback_us, [50, 99]).tolist()
        row.max_ms = float(callback_us.max()) / 1e3
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        row.memory_mb = pages * 4096 / 1e6
        self._callback_s.clear()
        self.rows.append(Hour(len(self.rows)))


def message(reading: Reading) -> MagneticField:
    """A reading as a message."""
    msg = MagneticField()
    if reading.stamp_ns is None:
        msg.header.stamp = Time(sec=1, nanosec=2**31)
    else:
        msg.header.stamp = to_time(min(max(reading.stamp_ns, EARLIEST_S * NS_PER_S), LATEST_S * NS_PER_S))
    vector = msg.magnetic_field
    vector.x, vector.y, vector.z = (reading.field_ut / UT_PER_T).tolist()
    return msg


def _demand(held: bool, what: str, wanted: str, found: str) -> None:
    if not held:
        raise MailError(what, wanted=wanted, found=found, fix="this is a fault of mail_ros: report it")
