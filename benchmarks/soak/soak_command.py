"""`python -m benchmarks soak`: a day of a robot's data with faults, at full speed."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.demo import shipped_model
from mail_ros.cli.node_process import own_domain
from mail_ros.cli.options import AsJson, among
from mail_ros.nodes.spin import missing


def soak(
    hours: Annotated[float, typer.Option(min=0.01, max=10_000.0, help="Hours of data at 50 Hz.")] = 24.0,
    model: Annotated[Path | None, typer.Option(help="A model; default: the shipped one.")] = None,
    tracker: Annotated[
        str, typer.Option(help="As the node's parameter: none or walking.", autocompletion=among("none", "walking"))
    ] = "walking",
    seed: Annotated[int, typer.Option(min=0, help="Seed of drive and faults.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/soak"),
    as_json: AsJson = False,
) -> None:
    """Run the localizer node through hours of data with faults, commands, reloads and restarts, and check what it does.

    Ends with an error if a sample is not counted, a pose is not finite, one is on ~/pose without the status LOCALIZED
    or STATIONARY, or a reload or restart fails.

    Example: `python -m benchmarks soak --hours 0.02`

    Example, some minutes: `python -m benchmarks soak --hours 24`
    """
    domain_id = own_domain()
    try:
        from benchmarks.soak.localizer_soak import HOUR
        from benchmarks.soak.localizer_soak import soak as run
    except ModuleNotFoundError as error:
        raise missing(error) from None
    readings = round(hours * HOUR)
    with progress("soak") as bar:
        task = bar.add_task("readings", total=readings)
        parameters = {"model": str(model or shipped_model()), "tracker": tracker}
        rows = run(readings, parameters, seed, domain_id, lambda done: bar.update(task, completed=done))
    out.mkdir(parents=True, exist_ok=True)
    (out / "soak.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    heads = [name for name in dataclasses.asdict(rows[0]) if name != "refused"]
    lines = [[_word(getattr(row, name)) for name in heads] for row in rows]
    print_table("Soak, hour by hour", [head.replace("_", " ") for head in heads], lines, ())
    refused = sum((Counter(row.refused) for row in rows), Counter[str]())
    console.print("refused: " + ", ".join(f"{count:,} {reason}" for reason, count in sorted(refused.items())))
    received, poses, plain, changes = (
        sum(getattr(row, name) for row in rows) for name in ("received", "poses", "plain", "changes")
    )
    console.print(
        f"~/pose: {plain:,} of {poses:,} poses, none without LOCALIZED or STATIONARY; "
        f"{changes:,} changes of the status in {received:,} messages"
    )
    console.print(f"results: {out / 'soak.json'}")
    if as_json:
        print_json([dataclasses.asdict(row) for row in rows])


def _word(value: float) -> str:
    return f"{value:,.1f}" if isinstance(value, float) else f"{value:,}"
