"""The part of `mail_ros check` about areas: square metres that are known, lanes to add, contradicting walks."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mail_ros.cli.console import console, progress
from mail_ros.core.errors import TrackError
from mail_ros.core.localizer.diagnostics import Level

if TYPE_CHECKING:
    from mail_ros.data.check.site_report import SiteReport
    from mail_ros.data.floor_plan import FloorPlan
    from mail_ros.evaluation.coverage.area_coverage import AreaCoverage


class CheckedSite(NamedTuple):
    """A site with its floor plans, and its area where it is judged as one."""

    report: SiteReport
    plans: Mapping[int, FloorPlan]
    area: AreaCoverage | None

    def as_json(self) -> dict[str, Any]:
        """The site as JSON values."""
        area = {} if self.area is None else {"area": [floor.as_json() for floor in self.area.floors]}
        return {**self.report.as_json(), **area}


def checked_site(report: SiteReport, plans: Mapping[int, FloorPlan]) -> CheckedSite:
    """The site with its area, if it is judged for one, and findings about walks that contradict others."""
    from mail_ros.data.check.limits import Finding
    from mail_ros.evaluation.coverage.area_coverage import area_coverage

    if not report.for_area or not report.tracks:
        return CheckedSite(report, plans, None)
    try:
        with progress(f"mapping the field of {report.name}"):
            area = area_coverage(report.tracks, plans)
    except TrackError as error:
        console.print(f"{report.name}: no map of the field: {error}", markup=False)
        return CheckedSite(report, plans, None)
    found = {each.source: Finding(Level.WARN, "contradiction", str(each)) for each in area.contradictions}
    bags = tuple(
        dataclasses.replace(bag, findings=(*bag.findings, found[bag.bag])) if bag.bag in found else bag
        for bag in report.bags
    )
    return CheckedSite(dataclasses.replace(report, bags=bags), plans, area)


def print_area(sites: Sequence[CheckedSite]) -> None:
    """What is known of each area, and the lanes to add."""
    for site in sites:
        if not site.report.for_area:
            continue
        name = site.report.name
        console.print(f"{name}: judged as an area: lines of any length; --no-area judges by windows", markup=False)
        for floor in site.area.floors if site.area else ():
            console.print(f"{name}, {floor.area.summary()}", markup=False)
            if floor.area.is_thin:
                console.print(f"{name}, {floor.area.thin_text()}", markup=False)
            for number, lane in enumerate(floor.lanes, 1):
                console.print(f"  {number}: {lane}", markup=False)
