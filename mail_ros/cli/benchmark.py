"""`mail_ros benchmark`: MAIL and its peers, measured in one run."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, progress
from mail_ros.cli.train import expand
from mail_ros.core.errors import ConfigError
from mail_ros.evaluation.metrics import metric_columns, metric_row

if TYPE_CHECKING:
    from mail_ros.evaluation.accuracy import Cell, CellResult
    from mail_ros.evaluation.protocol import Split

benchmark = typer.Typer(no_args_is_help=True, help="Measure MAIL and its peers in one run.")

BASE = ["features.rate_hz=10"]  # the paper's 50 Hz costs five times as much and is one --set away
QUICK = ["training.epochs=4", "training.stride_s=1"]
STRIDE_S, QUICK_STRIDE_S = 0.2, 1.0


@benchmark.command()
def accuracy(
    data: Annotated[Path | None, typer.Option(help="Folder of labelled bags, split by --protocol.")] = None,
    protocol: Annotated[str, typer.Option(help="last-round or cross-device.")] = "last-round",
    train: Annotated[list[Path] | None, typer.Option(help="Instead: bags or globs to learn from.")] = None,
    test: Annotated[list[Path] | None, typer.Option(help="Instead: bags or globs to be judged on.")] = None,
    methods: Annotated[str, typer.Option(help="Names with commas between; default: all.")] = "",
    out: Annotated[Path, typer.Option(help="Folder of the results; finished parts in it are used again.")] = Path(
        "runs/accuracy"
    ),
    settings: Annotated[list[str] | None, typer.Option("--set", help="Change a setting, as in `train`.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Short training, few estimates: does it run?")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the tables as JSON.")] = False,
) -> None:
    """Fit every method to some walks, judge it on others, and print one table per floor.

    Example: `mail_ros benchmark accuracy --data bags --protocol cross-device --out runs/museum`
    """
    from mail_ros.evaluation.accuracy import plan, run, write_results
    from mail_ros.evaluation.methods import METHODS, applicable
    from mail_ros.training.config import run_config

    config = run_config([*BASE, *(QUICK if quick else []), *(settings or [])])
    parts = _split(data, protocol, train, test)
    usable = applicable([walk.track for walk in (*parts.train, *parts.test)])
    names = [name.strip() for name in methods.split(",")] if methods else usable
    cells = plan(parts, names, list(METHODS), config, QUICK_STRIDE_S if quick else STRIDE_S, out)
    with progress("benchmark") as bar:
        task = bar.add_task("", total=1000)
        results = run(cells, lambda share: bar.update(task, completed=int(1000 * share)))
    write_results(out, results)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(result) for result in results], indent=2))
        return
    _print(cells, results)
    if not methods and len(usable) < len(METHODS):
        console.print(f"left out, since walks have no odometry: {', '.join(sorted(METHODS.keys() - set(usable)))}")
    console.print(f"results: {out / 'accuracy.csv'}   {out / 'accuracy.json'}   estimates: {out / 'cells'}")


def _split(data: Path | None, protocol: str, train: Sequence[Path] | None, test: Sequence[Path] | None) -> Split:
    from mail_ros.evaluation.protocol import Split, read_walks, split

    if train and test and data is None:
        return Split(read_walks(expand(list(train))), read_walks(expand(list(test))))
    if data is None or train or test:
        raise ConfigError(
            "walks",
            wanted="--data with --protocol, or --train with --test",
            found="both" if data else "neither",
            fix="give one of the two",
        )
    bags = sorted(folder for folder in data.glob("*") if any(folder.glob("*.mcap")) or any(folder.glob("*.db3")))
    if not bags:
        raise ConfigError(data, wanted="a folder of bags", found="no bag in it", fix="import or record some")
    return split(read_walks(bags), protocol)


def _print(cells: Sequence[Cell], results: Sequence[CellResult]) -> None:
    from rich.table import Table

    from mail_ros.evaluation.accuracy import relation

    for floor in sorted({result.floor for result in results}):
        rows = [result for result in results if result.floor == floor]
        walks = next(cell for cell in cells if cell.floor == floor)
        title = f"floor {floor}: {len(walks.train)} walks to learn from, {len(walks.test)} to be judged on; errors in m"
        table = Table(title=title, title_justify="left", header_style="bold", box=None)
        table.add_column("", no_wrap=True)
        for heading in (*metric_columns(), "ms"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in sorted(rows, key=lambda row: row.metrics.mean_m):
            table.add_row(row.method, *metric_row(row.metrics), f"{row.estimate_ms:.2f}")
        console.print(table)
        console.print(f"{relation(rows)}\n")
