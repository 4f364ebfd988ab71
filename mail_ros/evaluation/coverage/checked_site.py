"""All that `mail_ros check` finds of a site: what `train` would choose, its bags, its coverage, its field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from mail_ros.core.errors import TrackError
from mail_ros.core.localizer.diagnostics import Level
from mail_ros.data.check.bag_report import BagReport
from mail_ros.data.check.limits import Finding
from mail_ros.data.check.model_needs import judged_for
from mail_ros.data.check.site_report import SiteReport, held_out, judged_site, usable_tracks
from mail_ros.data.coverage import Need
from mail_ros.data.floor_plan import FloorPlan
from mail_ros.evaluation.coverage.area_coverage import AreaCoverage, area_coverage
from mail_ros.evaluation.coverage.site_field import FloorField, floor_fields, rows_of_survey, rows_of_windows
from mail_ros.training.choose import Choice, chosen_preset
from mail_ros.training.field_map.known_area import LEVELS_UT
from mail_ros.training.run_config import run_config

MIN_PATH_M = 20.0  # two windows of ten seconds
MIN_TWICE = 0.1  # fraction of the path that a second walk passes, to validate on
STEEL = "check the sensor and its filters; with so little steel around, the field alone localizes nothing"


class CheckedSite(NamedTuple):
    """A site, judged for the model that `train` would make of it."""

    report: SiteReport
    plans: Mapping[int, FloorPlan]
    choice: Choice
    area: AreaCoverage | None  # where it is judged as one, and has a walk to map
    fields: list[FloorField]
    thin: list[Finding]  # why the survey does not suffice to train on

    def as_json(self) -> dict[str, Any]:
        """The site as JSON values."""
        area = {} if self.area is None else {"area": [floor.as_json() for floor in self.area.floors]}
        sampling = self.report.model.sampling
        window = None if self.report.for_area else {"length": sampling.length, "unit": sampling.unit}
        return {
            **self.report.as_json(),
            **area,
            **self.choice._asdict(),
            "window": window,
            "field": [floor.as_json() for floor in self.fields],
            "too_thin": [{"name": each.name, "message": each.message} for each in self.thin],
        }


def checked_site(
    name: str,
    reports: Sequence[BagReport],
    preset: str,
    plans: Mapping[int, FloorPlan],
    each: Callable[..., Iterable[BagReport]] = map,
) -> CheckedSite:
    """Judge the bags of a site for a preset, or for the one that `train` would choose; `each` maps over the bags.

    Raises:
        ConfigError: no such preset.
    """
    choice = chosen_preset(preset, usable_tracks(reports))
    model = run_config([], choice.preset).model
    site = judged_site(name, each(partial(judged_for, model=model), reports), model)
    if not site.for_area:
        sets = [bag.windows for bag in site.usable if bag.windows is not None]
        fields = floor_fields(rows_of_windows(sets), site.model) if sets else []
        return CheckedSite(site, plans, choice, None, fields, _too_thin(site, None, fields))
    if not site.tracks:
        return CheckedSite(site, plans, choice, None, [], _too_thin(site, None, []))
    try:
        area = area_coverage(site.tracks, plans)
    except TrackError as error:
        found, _, fix = str(error).rpartition("; ")
        return CheckedSite(site, plans, choice, None, [], [Finding(Level.ERROR, "map", found, fix)])
    by_distance = run_config([], "robot").model  # windows of a path: a map of the field has none of its own
    fields = floor_fields(rows_of_survey(area.rows, by_distance), by_distance)
    site = _with_contradictions(site, area)
    return CheckedSite(site, plans, choice, area, fields, _too_thin(site, area, fields))


def _with_contradictions(site: SiteReport, area: AreaCoverage) -> SiteReport:
    """The site with findings about walks that contradict others."""
    found = {each.source: str(each).rpartition(": ") for each in area.contradictions}
    bags = tuple(
        dataclasses.replace(
            bag, findings=(*bag.findings, Finding(Level.WARN, "contradiction", found[bag.bag][0], found[bag.bag][2]))
        )
        if bag.bag in found
        else bag
        for bag in site.bags
    )
    return dataclasses.replace(site, bags=bags)


def _too_thin(site: SiteReport, area: AreaCoverage | None, fields: Sequence[FloorField]) -> list[Finding]:
    """Why a survey does not suffice; nothing about a site without a usable bag."""
    if not site.usable:
        return []
    found = []
    path_m = sum(bag.numbers.get("path_m", 0.0) for bag in site.usable)
    if path_m < MIN_PATH_M:
        fix = f"walk {MIN_PATH_M:g} m or more"
        found.append(("path", f"its walks have {path_m:.0f} m of path in all", fix))
    if not _has_second_pass(site):
        found.append(("passes", "a single pass: nothing can be held out to validate on", "walk every route once more"))
    for floor in area.floors if area else ():
        if floor.area.is_unknown_between:
            text = f"floor {floor.area.floor}: {floor.area.between_text(LEVELS_UT[-1])}"
            found.append(("area", text, "walk lanes between them"))
    found += [("field", field.weak_text(), STEEL) for field in fields if field.is_weak]
    return [Finding(Level.ERROR, *each) for each in found]


def _has_second_pass(site: SiteReport) -> bool:
    """Whether a walk can be held out: of an area any of several, else a later one along paths that others passed."""
    if site.for_area:
        return len(site.usable) > 1
    once_m, path_m = (sum(floor.length_m(*needs) for floor in site.floors) for needs in ((Need.AGAIN,), ()))
    return bool(held_out(site.usable)) and once_m <= (1.0 - MIN_TWICE) * path_m
