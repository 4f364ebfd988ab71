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


def metric_columns() -> tuple[str, ...]:
    """Headings of `metric_row`."""
    return "n", "mean", "median", "p75", "p90", "p95", f"> {TAIL_M:g} m", "off floor"


def metric_row(row: Metrics) -> tuple[str, ...]:
    """One row of errors, the same in every table."""
    distances = (f"{value:.2f}" for value in (row.mean_m, row.median_m, row.p75_m, row.p90_m, row.p95_m))
    return f"{row.estimates:,}", *distances, f"{row.over_5m:.1%}", f"{row.wrong_floor:.1%}"


def print_metrics(title: str, rows: Mapping[str, Metrics]) -> None:
    """The one table of errors."""
    table = Table(title=f"{title}; errors in m", title_justify="left", header_style="bold", box=None)
    table.add_column("", no_wrap=True)
    for heading in metric_columns():
        table.add_column(heading, justify="right", no_wrap=True)
    for name, row in rows.items():
        table.add_row(name, *metric_row(row))
    console.print(table)
