"""`mail_ros check`: whether a survey can be trained from, before leaving the site."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mail_ros.cli.check_report import print_causes, print_reports, print_sites
from mail_ros.cli.console import console, print_json, progress
from mail_ros.cli.next_step import bag_arguments, bag_pattern, print_next, quoted, reading_options
from mail_ros.cli.options import AsJson, Imu, Joints, Namespace, Odom, RobotFile, SiteOption, Topic, Truth, among
from mail_ros.core.errors import BagError, TrackError
from mail_ros.core.localizer.diagnostics import Level

if TYPE_CHECKING:
    from mail_ros.data.check.bag_report import BagReport
    from mail_ros.data.check.site_report import SiteReport
    from mail_ros.data.site_file import SiteFile
    from mail_ros.evaluation.coverage.checked_site import CheckedSite

MAX_NAMED = 5  # bags that an error names
PARALLEL_BYTES = 20_000_000  # some minutes of walks: the start of processes takes as long as reading a few


def check(
    bags: Annotated[list[Path], typer.Argument(help="Survey bags; a cut-off bag is read up to its end.")],
    coverage: Annotated[
        Path | None, typer.Option(help="Draw a coverage map of every site into this folder, as PNG.")
    ] = None,
    preset: Annotated[
        str,
        typer.Option(
            help="Judge the walks for this preset of `train`; auto: for the one that `train` chooses.",
            autocompletion=among("auto", "person", "robot", "area", "mail", "paper"),
        ),
    ] = "auto",
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Print every bag and every finding, of many bags too.")
    ] = False,
    as_json: AsJson = False,
    site_file: SiteOption = None,
    topic: Topic = "/imu/mag",
    truth: Truth = "",
    odom: Odom = "",
    imu: Imu = "",
    joints: Joints = "",
    namespace: Namespace = "",
    robot: RobotFile = None,
    area: Annotated[bool | None, typer.Option("--area/--no-area", hidden=True, help="Deprecated: --preset.")] = None,
) -> None:
    """Check bags and surveys: samples, landmarks, windows, coverage, and whether the field distinguishes positions.

    Bags belong to the site that their notes name. A site is judged for the model that `train` would make of it: by
    windows of 10 s or 4 m, counted every 0.1 s or m, or at any length for a map of the field, in square metres. Where
    windows match in the direction of the survey only, each path needs both directions.

    The exit code is 0 if every bag is usable and no site is too thin to train, else 1. Too thin is a short path, no
    second walk to hold out, lines with an unknown field between them, and a field without structure; a path that was
    walked once or one way is not.

    Example: `mail_ros check bags/monday_* --coverage coverage`
    """
    from mail_ros.core.platform.robot_file import read_robot
    from mail_ros.data.bag_topics import BagTopics
    from mail_ros.data.check.bag_report import check_bag
    from mail_ros.data.check.site_report import checked_against_site, group_by_site
    from mail_ros.data.floor_plan import floor_plans
    from mail_ros.data.site_file import read_site
    from mail_ros.evaluation.coverage.checked_site import checked_site
    from mail_ros.evaluation.workers import mapping
    from mail_ros.training.run_config import run_config

    if area is not None:
        preset = "area" if area else "person"
        warnings.warn(f"--area and --no-area are deprecated: use --preset {preset}", FutureWarning, stacklevel=2)
    if preset != "auto":
        run_config([], preset)  # refuses an unknown one before bags are read
    bags = list({bag.resolve(): bag for bag in bags}.values())  # a bag that is given twice is no second pass
    topics = BagTopics(topic, truth, odom, imu, joints, namespace)
    known_site = read_site(site_file) if site_file else None
    platform = None if robot is None else read_robot(robot)
    with progress("checking") as bar, mapping([check_bag.__module__], several=_are_large(bags)) as each:
        frame = known_site.map_frame if known_site else ""
        judge = partial(check_bag, topics=topics, robot=platform, map_frame=frame)
        reports = list(bar.track(each(judge, bags), len(bags), description=""))
        reports = [checked_against_site(known_site, report) for report in reports] if known_site else reports
        plans = {known_site.name: floor_plans(known_site)} if known_site else {}
        found = bar.track(group_by_site(reports).items(), description="sites")
        sites = [checked_site(name, group, preset, plans.get(name, {}), each) for name, group in found]
    reports = [bag for site in sites for bag in site.report.bags]
    print_reports(reports, verbose=verbose)
    print_sites(sites, [missing_floors(site.report, known_site) for site in sites], verbose=verbose)
    print_causes(reports, verbose=verbose)
    drawn = _draw(coverage, sites) if coverage is not None else []
    console.print(f"{sum(report.usable for report in reports)} of {len(bags)} bags are usable")
    for file in drawn:
        console.print(f"coverage: {file}")
    if as_json:
        judged = {"bags": [report.as_json() for report in reports], "sites": [site.as_json() for site in sites]}
        print_json({**judged, "coverage": drawn})
    _refuse_unusable(reports)
    options = (*(("--site-file", site_file) if site_file else ()), *reading_options(topics, robot))
    for site in sites:
        print_next(*_next_steps(site, known_site, options))
    _refuse_thin(sites)


def _are_large(bags: Sequence[Path]) -> bool:
    """Whether several processes read some bags sooner than one does."""
    files = [file for bag in bags for file in (bag, *bag.glob("*")) if file.is_file()]
    return len(bags) > 1 and sum(file.stat().st_size for file in files) > PARALLEL_BYTES


def _refuse_unusable(reports: Sequence[BagReport]) -> None:
    unusable = [report for report in reports if not report.usable]
    if unusable:
        names = dict.fromkeys(f.name for report in unusable for f in report.findings if f.level is Level.ERROR)
        more = f" and {len(unusable) - MAX_NAMED} more" if len(unusable) > MAX_NAMED else ""
        raise BagError(
            ", ".join(report.bag for report in unusable[:MAX_NAMED]) + more,
            wanted="usable bags",
            found=", ".join(names),
            fix="record them again, or leave them out",
        )


def _refuse_thin(sites: Sequence[CheckedSite]) -> None:
    for site in sites:
        if site.thin:
            first = site.thin[0]
            raise TrackError(site.report.name, wanted="a survey to train on", found=first.found, fix=first.fix)


def _next_steps(site: CheckedSite, known_site: SiteFile | None, options: Sequence[object]) -> Iterator[str]:
    """Walk missing paths or lanes, if there are any, and train on the bags unless the survey is too thin."""
    from mail_ros.data.check.site_report import held_out
    from mail_ros.evaluation.coverage.coverage_marks import numbered
    from mail_ros.training.choose import GIVEN

    report, thin = site.report, {finding.name for finding in site.thin}
    parts = [floor.lanes for floor in site.area.floors] if site.area else [numbered(floor) for floor in report.floors]
    if any(parts) or missing_floors(report, known_site):
        yield f"walk the missing {'lanes' if report.for_area else 'paths'} of {report.name}, and check again"
    elif thin & {"path", "passes"}:
        yield f"walk every route of {report.name} once more, for validation, and check again"
    if thin:
        return
    held = [] if report.for_area else held_out(report.bags)
    validation = [report.bags[index].path for index in held]
    training = [bag.path for index, bag in enumerate(report.bags) if index not in held]
    shown = bag_pattern(validation)
    validate = ("--validate", shown) if shown else [word for bag in validation for word in ("--validate", bag)]
    named = ("--preset", site.choice.preset) if site.choice.why == GIVEN or report.for_area else ()
    out = ("--out", f"models/{file_stem(report.name)}.safetensors")
    yield f"mail_ros train {bag_arguments(training)} {quoted(*validate, *named, *options, *out)}"


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
