"""All bags of a site together: whether each place was walked often enough, and in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mail_ros.data.check.verdict import Verdict
from mail_ros.data.coverage import Coverage, Need, coverage

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
