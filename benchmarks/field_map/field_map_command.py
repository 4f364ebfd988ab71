"""`python -m benchmarks map`: whether training on walks drawn from a map of the field helps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.options import AsJson
from mail_ros.evaluation.metrics import metric_columns, metric_row


def field_map(
    buildings: Annotated[int, typer.Option(min=1, max=100, help="How many simulated buildings.")] = 3,
    first: Annotated[int, typer.Option(min=0, help="Seed of the first building.")] = 10,
    drives: Annotated[int, typer.Option(min=1, max=100, help="Drives per case and building.")] = 6,
    poses: Annotated[
        bool, typer.Option("--poses", help="The survey is labelled at every sample, not at corners alone.")
    ] = False,
    walks: Annotated[int, typer.Option(min=1, max=10_000, help="Walks drawn from the map of each floor.")] = 20,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Change a setting of the robot's preset, as in `train`.")
    ] = None,
    run: Annotated[Path, typer.Option(help="Folder for the runs of networks.")] = Path("runs/map"),
    as_json: AsJson = False,
) -> None:
    """Compare training on a survey alone with training on walks from its map as well, on simulated robots.

    Example, some minutes: `python -m benchmarks map --buildings 3 --walks 20`
    """
    from benchmarks.field_map.drawn_walks import CASES, compare, drawn
    from benchmarks.field_map.walks import DrawnWalksConfig
    from mail_ros.training.run_config import run_config

    config = run_config(settings or [], "robot")
    chosen = DrawnWalksConfig(walks=walks)
    seeds = range(first, first + buildings)
    with progress("robots") as bar:
        task = bar.add_task("", total=buildings * len(CASES) * len(drawn(chosen)))
        found = compare(config, chosen, seeds, drives, poses=poses, folder=run, report=lambda: bar.advance(task))
    names = list(drawn(chosen))
    lines = [
        [case if name == names[0] else "", name, *metric_row(found[case, name])] for case in CASES for name in names
    ]
    labels = "labels at every sample" if poses else "landmarks at corners"
    title = f"{buildings} buildings from seed {first}, {drives} drives each; survey with {labels}; errors in m"
    print_table(title, ["drive", "trained on", *metric_columns()], lines, (0, 1))
    console.print(f"{walks} walks of {chosen.length_m:g} m from each map")
    if as_json:
        rows = [{"drive": case, "trained_on": name, **vars(found[case, name])} for case in CASES for name in names]
        print_json(rows)
