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
    from benchmarks.trust.runs import PLATFORMS, held_out, left_out, scored_at

    for name in case or ():
        if name not in PLATFORMS:
            raise ConfigError("--case", wanted=" or ".join(PLATFORMS), found=name, fix="name one of them")
    names = list(case or PLATFORMS)
    others = left_out(bags, min(folds, len(bags)), names)
    site = held_out(bags, judged, names, outward=outward) if judged else others
    found: dict[tuple[str, str], list[Scored]] = {("", name): [] for name in names}
    with progress("trust") as bar:
        for _, name, part in bar.track(scored_at([site]), total=len(names) * len(site.parts), description=""):
            found["", name] += part
    judged_on = "other walks" if judged else "each walk by a model of the other folds"
    print_rows("the way back, by models of the way there" if outward else judged_on, found, as_json=as_json)


def print_rows(judged_on: str, found: Mapping[tuple[str, str], Sequence[Scored]], *, as_json: bool) -> None:
    """Print a row for every site and platform; sites without a name have no column."""
    from benchmarks.trust.runs import judge

    named, lines, rows = any(site for site, _ in found), [], []
    for (site, name), scored in found.items():
        begin = [site, name] if named else [name]
        if (row := judge(scored)) is None:
            lines.append([*begin, "0", *["–"] * 5])
            continue
        errors = [f"{value:.2f}" for value in (row.mean_m, row.median_m)]
        fractions = [f"{value:.1%}" for value in (row.localized, row.wrong, row.in_90)]
        lines.append([*begin, f"{row.estimates:,}", *errors, *fractions])
        rows.append({"site": site, "platform": name, **row._asdict()})
    heads = ["platform", "n", "mean", "median", "LOCALIZED", "wrong", "90 % region"]
    title = f"{judged_on}; moving; errors in m; wrong: LOCALIZED and more than 3 m off, of all"
    print_table(title, ["site", *heads] if named else heads, lines, range(1 + named))
    if as_json:
        print_json(rows)
