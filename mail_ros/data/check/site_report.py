"""All bags of a site together: whether each place was walked often enough, and in both directions."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import Finding
from mail_ros.data.coverage import Coverage, Need, coverage
from mail_ros.data.site_file import SiteFile

UNNAMED = "site"  # where the bags' notes name none


@dataclass(frozen=True)
class SiteCheck:
    """The bags that name the same site, and the paths of those that are usable."""

    name: str
    verdicts: tuple[BagReport, ...]
    floors: tuple[Coverage, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"site": self.name, "floors": [_floor_json(floor) for floor in self.floors]}


def group_by_site(verdicts: Sequence[BagReport]) -> list[SiteCheck]:
    """One check per site, in the order in which the bags name them."""
    found = []
    for name in dict.fromkeys(map(_site, verdicts)):
        own = tuple(verdict for verdict in verdicts if _site(verdict) == name)
        tracks = [verdict.track for verdict in own if verdict.usable and verdict.track is not None]
        found.append(SiteCheck(name, own, tuple(coverage(tracks))))
    return found


def checked_against_site(site: SiteFile, verdict: BagReport) -> BagReport:
    """The verdict on a bag that is said to be of a site: not usable where it names another, or a floor it has not."""
    mismatch = site.mismatch(verdict.notes, _floors(verdict))
    findings = verdict.findings
    if mismatch is not None:
        findings = (Finding(Level.ERROR, "site", f"found {mismatch.found}; {mismatch.fix}"), *findings)
    return dataclasses.replace(verdict, findings=findings, notes={"site": site.name, **verdict.notes})


def held_out(verdicts: Sequence[BagReport]) -> list[int]:
    """Which usable walks to validate on, by their index: the latest of every route, or of all where none is told.

    A walk that alone is on its floor, or alone on its route, teaches; so none may be left.
    """
    routes: dict[str, list[int]] = defaultdict(list)
    for index, verdict in enumerate(verdicts):
        routes[verdict.notes.get("route", "")].append(index)
    found: list[int] = []
    for route in routes.values():
        latest = max(route, key=lambda index: (_start_ns(verdicts[index]), verdicts[index].bag))
        rest = [verdict for index, verdict in enumerate(verdicts) if index not in (*found, latest)]
        if len(route) > 1 and _floors(verdicts[latest]) <= {floor for verdict in rest for floor in _floors(verdict)}:
            found.append(latest)
    return found


def _start_ns(verdict: BagReport) -> int:
    return 0 if verdict.track is None else int(verdict.track.stamp_ns[0])


def _floors(verdict: BagReport) -> set[int]:
    track = verdict.track
    return set() if track is None else set(np.unique(track.floor[track.valid]).tolist())


def _site(verdict: BagReport) -> str:
    return str(verdict.notes.get("site") or UNNAMED)


def _floor_json(floor: Coverage) -> dict[str, Any]:
    return {
        "floor": floor.floor,
        "both_ways_m": floor.length_m(Need.NOTHING),
        "one_way_m": floor.length_m(Need.OTHER_WAY),
        "once_m": floor.length_m(Need.AGAIN),
        "stretches": [
            {
                "need": stretch.need.name.lower(),
                "length_m": stretch.length_m,
                "x_m": round(stretch.position_m[0], 2),
                "y_m": round(stretch.position_m[1], 2),
            }
            for stretch in floor.stretches()
        ],
    }
