"""`mail_ros benchmark speed`: what an estimate costs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console


def speed(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/speed"),
    cells: Annotated[list[int] | None, typer.Option(min=10, help="Sizes of the map; default: 500 to 4,000.")] = None,
    estimates: Annotated[int, typer.Option(min=10, help="How many are timed of each part.")] = 300,
) -> None:
    """Time the parts of an estimate on one core: MAIL's whole window as in the paper, and the tracker.

    Compare ratios within a run: seconds are those of the machine that it runs on. Leave the machine alone meanwhile.

    Example: `mail_ros benchmark speed --cells 2000`
    """
    from rich.table import Table

    from mail_ros.evaluation.speed import SIZES, costs

    rows = costs(tuple(cells or SIZES), estimates)
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.json").write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=2))
    table = Table(title="an estimate, on one core", title_justify="left", header_style="bold", box=None)
    table.add_column("", no_wrap=True)
    for heading in ("cells", "mean, ms", "median", "p99", "of the window pass"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        numbers = (f"{value:.2f}" for value in (row.mean_ms, row.median_ms, row.p99_ms))
        table.add_row(row.part, f"{row.cells:,}", *numbers, f"{row.share:.1%}")
    console.print(table)
    console.print(f"results: {out / 'speed.json'}")
