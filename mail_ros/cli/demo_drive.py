"""A simulated drive in real time, with the localizer node beside it: what the acts of the demo share."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from mail_ros.cli.console import console, progress
from mail_ros.cli.node_process import own_domain, running_node
from mail_ros.core.errors import MailError
from mail_ros.evaluation.metrics import Metrics, summarize
from mail_ros.nodes.spin import missing

if TYPE_CHECKING:  # these bring numpy and rclpy along
    from mail_ros.core.types import FloatArray, IntArray
    from mail_ros.data.simulator.walk import SimulatedWalk
    from mail_ros.nodes.demo_robot import Answer


class Answers(NamedTuple):
    """The poses that a robot heard on its drive."""

    sample: IntArray  # (p,) of the drive, that each of them answers
    position_m: FloatArray  # (p, 2)
    error_m: FloatArray  # (p,)
    latency_ms: tuple[float, float]  # median and 99th percentile

    def metrics(self) -> Metrics:
        """Of all poses; there is one floor."""
        import numpy as np

        return summarize(self.error_m, np.zeros(len(self.error_m), np.bool_))

    def result(self) -> dict[str, object]:
        """For programs."""
        return {**dataclasses.asdict(self.metrics()), "latency_ms": self.latency_ms}


def driven(walk: SimulatedWalk, parameters: Mapping[str, object]) -> Answers:
    """Drive a walk with a localizer of these parameters beside; its answers, at least one.

    Raises:
        MailError: the node ended, or said nothing.
    """
    import numpy as np

    console.print(f"A simulated robot drives for {walk.duration_s:.0f} s; the localizer node answers over DDS.")
    answers = _heard(walk, parameters)
    if not answers:
        raise MailError(
            str(parameters["model"]),
            wanted=f"poses within a drive of {walk.duration_s:.0f} s",
            found="none",
            fix="drive longer than the model's window, with --length-m",
        )
    sample = np.array([answer.sample for answer in answers])
    position_m = np.array([answer.position_m for answer in answers])
    error_m = np.linalg.norm(position_m - walk.position_m[sample], axis=1)
    median_ms, p99_ms = np.percentile([1e3 * answer.latency_s for answer in answers], [50, 99]).tolist()
    return Answers(sample, position_m, error_m, (median_ms, p99_ms))


def _heard(walk: SimulatedWalk, parameters: Mapping[str, object]) -> list[Answer]:
    domain_id = own_domain()
    try:
        from mail_ros.nodes.demo_robot import drive
    except ModuleNotFoundError as error:
        raise missing(error) from None
    with running_node("localizer", domain_id, parameters) as node, progress("driving") as bar:
        task = bar.add_task("waiting for the localizer", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description="samples")

        return drive(walk, domain_id, node.check, report)
