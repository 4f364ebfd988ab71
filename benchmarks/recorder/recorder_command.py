"""`python -m benchmarks recorder`: samples lost in operation and by kills, and the cost of recording."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.recorder.runs import BUSY, KILL_S, OPTIONS, ROBOT, Kill, Load, record, record_and_kill
from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.options import AsJson


def recorder(
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("runs/recorder"),
    robot_s: Annotated[
        float, typer.Option(min=0.0, help="Duration of 50 Hz field, 200 Hz imu, 50 Hz odometry.")
    ] = 60.0,
    busy_s: Annotated[float, typer.Option(min=0.0, help="Duration of 1,000 messages per second.")] = 60.0,
    kills: Annotated[int, typer.Option(min=0, help="Number of recorders killed at a random moment.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of the random moments.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Record known bytes, in full and then with kills, and compare them with the bags.

    Each repaired bag is opened with `rosbags` and with `mcap` alone. Processor time and memory are of the recorder's
    process.

    Example: `python -m benchmarks recorder --robot-s 2 --busy-s 0 --kills 1`

    Example, a quarter of an hour: `python -m benchmarks recorder --robot-s 600`
    """
    moments = random.Random(seed)
    with progress("recording") as bar, tempfile.TemporaryDirectory() as folder:
        task = bar.add_task("", total=None)
        runs = [
            (f"{sum(rates.values()):,.0f} messages/s", rates, seconds) for rates, seconds in _loads(robot_s, busy_s)
        ]
        loads = []
        for name, rates, seconds in runs:
            bar.update(task, description=name)
            loads.append(record(Path(folder) / name.replace("/", "_"), name, rates, seconds))
        found = []
        for number in range(kills):
            bar.update(task, description=f"kill {number + 1}")
            options = OPTIONS[number % len(OPTIONS)]
            found.append(record_and_kill(Path(folder) / f"kill_{number}", options, moments.uniform(0.0, KILL_S)))
    out.mkdir(parents=True, exist_ok=True)
    tables = {
        "load": [dataclasses.asdict(load) for load in loads],
        "kill": [dataclasses.asdict(kill) for kill in found],
    }
    (out / "recorder.json").write_text(json.dumps(tables, indent=2))
    for title, rows in (("a recorder at work", loads), ("a recorder that is killed, its bag repaired", found)):
        if rows:
            _print(title, rows)
    console.print(f"results: {out / 'recorder.json'}")
    if as_json:
        print_json(tables)


def _loads(robot_s: float, busy_s: float) -> Iterator[tuple[dict[str, float], float]]:
    if robot_s:
        yield ROBOT, robot_s
    if busy_s:
        yield BUSY, busy_s


def _print(title: str, rows: list[Load] | list[Kill]) -> None:
    """A table with a column per field."""
    heads = [field.name.replace("_", " ") for field in dataclasses.fields(rows[0])]
    values = [dataclasses.astuple(row) for row in rows]
    lines = [
        [
            f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
            for value in row
        ]
        for row in values
    ]
    print_table(title, heads, lines)
