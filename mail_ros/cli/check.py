"""`mail_ros check`: whether a survey can be trained from, before leaving the site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.next_step import (
    bag_arguments,
    bag_pattern,
    print_next,
    quoted,
    reading_options,
)
from mail_ros.cli.options import AsJson, RobotFile, SiteOption, Topic, Truth
from mail_ros.core.errors import BagError
from mail_ros.core.localizer.diagnostics import Level

if TYPE_CHECKING:
    from mail_ros.data.check.bag_report import BagReport
    from mail_ros.data.check.site_report import SiteReport
    from mail_ros.data.site_file import SiteFile

# Heading, number of a report, its factor and its digits.
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
    bags: Annotated[list[Path], typer.Argument(help="Survey bags; a cut-off bag is read up to its end.")],
    coverage: Annotated[
        Path | None, typer.Option(help="Draw a coverage map of every site into this folder, as PNG.")
    ] = None,
    as_json: AsJson = False,
    site_file: SiteOption = None,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    robot: RobotFile = None,
) -> None:
    """Check bags: gaps, drops, rate, units, landmarks, speed, windows; and how often each path was walked.

    The exit code is 0 if every bag is usable, else 1. Bags belong to the site that their notes name. Windows are
    counted every 0.1 s, with the default settings; a lack of coverage makes no bag unusable.

    Example: `mail_ros check bags/monday_* --coverage coverage`
    """
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.check.bag_report import check_bag
    from mail_ros.data.check.site_report import checked_against_site, group_by_site
    from mail_ros.data.site_file import read_site

    known_site = read_site(site_file) if site_file else None
    platform = None if robot is None else read_robot(robot)
    with progress("checking") as bar:
        reports = [check_bag(bag, topic, truth, platform) for bag in bar.track(bags, description="")]
    reports = [checked_against_site(known_site, report) for report in reports] if known_site else reports
    sites = group_by_site(reports)
    _print_reports(reports)
    _print_coverage(sites, known_site)
    drawn = _draw(coverage, sites, known_site) if coverage is not None else []
    unusable = [report for report in reports if not report.usable]
    console.print(f"{len(bags) - len(unusable)} of {len(bags)} bags are usable")
    for file in drawn:
        console.print(f"coverage: {file}")
    if as_json:
        found = {"bags": [report.as_json() for report in reports], "sites": [site.as_json() for site in sites]}
        print_json({**found, "coverage": drawn})
    if unusable:
        names = dict.fromkeys(f.name for report in unusable for f in report.findings if f.level is Level.ERROR)
        raise BagError(
            ", ".join(report.bag for report in unusable),
            wanted="usable bags",
            found=", ".join(names),
            fix="record them again, or leave them out",
        )
    options = (*(("--site-file", site_file) if site_file else ()), *reading_options(topic, truth, robot))
    _print_next_steps(dict(zip(map(id, reports), bags, strict=True)), sites, known_site, options)


def _print_next_steps(
    path_of: Mapping[int, Path], sites: Sequence[SiteReport], known_site: SiteFile | None, options: Sequence[object]
) -> None:
    """For each site: walk missing paths, if there are any, and train on the bags."""
    from mail_ros.data.check.site_report import held_out
    from mail_ros.evaluation.coverage.coverage_marks import numbered

    for site in sites:
        held = held_out(site.bags)
        validation = [path_of[id(site.bags[index])] for index in held]
        training = [path_of[id(report)] for index, report in enumerate(site.bags) if index not in held]
        if not validation:
            print_next(f"walk every route of {site.name} once more, for validation, and check again")
            continue
        missing = missing_floors(site, known_site) or any(numbered(floor) for floor in site.floors)
        walk = [f"walk the missing paths of {site.name}, and check again"] if missing else []
        shown = bag_pattern(validation)
        validate = (
            quoted("--validate", shown) if shown else quoted(*(w for bag in validation for w in ("--validate", bag)))
        )
        out = ("--out", f"models/{file_stem(site.name)}.safetensors")
        print_next(*walk, f"mail_ros train {bag_arguments(training)} {validate} {quoted(*options, *out)}")


def _print_reports(reports: Sequence[BagReport]) -> None:
    lines = []
    for report in reports:
        values = [
            f"{report.numbers[name] * factor:,.{digits}f}" if name in report.numbers else "–"
            for _, name, factor, digits in COLUMNS
        ]
        lines.append([report.bag, "yes" if report.usable else "NO", report.truth_source.value, *values])
    print_table("", ["bag", "usable", "truth", *(heading for heading, *_ in COLUMNS)], lines, words=(0, 1, 2))
    for report in reports:
        for finding in report.findings:
            console.print(f"{report.bag}: {finding.level.name}, {finding.name}: {finding.message}", markup=False)


def _print_coverage(sites: Sequence[SiteReport], known_site: SiteFile | None) -> None:
    from mail_ros.evaluation.coverage.coverage_marks import line_of, numbered, summary

    for site in sites:
        for floor in site.floors:
            console.print(f"{site.name}, {summary(floor)}", markup=False)
            for number, stretch in enumerate(numbered(floor), 1):
                console.print(f"  {line_of(number, stretch)}", markup=False)
        for number in missing_floors(site, known_site):
            console.print(f"{site.name}, floor {number}: not walked", markup=False)


def missing_floors(site: SiteReport, known_site: SiteFile | None) -> list[int]:
    """Floors of the site file without a usable walk."""
    known = known_site.floors if known_site and known_site.name == site.name else ()
    return [number for number in known if number not in [floor.floor for floor in site.floors]]


def _draw(folder: Path, sites: Sequence[SiteReport], known_site: SiteFile | None) -> list[Path]:
    """A picture of each site with a labelled, usable walk, and the plans of the site file."""
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.evaluation.coverage.coverage_picture import draw_coverage

    drawn: list[Path] = []
    for site in sites:
        if site.floors:
            drawn.append(folder / f"{file_stem(site.name)}.png")
            draw_coverage(
                drawn[-1], site, floor_plans(known_site) if known_site and known_site.name == site.name else {}
            )
    return drawn


def file_stem(name: str) -> str:
    """A site's name as a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
