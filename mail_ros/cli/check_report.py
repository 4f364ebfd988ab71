"""What `mail_ros check` prints: a table while it is short, findings by cause, and each site with its coverage.

few bags     a table of bags, a line for each finding or cause, lines for each site
many bags    one line about all, lines for each site, or a table of many; at the end a table of causes
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from mail_ros.cli.console import console, print_table

if TYPE_CHECKING:
    from mail_ros.core.models.model_config import ModelConfig
    from mail_ros.data.check.bag_report import BagReport
    from mail_ros.data.check.limits import Finding
    from mail_ros.evaluation.coverage.checked_site import CheckedSite

MAX_ROWS = 20  # bags that have a row each
MAX_SITES = 5  # sites that have some lines each
MAX_TEXT = 90  # letters of what was found in the first bag of a cause
MAX_ALIKE = 2  # bags with findings of one cause that have a line each
MAX_NAMED = 3  # bags that one line for a cause names
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
SUMS = ("duration_s", "drops", "gaps", "path_m", "paused_s", "windows")  # the others have a range


def print_reports(reports: Sequence[BagReport], *, verbose: bool) -> None:
    """The bags in a table, or in one line, and their findings."""
    if verbose or len(reports) <= MAX_ROWS:
        lines = [
            [report.bag, "yes" if report.usable else "NO", report.truth_source.value, *_row(report)]
            for report in reports
        ]
        print_table("", ["bag", "usable", "truth", *(heading for heading, *_ in COLUMNS)], lines, words=(0, 1, 2))
        for line in findings_by_cause(reports, verbose=verbose):
            console.print(line, markup=False)
    else:
        console.print(f"{len(reports)} bags: {'; '.join(_totals(reports))}", markup=False)


def print_sites(sites: Sequence[CheckedSite], missing: Sequence[Sequence[int]], *, verbose: bool) -> None:
    """Lines for each site, or a table of many; `missing` are the floors of each without a walk."""
    if verbose or len(sites) <= MAX_SITES:
        for site, floors in zip(sites, missing, strict=True):
            print_site(site, floors)
        return
    lines = []
    for site, floors in zip(sites, missing, strict=True):
        bags, path_m = site.report.bags, sum(bag.numbers.get("path_m", 0.0) for bag in site.report.bags)
        usable = f"{len(site.report.usable)} of {len(bags)}"
        lacks = [each.name for each in site.thin] + [f"floor {floor} not walked" for floor in floors]
        lines.append([site.report.name, site.choice.preset, usable, f"{path_m:,.0f}", ", ".join(lacks) or "–"])
    print_table("", ["site", "preset", "usable", "path m", "too thin to train"], lines, words=(0, 1, 4))


def print_causes(reports: Sequence[BagReport], *, verbose: bool) -> None:
    """The findings of many bags as one table, a row for each cause."""
    if verbose or len(reports) <= MAX_ROWS:
        return
    if lines := cause_rows(reports):
        heads = ["", "cause", "bags", "fix", "first", "found there"]
        print_table(f"findings of {len(reports)} bags; --verbose prints each", heads, lines, words=(0, 1, 3, 4, 5))


def _row(report: BagReport) -> list[str]:
    return [
        f"{report.numbers[name] * factor:,.{digits}f}" if name in report.numbers else "–"
        for _, name, factor, digits in COLUMNS
    ]


def _totals(reports: Sequence[BagReport]) -> Iterator[str]:
    """Each column as a sum or a range."""
    for heading, name, factor, digits in COLUMNS:
        values = [report.numbers[name] * factor for report in reports if name in report.numbers]
        if not values:
            continue
        low, high = (f"{value:,.{digits}f}" for value in (min(values), max(values)))
        total = f"{sum(values):,.{digits}f}"
        yield f"{heading} {total if name in SUMS else low if low == high else f'{low} to {high}'}"


def cause_rows(reports: Sequence[BagReport]) -> list[list[str]]:
    """Level, name, number of bags, fix, first bag and what was found there, of each cause; errors first."""
    return [
        [
            *(first.level.name, first.name),
            f"{len({bag for bag, _ in found}):,}",
            *(first.fix, name, _short(first.found)),
        ]
        for found in _by_cause(reports)
        for name, first in found[:1]
    ]


def _by_cause(reports: Sequence[BagReport]) -> list[list[tuple[str, Finding]]]:
    """The findings of each cause with their bags, errors and frequent ones first; numbers in a fix make no cause."""
    causes: dict[tuple[int, str, str], list[tuple[str, Finding]]] = defaultdict(list)
    for report in reports:
        for finding in report.findings:
            fix = re.sub(r"\d[\d.,]*", "0", finding.fix.replace(str(report.path), "").replace(report.bag, ""))
            causes[-finding.level, finding.name, fix].append((report.bag, finding))
    return [found for _, found in sorted(causes.items(), key=lambda item: (item[0][0], -len(item[1])))]


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."


def findings_by_cause(reports: Sequence[BagReport], *, verbose: bool) -> list[str]:
    """A line for each cause, errors first; for each finding where only some bags have that cause, or by `verbose`."""
    lines = []
    for found in _by_cause(reports):
        first = found[0][1]
        if verbose or len(found) <= MAX_ALIKE:
            lines += [f"{bag}: {each.level.name}, {each.name}: {each.message}" for bag, each in found]
            continue
        names = ", ".join(bag for bag, _ in found[:MAX_NAMED]) + (", ..." if len(found) > MAX_NAMED else "")
        lines.append(f"{first.level.name}, {first.name}, {len(found)} of {len(reports)} bags: {first.fix}: {names}")
    return lines


def print_site(site: CheckedSite, missing: Sequence[int]) -> None:
    """The model that suits a site, its coverage, its field, and why it is too thin; `missing` are unwalked floors."""
    name = site.report.name
    lines = [model_line(site), *(_area_lines(site) if site.area else _path_lines(site))]
    lines += [f"floor {floor}: not walked" for floor in missing]
    lines += [field.summary() for field in site.fields]
    lines += [f"too thin to train: {finding.message}" for finding in site.thin]
    for line in lines:
        console.print(line if line.startswith(" ") else f"{name}, {line}", markup=False)


def model_line(site: CheckedSite) -> str:
    """Preset and windows by which a site is judged, and why."""
    model, (preset, why) = site.report.model, site.choice
    return f"preset {preset}: {why}; {model.title}, {_windows(model)}"


def _windows(model: ModelConfig) -> str:
    if model.kind == "field_map":
        return "without windows: lines of any length count"
    window = f"windows of {model.sampling.length:g} {model.sampling.unit}"
    return f"{window}, which match in the direction of the survey only" if model.needs_both_directions else window


def _path_lines(site: CheckedSite) -> Iterator[str]:
    from mail_ros.evaluation.coverage.coverage_marks import line_of, numbered, one_direction_cost, summary

    for floor in site.report.floors:
        yield summary(floor)
        if numbered(floor) and floor.both_directions:
            yield one_direction_cost(floor)
        for number, stretch in enumerate(numbered(floor), 1):
            yield f"  {line_of(number, stretch)}"


def _area_lines(site: CheckedSite) -> Iterator[str]:
    for floor in site.area.floors if site.area else ():
        yield floor.area.summary()
        if floor.area.is_thin and not floor.area.is_unknown_between:
            yield floor.area.thin_text()
        for number, lane in enumerate(floor.lanes, 1):
            yield f"  {number}: {lane}"
