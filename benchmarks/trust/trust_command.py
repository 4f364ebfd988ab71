"""`python -m benchmarks trust`: how often LOCALIZED is wrong on walks that a model could not learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mail_ros.cli.console import print_json, print_table, progress
from mail_ros.cli.options import AsJson


def trust(
    bags: Annotated[list[Path], typer.Argument(help="Labelled bags of the survey.")],
    back: Annotated[
        list[Path] | None,
        typer.Option(
            help="Learn the survey's walks up to their turning point, and judge these walks from theirs on; repeat. "
            "Without: each walk of the survey by a model of all others."
        ),
    ] = None,
    one_in: Annotated[int, typer.Option(min=1, help="Leave out only one walk in so many.")] = 1,
    case: Annotated[list[str] | None, typer.Option(help="Only this platform; repeat. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fractions of the estimates that are LOCALIZED, LOCALIZED and more than 3 m off, and inside their 90 % region.

    Example: `python -m benchmarks trust bags/monday_* bags/tuesday_1 --case phone`

    Example, an hour: `python -m benchmarks trust bags/mall_* --one-in 4`
    """
    from benchmarks.trust.runs import PLATFORMS, left_out, outward_only

    names = case or list(PLATFORMS)
    lines, rows = [], []
    with progress("trust") as bar:
        task = bar.add_task("", total=len(names) * (1 if back else len(range(0, len(bags), one_in))))
        for name in names:
            found = outward_only(bags, back, name) if back else left_out(bags, one_in, name, lambda: bar.advance(task))
            if back:
                bar.advance(task)
            if found is None:
                lines.append([name, "0", *["–"] * 5])
                continue
            errors = [f"{value:.2f}" for value in (found.mean_m, found.median_m)]
            fractions = [f"{value:.1%}" for value in (found.localized, found.wrong, found.in_90)]
            lines.append([name, f"{found.estimates:,}", *errors, *fractions])
            rows.append({"platform": name, **found._asdict()})
    judged_on = "the way back, by models of the way there" if back else "each walk by a model of all others"
    heads = ["platform", "n", "mean", "median", "LOCALIZED", "wrong", "90 % region"]
    print_table(f"{judged_on}; moving; errors in m; wrong: LOCALIZED and more than 3 m off, of all", heads, lines)
    if as_json:
        print_json(rows)
