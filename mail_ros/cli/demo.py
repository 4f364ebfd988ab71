"""`mail_ros demo`: the main job once, with a simulated robot and the real localizer node over DDS.

demo            a robot whose sensor's axes stay fixed to the map; the shipped network
demo --wheels   survey --> train --> a robot whose sensor turns with it, and that stops, turns and backs up
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

import mail_ros
from mail_ros.cli.console import console, print_json, print_table
from mail_ros.cli.demo_drive import Answers, driven
from mail_ros.cli.demo_wheels import demo_wheels
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import ModelError
from mail_ros.evaluation.metrics import TAIL_M

SHIPPED = Path("models", "demo.safetensors")
PLAIN_M, WHEELS_M = 60.0, 45.0  # to drive: about a minute, and two


def demo(
    model: Annotated[
        Path | None,
        typer.Option(help="A model of the simulated site; default: the shipped one, with --wheels one trained first."),
    ] = None,
    out: Annotated[Path, typer.Option(help="The picture to draw.")] = Path("demo.png"),
    length_m: Annotated[
        float | None,
        typer.Option(min=1.0, max=1000.0, help=f"How far to drive; default: {PLAIN_M:g}, with --wheels {WHEELS_M:g}."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another seed, another drive.")] = 0,
    wheels: Annotated[
        bool, typer.Option("--wheels", help="A robot on wheels that slip, which stops, turns in place and backs up.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Localize a simulated robot: it publishes its magnetometer, the localizer node answers over DDS.

    The node runs in a process of its own, as on a robot; the drive takes one to two minutes, in real time.

    Example, two minutes: `mail_ros demo --wheels --out demo.png`
    """
    if wheels:
        result = demo_wheels(model, out, length_m or WHEELS_M, seed)
    else:
        result = _demo_plain(model or shipped_model(), out, length_m or PLAIN_M, seed)
    console.print(f"picture: {out}")
    if as_json:
        print_json({**result, "picture": out})


def _demo_plain(model: Path, out: Path, length_m: float, seed: int) -> dict[str, object]:
    from mail_ros.data.simulator.demo import DEMO_SPEED_M_S, Drive, simulate
    from mail_ros.data.simulator.dipoles import make_site
    from mail_ros.data.simulator.plan import drive_route
    from mail_ros.evaluation.picture import draw_drive

    site = make_site()
    walk = simulate(site, drive_route(site, length_m, seed), seed, Drive(DEMO_SPEED_M_S))
    answers = driven(walk, {"model": model, "tracker": "none"})
    _print_table(answers)
    draw_drive(out, site, walk, answers.sample, answers.position_m)
    return answers.result()


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


def _print_table(answers: Answers) -> None:
    metrics = answers.metrics()
    row = {
        "poses": f"{metrics.estimates:,}",
        "mean m": f"{metrics.mean_m:.2f}",
        "median m": f"{metrics.median_m:.2f}",
        "p90 m": f"{metrics.p90_m:.2f}",
        f"> {TAIL_M:g} m": f"{metrics.over_5m:.1%}",
        "latency median ms": f"{answers.latency_ms[0]:.1f}",
        "p99 ms": f"{answers.latency_ms[1]:.1f}",
    }
    print_table("Simulated drive", list(row), [list(row.values())], ())
