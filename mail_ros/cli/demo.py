"""`mail_ros demo`: the main job once, with a simulated robot and the real localizer node over DDS."""

from __future__ import annotations

import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import mail_ros
from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.node_process import own_domain, running_node
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import MailError, ModelError
from mail_ros.evaluation.metrics import TAIL_M, Metrics, summarize
from mail_ros.nodes.spin import missing

if TYPE_CHECKING:  # these bring numpy and rclpy along
    from mail_ros.data.simulator.walk import SimulatedWalk
    from mail_ros.nodes.demo_robot import Answer

SHIPPED = Path("models", "demo.safetensors")


def demo(
    model: Annotated[Path | None, typer.Option(help="A model of the simulated site; default: the shipped one.")] = None,
    out: Annotated[Path, typer.Option(help="The picture to draw.")] = Path("demo.png"),
    length_m: Annotated[float, typer.Option(min=1.0, max=1000.0, help="How far to drive, at 0.95 m/s.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another drive.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Localize a simulated robot: it publishes its magnetometer, the localizer node answers over DDS.

    The node runs in a process of its own, as on a robot; the drive takes about a minute, in real time.

    Example, a minute: `mail_ros demo --out demo.png`
    """
    import numpy as np

    from mail_ros.data.simulator.demo import DEMO_SPEED_M_S, Drive, simulate
    from mail_ros.data.simulator.dipoles import make_site
    from mail_ros.data.simulator.plan import drive_route
    from mail_ros.evaluation.picture import draw_drive

    site = make_site()
    walk = simulate(site, drive_route(site, length_m, seed), seed, Drive(DEMO_SPEED_M_S))
    console.print(f"A simulated robot drives for {walk.duration_s:.0f} s; the localizer node answers over DDS.")
    answers = _drive(model or shipped_model(), walk)
    sample = np.array([answer.sample for answer in answers])
    position_m = np.array([answer.position_m for answer in answers])
    error_m = np.linalg.norm(position_m - walk.position_m[sample], axis=1)
    latency_ms = np.percentile([1e3 * answer.latency_s for answer in answers], [50, 99])
    metrics = summarize(error_m, np.zeros(len(error_m), np.bool_))
    _print_table(metrics, *latency_ms.tolist())
    draw_drive(out, site, walk, sample, position_m)
    console.print(f"picture: {out}")
    if as_json:
        print_json({**dataclasses.asdict(metrics), "latency_ms": latency_ms.tolist(), "picture": out})


def _drive(model: Path, walk: SimulatedWalk) -> list[Answer]:
    """Drive a walk with the localizer node beside; its answers, at least one."""
    domain_id = own_domain()
    try:
        from mail_ros.nodes.demo_robot import drive
    except ModuleNotFoundError as error:
        raise missing(error) from None
    with running_node("localizer", domain_id, {"model": model}) as node, progress("driving") as bar:
        task = bar.add_task("waiting for the localizer", total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description="samples")

        answers = drive(walk, domain_id, node.check, report)
    if not answers:
        raise MailError(
            model,
            wanted=f"poses within a drive of {walk.duration_s:.0f} s",
            found="none",
            fix="drive longer than the model's window, with --length-m",
        )
    return answers


def shipped_model() -> Path:
    """The demo's model: in the checkout, or where pip or colcon put it.

    Raises:
        ModelError: it is nowhere.
    """
    prefixes = [sys.prefix, *os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)]
    folders = [Path(mail_ros.__file__).parent.parent, *(Path(prefix, "share", "mail_ros") for prefix in prefixes)]
    for folder in folders:
        if (folder / SHIPPED).is_file():
            return folder / SHIPPED
    raise ModelError(
        SHIPPED.name, wanted="it in the package's share folder", found="nothing", fix="name a model with --model"
    )


def _print_table(metrics: Metrics, median_ms: float, p99_ms: float) -> None:
    row = {
        "poses": f"{metrics.estimates:,}",
        "mean m": f"{metrics.mean_m:.2f}",
        "median m": f"{metrics.median_m:.2f}",
        "p90 m": f"{metrics.p90_m:.2f}",
        f"> {TAIL_M:g} m": f"{metrics.over_5m:.1%}",
        "latency median ms": f"{median_ms:.1f}",
        "p99 ms": f"{p99_ms:.1f}",
    }
    print_table("Simulated drive", list(row), [list(row.values())], ())
