"""`mail_ros check`: whether a survey can be trained from, before leaving the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.next_step import gathered, pattern, say_next, told, words
from mail_ros.cli.options import AsJson, RobotFile, SiteOption, Topic, Truth
from mail_ros.core.errors import BagError
from mail_ros.core.localizer.diagnostics import Level

if TYPE_CHECKING:
    from mail_ros.data.check.bag_report import Verdict
    from mail_ros.data.check.site import SiteCheck
    from mail_ros.data.site_file import SiteFile

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
    site_file: SiteOption = None,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    robot: RobotFile = None,
) -> None:
    """Judge bags: holes, drops, rate, units, landmarks, speed, windows; and which paths were walked how often.

    The exit code is 0 where every bag is usable and 1 where one is not. Bags belong to the site that their notes name.
    A window is one every 0.1 s, with the default settings; what coverage lacks makes no bag unusable.

    Example: `mail_ros check bags/monday_* --coverage coverage`
    """
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.check.bag_report import check_bag
    from mail_ros.data.check.site import by_site, held_to
    from mail_ros.data.site_file import read_site

    place = read_site(site_file) if site_file else None
    carrier = None if robot is None else read_robot(robot)
    with progress("checking") as bar:
        verdicts = [check_bag(bag, topic, truth, carrier) for bag in bar.track(bags, description="")]
    verdicts = [held_to(place, verdict) for verdict in verdicts] if place else verdicts
    sites = by_site(verdicts)
    _print_verdicts(verdicts)
    _print_coverage(sites, place)
    drawn = _draw(coverage, sites, place) if coverage is not None else []
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
    options = (*(("--site-file", site_file) if site_file else ()), *told(topic, truth, robot))
    _say_next(dict(zip(map(id, verdicts), bags, strict=True)), sites, place, options)


def _say_next(
    path_of: Mapping[int, Path], sites: Sequence[SiteCheck], place: SiteFile | None, options: Sequence[object]
) -> None:
    """For each site: to walk what is missing, if something is, and how to train on what is there."""
    from mail_ros.data.check.site import held_out
    from mail_ros.evaluation.coverage.marks import numbered

    for site in sites:
        held = held_out(site.verdicts)
        judged = [path_of[id(site.verdicts[index])] for index in held]
        taught = [path_of[id(verdict)] for index, verdict in enumerate(site.verdicts) if index not in held]
        if not judged:
            say_next(f"walk every route of {site.name} once more, to validate with, and check again")
            continue
        missing = missing_floors(site, place) or any(numbered(floor) for floor in site.floors)
        walk = [f"walk what is missing at {site.name}, and check again"] if missing else []
        shown = pattern(judged)
        validate = words("--validate", shown) if shown else words(*(w for bag in judged for w in ("--validate", bag)))
        out = ("--out", f"models/{file_stem(site.name)}.safetensors")
        say_next(*walk, f"mail_ros train {gathered(taught)} {validate} {words(*options, *out)}")


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


def _print_coverage(sites: Sequence[SiteCheck], place: SiteFile | None) -> None:
    from mail_ros.evaluation.coverage.marks import line_of, numbered, summary

    for site in sites:
        for floor in site.floors:
            console.print(f"{site.name}, {summary(floor)}", markup=False)
            for number, stretch in enumerate(numbered(floor), 1):
                console.print(f"  {line_of(number, stretch)}", markup=False)
        for number in missing_floors(site, place):
            console.print(f"{site.name}, floor {number}: not walked", markup=False)


def missing_floors(site: SiteCheck, place: SiteFile | None) -> list[int]:
    """Floors of the site's file that no usable walk was on."""
    known = place.floors if place and place.name == site.name else ()
    return [number for number in known if number not in [floor.floor for floor in site.floors]]


def _draw(folder: Path, sites: Sequence[SiteCheck], place: SiteFile | None) -> list[Path]:
    """A picture and a page for each site that has a labelled, usable walk, with the plans of the site's file."""
    from mail_ros.data.plan import plans_of
    from mail_ros.evaluation.coverage.page import write_coverage_page
    from mail_ros.evaluation.coverage.picture import draw_coverage

    drawn: list[Path] = []
    for site in sites:
        stem = file_stem(site.name)
        picture, page = folder / f"{stem}.png", folder / f"{stem}.html"
        if site.floors:
            plans = plans_of(place) if place and place.name == site.name else {}
            draw_coverage(picture, site, plans)
            write_coverage_page(page, site, plans)
            drawn += [picture, page]
    return drawn


def file_stem(name: str) -> str:
    """A site's name as that of a file."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
