"""`python -m benchmarks speed`: cost of an estimate."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.options import AsJson


def speed(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/speed"),
    cells: Annotated[list[int] | None, typer.Option(min=10, help="Sizes of the map; default: 500 to 4,000.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Only a group of parts, as paper, tracker, methods; default: all.")
    ] = None,
    node_s: Annotated[
        float, typer.Option(min=0.0, max=3600.0, help="How long each localizer node is timed, over DDS; 0: not at all.")
    ] = 20.0,
    estimates: Annotated[int, typer.Option(min=10, help="Timed estimates per part.")] = 300,
    as_json: AsJson = False,
) -> None:
    """Time the parts of an estimate: MAIL by windows and streamed, the tracker, every baseline, and the node over DDS.

    Compare ratios within a run: seconds are those of the machine that it runs on. Leave the machine alone meanwhile.

    Example: `python -m benchmarks speed --cells 500 --only tracker --node-s 0 --estimates 20`

    Example, half an hour: `python -m benchmarks speed --out runs/speed`
    """
    from benchmarks.speed.costs import SIZES, costs, parts_of
    from mail_ros.evaluation.study_table import words

    parts = parts_of(tuple(cells or SIZES), only or ())
    with progress("timing") as bar:
        task = bar.add_task("", total=None)

        def report(name: str, done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, description=name)

        tables = [_table("cost", "cost of an estimate, on one core", costs(parts, estimates, report))]
        if node_s:
            from benchmarks.speed.node_costs import node_costs

            tables.append(_table("node", "the localizer node, over DDS", node_costs(node_s, report)))
    out.mkdir(parents=True, exist_ok=True)
    (out / "speed.json").write_text(json.dumps(tables, indent=2))
    for table in tables:
        print_table(table["title"], *words(table["rows"]), (0, 1))
    console.print(f"results: {out / 'speed.json'}")
    if as_json:
        print_json(tables)


def _table(study: str, title: str, rows: Sequence[Any]) -> dict[str, Any]:
    """As `mail_ros report` reads it."""
    values = [dataclasses.asdict(row) for row in rows]
    return {"study": study, "source": "table 4", "title": title, "group": "what", "rows": values}
