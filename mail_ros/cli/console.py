"""What all verbs share of how they speak: one table, one progress bar, one last line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mail_ros.evaluation.metrics import TAIL_M, Metrics

console = Console(highlight=False, soft_wrap=True)


@contextmanager
def progress(description: str) -> Iterator[Progress]:
    """A progress bar on stderr with time left, gone when done; nothing where stderr is no terminal."""
    stderr = Console(stderr=True)
    with Progress(
        TextColumn(description),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=stderr,
        transient=True,
        disable=not stderr.is_terminal,
    ) as bar:
        yield bar


def print_metrics(title: str, rows: Mapping[str, Metrics]) -> None:
    """The one table of errors."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    table.add_column("", no_wrap=True)
    for heading in ("estimates", "mean m", "median m", "p75 m", "p90 m", "p95 m", f"> {TAIL_M:g} m", "wrong floor"):
        table.add_column(heading, justify="right")
    for name, row in rows.items():
        distances = [f"{value:.2f}" for value in (row.mean_m, row.median_m, row.p75_m, row.p90_m, row.p95_m)]
        table.add_row(name, f"{row.estimates:,}", *distances, f"{row.over_5m:.1%}", f"{row.wrong_floor:.1%}")
    console.print(table)
