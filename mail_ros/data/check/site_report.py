"""Report on all bags of a site: coverage of its paths, and which walks to validate on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.core.models.model_config import ModelConfig
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import Finding
from mail_ros.data.coverage import Coverage, Need, coverage
from mail_ros.data.hold_out import RouteWalk, latest_of_routes
from mail_ros.data.site_file import SiteFile
from mail_ros.data.track import Track

UNNAMED = "site"  # name of the site if the bags' notes have none


@dataclass(frozen=True)
class SiteReport:
    """The bags of one site, judged for a model, and the coverage of the usable ones."""

    name: str
    bags: tuple[BagReport, ...]
    floors: tuple[Coverage, ...]
    model: ModelConfig

    @property
    def for_area(self) -> bool:
        """Whether the walks are judged as a survey of an area, for a map of the field."""
        return self.model.kind == "field_map"

    @property
    def usable(self) -> list[BagReport]:
        """The usable bags."""
        return [report for report in self.bags if report.usable]

    @property
    def tracks(self) -> list[Track]:
        """The usable walks."""
        return usable_tracks(self.bags)

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        floors = [_floor_json(floor) for floor in self.floors]
        return {"site": self.name, "for_area": self.for_area, "floors": floors}


def group_by_site(reports: Sequence[BagReport]) -> dict[str, list[BagReport]]:
    """The bags of each site, in their order."""
    return {name: [each for each in reports if _site(each) == name] for name in dict.fromkeys(map(_site, reports))}


def usable_tracks(reports: Sequence[BagReport]) -> list[Track]:
    """The walks of the usable bags."""
    return [report.track for report in reports if report.usable and report.track is not None]


def judged_site(name: str, judged: Iterable[BagReport], model: ModelConfig) -> SiteReport:
    """The report on one site; its bags are judged for the model, see `model_needs`."""
    bags = tuple(judged)
    return SiteReport(
        name, bags, tuple(coverage(usable_tracks(bags), both_directions=model.needs_both_directions)), model
    )


def checked_against_site(site: SiteFile, report: BagReport) -> BagReport:
    """The report, with a finding if the bag names another site or has a floor that the site has not."""
    mismatch = site.mismatch(report.notes, _route_walk(report).floors)
    findings = report.findings
    if mismatch is not None:
        findings = (Finding(Level.ERROR, "site", f"found {mismatch.found}", mismatch.fix), *findings)
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
            {
                "need": stretch.need.name.lower(),
                "length_m": stretch.length_m,
                "x_m": round(stretch.position_m[0], 2),
                "y_m": round(stretch.position_m[1], 2),
                "from_m": stretch.start_m,
                "to_m": stretch.end_m,
            }
            for stretch in floor.stretches()
        ],
    }
