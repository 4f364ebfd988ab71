"""Report on all bags of a site: coverage of its paths, and which walks to validate on."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.check.area_survey import judged_for_area
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import Finding
from mail_ros.data.coverage import Coverage, Need, coverage
from mail_ros.data.hold_out import RouteWalk, latest_of_routes
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import Track

UNNAMED = "site"  # name of the site if the bags' notes have none


@dataclass(frozen=True)
class SiteReport:
    """The bags of one site, and the coverage of the usable ones."""

    name: str
    bags: tuple[BagReport, ...]
    floors: tuple[Coverage, ...]
    for_area: bool = False  # judged as a survey of an area, for a map of the field

    @property
    def tracks(self) -> list[Track]:
        """The usable walks."""
        return [report.track for report in self.bags if report.usable and report.track is not None]

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        floors = [_floor_json(floor) for floor in self.floors]
        return {"site": self.name, "for_area": self.for_area, "floors": floors}


def group_by_site(reports: Sequence[BagReport], for_area: Callable[[Sequence[Track]], bool]) -> list[SiteReport]:
    """One report per site, in the order of the bags.

    Args:
        reports: of all bags.
        for_area: whether walks are a survey of an area, and need no windows.
    """
    found = []
    for name in dict.fromkeys(map(_site, reports)):
        bags = tuple(report for report in reports if _site(report) == name)
        area = for_area([report.track for report in bags if report.track is not None])
        site = SiteReport(name, tuple(map(judged_for_area, bags)) if area else bags, (), area)
        found.append(dataclasses.replace(site, floors=tuple(coverage(site.tracks))))
    return found


def checked_against_site(site: SiteFile, report: BagReport) -> BagReport:
    """The report, with a finding if the bag names another site or has a floor that the site has not."""
    mismatch = site.mismatch(report.notes, _route_walk(report).floors)
    findings = report.findings
    if mismatch is not None:
        findings = (Finding(Level.ERROR, "site", f"found {mismatch.found}; {mismatch.fix}"), *findings)
    return dataclasses.replace(report, findings=findings, notes={"site": site.name, **report.notes})


def held_out(reports: Sequence[BagReport]) -> list[int]:
    """Indices of the usable walks to validate on, see `latest_of_routes`."""
    return latest_of_routes([_route_walk(report) for report in reports])


def _route_walk(report: BagReport) -> RouteWalk:
    return RouteWalk.of(report.bag, report.notes, report.track)


def _site(report: BagReport) -> str:
    return str(report.notes.get("site") or UNNAMED)


def _floor_json(floor: Coverage) -> dict[str, Any]:
    return {
        "floor": floor.floor,
        "both_ways_m": floor.length_m(Need.NOTHING),
        "one_way_m": floor.length_m(Need.REVERSE),
        "once_m": floor.length_m(Need.AGAIN),
        "stretches": [
            {"need": need.name.lower(), "length_m": length_m, "x_m": round(x_m, 2), "y_m": round(y_m, 2)}
            for need, length_m, (x_m, y_m) in floor.stretches()
        ],
    }
