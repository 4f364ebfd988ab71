"""What all verbs share of how they speak: one table, one progress bar, one last line."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from mail_ros.evaluation.metrics import Metrics, metric_columns, metric_row

WIDTH, WIDEST = 120, 10_000  # a table that is wider than the terminal wraps there, and no number is cut off
TRUTH_HELP = (
    "Topic that says where the walk was: points, marks of a planned route, poses, odometry or TF. "
    "Default: the first of /landmark, /mark, /clicked_point, /reference_pose that a bag has."
)

SITE_HELP = "The building's file, as `mail_ros site init` writes it."
ROBOT_HELP = "Robot file of `mail_ros calibrate`: of the robot that carried the sensor."


def _console(width: int) -> Console:
    return Console(highlight=False, soft_wrap=True, width=width)


console = _console(max(WIDTH, shutil.get_terminal_size().columns))


@contextmanager
def progress(description: str, *, shown: bool = True) -> Iterator[Progress]:
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
        disable=not (shown and stderr.is_terminal),
    ) as bar:
        yield bar


def print_table(
    title: str, heads: Sequence[str], lines: Iterable[Sequence[str]], words: Collection[int] = (0,)
) -> None:
    """A table; words, the columns of some numbers, stand left, and all others right."""
    table = Table(title=title, title_justify="left", header_style="bold", box=None)
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number in words else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    width = console.measure(table, options=console.options.update(width=WIDEST)).maximum
    (_console(width) if width > console.width else console).print(table)


def print_metrics(title: str, rows: Mapping[str, Metrics]) -> None:
    """The one table of errors."""
    lines = [[name, *metric_row(row)] for name, row in rows.items()]
    print_table(f"{title}; errors in m", ["", *metric_columns()], lines)
