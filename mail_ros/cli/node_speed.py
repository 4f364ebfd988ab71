"""What the localizer node costs: a simulated robot beside it, DDS between them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mail_ros.cli.node_process import NodeProcess, localizer_node, own_domain
from mail_ros.core.errors import MailError
from mail_ros.data.simulator import drive_route, make_site, simulate
from mail_ros.evaluation.speed_parts import matching_model, untrained_model
from mail_ros.nodes.spin import missing
from mail_ros.training.export import export_onnx

RATE_HZ = 50  # of the samples


@dataclass(frozen=True)
class NodeCost:
    """A localizer node that hears a magnetometer at 50 Hz."""

    what: str
    method: str
    poses: int
    median_ms: float  # from publishing a sample to hearing its pose
    p99_ms: float
    core: float  # share of one core
    memory_mb: float  # resident
    ready_s: float  # from the start of its process until robot and node have found each other


@dataclass
class _Watch:
    """What the node had used when it was found, when its window was full, and at the last sample."""

    node: NodeProcess
    full: int  # samples until the window is full
    began_s: float
    ready_s: float = 0.0
    since: tuple[float, float] = (0.0, 0.0)  # time, and processor time
    core: float = 0.0
    memory_mb: float = 0.0

    def see(self, done: int, total: int) -> None:
        """Called with every sample."""
        if done == 1:
            self.ready_s = time.monotonic() - self.began_s
        if done == self.full:
            self.since = time.monotonic(), self.node.processor_s
        if done == total:
            self.core = (self.node.processor_s - self.since[1]) / (time.monotonic() - self.since[0])
            self.memory_mb = self.node.memory_mb


def node_costs(duration_s: float, report: Callable[[str, int, int], None]) -> list[NodeCost]:
    """Run the node with the paper's network, untrained, with both engines, and with a matching model.

    Args:
        duration_s: of each run, after the window is full.
        report: called with a name, samples sent, and how many there are.

    Raises:
        MailError: rclpy is missing, or no pose came.
    """
    with tempfile.TemporaryDirectory() as folder:
        return [node_cost(name, parameters, duration_s, report) for name, parameters in _runs(Path(folder))]


def _runs(folder: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """Names and parameters of the node."""
    paper, onnx, matching = folder / "paper.safetensors", folder / "paper.onnx", folder / "matching.safetensors"
    untrained_model(paper)
    export_onnx(paper, onnx)
    matching_model(matching)
    yield "paper, 50 poses/s", {"model": paper, "stride_s": 0.02}
    yield "paper, 10 poses/s", {"model": paper, "stride_s": 0.1}
    yield "paper, engine onnx, 10 poses/s", {"model": onnx, "stride_s": 0.1, "engine": "onnx"}
    yield "matching with tracker, 10 poses/s", {"model": matching, "stride_s": 0.1, "tracker": "walking"}


def node_cost(
    name: str, parameters: Mapping[str, object], duration_s: float, report: Callable[[str, int, int], None]
) -> NodeCost:
    """One run of `node_costs`, with parameters of the node."""
    domain_id = own_domain()
    try:
        from mail_ros.nodes.demo_robot import drive
    except ModuleNotFoundError as error:
        raise missing(error) from None
    site = make_site()
    full = 11 * RATE_HZ  # a window of 10 s and the gradient's lag
    walk = simulate(site, drive_route(site, full / RATE_HZ + duration_s, 1), 1)  # at about 1 m/s
    with localizer_node(domain_id, parameters) as node:
        watch = _Watch(node, full, time.monotonic())

        def see(done: int, total: int) -> None:
            watch.see(done, total)
            report(name, done, total)

        answers = drive(walk, domain_id, node.check, see)
    latency_ms = 1e3 * np.array([answer.latency_s for answer in answers])
    if not len(latency_ms):
        raise MailError(name, wanted="poses", found="none", fix="see that DDS may use the loopback interface")
    median_ms, p99_ms = np.percentile(latency_ms, [50, 99]).tolist()
    return NodeCost("node", name, len(answers), median_ms, p99_ms, watch.core, watch.memory_mb, watch.ready_s)
