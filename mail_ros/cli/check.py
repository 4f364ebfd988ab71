"""`mail_ros check`: whether a survey can be trained from, before leaving the site."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.check_area import CheckedSite, checked_site, print_area
from mail_ros.cli.console import console, print_json, print_table, progress
from mail_ros.cli.next_step import bag_arguments, bag_pattern, print_next, quoted, reading_options
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
    area: Annotated[
        bool | None,
        typer.Option(
            "--area/--no-area",
            help="Judge the walks as lines through an area, for a map of the field (`train --preset area`): in square "
            "metres, at any length. Default: where `train` chooses that preset.",
        ),
    ] = None,
) -> None:
    """Check bags: gaps, drops, rate, units, landmarks, speed, windows; and how often each path was walked.

    The exit code is 0 if every bag is usable, else 1. Bags belong to the site that their notes name. Windows are
    counted every 0.1 s, with the default settings; a lack of coverage makes no bag unusable. A map of the field needs
    odometry and an attitude instead of windows: its coverage is the area where it expects small errors.

    Example: `mail_ros check bags/monday_* --coverage coverage`
    """
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.check.bag_report import check_bag
    from mail_ros.data.check.site_report import checked_against_site, group_by_site
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.data.site_file import read_site
    from mail_ros.training.choose import suits_area

    known_site = read_site(site_file) if site_file else None
    platform = None if robot is None else read_robot(robot)
    with progress("checking") as bar:
        reports = [check_bag(bag, topic, truth, platform) for bag in bar.track(bags, description="")]
    reports = [checked_against_site(known_site, report) for report in reports] if known_site else reports
    sites = [
        checked_site(site, floor_plans(known_site) if known_site and known_site.name == site.name else {})
        for site in group_by_site(reports, suits_area if area is None else lambda tracks: area)
    ]
    reports = [bag for site in sites for bag in site.report.bags]
    _print_reports(reports)
    _print_coverage(sites, known_site)
    drawn = _draw(coverage, sites) if coverage is not None else []
    console.print(f"{sum(report.usable for report in reports)} of {len(bags)} bags are usable")
    for file in drawn:
        console.print(f"coverage: {file}")
    if as_json:
        found = {"bags": [report.as_json() for report in reports], "sites": [site.as_json() for site in sites]}
        print_json({**found, "coverage": drawn})
    _refuse_unusable(reports)
    options = (*(("--site-file", site_file) if site_file else ()), *reading_options(topic, truth, robot))
    for site in sites:
        _print_next_steps(site, known_site, options)


def _refuse_unusable(reports: Sequence[BagReport]) -> None:
    unusable = [report for report in reports if not report.usable]
    if unusable:
        names = dict.fromkeys(f.name for report in unusable for f in report.findings if f.level is Level.ERROR)
        raise BagError(
            ", ".join(report.bag for report in unusable),
            wanted="usable bags",
            found=", ".join(names),
            fix="record them again, or leave them out",
        )


def _print_next_steps(site: CheckedSite, known_site: SiteFile | None, options: Sequence[object]) -> None:
    """Walk missing paths or lanes, if there are any, and train on the bags."""
    from mail_ros.data.check.site_report import held_out
    from mail_ros.evaluation.coverage.coverage_marks import numbered

    report = site.report
    missing = bool(missing_floors(report, known_site))
    held = [] if report.for_area else held_out(report.bags)
    validation = [report.bags[index].path for index in held]
    training = [bag.path for index, bag in enumerate(report.bags) if index not in held]
    out = quoted(*options, "--out", f"models/{file_stem(report.name)}.safetensors")
    if report.for_area:
        missing |= site.area is None or any(floor.lanes for floor in site.area.floors)
        walk = [f"walk the missing lanes of {report.name}, and check again"] if missing else []
        print_next(*walk, f"mail_ros train {bag_arguments(training)} --preset area {out}")
        return
    if not validation:
        print_next(f"walk every route of {report.name} once more, for validation, and check again")
        return
    missing |= any(numbered(floor) for floor in report.floors)
    walk = [f"walk the missing paths of {report.name}, and check again"] if missing else []
    shown = bag_pattern(validation)
    validate = quoted("--validate", shown) if shown else quoted(*(w for bag in validation for w in ("--validate", bag)))
    print_next(*walk, f"mail_ros train {bag_arguments(training)} {validate} {out}")


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


def _print_coverage(sites: Sequence[CheckedSite], known_site: SiteFile | None) -> None:
    from mail_ros.evaluation.coverage.coverage_marks import line_of, numbered, summary

    print_area(sites)
    for site in (each.report for each in sites):
        for floor in () if site.for_area else site.floors:
            console.print(f"{site.name}, {summary(floor)}", markup=False)
            for number, stretch in enumerate(numbered(floor), 1):
                console.print(f"  {line_of(number, stretch)}", markup=False)
        for missing in missing_floors(site, known_site):
            console.print(f"{site.name}, floor {missing}: not walked", markup=False)


def missing_floors(site: SiteReport, known_site: SiteFile | None) -> list[int]:
    """Floors of the site file without a usable walk."""
    walked = [floor.floor for floor in site.floors]
    return known_site.missing(walked) if known_site and known_site.name == site.name else []


def _draw(folder: Path, sites: Sequence[CheckedSite]) -> list[Path]:
    """A picture of each site with a labelled, usable walk, over the plans of the site file."""
    from mail_ros.evaluation.coverage.area_picture import draw_area
    from mail_ros.evaluation.coverage.coverage_picture import draw_coverage

    drawn: list[Path] = []
    for site in sites:
        if site.report.floors:
            drawn.append(folder / f"{file_stem(site.report.name)}.png")
            if site.area is not None:
                draw_area(drawn[-1], site.report, site.area.floors, site.plans)
            else:
                draw_coverage(drawn[-1], site.report, site.plans)
    return drawn


def file_stem(name: str) -> str:
    """A site's name as a file name."""
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
