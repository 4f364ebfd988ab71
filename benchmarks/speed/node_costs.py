"""Cost of the localizer node, with a simulated robot in another process and DDS between them."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.process_cost import memory_mb, processor_s, stop_s
from benchmarks.speed.models import matching_model, untrained_model
from mail_ros.cli.node_process import NodeProcess, own_domain, running_node
from mail_ros.core.errors import MailError
from mail_ros.data.simulator.demo import CALM, demo_building
from mail_ros.data.simulator.drive import drive
from mail_ros.nodes.spin import missing

if TYPE_CHECKING:
    from mail_ros.data.simulator.simulated_drive import SimulatedDrive
    from mail_ros.nodes.demo_robot import ReceivedPose

RATE_HZ = 50  # rate of the samples
FULL = 11 * RATE_HZ  # samples until the first pose: a window of 10 s and the gradient's lag
FLEETS = (5, 10, 20)  # robots


@dataclass(frozen=True)
class NodeCost:
    """A localizer node that receives a magnetometer at 50 Hz."""

    what: str
    method: str
    received: float  # fraction of the expected poses
    median_ms: float  # from publishing a sample to receiving its pose
    p99_ms: float
    worst_ms: float
    core: float  # fraction of one core
    memory_mb: float  # resident
    ready_s: float  # from the start of its process until robot and node have found each other
    stop_s: float  # from Ctrl-C to the end of its process, with exit code 0


@dataclass
class _Watch:
    """Resources used by the node at discovery, with a full window, and at the last sample."""

    node: NodeProcess
    began_s: float
    ready_s: float = 0.0
    since: tuple[float, float] = (0.0, 0.0)  # time, and processor time
    core: float = 0.0
    memory_mb: float = 0.0

    def see(self, done: int, total: int) -> None:
        """Called with every sample."""
        if done == 1:
            self.ready_s = time.monotonic() - self.began_s
        if done == FULL:
            self.since = time.monotonic(), processor_s(self.node)
        if done == total:
            self.core = (processor_s(self.node) - self.since[1]) / (time.monotonic() - self.since[0])
            self.memory_mb = memory_mb(self.node)


@dataclass(frozen=True)
class Run:
    """A node to be timed."""

    name: str
    stride_s: float  # between two poses
    parameters: Mapping[str, object]  # other parameters of the node
    robots: int = 1  # more than one: a fleet
    reloads: int = 0  # model reloads during the drive


def node_costs(duration_s: float, report: Callable[[str, int, int], None]) -> list[NodeCost]:
    """Run the node with the paper's network, untrained, with a matching model, and as a fleet.

    Args:
        duration_s: duration of each run, after the window is full.
        report: called with a name, the number of samples sent, and of all samples.

    Raises:
        MailError: rclpy is missing, or no pose came.
    """
    with tempfile.TemporaryDirectory() as folder:
        return [node_cost(run, duration_s, report) for run in _runs(Path(folder))]


def _runs(folder: Path) -> Iterator[Run]:
    paper, matching = folder / "paper.safetensors", folder / "matching.safetensors"
    untrained_model(paper)
    matching_model(matching)
    yield Run("paper, 50 poses/s", 0.02, {"model": paper})
    yield Run("paper, 10 poses/s", 0.1, {"model": paper})
    tracked = {"model": matching, "tracker": "walking"}
    yield Run("matching with tracker, 10 poses/s", 0.1, tracked)
    yield Run("paper, 50 poses/s, reloaded 5 times", 0.02, {"model": paper}, reloads=5)
    yield Run("matching with tracker, 10 poses/s, reloaded 5 times", 0.1, tracked, reloads=5)
    for robots in FLEETS:
        yield Run(f"fleet of {robots}, paper, 10 poses/s", 0.1, {"model": paper}, robots)


def node_cost(run: Run, duration_s: float, report: Callable[[str, int, int], None]) -> NodeCost:
    """One run of `node_costs`."""
    domain_id = own_domain()
    try:
        from benchmarks.speed.caller import TriggerCaller
        from mail_ros.nodes.demo_robot import drive_in_real_time
    except ModuleNotFoundError as error:
        raise missing(error) from None
    walk = drive(demo_building(), CALM, 1, length_m=FULL / RATE_HZ + duration_s)  # at about 1 m/s
    namespaces = [f"robot_{number}" for number in range(run.robots)] if run.robots > 1 else [""]
    parameters = {"stride_s": run.stride_s, "publish_uncertain_pose": True, **run.parameters}
    if run.robots > 1:
        parameters["namespaces"] = json.dumps(namespaces)
    reload_at = np.linspace(FULL, len(walk.stamp_ns), run.reloads + 2)[1:-1].astype(int).tolist()
    with (
        running_node("fleet" if run.robots > 1 else "localizer", domain_id, parameters) as node,
        TriggerCaller(domain_id, "mail_localizer/reload_model") as reloader,
    ):
        watch = _Watch(node, time.monotonic())

        def see(done: int, total: int) -> None:
            watch.see(done, total)
            if done in reload_at:
                reloader.call()
            if run.reloads:
                reloader.poll()
            report(run.name, done, total)

        poses = drive_in_real_time(walk, domain_id, node.check, see, namespaces)
        took_s = stop_s(node)
    if sum(response.success for response in reloader.responses) < run.reloads:
        found = str([response.message for response in reloader.responses])
        raise MailError(run.name, wanted=f"{run.reloads} reloads", found=found, fix="fix that first")
    return _cost(run, walk, poses, watch, took_s)


def _cost(run: Run, walk: SimulatedDrive, poses: Sequence[ReceivedPose], watch: _Watch, took_s: float) -> NodeCost:
    late_ms = 1e3 * np.array([pose.latency_s for pose in poses if pose.sample >= FULL])
    if not len(late_ms):
        raise MailError(run.name, wanted="poses", found="none", fix="see that DDS may use the loopback interface")
    median_ms, p99_ms, worst_ms = np.percentile(late_ms, [50, 99, 100]).tolist()
    due = run.robots * (len(walk.stamp_ns) - FULL) / (RATE_HZ * run.stride_s)
    return NodeCost(
        what="node",
        method=run.name,
        received=len(late_ms) / due,
        median_ms=median_ms,
        p99_ms=p99_ms,
        worst_ms=worst_ms,
        core=watch.core,
        memory_mb=watch.memory_mb,
        ready_s=watch.ready_s,
        stop_s=took_s,
    )
