"""`mail_ros benchmark speed`: what an estimate costs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mail_ros.cli.console import console, progress

if TYPE_CHECKING:
    from mail_ros.evaluation.speed import Cost


def speed(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/speed"),
    cells: Annotated[list[int] | None, typer.Option(min=10, help="Sizes of the map; default: 500 to 4,000.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only a group of parts, as paper, tracker, methods; default: all.")
    ] = None,
    estimates: Annotated[int, typer.Option(min=10, help="How many are timed of each part.")] = 300,
) -> None:
    """Time the parts of an estimate on one core: MAIL whole and carried, fleets, the tracker, and every peer.

    Compare ratios within a run: seconds are those of the machine that it runs on. Leave the machine alone meanwhile.

    Example: `mail_ros benchmark speed --cells 2000`
    """
    from mail_ros.evaluation.speed import SIZES, costs, parts_of

    parts = parts_of(tuple(cells or SIZES), only or ())
    with progress("timing") as bar:
        task = bar.add_task("", total=None)

        def report(name: str, number: int, parts: int) -> None:
            bar.update(task, completed=number, total=parts, description=name)

        rows = costs(parts, estimates, report)
    out.mkdir(parents=True, exist_ok=True)
    tables = [_table("cost", "table 4", "what an estimate costs, on one core", rows)]
    (out / "speed.json").write_text(json.dumps(tables, indent=2))
    _print(rows)
    console.print(f"results: {out / 'speed.json'}")


def _table(study: str, source: str, title: str, rows: Sequence[Any]) -> dict[str, Any]:
    """As `mail_ros report` reads it."""
    rows = [dataclasses.asdict(row) for row in rows]
    return {"study": study, "source": source, "title": title, "group": "what", "rows": rows}


def _print(rows: Sequence[Cost]) -> None:
    from rich.table import Table

    from mail_ros.evaluation.study_rows import words

    table = Table(title="what an estimate costs, on one core", title_justify="left", header_style="bold", box=None)
    heads, lines = words([dataclasses.asdict(row) for row in rows])
    for number, heading in enumerate(heads):
        table.add_column(heading, justify="left" if number < 2 else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    console.print(table)
