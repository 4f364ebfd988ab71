"""All bags of a site together: whether each place was walked often enough, and in both directions."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.check.bag_report import Verdict
from mail_ros.data.check.limits import Finding
from mail_ros.data.coverage import Coverage, Need, coverage
from mail_ros.data.hold_out import RouteWalk, latest_of_routes
from mail_ros.data.site_file import SiteFile

UNNAMED = "site"  # where the bags' notes name none


@dataclass(frozen=True)
class SiteCheck:
    """The bags that name the same site, and the paths of those that are usable."""

    name: str
    verdicts: tuple[Verdict, ...]
    floors: tuple[Coverage, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"site": self.name, "floors": [_floor_json(floor) for floor in self.floors]}


def by_site(verdicts: Sequence[Verdict]) -> list[SiteCheck]:
    """One check per site, in the order in which the bags name them."""
    found = []
    for name in dict.fromkeys(map(_site, verdicts)):
        own = tuple(verdict for verdict in verdicts if _site(verdict) == name)
        tracks = [verdict.track for verdict in own if verdict.usable and verdict.track is not None]
        found.append(SiteCheck(name, own, tuple(coverage(tracks))))
    return found


def held_to(site: SiteFile, verdict: Verdict) -> Verdict:
    """The verdict on a bag that is said to be of a site: not usable where it names another, or a floor it has not."""
    misfit = site.misfit(verdict.notes, _floors(verdict))
    findings = verdict.findings
    if misfit is not None:
        findings = (Finding(Level.ERROR, "site", f"found {misfit.found}; {misfit.fix}"), *findings)
    return dataclasses.replace(verdict, findings=findings, notes={"site": site.name, **verdict.notes})


def held_out(verdicts: Sequence[Verdict]) -> list[int]:
    """Indices of the walks to validate on, see `latest_of_routes`."""
    return latest_of_routes(
        [
            RouteWalk(
                verdict.bag,
                verdict.notes.get("route", ""),
                0 if verdict.track is None else int(verdict.track.stamp_ns[0]),
                frozenset(_floors(verdict)),
            )
            for verdict in verdicts
        ]
    )


def _floors(verdict: Verdict) -> set[int]:
    track = verdict.track
    return set() if track is None else set(np.unique(track.floor[track.valid]).tolist())


def _site(verdict: Verdict) -> str:
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
