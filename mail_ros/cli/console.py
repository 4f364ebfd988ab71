"""Output of all verbs: one kind of table, progress bar, JSON and error line."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mail_ros.evaluation.metrics import Metrics, metric_columns, metric_row

WIDTH, MAX_WIDTH = 120, 10_000  # a table wider than the terminal wraps there: no number is cut off


def _console(width: int, *, quiet: bool = False) -> Console:
    return Console(highlight=False, soft_wrap=True, width=width, quiet=quiet)


console = _console(max(WIDTH, shutil.get_terminal_size().columns))


@contextmanager
def progress(description: str, *, shown: bool = True) -> Iterator[Progress]:
    """A progress bar on stderr with the remaining time; removed at the end, and omitted without a terminal."""
    stderr = Console(stderr=True)
    with Progress(
        TextColumn(description),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=stderr,
        transient=True,
        disable=not (shown and stderr.is_terminal),
    ) as bar:
        yield bar


@contextmanager
def counting(description: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar of one task; yields a function that is called with the numbers of finished and of all items."""
    with progress(description) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def print_error(problem: object) -> None:
    """Print one line on stderr."""
    print(f"mail_ros: {problem}", file=sys.stderr)


def print_json(result: Any) -> None:
    """Print a result for programs, the only output with --json. NaN and infinity become null, paths strings."""
    print(json.dumps(_plain(result), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_table(
    title: str, heads: Sequence[str], lines: Iterable[Sequence[str]], words: Collection[int] = (0,)
) -> None:
    """Print a table; columns in `words` are aligned left, all others right."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number in words else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    width = console.measure(table, options=console.options.update(width=MAX_WIDTH)).maximum
    wide = console if width <= console.width else _console(width, quiet=console.quiet)
    wide.print(table)


def print_metrics(title: str, rows: Mapping[str, Metrics]) -> None:
    """Print a table of errors."""
    lines = [[name, *metric_row(row)] for name, row in rows.items()]
    print_table(f"{title}; errors in m", ["", *metric_columns()], lines)
