"""`python -m benchmarks map`: matching and a map of the field on the same drives through corridors."""

from __future__ import annotations

import math
from typing import Annotated

import typer

from mail_ros.cli.console import print_json, print_table, progress
from mail_ros.cli.options import AsJson
from mail_ros.evaluation.metrics import metric_columns, metric_row


def field_map(
    buildings: Annotated[int, typer.Option(min=1, max=100, help="How many simulated buildings.")] = 3,
    first: Annotated[int, typer.Option(min=0, help="Seed of the first building.")] = 10,
    drives: Annotated[int, typer.Option(min=1, max=100, help="Drives per case and building.")] = 6,
    poses: Annotated[
        bool, typer.Option("--poses", help="The survey is labelled at every sample, not at corners alone.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare matching with a map of the field, both fitted to the same survey, on and off the surveyed path.

    Example, some minutes: `python -m benchmarks map --buildings 2 --drives 3`
    """
    from benchmarks.field_map.corridors import CASES, KINDS, LENGTH_M, SETTLED_M, compare, result
    from mail_ros.core.types import NEAR_M

    seeds = range(first, first + buildings)
    with progress("robots") as bar:
        task = bar.add_task("", total=buildings * len(CASES) * len(KINDS))
        found = compare(seeds, drives, poses=poses, report=lambda: bar.advance(task))
    labels = "labels at every sample" if poses else "landmarks at corners"
    title = f"{buildings} buildings from seed {first}, {drives} drives of {LENGTH_M:g} m each; survey with {labels}"
    heads = ["drive", "model", *metric_columns()[:-1], "localized", f"of these > {NEAR_M:g} m"]  # one floor
    rows = []
    for from_m, since in ((0.0, "from the first estimate on"), (SETTLED_M, f"after {SETTLED_M:g} m of travel")):
        lines = []
        for case in CASES:
            for kind in KINDS:
                one = result(found[case, kind], from_m)
                status = ["-" if math.isnan(part) else f"{part:.1%}" for part in (one.localized, one.localized_off)]
                lines.append([case, kind, *metric_row(one.metrics)[:-1], *status])
                fractions = {"localized": one.localized, "localized_off": one.localized_off}
                rows.append({"from_m": from_m, "drive": case, "model": kind, **vars(one.metrics), **fractions})
        print_table(f"{title}; errors in m, {since}", heads, lines, (0, 1))
    if as_json:
        print_json(rows)
