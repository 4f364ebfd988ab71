"""`mail_ros check`: whether a survey can be trained from, before leaving the site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.options import AsJson, RobotFile, Topic, Truth
from mail_ros.core.errors import BagError
from mail_ros.core.health import Level

if TYPE_CHECKING:
    from mail_ros.data.check.site import SiteCheck
    from mail_ros.data.check.verdict import Verdict

# Heading, a verdict's number, its factor and its digits.
COLUMNS: tuple[tuple[str, str, float, int], ...] = (
    ("min", "duration_s", 1 / 60, 1),
    ("Hz", "rate_hz", 1, 1),
    ("drops", "drops", 1, 0),
    ("gaps", "gaps", 1, 0),
    ("|B| µT", "field_ut", 1, 1),
    ("path m", "path_m", 1, 0),
    ("m/s", "speed_m_s", 1, 2),
    ("stood s", "paused_s", 1, 0),
    ("windows", "windows", 1, 0),
)


def check(
    bags: Annotated[list[Path], typer.Argument(help="Survey bags, also ones that were cut off.")],
    coverage: Annotated[
        Path | None, typer.Option(help="Draw a coverage map of every site into this folder, as PNG and as HTML.")
    ] = None,
    as_json: AsJson = False,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    robot: RobotFile = None,
) -> None:
    """Judge bags: holes, drops, rate, units, landmarks, speed, windows; and which paths were walked how often.

    The exit code is 0 where every bag is usable and 1 where one is not. Bags belong to the site that their notes name.
    A window is one every 0.1 s, with the default settings; what coverage lacks makes no bag unusable.

    Example: `mail_ros check bags/monday_* --coverage coverage`
    """
    from mail_ros.core.robot import read_robot
    from mail_ros.data.check.site import by_site
    from mail_ros.data.check.verdict import check_bag

    carrier = None if robot is None else read_robot(robot)
    with progress("checking") as bar:
        verdicts = [check_bag(bag, topic, truth, carrier) for bag in bar.track(bags, description="")]
    sites = by_site(verdicts)
    _print_verdicts(verdicts)
    _print_coverage(sites)
    drawn = _draw(coverage, sites) if coverage is not None else []
    unusable = [verdict for verdict in verdicts if not verdict.usable]
    console.print(f"{len(bags) - len(unusable)} of {len(bags)} bags are usable")
    for file in drawn:
        console.print(f"coverage: {file}")
    if as_json:
        found = {"bags": [verdict.as_json() for verdict in verdicts], "sites": [site.as_json() for site in sites]}
        print_json({**found, "coverage": drawn})
    if unusable:
        names = dict.fromkeys(f.name for verdict in unusable for f in verdict.findings if f.level is Level.ERROR)
        raise BagError(
            ", ".join(verdict.bag for verdict in unusable),
            wanted="usable bags",
            found=", ".join(names),
            fix="record them again, or leave them out",
        )


def _print_verdicts(verdicts: Sequence[Verdict]) -> None:
    lines = []
    for verdict in verdicts:
        values = [
            f"{verdict.numbers[name] * factor:,.{digits}f}" if name in verdict.numbers else "–"
            for _, name, factor, digits in COLUMNS
        ]
        lines.append([verdict.bag, "usable" if verdict.usable else "NO", verdict.way.value, *values])
    print_table("", ["bag", "verdict", "truth", *(heading for heading, *_ in COLUMNS)], lines, words=(0, 1, 2))
    for verdict in verdicts:
        for finding in verdict.findings:
            console.print(f"{verdict.bag}: {finding.level.name}, {finding.name}: {finding.message}", markup=False)


def _print_coverage(sites: Sequence[SiteCheck]) -> None:
    from mail_ros.evaluation.coverage.marks import line_of, numbered, summary

    for site in sites:
        for floor in site.floors:
            console.print(f"{site.name}, {summary(floor)}", markup=False)
            for number, stretch in enumerate(numbered(floor), 1):
                console.print(f"  {line_of(number, stretch)}", markup=False)


def _draw(folder: Path, sites: Sequence[SiteCheck]) -> list[Path]:
    """A picture and a page for each site that has a labelled, usable walk."""
    from mail_ros.evaluation.coverage.page import write_coverage_page
    from mail_ros.evaluation.coverage.picture import draw_coverage

    drawn: list[Path] = []
    for site in sites:
        stem = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in site.name)
        picture, page = folder / f"{stem}.png", folder / f"{stem}.html"
        if site.floors:
            draw_coverage(picture, site)
            write_coverage_page(page, site)
            drawn += [picture, page]
    return drawn
