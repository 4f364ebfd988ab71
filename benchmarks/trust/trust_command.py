"""`python -m benchmarks trust`: how often LOCALIZED is wrong on walks that a model could not learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import print_json, print_table, progress
from mail_ros.cli.options import AsJson
from mail_ros.core.errors import ConfigError

if TYPE_CHECKING:
    from mail_ros.data.scored import Scored


def trust(
    bags: Annotated[list[Path], typer.Argument(help="Labelled bags of the survey.")],
    judged: Annotated[
        list[Path] | None,
        typer.Option(
            help="Judge these walks by a model of the survey; repeat. Without: every walk of the survey by a model of "
            "the other folds."
        ),
    ] = None,
    outward: Annotated[
        bool,
        typer.Option(
            "--outward",
            help="Learn the survey's walks up to their turning point; judge those of --judged from theirs on.",
        ),
    ] = False,
    folds: Annotated[int, typer.Option(min=2, help="Parts of the survey, each judged by the others.")] = 5,
    case: Annotated[list[str] | None, typer.Option(help="Only this platform; repeat. Default: all.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fractions of the estimates that are LOCALIZED, LOCALIZED and more than 3 m off, and inside their 90 % region.

    Example: `python -m benchmarks trust bags/monday_* bags/tuesday_1 --case phone`

    Example, a quarter of an hour: `python -m benchmarks trust bags/monday_* --judged bags/tuesday_1 --outward`
    """
    from benchmarks.trust.runs import PLATFORMS, left_out, tested

    for name in case or ():
        if name not in PLATFORMS:
            raise ConfigError("--case", wanted=" or ".join(PLATFORMS), found=name, fix="name one of them")
    found: dict[str, list[Scored]] = {name: [] for name in case or PLATFORMS}
    with progress("trust") as bar:
        parts = (
            tested(bags, judged, outward, list(found)) if judged else left_out(bags, min(folds, len(bags)), list(found))
        )
        for name, part in bar.track(parts, total=len(found) * (1 if judged else folds), description=""):
            found[name] += part
    judged_on = "other walks" if judged else "each walk by a model of the other folds"
    _print("the way back, by models of the way there" if outward else judged_on, found, as_json=as_json)


def _print(judged_on: str, found: Mapping[str, Sequence[Scored]], *, as_json: bool) -> None:
    from benchmarks.trust.runs import judge

    lines, rows = [], []
    for name, scored in found.items():
        if (row := judge(scored)) is None:
            lines.append([name, "0", *["–"] * 5])
            continue
        errors = [f"{value:.2f}" for value in (row.mean_m, row.median_m)]
        fractions = [f"{value:.1%}" for value in (row.localized, row.wrong, row.in_90)]
        lines.append([name, f"{row.estimates:,}", *errors, *fractions])
        rows.append({"platform": name, **row._asdict()})
    heads = ["platform", "n", "mean", "median", "LOCALIZED", "wrong", "90 % region"]
    print_table(f"{judged_on}; moving; errors in m; wrong: LOCALIZED and more than 3 m off, of all", heads, lines)
    if as_json:
        print_json(rows)
