"""`python -m benchmarks robots`: disturbances of robots, before and after the front end for robots."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, counting, print_json, print_table
from mail_ros.cli.options import AsJson
from mail_ros.cli.train import expand

if TYPE_CHECKING:  # these bring numpy along
    from benchmarks.robots.results import Results

BUILDINGS, DRIVES, DRAWS = 5, 2, 2


def robots(
    bags: Annotated[list[Path] | None, typer.Argument(help="Recorded walks, several rounds of each route.")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the results; finished parts in it are reused.")] = Path(
        "runs/robots"
    ),
    docs: Annotated[Path | None, typer.Option(help="Also write this page, with its picture next to it.")] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="One building, one drive each, few points: a smoke test.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure errors by heading, speed, stops, spins, reversals, tilt, offset and motors of simulated robots.

    Recorded walks are evaluated as they are, and rotated about the vertical by random angles. Leave the machine alone
    while the time per sample is measured, at the end.

    Example, half an hour: `python -m benchmarks robots bags/* --docs docs/robots.md`
    """
    from benchmarks.robots.cases import cases, curves
    from benchmarks.robots.cost import costs
    from benchmarks.robots.page import write_page
    from benchmarks.robots.picture import draw_curves
    from benchmarks.robots.results import Results
    from benchmarks.robots.rows import curve_rows, stop_rows, yaw_rows
    from benchmarks.robots.run import compute, plan
    from benchmarks.robots.yaw import sessions
    from mail_ros.evaluation.protocol import read_walks, split

    drawn = curves(quick=quick)
    buildings, drives, draws = (1, 1, 1) if quick else (BUILDINGS, DRIVES, DRAWS)
    parts = split(read_walks(expand(bags)), "last-round") if bags else None
    seeds = range(1, 1 + buildings)
    planned = plan(out, seeds, cases(drawn), drives, sessions(parts, draws))
    with counting("robots") as report:
        compute(planned, report)
    results = Results(
        drawn,
        curve_rows(planned, drawn),
        stop_rows(planned, drawn),
        yaw_rows(planned),
        costs(seeds[0], drives),
        buildings,
        drives,
    )
    results.write(out)
    draw_curves(out / "robots_curves.png", drawn, results.rows)
    if docs:
        write_page(docs, results, " ".join(["python -m benchmarks", *sys.argv[1:]]))
    _print(results)
    console.print(f"results: {out / 'robots.json'}   {out / 'robots.csv'}   picture: {out / 'robots_curves.png'}")
    if docs:
        console.print(f"page: {docs}")
    if as_json:
        print_json(results.plain())


def _print(results: Results) -> None:
    heads = ["", "x", "", "n", "mean", "median", "> 5 m", "x undisturbed", "worst", "bar"]
    lines = []
    for row in results.rows:
        met = "" if row.model == "before" else f"{row.bar:g} {'met' if row.met else 'MISSED'}"
        lines.append([row.curve, f"{row.x:g}", row.model, f"{row.estimates:,}", *row.figures, met])
    print_table(f"{results.buildings} buildings, {results.drives} drives each; errors in m", heads, lines, (0, 2))
    print_table(
        "what must hold",
        ["", "wanted", "found", ""],
        [[bar.what, bar.wanted, bar.found, "met" if bar.met else "MISSED"] for bar in results.bars()],
        (0, 1, 2, 3),
    )
